#!/usr/bin/env python3
"""Dialplan: AGI(fallback.py[,closed prompt[,spool folder]]). The folder may come from FAIRDIAL_SPOOL."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

# Asterisk starts this file by its path, from anywhere
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ivr.agi.fallback import CLOSED, Caller, serve


def main() -> None:
    closed, spool, *_ = [*sys.argv[1:], "", ""]
    folder = spool or os.environ.get("FAIRDIAL_SPOOL") or "/var/spool/fairdial/callbacks"
    at = datetime.now(UTC).isoformat()  # noqa: TID251  a process of its own, with no clock to be handed
    serve(Caller(sys.stdin.buffer, sys.stdout.buffer), Path(folder), at, closed or CLOSED)


if __name__ == "__main__":
    main()

"""`python -m dialer.lab.bench [names…] [--json FILE] [--quick]`: every benchmark in a process of its own, one table.

Without names all but those that take long: `compressed` is a quarter of an hour.
"""

import argparse
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from dialer.lab import processes
from dialer.lab.bench import catalogue
from dialer.lab.bench.verdict import failed, table
from dialer.lab.centre import PROJECT

_LONGEST_S = 240.0
_LOGS = PROJECT / ".run/bench"
_WIDE = 140  # narrower, the table would break every word


def main(arguments: Sequence[str]) -> int:
    """Status 1 when a benchmark failed or found results that are not right; a missed goal is no failure."""
    chosen = _parser().parse_args(arguments)
    if chosen.result is not None:
        return _be_child(chosen.names[0], chosen.quick, chosen.result)
    results = {}
    console = Console()
    for name in chosen.names or [each for each in catalogue.BENCHMARKS if each not in catalogue.ON_REQUEST]:
        console.print(f"{name} …", end=" ")
        results[name] = result = _in_child(name, chosen.quick)
        console.print(f"{result['took_s']:.0f} s" if "took_s" in result else "[red]failed[/]")
    (console if console.width >= _WIDE else Console(width=_WIDE)).print(table(results))
    _write(chosen.json, results, chosen.quick)
    console.print(f"written to {chosen.json}", soft_wrap=True)
    return 1 if any(result["wrong"] for result in results.values()) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dialer.lab.bench")
    parser.add_argument(
        "names", nargs="*", choices=[*catalogue.BENCHMARKS, []], metavar="|".join(catalogue.BENCHMARKS)
    )
    parser.add_argument("--json", type=Path, default=PROJECT / "bench-results/bench.json", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="shorter, and less exact")
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    return parser


def _in_child(name: str, quick: bool) -> dict[str, Any]:
    _LOGS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="fairdial-bench-") as folder:
        result, log = Path(folder) / "result.json", _LOGS / f"{name}.log"
        log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "dialer.lab.bench", name, "--result", str(result)]
        child = processes.start(
            processes.dies_with_parent(command + ["--quick"] * quick), log, {"PYTHONPATH": str(PROJECT)}
        )
        longest_s = catalogue.LONGEST_S.get(name, _LONGEST_S)
        try:
            child.wait(longest_s)
        except subprocess.TimeoutExpired:
            return failed(f"not done after {longest_s:.0f} s").as_json()
        finally:
            processes.stop(child, signal.SIGINT, 20)
        if not result.exists():
            last = processes.tail(log, 1) or f"status {child.returncode}"
            return failed(f"{last}; see {log}").as_json()
        got: dict[str, Any] = json.loads(result.read_text("utf-8"))
        return got


def _be_child(name: str, quick: bool, result: Path) -> int:
    logging.basicConfig(level=logging.WARNING)
    result.write_text(json.dumps(catalogue.run(name, quick)), "utf-8")
    return 0


def _write(file: Path, results: dict[str, Any], quick: bool) -> None:
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count(), "quick": quick}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**about, "benchmarks": results}, indent=1, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

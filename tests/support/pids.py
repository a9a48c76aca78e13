"""Programs by their process ids."""

import os
from pathlib import Path


def alive(pid: int) -> bool:
    """A dead child that nobody has collected yet counts as dead."""
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except (ProcessLookupError, FileNotFoundError):
        return False

"""Worker processes, which must not outlive the program they work for."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent: int) -> None:
    """For a pool's `initializer`, with the pool's own process id.

    A worker whose program was killed would finish what it is at, and wait for more for ever. Elsewhere than on Linux it does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(0)

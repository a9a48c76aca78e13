"""A worker goes when its program is killed, whatever it is at."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.unit, pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux' own")]

PROGRAM = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from dialer.worker import end_with
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, get_context("spawn"), end_with, (os.getpid(),))
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600)
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def test_a_worker_ends_with_its_program() -> None:
    script = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        worker = int(program.stdout.readline())
        assert alive(worker)
        program.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while alive(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(worker)

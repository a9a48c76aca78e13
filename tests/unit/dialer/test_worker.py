"""A worker goes when its program is killed, whatever it is at."""

import signal
import subprocess
import sys

import pytest

from dialer.lab.processes import wait_until
from tests.support.pids import alive

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


def test_a_worker_ends_with_its_program() -> None:
    script = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        worker = int(program.stdout.readline())
        assert alive(worker)
        program.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not alive(worker), 20)

"""Programs started by the lab: none outlives us, not even when we are killed outright."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

from dialer.errors import Misconfigured

# The kernel ends a child when the *thread* that started it ends, so one thread that lives as long as we do starts all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lab-starter")


def dies_with_parent(command: Sequence[str]) -> list[str]:
    """The command, put so that the kernel kills it when its parent dies."""
    if (setpriv := shutil.which("setpriv")) is None:
        raise Misconfigured("setpriv is missing: install the package util-linux")
    return [setpriv, "--pdeathsig", "KILL", "--", *command]


def start(
    command: Sequence[str], output: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own: Ctrl-C reaches us only, and we end the others in order."""

    def begin() -> subprocess.Popen[bytes]:
        with output.open("ab") as sink:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=None if environment is None else {**os.environ, **environment},
            )

    return _starter.submit(begin).result()


def stop(process: subprocess.Popen[bytes], how: signal.Signals, patience: float) -> None:
    """Asks, then kills."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def wait_until(ready: Callable[[], bool], timeout: float, every: float = 0.03) -> bool:
    """Whether it became true in time."""
    end = monotonic() + timeout
    while not ready():
        if monotonic() > end:
            return False
        sleep(every)
    return True


def tail(file: Path, lines: int = 15) -> str:
    try:
        return "\n".join(file.read_text("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""

"""SIPp as the carrier: it answers as a scenario says, and counts what it received and sent."""

import csv
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from dialer.errors import Misconfigured
from dialer.lab import processes
from dialer.lab.ports import HOST, Ports, is_free

SCENARIOS = Path(__file__).with_name("scenarios")
_LONGEST_RUN_S = 900


class Sipp:
    """A context manager. Its counts are written every second, and once more when it ends."""

    def __init__(self, scenario: str, port: int, folder: Path) -> None:
        self._scenario, self._port = scenario, port
        self.folder = folder.absolute()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("SIPp was not started")
        return self._process.pid

    def __enter__(self) -> Self:
        if shutil.which("sipp") is None:
            raise Misconfigured("sipp is missing: run `make setup`, or install the package sip-tester")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._process = processes.start(self._command(), self.folder / "console.log")
        if not processes.wait_until(lambda: not is_free(self._port), 5):
            raise Misconfigured(f"SIPp did not start:\n{processes.tail(self.folder / 'console.log')}")
        return self

    def _command(self) -> list[str]:
        # it writes its counts into the folder it stands in
        sipp = ["sipp", "-sf", str(SCENARIOS / f"{self._scenario}.xml"), "-i", HOST, "-p", str(self._port)]
        # -aa: the exchange asks with OPTIONS whether its carrier is alive
        sipp += ["-aa", "-nostdin", "-trace_counts", "-fd", "1", "-timeout", f"{_LONGEST_RUN_S}s"]
        return processes.dies_with_parent(["env", f"--chdir={self.folder}", *sipp])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            processes.stop(self._process, signal.SIGUSR1, 3)

    def counts(self) -> dict[str, int]:
        """How often each message was received and sent; repeats do not count. To be read after the end."""
        files = sorted(self.folder.glob("*_counts.csv"))
        return read_counts(files[-1].read_text("utf-8")) if files else {}


def read_counts(text: str) -> dict[str, int]:
    """`INVITE received`, `200 sent` and so on, added up over the steps of the scenario; from the last line."""
    rows = list(csv.reader(text.splitlines(), delimiter=";"))
    counts: dict[str, int] = {}
    if len(rows) < 2:
        return counts
    for name, value in zip(rows[0], rows[-1], strict=False):
        if found := re.fullmatch(r"\d+_(\w+)_(Recv|Sent)", name):
            key = f"{found[1]} {'received' if found[2] == 'Recv' else 'sent'}"
            counts[key] = counts.get(key, 0) + int(value)
    return counts


@contextmanager
def calling(
    exchange: str, number: str, calls: int, per_s: float, seconds: float, rtp_port: int, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """So many callers of one number, each of whom stays so long. The process ends with the last of them."""
    folder = (folder / "calling").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with Ports(1) as ports:
        sipp = ["sipp", exchange, "-sf", str(SCENARIOS / "calls_in.xml"), "-i", HOST, "-p", str(ports.one())]
        sipp += [
            "-s",
            number,
            "-m",
            str(calls),
            "-l",
            str(calls),
            "-r",
            f"{per_s:g}",
            "-d",
            f"{1000 * seconds:.0f}",
        ]
        sipp += ["-key", "rtp_port", str(rtp_port), "-nostdin"]
        command = processes.dies_with_parent(["env", f"--chdir={folder}", *sipp])
        process = processes.start(command, folder / "console.log")
        try:
            yield process
        finally:
            processes.stop(process, signal.SIGUSR1, 3)

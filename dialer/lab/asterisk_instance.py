"""One running Asterisk with its own folders; several run side by side."""

import re
import shutil
import signal
import subprocess
import tempfile
import weakref
from pathlib import Path

from dialer.errors import Misconfigured
from dialer.lab import own_name, processes
from dialer.lab.asterisk_program import AsteriskProgram

_LONGEST_SOCKET = 100  # bytes that fit into the address of a Unix socket, with some to spare


class AsteriskInstance:
    """Put configuration files into `etc` between `lay_out()` and `start()`."""

    def __init__(self, program: AsteriskProgram, name: str, folder: Path) -> None:
        self.program = program
        self.name = name
        self.folder = folder.absolute()
        self.etc = self.folder / "etc"
        self.sounds = self.folder / "data/sounds"
        self.spool = self.folder / "spool"
        self.log = self.folder / "log/messages"
        self.console = self.folder / "console.log"
        self._run = self.folder / "run"
        self._own_run: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def lay_out(self) -> None:
        """Makes the folders anew; what an earlier run left is gone."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for each in (self.etc, self.sounds, self.spool, self.folder / "log/cdr-custom", self._run):
            each.mkdir(parents=True)
        for inner in ("db", "keys/keys", "cache"):
            (self.folder / inner).mkdir(parents=True)
        for shared in self.program.data.iterdir():
            if shared.name != "sounds":
                (self.folder / "data" / shared.name).symlink_to(shared)
        (self.sounds / "en").symlink_to(self.program.english)

    def directories(self) -> dict[str, str]:
        """What goes into `asterisk.conf`."""
        data = str(self.folder / "data")
        return {
            "astetcdir": str(self.etc),
            "astmoddir": str(self.program.modules),
            "astvarlibdir": data,
            "astdbdir": str(self.folder / "db"),
            "astkeydir": str(self.folder / "keys"),
            "astdatadir": data,
            "astagidir": f"{data}/agi-bin",
            "astspooldir": str(self.spool),
            "astcachedir": str(self.folder / "cache"),
            "astrundir": str(self._short_run()),
            "astlogdir": str(self.folder / "log"),
        }

    def _short_run(self) -> Path:
        """The control socket lies here, and its path must be short."""
        if len(str(self._run / "asterisk.ctl")) <= _LONGEST_SOCKET:
            return self._run
        if self._own_run is None:
            self._own_run = Path(tempfile.mkdtemp(prefix="fairdial-"))
            weakref.finalize(self, shutil.rmtree, self._own_run, ignore_errors=True)
        return self._own_run

    def start(self) -> None:
        if self.running:
            raise Misconfigured(f"the Asterisk {self.name} runs already")
        command = [*self.program.command, "-C", str(self.etc / "asterisk.conf"), "-f"]
        self._process = processes.start(own_name.resolvable(command, self.folder), self.console)

    def wait_booted(self, timeout: float = 30) -> None:
        """Returns when all modules are loaded."""

        def booted() -> bool:
            return not self.running or "fully booted" in self._ask("core waitfullybooted")

        if not processes.wait_until(booted, timeout) or not self.running:
            raise Misconfigured(
                f"the Asterisk {self.name} did not start within {timeout:.0f} s; {self.console} and {self.log} say:\n"
                f"{processes.tail(self.console)}\n{self.log_tail()}"
            )

    def cli(self, command: str) -> str:
        """What Asterisk's console answers. Raises `Misconfigured` when nobody is there to answer."""
        if not self.running:
            raise Misconfigured(f"the Asterisk {self.name} does not run: start() it before using its console")
        return self._ask(command)

    def _ask(self, command: str) -> str:
        if not (self._short_run() / "asterisk.ctl").exists():
            return ""
        asked = [*self.program.command, "-C", str(self.etc / "asterisk.conf"), "-rx", command]
        try:
            answer = subprocess.run(asked, capture_output=True, timeout=15)
        except subprocess.TimeoutExpired:
            return ""
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", answer.stdout.decode("utf-8", "replace"))

    def stop(self, patience: float = 5) -> None:
        """Hangs up whatever is going on and ends."""
        if self._process is not None:
            self.thaw()
            processes.stop(self._process, signal.SIGTERM, patience)
        self._clean()

    def kill(self) -> None:
        """As if its machine had lost power."""
        if self._process is not None:
            processes.stop(self._process, signal.SIGKILL, 1)
        self._clean()

    def _clean(self) -> None:
        for run in (self._run, self._own_run):
            for left in run.glob("asterisk.*") if run else ():
                left.unlink(missing_ok=True)

    def freeze(self) -> None:
        """It keeps its sockets and answers nothing, as when a machine hangs."""
        if self.running and self._process:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.running and self._process:
            self._process.send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = 15) -> str:
        return processes.tail(self.log, lines)

    def complaints(self) -> list[str]:
        """Warnings and errors in the log so far."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return [line for line in text.splitlines() if re.search(r"\] (WARNING|ERROR)\[", line)]

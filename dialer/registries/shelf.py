"""Where the registries lie: one folder for each, and in it the versions, a pointer to the current one, and the import.

us_national/current                          the version's name
us_national/versions/<version>.index         immutable
us_national/versions/<version>.json          where it came from, line by line counted
us_national/versions/<version>.rejected.csv  the lines that could not be read
us_national/building/                        an import under way, or interrupted
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dialer.errors import BadInput, Conflict, NotFound

SUFFIX = ".index"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VERSION = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{12}")


class RegistryFolder:
    """The place of one registry. Raises `BadInput` for a name that cannot be one."""

    def __init__(self, shelf: Path, registry: str) -> None:
        if not _NAME.fullmatch(registry):
            raise BadInput(
                f"{registry!r} is no name for a registry: 1 to 40 of a-z 0-9 _ - such as us_national",
                "registry",
            )
        self.registry = registry
        self.path = shelf / registry
        self.pointer = self.path / "current"
        self.versions = self.path / "versions"
        self.building = self.path / "building"

    def current(self) -> str:
        """The current version's name. Raises `NotFound`, `OSError`."""
        try:
            version = self.pointer.read_text("ascii", errors="replace").strip()
        except FileNotFoundError:
            raise NotFound(f"{self.registry} was never imported") from None
        if not _VERSION.fullmatch(version):
            raise OSError(f"{self.pointer} names no version")
        return version

    def current_or_none(self) -> str | None:
        try:
            return self.current()
        except NotFound:
            return None

    def index(self, version: str) -> Path:
        return self.versions / f"{version}{SUFFIX}"

    def manifest(self, version: str) -> Path:
        return self.versions / f"{version}.json"

    def rejected(self, version: str) -> Path:
        return self.versions / f"{version}.rejected.csv"

    def kept(self) -> list[str]:
        """Versions whose index is still there, the last imported last."""
        if not self.versions.is_dir():
            return []
        found = [each for each in self.versions.iterdir() if each.suffix == SUFFIX]
        return [each.stem for each in sorted(found, key=lambda each: (each.stat().st_mtime_ns, each.name))]

    def point_to(self, version: str) -> None:
        """From now on this version is the one in use. One rename: a reader sees the old one or the new one."""
        replace(self.pointer, f"{version}\n".encode())

    def prune(self, keep: int) -> list[str]:
        """Remove the index files of old versions; what they were made from stays on record."""
        current = self.current()
        old = [each for each in self.kept() if each != current]
        gone = old[: max(len(old) - (keep - 1), 0)]
        for version in gone:
            self.index(version).unlink(missing_ok=True)
        return gone

    @contextmanager
    def locked(self) -> Iterator[None]:
        """For one import at a time. Raises `Conflict`. The lock ends with the process that holds it."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(lock, 32, 0).decode("ascii", errors="replace").strip()
                raise Conflict(f"{self.registry} is being imported by process {holder or '?'}") from None
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(lock)


def registry_names(shelf: Path) -> list[str]:
    """Of all that were ever imported."""
    with suppress(FileNotFoundError):
        return sorted(
            each.name
            for each in shelf.iterdir()
            if _NAME.fullmatch(each.name) and (each / "current").exists()
        )
    return []


def replace(file: Path, content: bytes) -> None:
    """Atomically, and on the disk before the name points to it."""
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The files of a registry as publishers ship them: plain, gzip or zip, one for each area code or one for all."""

import gzip
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from dialer.errors import BadInput

PIECE = 1 << 22
_HEAD = 1 << 16
_LONGEST_LINE = 1 << 16
BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DAMAGED = (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one member of a zip. `deletes`: its numbers are taken off the list. `size` is that on disk,
    `unpacked` is known for members of a zip only."""

    path: Path
    member: str
    deletes: bool
    size: int
    changed_ns: int
    unpacked: int = 0

    @property
    def name(self) -> str:
        return f"{self.path.name}/{self.member}" if self.member else self.path.name

    @property
    def identity(self) -> list[str | int | bool]:
        """Another file under the same name has another one."""
        return [str(self.path.resolve()), self.member, self.deletes, self.size, self.changed_ns]


def find_sources(paths: Sequence[Path], deletes: bool = False) -> list[Source]:
    """Folders and zips are taken apart, in the order of their names. Raises `BadInput`."""
    found: list[Source] = []
    for path in paths:
        found += _in_folder(path, deletes) if path.is_dir() else _of_file(path, deletes)
    return found


def _in_folder(folder: Path, deletes: bool) -> list[Source]:
    files = sorted(each for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    if not files:
        raise BadInput(f"there are no files in {folder}")
    return [source for file in files for source in _of_file(file, deletes)]


def _of_file(path: Path, deletes: bool) -> list[Source]:
    try:
        about = path.stat()
        if path.suffix.lower() != ".zip":
            return [Source(path, "", deletes, about.st_size, about.st_mtime_ns)]
        with zipfile.ZipFile(path) as archive:
            members = sorted(
                (each for each in archive.infolist() if not each.is_dir()), key=lambda each: each.filename
            )
    except OSError as unreadable:
        raise BadInput(f"cannot read {path}: {unreadable.strerror or unreadable}") from None
    except zipfile.BadZipFile as damaged:
        raise BadInput(f"{path} is no whole zip file ({damaged}): fetch it again") from None
    return [
        Source(path, each.filename, deletes, each.compress_size, about.st_mtime_ns, each.file_size)
        for each in members
    ]


class OpenSource:
    """Reads pieces of whole lines; `offset` counts unpacked bytes from the beginning of the file."""

    def __init__(self, source: Source, stream: IO[bytes], raw: BufferedReader | None) -> None:
        self._source, self._stream, self._raw = source, stream, raw
        self._rest = b""
        self.offset = 0
        self.lines = 0  # finished, up to the offset
        self.head = self._ahead = self._read(_HEAD)
        if self.head[:2] in _UTF_16:
            raise BadInput(f"{source.name} is in UTF-16: save it as UTF-8 or plain text")

    def skip(self, offset: int, lines: int) -> None:
        """Go on where an earlier reading had come to."""
        left = offset
        while left > 0 and (piece := self._take(min(left, PIECE))):
            left -= len(piece)
        self.offset, self.lines = offset, lines

    def pieces(self) -> Iterator[bytes]:
        """`offset` is moved when the next piece is asked for: what was not finished is read again."""
        while True:
            fresh = self._take(PIECE)
            text = self._rest + fresh
            end = text.rfind(b"\n") + 1 if fresh else len(text)
            if len(text) - end > _LONGEST_LINE:
                line = self.lines + text.count(b"\n") + 1
                raise BadInput(
                    f"{self._source.name}: line {line:,} is longer than {_LONGEST_LINE:,} bytes: "
                    "this is no list of numbers"
                )
            whole, self._rest = text[:end], text[end:]
            if whole:
                yield whole
                self.offset += len(whole)
            if not fresh:
                return

    @property
    def bytes_done(self) -> int:
        """Of the file on disk, for the progress shown."""
        if self._raw is not None:
            return self._raw.tell()
        return self.offset * self._source.size // max(self._source.unpacked, 1)

    def _take(self, most: int) -> bytes:
        if self._ahead:
            piece, self._ahead = self._ahead[:most], self._ahead[most:]
            return piece
        return self._read(most)

    def _read(self, most: int) -> bytes:
        try:
            return self._stream.read(most)
        except _DAMAGED as damaged:
            raise BadInput(
                f"{self._source.name}: the archive is damaged after {self.lines:,} lines "
                f"({damaged or type(damaged).__name__}): fetch it again"
            ) from None
        except OSError as unreadable:
            raise BadInput(f"cannot read {self._source.path}: {unreadable.strerror or unreadable}") from None


@contextmanager
def opened(source: Source) -> Iterator[OpenSource]:
    """Raises `BadInput`."""
    try:
        raw = source.path.open("rb")
    except OSError as unreadable:
        raise BadInput(f"cannot read {source.path}: {unreadable.strerror or unreadable}") from None
    with raw:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(raw.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        if source.member:
            try:
                with zipfile.ZipFile(raw) as archive, archive.open(source.member) as stream:
                    yield OpenSource(source, stream, None)
            except _DAMAGED as damaged:
                raise BadInput(f"{source.name}: the archive is damaged ({damaged}): fetch it again") from None
        elif raw.peek(2)[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=raw) as stream:
                yield OpenSource(source, cast("IO[bytes]", stream), raw)
        else:
            yield OpenSource(source, raw, raw)

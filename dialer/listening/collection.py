"""The operator's collection of carrier announcements: a folder with one JSON file for each clip.

A file holds the fingerprint, not the recording: what it was learned from stays with the operator. Format 1:
{"format": 1, "announcement": class, "name": …, "source": file name, "source_sha256": of that file, "from_s": …, "to_s": …,
"seconds": …, "added_at": ISO 8601, "added_by": …, "fingerprint": base64 of `Fingerprint.as_bytes`, "fingerprint_sha256": …}.
Files are written beside and renamed, so that a reader in another process sees a whole one or none.
"""

import os
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from dialer.audio.fingerprint import Fingerprint
from dialer.audio.library import Clip, Library
from dialer.audio.resemblance import resemblance
from dialer.domain.announcements import Announcement
from dialer.errors import BadInput, Conflict, Misconfigured, NotFound

FORMAT = 1
LONGEST_NAME = 80
_SUFFIX = ".json"
_LARGEST_BYTES = 1 << 20
_THE_SAME = 0.85  # of its seconds are in another clip too


@dataclass(frozen=True, eq=False)
class Entry:
    """A clip and where it comes from."""

    clip: Clip
    source: str
    source_sha256: str
    from_s: float
    to_s: float
    added_at: datetime
    added_by: str
    file: str = ""
    """Its name in the folder."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file that was left out."""

    file: str
    because: str


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1]
    announcement: Announcement
    name: str = Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")
    source: str = Field(max_length=1000)
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    from_s: float = Field(ge=0, allow_inf_nan=False)
    to_s: float = Field(ge=0, allow_inf_nan=False)
    added_at: AwareDatetime
    added_by: str = Field(max_length=200)
    fingerprint: str
    fingerprint_sha256: str

    def entry(self, file: str) -> Entry:
        """Raises `BadInput`."""
        try:
            content = b64decode(self.fingerprint, validate=True)
        except ValueError:
            raise BadInput("fingerprint: not base64") from None
        if sha256(content).hexdigest() != self.fingerprint_sha256:
            raise BadInput("fingerprint: does not match its checksum")
        clip = Clip(self.name, self.announcement, Fingerprint.from_bytes(content))
        return Entry(
            clip,
            self.source,
            self.source_sha256,
            self.from_s,
            self.to_s,
            self.added_at,
            self.added_by,
            file,
        )


class Collection:
    """What was in the folder when it was read. `load` never fails because of a file: see `damaged`."""

    def __init__(
        self, folder: Path, entries: tuple[Entry, ...], damaged: tuple[Damaged, ...], stamp: object
    ) -> None:
        self.folder = folder
        self.entries = entries
        self.damaged = damaged
        self._stamp = stamp

    @classmethod
    def load(cls, folder: Path) -> "Collection":
        """A folder that is not there is an empty collection."""
        stamp = _stamp(folder)
        entries: dict[str, Entry] = {}
        damaged = []
        try:
            files = sorted(file for file in folder.iterdir() if _is_ours(file.name))
        except FileNotFoundError:
            files = []
        except OSError as error:
            files, damaged = [], [Damaged(str(folder), error.strerror or str(error))]
        for file in files:
            try:
                entry = _read(file)
            except BadInput as wrong:
                damaged.append(Damaged(file.name, str(wrong)))
                continue
            if (other := entries.get(entry.clip.name)) is not None:
                damaged.append(Damaged(file.name, f"{entry.clip.name} is also the name of {other.file}"))
                continue
            entries[entry.clip.name] = entry
        return cls(folder, tuple(entries.values()), tuple(damaged), stamp)

    def changed(self) -> bool:
        """Whether the folder is no longer what was read: a look at names, times and sizes."""
        return _stamp(self.folder) != self._stamp

    def library(self) -> Library:
        return Library([entry.clip for entry in self.entries])

    def add(self, entry: Entry) -> "Collection":
        """With one more. Raises `Conflict` when its name or its sound is there already, `Misconfigured` when the folder
        cannot be written."""
        name = entry.clip.name
        if any(each.clip.name == name for each in self.entries):
            raise Conflict(f"{name} is there already: choose another --name, or remove it first")
        same = next((each for each in self.entries if _same_sound(entry.clip, each.clip)), None)
        if same is not None:
            raise Conflict(
                f"this is there already: {same.clip.name}, as {same.clip.announcement}: remove that one first"
            )
        digest = sha256(entry.clip.fingerprint.as_bytes() + name.encode()).hexdigest()
        _write(self.folder, f"{entry.clip.announcement}-{digest[:16]}{_SUFFIX}", _as_json(entry))
        return Collection.load(self.folder)

    def remove(self, name: str) -> "Collection":
        """Without the clip of this name, or the damaged file of this name. Raises `NotFound`, `Misconfigured`."""
        files = [entry.file for entry in self.entries if entry.clip.name == name]
        files = files or [each.file for each in self.damaged if each.file == name and _is_ours(name)]
        if not files:
            raise NotFound(f"{name}: no clip of this name is in {self.folder}")
        try:
            (self.folder / files[0]).unlink(missing_ok=True)
        except OSError as error:
            raise Misconfigured(f"{self.folder / files[0]}: {error.strerror or error}") from None
        return Collection.load(self.folder)


def any_clips(folder: Path) -> bool:
    """Whether there is anything to recognise; quick."""
    try:
        with os.scandir(folder) as found:
            return any(_is_ours(each.name) for each in found)
    except OSError:
        return False


def _same_sound(one: Clip, other: Clip) -> bool:
    shared = resemblance(one.fingerprint, other.fingerprint)
    longer = max(one.fingerprint.seconds, other.fingerprint.seconds)
    return shared is not None and shared.alike_s >= _THE_SAME * longer and shared.differs_from_s is None


def _is_ours(name: str) -> bool:
    return name.endswith(_SUFFIX) and not name.startswith(".") and "/" not in name


def _stamp(folder: Path) -> object:
    try:
        with os.scandir(folder) as found:
            return frozenset(
                (each.name, status.st_ino, status.st_mtime_ns, status.st_size)
                for each in found
                if _is_ours(each.name)
                for status in (each.stat(follow_symlinks=False),)
            )
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        return str(error)


def _read(file: Path) -> Entry:
    """Raises `BadInput` for whatever is wrong with it."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_BYTES:
            raise BadInput("not a file of a clip: too large, or no file at all")
        document = orjson.loads(file.read_bytes())
    except OSError as error:
        raise BadInput(error.strerror or str(error)) from None
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadInput(f"not of format {FORMAT}: written by another version, or something else")
    try:
        return _Document.model_validate(document).entry(file.name)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        raise BadInput(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _as_json(entry: Entry) -> bytes:
    content = entry.clip.fingerprint.as_bytes()
    document = {
        "format": FORMAT,
        "announcement": entry.clip.announcement.value,
        "name": entry.clip.name,
        "source": entry.source,
        "source_sha256": entry.source_sha256,
        "from_s": entry.from_s,
        "to_s": entry.to_s,
        "seconds": round(entry.clip.fingerprint.seconds, 2),
        "added_at": entry.added_at.isoformat(),
        "added_by": entry.added_by,
        "fingerprint": b64encode(content).decode(),
        "fingerprint_sha256": sha256(content).hexdigest(),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def _write(folder: Path, name: str, content: bytes) -> None:
    fresh = folder / f".{name}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        fresh.rename(folder / name)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise Misconfigured(
            f"{folder}: {error.strerror or error}: the folder of [ears] announcements must be writable"
        ) from None

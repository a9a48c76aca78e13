"""The registries as the running service sees them: opened once, looked up from memory, exchanged while in use.

An import swaps a pointer; at most a second later the new version is open here. A version that cannot be read lists every
number: who cannot know does not call.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dialer.clock import Clock
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.registry import RegistryListing, RegistryVersion
from dialer.errors import BadInput, NotFound
from dialer.registries.arrays import np
from dialer.registries.index import DamagedIndex, RegistryIndex
from dialer.registries.shelf import RegistryFolder, registry_names

log = logging.getLogger(__name__)

_LOOK_S = 1.0

Stamp = tuple[int, int, int]
"""Of a file: inode, size, time of change in ns. Immutable files that have another stamp are not what they were."""


@dataclass(frozen=True, slots=True)
class _Open:
    """`yes` and `no` are the two answers this version can give."""

    about: RegistryVersion
    index: RegistryIndex | None
    yes: RegistryListing
    no: RegistryListing
    stamps: tuple[Stamp | None, Stamp | None]
    verified: bool = False

    def listing(self, number: PhoneNumber) -> RegistryListing:
        return self.yes if self.index is None or self.index.lists(number.e164) else self.no


class Registries:
    """Implements `dialer.ports.registries.RegistryBook`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._open: dict[str, _Open] = {}
        self._looked_at = -_LOOK_S

    # --- answers --------------------------------------------------------------------------------------------------------

    def registries(self) -> Sequence[RegistryVersion]:
        self._look()
        return [each.about for each in self._open.values()]

    def listings(self, number: PhoneNumber) -> Sequence[RegistryListing]:
        self._look()
        return [each.listing(number) for each in self._open.values()]

    def listed_among(self, registry: str, numbers: Sequence[PhoneNumber]) -> Sequence[bool]:
        self._look()
        found = self._open.get(registry)
        if found is None:
            raise NotFound(f"there is no registry {registry!r} in {self._folder}")
        if found.index is None:
            return [True] * len(numbers)
        keys = np.fromiter(map(_key, numbers), np.int64, len(numbers))
        flags: list[bool] = found.index.contains(keys).tolist()
        return flags

    # --- files ----------------------------------------------------------------------------------------------------------

    def verify(self) -> None:
        """Compare the checksums of versions that were not yet compared. Blocks, for about a second each: not for the
        event loop."""
        self._look()
        for name, opened in list(self._open.items()):
            if opened.index is None or opened.verified:
                continue
            try:
                opened.index.verify()
            except (DamagedIndex, OSError) as damaged:
                checked = _unreadable(opened.about, str(damaged), opened.stamps)
                _complain(checked.about)
            else:
                checked = replace(opened, verified=True)
            if self._open.get(name) is opened:  # it may have been exchanged meanwhile
                self._open[name] = checked

    def _look(self) -> None:
        now = self._clock.monotonic()
        if now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        names = sorted(self._open.keys() | self._names())
        self._open = {name: self._current(name, self._open.get(name)) for name in names}

    def _names(self) -> list[str]:
        try:
            return registry_names(self._folder)
        except OSError as unreadable:
            log.error(
                "registries cannot be read", extra={"action": "registry.no_folder", "why": str(unreadable)}
            )
            return []

    def _current(self, name: str, known: _Open | None) -> _Open:
        """A registry once seen stays: when its files go away, it cannot be read any more."""
        place = RegistryFolder(self._folder, name)
        if known is not None and known.stamps == _stamps(place, known.about.version):
            return known
        opened = _opened(place, known)
        if opened.index is None:
            _complain(opened.about)
        else:
            log.info(
                "registry opened",
                extra={"action": "registry.opened", "registry": name, "version": opened.about.version},
            )
        return opened


def _opened(place: RegistryFolder, known: _Open | None) -> _Open:
    version = known.about.version if known is not None else ""
    try:
        version = place.current()
        stamps = _stamps(place, version)
        index = RegistryIndex(place.index(version))
    except (OSError, DamagedIndex, NotFound, BadInput) as wrong:
        as_of = known.about.as_of if known is not None and known.about.version == version else None
        about = RegistryVersion(place.registry, version, as_of, 0)
        return _unreadable(about, _words(wrong), _stamps(place, version))
    header = index.header
    about = RegistryVersion(
        place.registry,
        version,
        header.as_of,
        header.numbers,
        bytes=header.file_bytes,
        country=header.country,
        imported_at=header.created_at,
    )
    yes = RegistryListing(place.registry, version, header.as_of, listed=True)
    return _Open(about, index, yes, replace(yes, listed=False), stamps)


def _unreadable(about: RegistryVersion, problem: str, stamps: tuple[Stamp | None, Stamp | None]) -> _Open:
    answer = RegistryListing(about.registry, about.version, about.as_of, listed=True, readable=False)
    bad = replace(about, problem=problem)
    return _Open(bad, None, answer, answer, stamps)


def _complain(about: RegistryVersion) -> None:
    log.error(
        "registry cannot be read: nothing that needs it is dialled",
        extra={
            "action": "registry.unreadable",
            "registry": about.registry,
            "version": about.version,
            "why": about.problem,
        },
    )


def _words(wrong: Exception) -> str:
    if isinstance(wrong, OSError) and wrong.strerror:
        return f"{wrong.filename}: {wrong.strerror}"
    return str(wrong)


def _stamps(place: RegistryFolder, version: str) -> tuple[Stamp | None, Stamp | None]:
    return _stamp(place.pointer), _stamp(place.index(version))


def _stamp(file: Path) -> Stamp | None:
    try:
        about = os.stat(file)
    except OSError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns


def _key(number: PhoneNumber) -> int:
    return int(number.e164[1:])

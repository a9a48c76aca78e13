"""Programs, libraries and recordings that the measurement needs: unpacked once into the cache."""

import ctypes
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dialer.errors import Misconfigured
from dialer.lab import apt, asterisk_program
from dialer.lab.asterisk_program import STAMP, cache_folder

_PACKAGES = (
    "sox", "libtonezone2.0", "libopencore-amrnb0", "libgsm1", "libspandsp2", "asterisk-moh-opsound-wav",
    "asterisk-core-sounds-es-wav", "asterisk-core-sounds-fr-wav", "asterisk-core-sounds-ru-wav",
)  # fmt: skip
_RELEASES = ("bookworm", "trixie", "forky")


@dataclass(frozen=True)
class Material:
    root: Path
    indications: Path
    """Asterisk's indications.conf."""
    english: Path

    @property
    def sox(self) -> tuple[str, ...]:
        """SoX runs in place through the loader and the libraries unpacked with it."""
        loader = next(iter(sorted(self.root.glob("lib64/ld-linux-*.so.*"))), None) or next(
            iter(sorted(self.root.glob("lib/*/ld-linux-*.so.*"))), None
        )
        if loader is None:
            raise Misconfigured(f"{self.root} holds no loader: remove it, and it will be fetched again")
        folders = {str(each.parent) for each in self.root.rglob("libsox.so.*")}
        folders |= {str(each.parent) for each in self.root.rglob("libc.so.6")}
        return (
            str(loader),
            "--library-path",
            ":".join(sorted(folders)),
            str(self.root / "usr/bin/sox"),
        )

    def library(self, name: str) -> ctypes.CDLL:
        found = next(iter(sorted(self.root.rglob(f"{name}.so.*"))), None)
        if found is None:
            raise Misconfigured(f"{self.root} holds no {name}: remove it, and it will be fetched again")
        return ctypes.CDLL(str(found))

    def music(self) -> list[Path]:
        return sorted(self.root.glob("usr/share/asterisk/moh/*.wav"))

    def prompts(self) -> dict[str, list[Path]]:
        """Recorded voices by language."""
        sounds = self.root / "usr/share/asterisk/sounds"
        spoken = {"en": sorted(self.english.glob("*.wav"))}
        for language in ("es", "fr", "ru"):
            spoken[language] = sorted(sounds.glob(f"{language}*/*.wav"))
        return spoken


def fetched(name: str, packages: Sequence[str], releases: Sequence[str]) -> Path:
    """The folder `name` of the cache, with Debian's packages unpacked in it, whole or not at all. Raises `Misconfigured`."""
    root = cache_folder() / name
    if not (root / STAMP).is_file():
        fresh = root.with_name(f".{name}-{os.getpid()}")
        fresh.mkdir(parents=True)
        try:
            apt.unpack(packages, releases, fresh)
            (fresh / STAMP).touch()
            shutil.rmtree(root, ignore_errors=True)
            fresh.rename(root)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return root


@lru_cache(maxsize=1)
def material() -> Material:
    """Fetches it when it is not there yet (110 MB). Raises `Misconfigured`."""
    program = asterisk_program.find()
    root = fetched("ears-1", _PACKAGES, _RELEASES)
    indications = _indications(program.data)
    return Material(root, indications, program.english)


def _indications(data: Path) -> Path:
    places = [
        data / "conf/samples/indications.conf.sample",
        asterisk_program.cached_root() / "etc/asterisk/indications.conf",
        Path("/etc/asterisk/indications.conf"),
    ]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise Misconfigured("Asterisk's indications.conf was not found: install the package asterisk-config")
    return found

"""The Asterisk program to run: the machine's own, or the one that provisioning keeps in the cache."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dialer.errors import Misconfigured

OLDEST = 18
STAMP = ".complete"
_CONFIGURATION = Path("/etc/asterisk/asterisk.conf")


@dataclass(frozen=True)
class AsteriskProgram:
    command: tuple[str, ...]
    version: str
    modules: Path
    data: Path
    english: Path
    """The folder with the English prompts."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    if named := environment.get("FAIRDIAL_CACHE"):
        return Path(named).expanduser().absolute()
    base = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base).expanduser().absolute() / "fairdial"


def cached_root() -> Path:
    return cache_folder() / "asterisk-22"


def find() -> AsteriskProgram:
    """The program to use. Raises `Misconfigured` when there is none."""
    program = installed() or cached()
    if program is None:
        raise Misconfigured(
            f"there is no Asterisk {OLDEST} or newer on this machine: run `make setup`, "
            "or install Asterisk with its English WAV prompts"
        )
    return program


def installed() -> AsteriskProgram | None:
    """The Asterisk on the PATH, when it is new enough and complete."""
    binary = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None or (version := _version((binary,))) is None:
        return None
    folders = _folders(_CONFIGURATION)
    modules = _first_folder([folders.get("astmoddir"), *_usual_modules()])
    data = _first_folder([folders.get("astdatadir"), "/usr/share/asterisk", "/var/lib/asterisk"])
    english = _english(data) if data else None
    if modules is None or data is None or english is None:
        return None
    return AsteriskProgram((binary,), version, modules, data, english)


def cached(root: Path | None = None) -> AsteriskProgram | None:
    """The unpacked one, when it was unpacked to the end."""
    root = root or cached_root()
    if not (root / STAMP).is_file():
        return None
    version = (root / STAMP).read_text("utf-8").strip()
    return unpacked(root, version)


def unpacked(root: Path, version: str) -> AsteriskProgram | None:
    """A tree of Debian packages runs in place when started through its own loader with its own libraries."""
    loader = _first_file([*root.glob("usr/lib*/ld-linux-*.so.*"), *root.glob("usr/lib/*/ld-linux-*.so.*")])
    modules = next(iter(sorted(root.glob("usr/lib/*/asterisk/modules"))), None)
    data = root / "usr/share/asterisk"
    english = _english(data)
    if loader is None or modules is None or english is None:
        return None
    command = (str(loader), "--library-path", str(modules.parents[1]), str(root / "usr/sbin/asterisk"))
    return AsteriskProgram(command, version, modules, data, english)


def probe(root: Path) -> AsteriskProgram | None:
    """An unpacked tree without a stamp: runs it to learn its version."""
    program = unpacked(root, "")
    version = _version(program.command) if program else None
    return unpacked(root, version) if version else None


def _version(command: tuple[str, ...]) -> str | None:
    """E.g. 22.10.1; None when it does not run or is too old."""
    try:
        said = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"Asterisk (?:certified/|certified-)?(\d+)(\.[\d.]+\d)?", said)
    if found is None or int(found[1]) < OLDEST:
        return None
    return found[1] + (found[2] or "")


def _folders(configuration: Path) -> dict[str, str]:
    """The [directories] of a stock asterisk.conf; keys commented out or in a template do not count."""
    try:
        text = configuration.read_text("utf-8", "replace")
    except OSError:
        return {}
    if not re.search(r"^\[directories\]\s*(;.*)?$", text, re.MULTILINE):
        return {}
    return dict(re.findall(r"^(ast\w+)\s*=>?\s*([^\s;]+)", text, re.MULTILINE))


def _usual_modules() -> list[str]:
    return [f"/usr/lib/{platform.machine()}-linux-gnu/asterisk/modules", "/usr/lib/asterisk/modules"]


def _first_folder(candidates: list[str | None]) -> Path | None:
    return next((Path(each) for each in candidates if each and Path(each).is_dir()), None)


def _first_file(candidates: list[Path]) -> Path | None:
    return next((each for each in sorted(candidates) if each.is_file()), None)


def _english(data: Path) -> Path | None:
    """Debian keeps each voice in its own folder and links `en` to one when the package is configured."""
    voices = [
        data / "sounds/en",
        *sorted((data / "sounds").glob("en_*")),
        *sorted((data / "sounds").glob("en-*")),
    ]
    return next((voice for voice in voices if any(voice.glob("beep.*"))), None)

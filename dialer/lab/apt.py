"""Debian's package system: installing programs, and fetching packages without installing them."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dialer.errors import Misconfigured

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def install(packages: Sequence[str]) -> None:
    """Installs them on this machine. The lists of packages are fetched only when it does not work without."""
    wanted = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise Misconfigured(
            f"{wanted}: not installed, and there is no apt-get here: install it your system's way"
        )
    if os.geteuid() != 0:
        raise Misconfigured(
            f"{wanted}: not installed, and only root may install it: sudo apt-get install {wanted}"
        )
    order = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *packages]
    if _apt(order).returncode == 0:
        return
    _apt(["update"])
    second = _apt(order)
    if second.returncode != 0:
        raise Misconfigured(f"apt-get install {wanted} failed: {_complaint(second)}")


def unpack(packages: Sequence[str], releases: Sequence[str], target: Path) -> None:
    """Fetches packages with all they need from the first Debian release that has them, and unpacks them in `target`.

    Nothing on the machine changes: the work is done by an apt with folders of its own.
    """
    _require_debian(packages)
    mirror = debian_mirror()
    for release in releases:
        with _private_apt(mirror, release, target.parent) as (root, options):
            if _apt([*options, "update"]).returncode != 0:
                continue
            fetched = _apt([*options, "-y", "--download-only", "install", *packages])
            if fetched.returncode != 0:
                continue
            for archive in sorted((root / "var/cache/apt/archives").glob("*.deb")):
                subprocess.run(["dpkg-deb", "-x", archive, target], check=True, capture_output=True)
                archive.unlink()
            return
    raise Misconfigured(
        f"{', '.join(packages)} cannot be fetched from {mirror} ({', '.join(releases)}): "
        "check that this machine reaches its Debian mirror, or install them by other means"
    )


def debian_mirror() -> str:
    """The mirror from which this machine installs its own release."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    # works before the first `apt-get update`, and for anybody
    listed = _apt(["--print-uris", "-o", "Debug::NoLocking=1", "update"]).stdout
    found: list[tuple[str, str]] = re.findall(r"^'(\S+?)/?/dists/([^/']+)/InRelease'", listed, re.MULTILINE)
    for address, suite in found:
        if suite in (release, "stable", "testing", "unstable", "sid"):
            return address
    raise Misconfigured(
        "apt knows no Debian mirror: put one into /etc/apt/sources.list.d, then run `make setup` again"
    )


def _require_debian(packages: Sequence[str]) -> None:
    missing = [name for name in ("apt-get", "dpkg", "dpkg-deb") if shutil.which(name) is None]
    try:
        system = platform.freedesktop_os_release().get("ID", "")
    except OSError:
        system = ""
    if missing or system != "debian" or not _KEYRING.exists():
        raise Misconfigured(
            f"{', '.join(packages)}: not installed, and can be fetched on Debian only: install it your system's way, "
            "e.g. `apt-get install asterisk asterisk-core-sounds-en-wav` on Ubuntu"
        )


@contextmanager
def _private_apt(mirror: str, release: str, beside: Path) -> Iterator[tuple[Path, list[str]]]:
    with TemporaryDirectory(prefix=".apt-", dir=beside) as name:
        root = Path(name)
        for folder in (
            "etc/apt/preferences.d", "etc/apt/apt.conf.d", "etc/apt/trusted.gpg.d", "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial", "var/lib/dpkg", "var/log/apt",
        ):  # fmt: skip
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        source = f"deb [signed-by={_KEYRING}] {mirror} {release} main\n"
        (root / "etc/apt/sources.list").write_text(source, "utf-8")
        settings = {
            "Dir": root,
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Status": root / "var/lib/dpkg/status",
            "Acquire::Languages": "none",
            "Acquire::Check-Valid-Until": "false",
            "Debug::NoLocking": "1",
            "APT::Install-Recommends": "0",
            # the folder may be one that apt's own user cannot enter
            "APT::Sandbox::User": "root",
        }
        yield root, [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _apt(order: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", *order],
        capture_output=True,
        text=True,
        env={**os.environ, **_QUIET},
        stdin=subprocess.DEVNULL,
    )


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    return "\n".join(errors or done.stderr.splitlines()[-5:])

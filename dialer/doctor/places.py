"""Settings, folders and prompts: what can be seen without connecting to anything."""

import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from dialer.doctor.finding import Finding, broken, doubtful, good
from dialer.settings import Settings, exposed
from dialer.telephony.asterisk.render import HOLD

_LOW_SPACE = 2 * 1024**3  # about 18 hours of stereo recording
_PROMPTS = ("abandoned-en", "abandoned-zh", "closed-en", "closed-zh", "recorded-en", "recorded-zh")


def examine_settings(settings: Settings) -> Iterable[Finding]:
    if not settings.trunks:
        yield broken(
            "trunks", "no trunk is set up", "add [trunks.NAME] with address and caller_id to fairdial.toml"
        )
    for part in exposed(settings):
        yield doubtful(
            part, "listens beyond this machine", f"put {part}.host to 127.0.0.1 behind a proxy or firewall"
        )
    if "change-me" in settings.ami.secret.get_secret_value():
        yield broken(
            "ami",
            "the secret is still the sample one",
            "set FAIRDIAL_AMI__SECRET and render manager.conf anew",
        )


def examine_folders(settings: Settings) -> Iterable[Finding]:
    recordings = settings.recordings
    for part, folder in (("recordings", recordings.folder), ("landing", recordings.landing)):
        yield _folder(part, folder)
    clips = settings.ivr.clips
    if clips != recordings.landing:  # where it is not there nothing that callers said can be destroyed
        yield _folder("clips", clips, "ivr.clips")
    yield from _prompts(settings.prompts.folder)


def _folder(part: str, folder: Path, setting: str = "") -> Finding:
    if not folder.is_dir():
        named = setting or f"recordings.{part}"
        return broken(part, f"{folder} does not exist", f"create it, or set {named} to another folder")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return broken(
            part, f"{folder} cannot be written by this user", f"chown {folder} to the user of this service"
        )
    free = shutil.disk_usage(folder).free
    if free < _LOW_SPACE:
        return doubtful(
            part, f"{folder} has {free >> 20} MiB left", "free some space: recordings stop when it is full"
        )
    return good(part, f"{folder}, {free >> 30} GiB free")


def _prompts(folder: Path) -> Iterable[Finding]:
    if not folder.is_dir():
        yield doubtful(
            "prompts",
            f"{folder} cannot be seen from here",
            "if Asterisk is on another machine this is normal; else set prompts.folder",
        )
        return
    missing = [name for name in _PROMPTS if not any(folder.glob(f"{name}.*"))]
    if missing:
        yield broken(
            "prompts", f"missing in {folder}: {', '.join(missing)}", "record them as 8 kHz mono WAV files"
        )
    else:
        yield good("prompts", f"{len(_PROMPTS)} in {folder}")
    music = folder / HOLD
    if not music.is_dir() or not any(music.iterdir()):
        yield doubtful(
            "music",
            f"none in {music}",
            "put sound files there: who waits in a queue hears silence until then",
        )


def examine_host_name(asterisk_host: str) -> Iterable[Finding]:
    """Asterisk looks up its machine's own name for every call: when that hangs, calls crawl."""
    if asterisk_host not in ("127.0.0.1", "::1", "localhost"):
        return
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        yield broken("host name", f"{name} does not resolve", f"add '127.0.0.1 {name}' to /etc/hosts")
    else:
        yield good("host name", f"{name} resolves")

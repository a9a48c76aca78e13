"""Brings everything the lab needs onto this machine: `python -m dialer.lab.provision`. Quick when it is all there."""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from dialer.errors import Misconfigured
from dialer.lab import apt, asterisk_program, own_name
from dialer.lab.asterisk_program import STAMP, AsteriskProgram, cache_folder
from dialer.lab.ivr_prompts import flow_prompts
from dialer.lab.postgres import binaries
from dialer.lab.prompts import cached_prompts
from ivr.samples import names, sample

Say: TypeAlias = Callable[[str], None]

_PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav")
_RELEASES = ("forky", "sid")  # Debian 12 and 13 have no Asterisk


@dataclass(frozen=True)
class Step:
    name: str
    work: Callable[[Say], str | None]
    """May return a word on what it found."""


def steps(with_tests: bool) -> list[Step]:
    planned = [
        Step("Postgres", _postgres),
        Step("Asterisk", _asterisk),
        Step("own host name", _own_name),
        Step("SIPp", _program("sipp", "sip-tester")),
        Step("espeak-ng", _program("espeak-ng", "espeak-ng")),
        Step("spoken prompts", _prompts),
        Step("prompts of the sample flows", _flow_prompts),
    ]
    if with_tests:
        planned += [
            Step("ffmpeg", _program("ffmpeg", "ffmpeg")),
            Step("Chromium", _program("chromium", "chromium")),
        ]
    return planned


def provision(with_tests: bool, say: Say) -> bool:
    """Whether all steps went well; those after a failed one are not tried."""
    planned = steps(with_tests)
    for number, step in enumerate(planned, start=1):
        say(f"[{number}/{len(planned)}] {step.name} … ")
        began = monotonic()
        try:
            found = step.work(say)
        except Misconfigured as wrong:
            say(f"failed\n      {wrong}\n")
            return False
        say(f"ok ({f'{found}, ' if found else ''}{monotonic() - began:.1f} s)\n")
    return True


def _postgres(say: Say) -> str:
    if os.environ.get("FAIRDIAL_DATABASE_URL"):
        return "the one in FAIRDIAL_DATABASE_URL"
    return str(binaries())


def _asterisk(say: Say) -> str:
    program = asterisk_program.installed() or asterisk_program.cached()
    if program is None:
        say("fetching 100 MB, half a minute … ")
        program = fetch_asterisk()
    return program.version


def fetch_asterisk() -> AsteriskProgram:
    """Unpacks it beside its final place and moves it there as the last act, so that it is there wholly or not at all."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / "lock"):
        if there := asterisk_program.cached():
            return there
        for left_over in [*cache.glob(".asterisk-*"), *cache.glob(".apt-*")]:
            shutil.rmtree(left_over)
        fresh = cache / f".asterisk-{os.getpid()}"
        fresh.mkdir()
        apt.unpack(_PACKAGES, _RELEASES, fresh)
        program = asterisk_program.probe(fresh)
        if program is None:
            raise Misconfigured(
                f"the Asterisk fetched into {fresh} does not start: install Asterisk by other means"
            )
        (fresh / STAMP).write_text(program.version, "utf-8")
        _replace(fresh, asterisk_program.cached_root())
    return asterisk_program.find()


def _replace(fresh: Path, final: Path) -> None:
    if final.exists():
        shutil.rmtree(final)
    fresh.rename(final)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Two set-ups at once would get in each other's way; the second waits."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _own_name(say: Say) -> str | None:
    if own_name.resolves():
        return None
    if own_name.can_mount():
        return "through a hosts file of its own"
    raise Misconfigured(own_name.remedy())


def _program(name: str, package: str) -> Callable[[Say], str | None]:
    def work(say: Say) -> None:
        if shutil.which(name) is None:
            say("installing … ")
            apt.install([package])
            if shutil.which(name) is None:
                raise Misconfigured(f"the package {package} is installed, but there is no {name} on the PATH")

    return work


def _prompts(say: Say) -> str:
    return f"{len(cached_prompts())} files"


def _flow_prompts(say: Say) -> str:
    def progress(done: int, count: int) -> None:
        if done == 1:
            say(f"making {count} … ")

    return str(flow_prompts([sample(name) for name in names()], progress))


def main(arguments: Sequence[str]) -> int:
    unknown = set(arguments) - {"--with-tests"}
    if unknown:
        sys.stderr.write(
            f"unknown: {' '.join(sorted(unknown))}; usage: python -m dialer.lab.provision [--with-tests]\n"
        )
        return 2

    def say(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    try:
        return 0 if provision("--with-tests" in arguments, say) else 1
    except KeyboardInterrupt:
        say("interrupted; run it again to go on\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

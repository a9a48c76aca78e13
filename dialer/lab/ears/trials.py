"""What is played to the ear, and for which homes; and what came of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dialer.audio import zones
from dialer.audio.home import TOLERANCE_HZ, Home
from dialer.audio.ringback import Signal
from dialer.audio.zones import Kind
from dialer.lab.ears import clips, other_zones
from dialer.lab.ears.clips import CLIP_S, Clip
from dialer.lab.ears.hearing import Heard, hear
from dialer.lab.ears.material import material
from dialer.lab.ears.other_zones import Written
from dialer.lab.ears.rendering import RATE

T = TypeVar("T")
_BATCH = 24
_CLEARLY_APART_HZ = TOLERANCE_HZ + 5.0  # detuned by 0.5 %, and measured
_ANNOUNCEMENTS = (
    "ss-noservice", "cannot-complete-as-dialed", "all-circuits-busy-now", "number-not-answering",
    "check-number-dial-again", "vm-theperson", "vm-isunavail", "vm-intro", "im-sorry", "pls-try-call-later",
)  # fmt: skip


@dataclass
class Restraint:
    """Trials in which no hang-up is right."""

    trials: Counter[str] = field(default_factory=Counter)
    hung_up: Counter[str] = field(default_factory=Counter)
    called_foreign: Counter[str] = field(default_factory=Counter)
    labelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    which: list[str] = field(default_factory=list)

    def add(self, what: str, name: str, home: str, clip: Clip, heard: Heard) -> None:
        self.trials[what] += 1
        self.called_foreign[what] += heard.foreign_at is not None
        if heard.hung_up_at is not None:
            self.hung_up[what] += 1
            self.which.append(f"{what}: {name}, home {home}, {clip.codec}, at {heard.hung_up_at:.1f} s")


@dataclass
class Found:
    """Foreign rings that can be told from the home's."""

    trials: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    missed_by_codec: Counter[str] = field(default_factory=Counter)
    decided_s: dict[str, list[float]] = field(default_factory=lambda: {"frequency": [], "cadence": []})
    hung_up_s: dict[str, list[float]] = field(default_factory=lambda: {"frequency": [], "cadence": []})
    in_periods: list[float] = field(default_factory=list)
    """Where only the cadence differs: the decision in periods of the tone, from its onset."""

    @property
    def share(self) -> float:
        return 1 - self.missed.total() / max(1, self.trials)


@lru_cache(maxsize=1)
def tones() -> tuple[Written, ...]:
    """Of both other tables; what both write alike is there once."""
    found = other_zones.of_libtonezone(material().library("libtonezone"))
    found += other_zones.of_indications(material().indications)
    return tuple({(tone.country, tone.kind, tone.text.replace(" ", "")): tone for tone in found}.values())


@lru_cache(maxsize=1)
def codes() -> tuple[str, ...]:
    return tuple(sorted({tone.country for tone in tones()}))


@cache
def told_apart(tone: Written, home: str) -> str:
    """By `frequency`, by `cadence`, or not at all (empty)."""
    ours, theirs = zones.load().of(home, Kind.RING), tone.as_sound()
    if any(zones.same(theirs, our) for our in ours):
        return ""
    hz = [lines for spectra in theirs.spectra for lines in spectra]
    home_hz = [lines for our in ours for spectra in our.spectra for lines in spectra]
    near = any(zones.same_lines(a, b, _CLEARLY_APART_HZ) for a in hz for b in home_hz)
    return "cadence" if near else "frequency"


def alike() -> list[tuple[str, str]]:
    """Pairs of home and foreign zone whose ring tones cannot be told apart."""
    rings = [tone for tone in tones() if tone.kind is Kind.RING]
    pairs = {
        (home, t.country) for t in rings for home in codes() if t.country != home and not told_apart(t, home)
    }
    return sorted(pairs)


def foreign_rings(rounds: int, seed: int) -> Found:
    """Every ring of every zone for every other home, each round with other levels, noise, codecs and losses."""
    found, random = Found(), Random(seed)
    rings = [tone for tone in tones() if tone.kind is Kind.RING] * rounds
    for tone, clip, row in _heard(rings, lambda tone: clips.of_tone(tone, random)):
        for home, heard in zip(codes(), row, strict=True):
            how = told_apart(tone, home)
            if home != tone.country and how:
                _count(found, tone, home, clip, heard, how)
    return found


def _count(found: Found, tone: Written, home: str, clip: Clip, heard: Heard, how: str) -> None:
    found.trials += 1
    if heard.hung_up_at is None or heard.foreign_at is None:
        found.missed[f"{tone.country} {tone.text}"] += 1
        found.missed_by_codec[clip.codec] += 1
        return
    decided = heard.foreign_at - clip.onset_s
    found.decided_s[how].append(decided)
    found.hung_up_s[how].append(heard.hung_up_at - clip.onset_s)
    if how == "cadence" and (period := tone.as_sound().period_s):
        found.in_periods.append(decided / period)


def home_tones(rounds: int, seed: int) -> Restraint:
    """Every home's own ringing, busy and congestion tones."""
    result, random = Restraint(), Random(seed)
    own = tones() * rounds
    for tone, clip, row in _heard(own, lambda tone: clips.of_tone(tone, random), lambda tone: [tone.country]):
        result.add(f"home {tone.kind}", f"{tone.country} {tone.text}", tone.country, clip, row[0])
    return result


def busy_tones(rounds: int, seed: int) -> Restraint:
    """Every zone's busy and congestion tones, for every home."""
    result, random = Restraint(), Random(seed)
    busy = [tone for tone in tones() if tone.kind is not Kind.RING] * rounds
    for tone, clip, row in _heard(busy, lambda tone: clips.of_tone(tone, random)):
        for home, heard in zip(codes(), row, strict=True):
            result.add("busy or congestion", f"{tone.country} {tone.text}", home, clip, heard)
    return result


def other_sounds(rounds: int, seed: int) -> Restraint:
    """Music, melodies of pure notes, speech, announcements."""
    result, random = Restraint(), Random(seed)
    for what, make in sounds(random).items():
        for _, clip, row in _heard(range(rounds), lambda _, make=make: make()):  # type: ignore[misc]
            result.labelled[what, _label(row[0])] += 1
            for home, heard in zip(codes(), row, strict=True):
                result.add(what, "", home, clip, heard)
    return result


def sounds(random: Random) -> dict[str, Callable[[], Clip]]:
    music = [clips.recording(file) for file in material().music()]
    prompts = {
        language: [audio for audio in map(clips.recording, files[:150]) if len(audio) > RATE]
        for language, files in material().prompts().items()
    }
    names = {file.stem: file for file in material().prompts()["en"]}
    announced = [clips.recording(names[name]) for name in _ANNOUNCEMENTS if name in names]

    def announcement() -> NDArray[np.float32]:
        lead = np.zeros(round(random.uniform(0, 2) * RATE), np.float32)
        return np.concatenate([lead, clips.spoken(announced, random)])[: round(CLIP_S * RATE)]

    def noisy(audio: NDArray[np.float32]) -> Clip:
        return clips.on_the_line(audio, random, snr_db=random.uniform(15, 45))

    return {
        "music": lambda: noisy(clips.excerpt(random.choice(music), random)),
        "pure melodies": lambda: noisy(clips.melody(random)),
        "speech": lambda: noisy(clips.spoken(prompts[random.choice(list(prompts))], random)),
        "announcements": lambda: noisy(announcement()),
    }


def _label(heard: Heard) -> str:
    """What a listener was told last about what is neither tone nor silence."""
    labels = [each.signal for each in heard.verdicts if each.signal in (Signal.VOICE, Signal.MUSIC)]
    return labels[-1].value if labels else "neither"


def _heard(
    what: Sequence[T],
    make: Callable[[T], Clip],
    homes: Callable[[T], Sequence[str]] = lambda _: codes(),
) -> Iterator[tuple[T, Clip, list[Heard]]]:
    for first in range(0, len(what), _BATCH):
        batch = what[first : first + _BATCH]
        made = [make(each) for each in batch]
        wanted = [[home(code) for code in homes(each)] for each in batch]
        yield from zip(batch, made, hear(made, wanted), strict=True)


@cache
def home(code: str) -> Home:
    return Home.of(code)

"""One sample of clips for several detectors of foreign ring-back tones, and one way to count what they say."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import cycle, islice
from random import Random

from dialer.audio import zones
from dialer.audio.zones import Kind, Sound
from dialer.lab.ears import clips, trials
from dialer.lab.ears.clips import Clip
from dialer.lab.ears.codecs import Audio
from dialer.lab.ears.hearing import hear
from dialer.lab.ears.other_zones import Written
from dialer.lab.ears.rendering import RATE
from dialer.lab.ears.spandsp_tones import SuperToneReceiver

_BATCH = 12
_COMMONEST = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """`what`: ring-back, busy or congestion, music, pure melodies, speech or announcements."""

    what: str
    tone: Written | None
    clip: Clip


def samples(rings: int, busy: int, others: int, seed: int) -> list[Sample]:
    """So many ring-back tones, every one before any comes again; busy and congestion tones; and of each other sound."""
    random = Random(seed)
    ringing = [tone for tone in trials.tones() if tone.kind is Kind.RING]
    engaged = [tone for tone in trials.tones() if tone.kind is not Kind.RING]
    found = [
        Sample(what, tone, clips.of_tone(tone, random))
        for what, tones, count in (("ring-back", ringing, rings), ("busy or congestion", engaged, busy))
        for tone in islice(cycle(random.sample(tones, len(tones))), count)
    ]
    for what, make in trials.sounds(random).items():
        found += [Sample(what, None, make()) for _ in range(others)]
    return found


@dataclass
class Score:
    """Of one detector. A pair of a clip and a home is one trial; pairs that nobody can tell apart are left out."""

    foreign: int = 0
    found: int = 0
    decided_s: dict[str, list[float]] = field(default_factory=lambda: {"frequency": [], "cadence": []})
    """From the tone's onset to the hang-up, by what tells the two tones apart."""
    restraint: Counter[str] = field(default_factory=Counter)
    """Trials in which no hang-up is right, by what was heard."""
    false: Counter[str] = field(default_factory=Counter)

    def add(self, sample: Sample, home: str, foreign_at: float | None) -> None:
        """`foreign_at`: when the call would have been hung up as abroad, seconds from the clip's start."""
        if sample.what == "ring-back" and sample.tone is not None and sample.tone.country != home:
            if how := trials.told_apart(sample.tone, home):
                self._foreign(sample, how, foreign_at)
            return
        what = "home ring-back" if sample.what == "ring-back" else sample.what
        self.restraint[what] += 1
        self.false[what] += foreign_at is not None

    def _foreign(self, sample: Sample, how: str, foreign_at: float | None) -> None:
        self.foreign += 1
        if foreign_at is not None:
            self.found += 1
            self.decided_s[how].append(foreign_at - sample.clip.onset_s)

    @property
    def found_share(self) -> float:
        return self.found / max(1, self.foreign)

    @property
    def false_share(self) -> float:
        return self.false.total() / max(1, self.restraint.total())


def ours(heard: Sequence[Sample]) -> Score:
    score, homes = Score(), [trials.home(code) for code in trials.codes()]
    for first in range(0, len(heard), _BATCH):
        batch = heard[first : first + _BATCH]
        said = hear([each.clip for each in batch], [homes] * len(batch))
        for each, row in zip(batch, said, strict=True):
            for home, one in zip(trials.codes(), row, strict=True):
                score.add(each, home, one.hung_up_at)
    return score


def spandsp(heard: Sequence[Sample]) -> dict[str, Score]:
    """In each way in which it is set up; what of that is a verdict is said at `_not_home` and `_first_foreign`."""
    scores = {name: Score() for name in SPANDSP}
    for name, judge in SPANDSP.items():
        judges = {home: judge(home) for home in trials.codes()}
        for each in heard:
            said = {one: one(each.clip.audio) for one in set(judges.values())}
            for home, one in judges.items():
                scores[name].add(each, home, said[one])
    return scores


Judge = Callable[[Audio], float | None]
"""When a call with this sound would be hung up as abroad, in seconds; None: not at all."""


def _not_home(home: str) -> Judge:
    """It knows the home's tones alone: abroad is where they were not heard until the end."""
    return _never(tuple(_rings(home)))


def _with_commonest(home: str) -> Judge:
    return _with(_by_countries()[:_COMMONEST], home)


def _with_all(home: str) -> Judge:
    return _with(_by_countries(), home)


def _with(foreign: Sequence[Sound], home: str) -> Judge:
    ours = tuple(_rings(home))
    others = tuple(each for each in foreign if not any(zones.same(each, our) for our in ours))
    return _first_foreign(ours, others)


@cache
def _never(ours: tuple[Sound, ...]) -> Judge:
    receiver = SuperToneReceiver(ours)
    return lambda audio: None if receiver.hear(audio) else len(audio) / RATE


@cache
def _first_foreign(ours: tuple[Sound, ...], foreign: tuple[Sound, ...]) -> Judge:
    """Abroad is where the first tone that it reports is not the home's."""
    receiver = SuperToneReceiver([*ours, *foreign])

    def judge(audio: Audio) -> float | None:
        at_s, number = next(iter(receiver.hear(audio)), (0.0, -1))
        return at_s if number >= len(ours) else None

    return judge


def _rings(country: str) -> list[Sound]:
    """As the clips are made: the receiver is told the very tones that it will hear. Nobody's, so that homes share it."""
    found = [tone.as_sound() for tone in trials.tones() if (tone.country, tone.kind) == (country, Kind.RING)]
    return [replace(each, countries=frozenset(), sources=frozenset()) for each in found]


@cache
def _by_countries() -> tuple[Sound, ...]:
    """Ring-back tones, each once, those of most countries first."""
    groups: list[tuple[Sound, set[str]]] = []
    for code in trials.codes():
        for sound in _rings(code):
            group = next((members for head, members in groups if zones.same(head, sound)), None)
            if group is None:
                groups.append((sound, {code}))
            else:
                group.add(code)
    return tuple(head for head, _ in sorted(groups, key=lambda each: -len(each[1])))


SPANDSP = {
    "home tone only": _not_home,
    f"home and the {_COMMONEST} commonest foreign tones": _with_commonest,
    "home and all foreign tones": _with_all,
}


def one_frequency(heard: Sequence[Sample], hits: Mapping[int, Sequence[float | None]]) -> Score:
    """For each home the one frequency is listened for that most foreign tones have and the home's have not.

    `hits`: for each frequency in Hz, when it was first said of each sample.
    """
    score = Score()
    for home in trials.codes():
        hz = best_frequency(home, list(hits))
        said = [None] * len(heard) if hz is None else hits[hz]
        for each, at in zip(heard, said, strict=True):
            score.add(each, home, at)
    return score


def best_frequency(home: str, listened: Sequence[int], apart_hz: float = 10.0) -> int | None:
    ours = [hz for sound in _rings(home) for hz in _hz(sound)]
    free = [hz for hz in listened if all(abs(hz - our) > apart_hz for our in ours)]
    return max(free, key=_countries, default=None)


@cache
def _countries(hz: int) -> int:
    found: set[str] = set()
    for sound in zones.load().rings():
        if any(abs(hz - each) <= 5 for each in _hz(sound)):
            found |= sound.countries
    return len(found)


def _lines(sound: Sound) -> Iterator[Sequence[float]]:
    for spectra in sound.spectra:
        yield from spectra


def _hz(sound: Sound) -> Iterator[float]:
    for lines in _lines(sound):
        yield from lines


def scanned(heard: Sequence[Sample], tone: Sequence[float], ringing: Sequence[float | None]) -> Score:
    """A zone's call progress detection: its ringing is `tone`, foreign for the homes that ring otherwise."""
    score = Score()
    for home in trials.codes():
        own = any(zones.same_lines(lines, tone) for sound in _rings(home) for lines in _lines(sound))
        for each, at in zip(heard, ringing, strict=True):
            score.add(each, home, None if own else at)
    return score

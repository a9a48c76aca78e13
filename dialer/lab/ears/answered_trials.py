"""Answers by voices that the model has never heard, as live streams, and what came of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np

from dialer.audio.answer_model import Audience
from dialer.audio.answered import Answer, AnsweredEar, Kind, Verdict
from dialer.audio.voice_activity import FRAME
from dialer.compliance.abandonment_rates import FalsePositives
from dialer.lab.ears.clips import excerpt, on_the_line, recording
from dialer.lab.ears.codecs import Audio
from dialer.lab.ears.greetings import Answered
from dialer.lab.ears.material import material
from dialer.lab.ears.rendering import RATE
from dialer.lab.ears.voices import Sound

_BATCH = 150
_NEAR_S = 0.15
_CLIP_S = 8.0


@dataclass(frozen=True, slots=True)
class Said:
    """Seconds from the answer."""

    who: str
    verdict: Verdict
    at_s: float
    first_word_s: float

    def by(self, at_s: float) -> str:
        """What was known then: `machine` (a fax or a beep as well), `person`, `unsure` (connected like a person), `open`."""
        if self.at_s > at_s + 1e-6:
            return "open"
        if not self.verdict.is_person:
            return "machine"
        return "person" if self.verdict is Verdict.PERSON else "unsure"


@dataclass
class Tried:
    """Of one audience. `decided_s`: a person's verdict after the true end of the greeting, seconds."""

    people: int = 0
    machines: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    decided_s: list[float] = field(default_factory=list)
    start_off_s: list[float] = field(default_factory=list)
    end_off_s: list[float] = field(default_factory=list)
    machine_decided_s: list[float] = field(default_factory=list)
    """From the answer."""
    machine_spoke_s: list[float] = field(default_factory=list)
    """From its first word."""
    beeps: int = 0
    beeps_found: int = 0
    beeps_imagined: int = 0
    people_lost: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def add(self, tried: Answered, found: Answer, last: Answer) -> None:
        self.said.append(Said(tried.who, found.verdict, found.decided_at_s, tried.greeting_start_s))
        self.verdicts[f"{tried.who} called {found.verdict}"] += 1
        if found.greeting_start_s is not None:
            self.start_off_s.append(found.greeting_start_s - tried.greeting_start_s)
        if tried.is_machine:
            self._machine(tried, found, last)
        else:
            self._person(tried, found, last)

    def _person(self, tried: Answered, found: Answer, last: Answer) -> None:
        self.people += 1
        self.beeps_imagined += last.beep_at_s is not None
        if not found.verdict.is_person:
            clip = tried.clip
            spoke_s = tried.greeting_end_s - tried.greeting_start_s
            self.people_lost.append(
                f"{tried.who}: {tried.voice}, {spoke_s:.1f} s, {clip.codec}, {clip.snr_db:.0f} dB over the noise, "
                f"called {found.verdict} at {found.decided_at_s:.2f} s"
            )
            return
        self.decided_s.append(found.decided_at_s - tried.greeting_end_s)
        if found.greeting_end_s is not None:
            self.end_off_s.append(found.greeting_end_s - tried.greeting_end_s)

    def _machine(self, tried: Answered, found: Answer, last: Answer) -> None:
        self.machines += 1
        if found.verdict.is_person:
            return
        self.machine_decided_s.append(found.decided_at_s)
        self.machine_spoke_s.append(found.decided_at_s - tried.greeting_start_s)
        if tried.beep_at_s is not None:
            self.beeps += 1
            right = last.beep_at_s is not None and abs(last.beep_at_s - tried.beep_at_s) < _NEAR_S
            self.beeps_found += right
            self.beeps_imagined += last.beep_at_s is not None and not right

    def known_by(self, who: str, at_s: float, from_first_word: bool = False) -> dict[str, float]:
        """Shares of what `Said.by` says at a moment after the answer, or after the true first word."""
        said = [each for each in self.said if each.who == who]
        known = Counter(each.by(at_s + (each.first_word_s if from_first_word else 0.0)) for each in said)
        return {what: known[what] / max(1, len(said)) for what in ("machine", "person", "unsure", "open")}

    @property
    def lost(self) -> FalsePositives:
        """People called a machine, of all people."""
        return FalsePositives(self.people, len(self.people_lost))

    @property
    def passed(self) -> FalsePositives:
        """Machines that reach an agent, of all machines."""
        return FalsePositives(self.machines, self.machines - len(self.machine_decided_s))


def hear(made: Sequence[Answered], audience: Audience, tried: Tried) -> None:
    for first in range(0, len(made), _BATCH):
        batch = made[first : first + _BATCH]
        for each, (found, last) in zip(
            batch, heard([one.clip.audio for one in batch], audience), strict=True
        ):
            tried.add(each, found, last)


def heard(audios: Sequence[Audio], audience: Audience) -> Iterator[tuple[Answer, Answer]]:
    """For each: the verdict when it was given, and what was known at the end."""
    ear = AnsweredEar(len(audios))
    streams = np.array([ear.open(audience) for _ in audios])
    first: dict[int, Answer] = {}
    for at in range(0, max(map(len, audios)) - FRAME + 1, FRAME):
        live = [n for n, audio in enumerate(audios) if len(audio) >= at + FRAME]
        frames = np.stack([audios[n][at : at + FRAME] for n in live])
        for stream, news in ear.feed(frames, streams[live]):
            if news.kind is Kind.VERDICT:
                first[stream] = news.answer
    for stream in streams.tolist():
        last = ear.close(stream)
        yield first.get(stream, last), last


def others(rounds: int, seed: int) -> Counter[tuple[str, str]]:
    """Silence, noise, music and faxes: what each was called."""
    random = Random(seed)
    music = [recording(file) for file in material().music()]
    called: Counter[tuple[str, str]] = Counter()
    for what in ("silence", "noise", "fax answering", "fax calling", "music"):
        clips = [_other(what, random, music) for _ in range(rounds)]
        for found, _ in heard(clips, Audience.OFFICES):
            called[what, found.verdict.value] += 1
    return called


def _other(what: str, random: Random, music: Sequence[Sound]) -> Audio:
    empty = np.zeros(round(_CLIP_S * RATE), np.float32)
    if what == "silence":
        return empty.astype(np.int16)
    if what == "noise":
        noise = np.random.default_rng(random.getrandbits(63)).normal(
            0, 10 ** random.uniform(0.5, 3.3), len(empty)
        )
        quiet = round(random.choice([0.0, 0.3, 1.0]) * RATE)
        noise[:quiet] = 0
        return np.asarray(noise, np.int16)
    if what == "music":
        return on_the_line(excerpt(random.choice(music), random, _CLIP_S), random, 40.0).audio
    time = np.arange(len(empty)) / RATE
    if what == "fax answering":
        lasts, hz = (time > 0.8) & (time < 4.0), random.uniform(2088, 2112)
    else:
        lasts, hz = (time % 3.5 > 0.8) & (time % 3.5 < 1.3), random.uniform(1070, 1130)
    return on_the_line(np.asarray(9000 * np.sin(2 * np.pi * hz * time) * lasts, np.float32), random).audio

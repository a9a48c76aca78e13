"""Announcements played to the ear that knows them, and everything else that must not be taken for one.

The learned clip and the played one come from the same synthesizer and the same samples: only what happens on the way
differs. What this measures is codecs, noise, losses and siblings, not how much an operator's announcement varies.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from time import process_time

import numpy as np
from numpy.typing import NDArray

from dialer.audio.announcements import AnnouncementEar, Clip, Library, Match
from dialer.audio.fingerprint import learn
from dialer.audio.frontend import FRAME
from dialer.domain.announcements import Announcement
from dialer.lab.ears import clips
from dialer.lab.ears.announced import Announced, carrier, over_and_over, voices
from dialer.lab.ears.clips import on_the_line
from dialer.lab.ears.greetings import _SAID
from dialer.lab.ears.material import material
from dialer.lab.ears.rendering import RATE
from dialer.lab.ears.trials import tones
from dialer.lab.ears.voices import Sound, readers, synthesizers

_BATCH = 68
_HEARD_S = 12.0
_LEARNED_PEAK = 8000.0
_SAME_WORDS = ("bo1 da3 de5", "number you have dialled")


@dataclass
class Recognition:
    trials: Counter[str] = field(default_factory=Counter)
    """By codec, by noise, by loss, and `all`."""
    right: Counter[str] = field(default_factory=Counter)
    decided_s: list[float] = field(default_factory=list)
    """From the first sound of the announcement, joined anywhere."""
    narrowed_s: list[float] = field(default_factory=list)
    """Until anything was said, be it a set."""
    wrong: list[str] = field(default_factory=list)
    only_a_set: int = 0
    nothing: int = 0
    taken_back: int = 0
    similarity: list[float] = field(default_factory=list)


@dataclass
class Unlearned:
    """Announcements of a class that the collection lacks, while it has all that begin alike."""

    trials: int = 0
    decided: int = 0
    stood: int = 0
    """Decided, and not taken back by the end."""


def learned(announced: Sequence[Announced]) -> list[Clip]:
    return [Clip(each.name, each.announcement, learn(_plain(each.sound()))) for each in announced]


@lru_cache(maxsize=1)
def whole_carrier() -> tuple[tuple[Announced, ...], Library]:
    announced = tuple(carrier(*voices()))
    return announced, Library(learned(announced))


def recognise(rounds: int, seed: int) -> Recognition:
    """Every announcement in every round once: joined anywhere, repeated, at any level, through any codec."""
    result, random = Recognition(), Random(seed)
    announced, library = whole_carrier()
    for first in range(0, rounds * len(announced), _BATCH):
        batch = [announced[(first + n) % len(announced)] for n in range(_BATCH)]
        played = [_joined(each, random) for each in batch]
        for each, clip, said in zip(
            batch, played, hear(library, [clip.audio for clip in played]), strict=True
        ):
            _judge(result, each, clip, said)
    return result


def _joined(announced: Announced, random: Random) -> clips.Clip:
    sound = announced.sound()
    lead = np.zeros(round(random.uniform(0, 1) * RATE), np.float32)
    body = over_and_over(sound, _HEARD_S, random.uniform(0, len(sound) / RATE))
    return on_the_line(np.concatenate([lead, body])[: round(_HEARD_S * RATE)], random)


def _judge(result: Recognition, announced: Announced, clip: clips.Clip, said: list[Match]) -> None:
    decided = [match for match in said if match.announcement is not None]
    wrong = [match for match in decided if match.announcement is not announced.announcement]
    groups = (
        "all",
        clip.codec,
        _noise(clip.snr_db),
        f"loss {'under' if clip.loss < 0.025 else 'over'} 2.5 %",
    )
    for group in groups:
        result.trials[group] += 1
        result.right[group] += bool(decided) and not wrong
    result.taken_back += any(not match.among for match in said)
    result.nothing += not said
    result.only_a_set += bool(said) and not decided
    if said:
        result.narrowed_s.append(said[0].at_s - clip.onset_s)
    if wrong:
        result.wrong.append(
            f"{announced.name} called {wrong[0].announcement}, {clip.codec}, {clip.snr_db:.0f} dB"
        )
    elif decided:
        result.decided_s.append(decided[0].at_s - clip.onset_s)
        result.similarity.append(decided[0].similarity)


def _noise(snr_db: float) -> str:
    return "noise 10 to 20 dB" if snr_db < 20 else "noise under 20 dB"


def unlearned(rounds: int, seed: int) -> Unlearned:
    """Each class in turn is not in the collection, but on the line."""
    result, random = Unlearned(), Random(seed)
    announced, library = whole_carrier()
    for missing in Announcement:
        known = Library([clip for clip in library.clips if clip.announcement is not missing])
        batch = [each for each in announced if each.announcement is missing] * rounds
        for said in hear(known, [_joined(each, random).audio for each in batch]):
            result.trials += 1
            result.decided += any(match.announcement is not None for match in said)
            result.stood += bool(said) and said[-1].announcement is not None
    return result


@dataclass
class Others:
    """Hours of what is no announcement of the collection; and what it was taken for."""

    hours: Counter[str] = field(default_factory=Counter)
    decided: list[str] = field(default_factory=list)
    sets: Counter[str] = field(default_factory=Counter)


def others(seed: int, quick: bool) -> Others:
    result, random = Others(), Random(seed)
    _, library = whole_carrier()
    for what, sounds in _others(random, quick):
        for said in hear(library, sounds):
            result.sets[what] += any(len(match.among) > 1 for match in said)
            result.decided += [
                f"{what}: {match.announcement}, {match.clip}, {match.similarity}"
                for match in said
                if match.announcement is not None
            ]
        # counted in hundredths of an hour, a Counter's values being whole
        result.hours[what] += sum(map(len, sounds))
    for what in result.hours:
        result.hours[what] = round(result.hours[what] / RATE / 36)
    return result


def _others(random: Random, quick: bool) -> Iterator[tuple[str, list[NDArray[np.int16]]]]:
    for part in ("train", "test"):
        for reader in readers(part):
            prompts = [reader.read(number) for number in range(0, len(reader.prompts), 5 if quick else 1)]
            spoken = np.concatenate([each for prompt in prompts for each in (prompt, _silence(0.3))])
            rows = [row for row in np.array_split(spoken, 64) if len(row) > RATE]
            yield "recorded voices, clean", [_plain(row) for row in rows]
            yield "recorded voices, degraded", [on_the_line(row, random).audio for row in rows]
        yield from _synthetic(part, random)
    music = [clips.recording(file) for file in material().music()]
    yield "music", [on_the_line(part, random).audio for each in music for part in np.array_split(each, 12)]
    count = 32 if quick else 256
    yield "pure melodies", [on_the_line(clips.melody(random, 60), random).audio for _ in range(count // 4)]
    yield "tones", [clips.of_tone(random.choice(tones()), random).audio for _ in range(count)]


def _synthetic(part: str, random: Random) -> Iterator[tuple[str, list[NDArray[np.int16]]]]:
    """Greetings by other voices of the same synthesizer; those with the words of an announcement apart."""
    for voice in (*synthesizers(part), *voices()):
        texts = [text for group in _SAID[voice.language].values() for text in group]
        same = [text for text in texts if any(words in text for words in _SAME_WORDS)]
        for what, chosen in (("synthetic voices, other words", [text for text in texts if text not in same]),
                             ("synthetic voices, words of an announcement", same)):  # fmt: skip
            if chosen:
                said = np.concatenate(
                    [part for text in chosen for part in (voice.say(text, 160), _silence(0.4))]
                )
                yield what, [on_the_line(said, random).audio]


def _silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.float32)


def _plain(sound: Sound) -> NDArray[np.int16]:
    loudest = max(1.0, float(np.abs(sound).max(initial=0)))
    return (sound * (_LEARNED_PEAK / loudest)).astype(np.int16)


def hear(library: Library, sounds: Sequence[NDArray[np.int16]]) -> list[list[Match]]:
    """All sounds at once, as live streams."""
    ear = AnnouncementEar(library, len(sounds))
    streams = np.array([ear.open() for _ in sounds])
    said: dict[int, list[Match]] = {int(stream): [] for stream in streams}
    for at, frames in _frames(sounds):
        for stream, match in ear.feed(frames, streams[at]):
            said[stream].append(match)
    return list(said.values())


def _frames(sounds: Sequence[NDArray[np.int16]]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int16]]]:
    """Which sounds go on, and their next 20 ms."""
    lengths = np.array([len(each) // FRAME for each in sounds])
    audio = np.zeros((len(sounds), int(lengths.max()) * FRAME), np.int16)
    for row, each in zip(audio, sounds, strict=True):
        size = min(len(row), len(each))
        row[:size] = each[:size]
    for number in range(int(lengths.max())):
        on = np.flatnonzero(lengths > number)
        yield on, np.ascontiguousarray(audio[on, number * FRAME : (number + 1) * FRAME])


def cost(streams: int, seconds: float, seed: int) -> dict[str, float]:
    """CPU microseconds for each second of each stream, that many streams at once."""
    random = Random(seed)
    announced, library = whole_carrier()
    size = round(seconds * RATE)
    speech = np.concatenate([each for reader in readers("test")[:2] for each in map(reader.read, range(60))])
    tone = next(each for each in tones() if each.country == "CN")
    ringing = np.resize(clips.of_tone(tone, random).audio, 20 * RATE)
    kinds: dict[str, list[NDArray[np.int16]]] = {
        "speech": [_plain(np.roll(speech, -random.randrange(len(speech)))[:size]) for _ in range(streams)],
        "ring-back tone": [np.roll(ringing, -random.randrange(len(ringing)))[:size] for _ in range(streams)],
        "announcements": [
            _plain(over_and_over(random.choice(announced).sound(), seconds, random.uniform(0, 3)))
            for _ in range(streams)
        ],
    }
    found = {}
    for kind, sounds in kinds.items():
        played = list(_frames(sounds))
        ear = AnnouncementEar(library, streams)
        opened = np.array([ear.open() for _ in sounds])
        began = process_time()
        for on, frames in played:
            ear.feed(frames, opened[on])
        found[kind] = (process_time() - began) / streams / seconds * 1e6
    return found

"""`python -m dialer.lab.ears.train_answers`: makes dialer/audio/answer_model.json anew from the voices for training.

Every greeting is looked at each 80 ms while it grows; a logistic regression with a small ridge weighs the figures (iteratively
reweighted least squares). Thresholds are the loosest ones that keep what is asked of the training voices: people called a
machine, machines called a person. For the first, each voice is heard by weights that were learned without it. The voices for
testing are never heard here; `bench amd` hears only them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialer.audio import answer_model, greeting
from dialer.audio.answer_model import Audience
from dialer.audio.answered import Patience
from dialer.audio.greeting import Greeting
from dialer.audio.voice_activity import FRAME, FRAME_S, Voices
from dialer.lab.ears import greetings
from dialer.lab.ears.greetings import HOME, MACHINE, OFFICE, Answered

SEEDS = (11, 12)
_COUNTS = ((HOME, 1500), (OFFICE, 900), (MACHINE, 1500))
"""Of each seed."""
_HEARD = {Audience.HOMES: (HOME, MACHINE), Audience.OFFICES: (HOME, OFFICE, MACHINE)}
_ASKED = {Audience.HOMES: (0.0025, 0.05), Audience.OFFICES: (0.001, 0.04)}
"""People called a machine, machines called a person: half of what is allowed, and less with offices, where people who pause
without being let through, and go on, are called machines besides (`bench amd`)."""
_EVERY = 4
_RIDGE = 0.5
_PAUSE_S = Patience().pause_s
_LONG = 0.1  # so many people speak longer than what is not weighed at all
_FOLDS = 5
_SURELY = 3.0  # what is most likely a machine is not passed on for the sake of the share
_NEVER = -30.0
_BATCH = 50

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Grown:
    """One greeting at many moments: its figures, its span and pause in seconds."""

    who: str
    voice: str
    figures: Matrix
    span_s: Matrix
    pause_s: Matrix

    @property
    def is_machine(self) -> bool:
        return self.who == MACHINE

    def at(self, moments: slice | NDArray[np.bool_]) -> "Grown":
        return Grown(self.who, self.voice, self.figures[moments], self.span_s[moments], self.pause_s[moments])


def grown(answers: Sequence[Answered]) -> list[Grown]:
    found: list[Grown] = []
    for first in range(0, len(answers), _BATCH):
        found += _grown(answers[first : first + _BATCH])
    return [each for each in found if len(each.figures)]


def _grown(answers: Sequence[Answered]) -> Iterator[Grown]:
    voices, streams = Voices(len(answers)), np.arange(len(answers))
    until = [_until(each) for each in answers]
    looks: list[list[Greeting]] = [[] for _ in answers]
    for frame in range(max(until)):
        cut = [each.clip.audio[frame * FRAME : (frame + 1) * FRAME] for each in answers]
        voices.feed(
            np.stack([each if len(each) == FRAME else np.zeros(FRAME, np.int16) for each in cut]), streams
        )
        if (frame + 1) % _EVERY:
            continue
        for number, voiced in enumerate(voices.voiced(streams)):
            said = greeting.of(voiced) if frame < until[number] else None
            if said is not None:
                looks[number].append(said)
    for each, row in zip(answers, looks, strict=True):
        yield Grown(
            each.who,
            each.voice,
            np.array([greeting.figures(said) for said in row]),
            np.array([said.span_s for said in row]),
            np.array([said.pause_s for said in row]),
        )


def _until(answer: Answered) -> int:
    """Frames: a person is looked at until it has stopped for a while, a machine until the patience is over."""
    end_s = answer.greeting_start_s + 5.5 if answer.is_machine else answer.greeting_end_s + 1.0
    longest = min(end_s, Patience().longest_s, len(answer.clip.audio) / FRAME * FRAME_S)
    return int(longest / FRAME_S)


Weights = tuple[Matrix, float]
"""And the bias."""


def fit(rows: Sequence[Grown]) -> Weights:
    """Each greeting counts alike, and machines as much as people."""
    x = np.concatenate([each.figures for each in rows])
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    y = np.concatenate([np.full(len(each.figures), float(each.is_machine)) for each in rows])
    machines = sum(each.is_machine for each in rows)
    share = {True: 0.5 / machines, False: 0.5 / (len(rows) - machines)}
    weight = np.concatenate([np.full(len(r.figures), share[r.is_machine] / len(r.figures)) for r in rows])
    weight *= len(rows)
    ridge = np.diag([_RIDGE] * (x.shape[1] - 1) + [1e-6])
    w = np.zeros(x.shape[1])
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (weight * (p - y)) + ridge @ w
        bend = (x * (weight * p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(bend, slope)
        w -= step
        if np.abs(step).max() < 1e-6:
            break
    return w[:-1], float(w[-1])


def speaking(each: Grown) -> Grown:
    """Until the first pause in which a person would be let through."""
    through = np.flatnonzero(each.pause_s >= _PAUSE_S)
    if each.is_machine or not len(through):
        return each.at(each.pause_s < _PAUSE_S)
    return each.at(slice(int(through[0]) or None))


def paused(each: Grown) -> Grown:
    """Inside pauses in which the greeting may be over."""
    return each.at(each.pause_s >= _PAUSE_S)


def train(material: Sequence[Grown], people_lost: float, machines_passed: float) -> dict[str, object]:
    """Both questions. A machine's pause counts only while it is not yet known to be one."""
    said = [speaking(each) for each in material]
    people = [each for each in said if not each.is_machine]
    long_s = ceil(10 * float(np.quantile([each.span_s.max() for each in people], 1 - _LONG))) / 10
    rows = _some([each.at(each.span_s >= long_s) for each in said])
    above = _above(rows, round(people_lost * len(people)))
    weights, bias = fit(rows)
    until = [_before_known(each, (weights, bias), above, long_s) for each in material]
    rows = _some([paused(each) for each in until])
    mild, mild_bias = fit(rows)
    # machines that do not pause in time are never passed on
    lowest = [float((each.figures @ mild + mild_bias).min()) for each in rows if each.is_machine]
    lowest += [-_NEVER] * (sum(each.is_machine for each in material) - len(lowest))
    below = float(np.quantile(lowest, machines_passed))
    return {
        "long_s": long_s,
        "speaking": _document(weights, bias, above),
        "paused": _document(mild, mild_bias, min(below, _SURELY)),
    }


def _some(rows: Sequence[Grown]) -> list[Grown]:
    return [each for each in rows if len(each.figures)]


def _above(rows: Sequence[Grown], people: int) -> float:
    """So many people come above this, each heard by weights that never heard that voice."""
    highest = [_NEVER] * (people + 1)
    voices = sorted({each.voice for each in rows})
    for fold in range(_FOLDS):
        apart = set(voices[fold::_FOLDS])
        weights, bias = fit([each for each in rows if each.voice not in apart])
        left = [each for each in rows if each.voice in apart and not each.is_machine]
        highest += [float((each.figures @ weights + bias).max()) for each in left]
    return float(np.sort(highest)[-1 - people]) + 1e-3


def _before_known(each: Grown, learned: Weights, above: float, long_s: float) -> Grown:
    if not each.is_machine:
        return each
    sure = (each.figures @ learned[0] + learned[1] >= above) & (each.span_s >= long_s)
    known = np.flatnonzero(sure & (each.pause_s < _PAUSE_S))
    return each.at(slice(int(known[0]) if len(known) else None))


def _document(weights: Matrix, bias: float, logit: float) -> dict[str, object]:
    return {
        "threshold": round(float(1 / (1 + np.exp(-logit))), 5),
        "bias": round(bias, 3),
        "weights": {name: round(float(w), 3) for name, w in zip(greeting.FIGURES, weights, strict=True)},
    }


def trained(material: Sequence[Grown], audience: Audience) -> dict[str, object]:
    """What the model's file holds of one audience."""
    heard = [each for each in material if each.who in _HEARD[audience]]
    counts = {who: sum(each.who == who for each in heard) for who in _HEARD[audience]}
    asked = dict(zip(("people_called_machine", "machines_called_person"), _ASKED[audience], strict=True))
    return {"trained_on": counts, "asked_of_training": asked, **train(heard, *_ASKED[audience])}


def main() -> None:
    material = [each for seed in SEEDS for each in grown(greetings.answers("train", _COUNTS, seed))]
    document = {
        "made_by": "python -m dialer.lab.ears.train_answers",
        "about": "Probability of a machine = 1 / (1 + exp(-(bias + sum of weight × figure))); figures: dialer/audio/greeting.py. "
        "Trained on voices that no test hears: see dialer/lab/ears/voices.py, lengths in dialer/lab/ears/greetings.py.",
        "seeds": SEEDS,
        "audiences": {each.value: trained(material, each) for each in Audience},
    }
    file = Path(answer_model.__file__).with_name("answer_model.json")
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

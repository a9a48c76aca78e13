"""`python -m dialer.lab.ears.train_answers`: makes dialer/audio/answer_model.json anew from the voices for training.

Every greeting is looked at each 80 ms while it grows; a logistic regression with a small ridge weighs the figures (iteratively
reweighted least squares). Thresholds are the loosest ones that keep what is asked of the training voices: people called a
machine, machines called a person. The voices for testing are never heard here; `bench amd` hears only them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialer.audio import answer_model, greeting
from dialer.audio.answer_model import Audience
from dialer.audio.answered import Patience
from dialer.audio.voice_activity import FRAME, FRAME_S, Voices
from dialer.lab.ears import greetings
from dialer.lab.ears.greetings import HOME, MACHINE, OFFICE, Answered

SEED = 7_01
_COUNTS = {
    Audience.HOMES: ((HOME, 1500), (MACHINE, 1500)),
    Audience.OFFICES: ((HOME, 1000), (OFFICE, 1000), (MACHINE, 1500)),
}
_EVERY = 4
_RIDGE = 3.0
_PEOPLE_LOST, _MACHINES_PASSED = 0.002, 0.03
_BATCH = 50

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Grown:
    """One greeting at many moments: its figures, its pause, and when."""

    is_machine: bool
    figures: Matrix
    pause_s: Matrix


def grown(answers: Sequence[Answered]) -> list[Grown]:
    found = []
    for first in range(0, len(answers), _BATCH):
        found += _grown(answers[first : first + _BATCH])
    return [each for each in found if len(each.figures)]


def _grown(answers: Sequence[Answered]) -> list[Grown]:
    voices, streams = Voices(len(answers)), np.arange(len(answers))
    until = [_until(each) for each in answers]
    rows: list[list[tuple[float, list[float]]]] = [[] for _ in answers]
    for frame in range(max(until)):
        cut = [each.clip.audio[frame * FRAME : (frame + 1) * FRAME] for each in answers]
        voices.feed(
            np.stack([each if len(each) == FRAME else np.zeros(FRAME, np.int16) for each in cut]), streams
        )
        if frame % _EVERY:
            continue
        for number, voiced in enumerate(voices.voiced(streams)):
            said = greeting.of(voiced) if frame < until[number] else None
            if said is not None:
                rows[number].append((said.pause_s, greeting.figures(said)))
    return [
        Grown(each.is_machine, np.array([f for _, f in row]), np.array([p for p, _ in row]))
        for each, row in zip(answers, rows, strict=True)
    ]


def _until(answer: Answered) -> int:
    """Frames: a person is looked at until it has stopped for a while, a machine until the patience is over."""
    end_s = answer.greeting_start_s + 5.5 if answer.is_machine else answer.greeting_end_s + 1.0
    longest = min(end_s, Patience().longest_s, len(answer.clip.audio) / FRAME * FRAME_S)
    return int(longest / FRAME_S)


def fit(greetings_: Sequence[Grown]) -> tuple[Matrix, float]:
    """Weights and bias. Each greeting counts alike, and machines as much as people."""
    x = np.concatenate([each.figures for each in greetings_])
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    y = np.concatenate([np.full(len(each.figures), float(each.is_machine)) for each in greetings_])
    machines = sum(each.is_machine for each in greetings_)
    share = {True: 0.5 / machines, False: 0.5 / (len(greetings_) - machines)}
    weight = np.concatenate(
        [np.full(len(g.figures), share[g.is_machine] / len(g.figures)) for g in greetings_]
    )
    weight *= len(greetings_)
    ridge = np.diag([_RIDGE] * (x.shape[1] - 1) + [1e-6])
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (weight * (p - y)) + ridge @ w
        bend = (x * (weight * p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(bend, slope)
        w -= step
        if np.abs(step).max() < 1e-6:
            break
    return w[:-1], float(w[-1])


def thresholds(greetings_: Sequence[Grown], weights: Matrix, bias: float) -> tuple[float, float]:
    """`person_below` and `machine_above`."""
    logits = [(each, each.figures @ weights + bias) for each in greetings_]
    # people: the highest they reach until they may be let through
    pause = Patience().pause_s
    highest = [logit[: _over(each, pause)].max() for each, logit in logits if not each.is_machine]
    above = float(np.quantile(highest, 1 - _PEOPLE_LOST))
    lowest = [_lowest_in_a_pause(each, logit, pause, above) for each, logit in logits if each.is_machine]
    below = min(float(np.quantile(lowest, _MACHINES_PASSED)), above)
    return _probability(below), _probability(above + 0.05)


def _over(each: Grown, pause: float) -> int:
    over = np.flatnonzero(each.pause_s >= pause + 0.1)
    return int(over[0]) + 1 if len(over) else len(each.pause_s)


def _lowest_in_a_pause(each: Grown, logit: Matrix, pause: float, above: float) -> float:
    """Before it is known to be a machine."""
    known = np.flatnonzero(logit >= above)
    until = int(known[0]) if len(known) else len(logit)
    inside = logit[:until][each.pause_s[:until] >= pause]
    return float(inside.min()) if len(inside) else 30.0


def _probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def train(audience: Audience, counts: Sequence[tuple[str, int]], seed: int) -> dict[str, object]:
    material = grown(greetings.answers("train", counts, seed))
    weights, bias = fit(material)
    below, above = thresholds(material, weights, bias)
    return {
        "trained_on": dict(counts),
        "seed": seed,
        "bias": round(bias, 3),
        "person_below": round(below, 4),
        "machine_above": round(above, 4),
        "weights": {name: round(float(w), 3) for name, w in zip(greeting.FIGURES, weights, strict=True)},
    }


def main() -> None:
    document = {
        "made_by": "python -m dialer.lab.ears.train_answers",
        "about": "Probability of a machine = 1 / (1 + exp(-(bias + sum of weight × figure))); figures: dialer/audio/greeting.py. "
        "Trained on voices that no test hears: see dialer/lab/ears/voices.py, lengths in dialer/lab/ears/greetings.py.",
        "asked_of_training": {
            "people_called_machine": _PEOPLE_LOST,
            "machines_called_person": _MACHINES_PASSED,
        },
        "audiences": {
            each.value: train(each, counts, SEED + n) for n, (each, counts) in enumerate(_COUNTS.items())
        },
    }
    file = Path(answer_model.__file__).with_name("answer_model.json")
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

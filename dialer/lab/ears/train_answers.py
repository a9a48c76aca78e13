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
    Audience.HOMES: ((HOME, 1000), (MACHINE, 1000)),
    Audience.OFFICES: ((HOME, 700), (OFFICE, 500), (MACHINE, 1000)),
}
_EVERY = 4
_RIDGE = 0.5
_PAUSE_S = Patience().pause_s
_MARGIN = 0.1
_SURELY = 3.0  # what is most likely a machine is not passed on for the sake of the share
_PEOPLE_LOST, _MACHINES_PASSED = 0.002, 0.05
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


Rows = Sequence[tuple[bool, Matrix]]
"""Of each greeting: whether it is a machine's, and its figures at some moments."""


def fit(rows: Rows) -> tuple[Matrix, float]:
    """Weights and bias. Each greeting counts alike, and machines as much as people."""
    x = np.concatenate([figures for _, figures in rows])
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    y = np.concatenate([np.full(len(figures), float(is_machine)) for is_machine, figures in rows])
    machines = sum(is_machine for is_machine, _ in rows)
    share = {True: 0.5 / machines, False: 0.5 / (len(rows) - machines)}
    weight = np.concatenate([np.full(len(f), share[is_machine] / len(f)) for is_machine, f in rows]) * len(
        rows
    )
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


def speaking(each: Grown) -> Matrix:
    """Figures until the first pause in which a person would be let through."""
    paused = np.flatnonzero(each.pause_s >= _PAUSE_S)
    first = int(paused[0]) if len(paused) else len(each.pause_s)
    return each.figures[: first or None] if not each.is_machine else each.figures[each.pause_s < _PAUSE_S]


def paused(each: Grown) -> Matrix:
    """Figures inside pauses in which the greeting may be over."""
    return each.figures[each.pause_s >= _PAUSE_S]


def train(material: Sequence[Grown]) -> dict[str, object]:
    """Both questions. A machine's pause counts only while it is not yet known to be one."""
    rows = [(each.is_machine, speaking(each)) for each in material]
    weights, bias = fit([row for row in rows if len(row[1])])
    highest = [float((f @ weights + bias).max()) for is_machine, f in rows if not is_machine and len(f)]
    above = float(np.quantile(highest, 1 - _PEOPLE_LOST))
    said = _document(weights, bias, above + _MARGIN)
    until = [_before_known(each, weights, bias, above + _MARGIN) for each in material]
    rows = [(each.is_machine, paused(each)) for each in until]
    weights, bias = fit([row for row in rows if len(row[1])])
    # machines that do not pause in time are never passed on
    lowest = [float((f @ weights + bias).min()) if len(f) else 30.0 for is_machine, f in rows if is_machine]
    below = float(np.quantile(lowest, _MACHINES_PASSED))
    return {"speaking": said, "paused": _document(weights, bias, min(below, _SURELY))}


def _before_known(each: Grown, weights: Matrix, bias: float, above: float) -> Grown:
    if not each.is_machine:
        return each
    known = np.flatnonzero((each.figures @ weights + bias >= above) & (each.pause_s < _PAUSE_S))
    until = int(known[0]) if len(known) else len(each.pause_s)
    return Grown(True, each.figures[:until], each.pause_s[:until])


def _document(weights: Matrix, bias: float, logit: float) -> dict[str, object]:
    return {
        "threshold": round(float(1 / (1 + np.exp(-logit))), 5),
        "bias": round(bias, 3),
        "weights": {name: round(float(w), 3) for name, w in zip(greeting.FIGURES, weights, strict=True)},
    }


def _of(counts: Sequence[tuple[str, int]], seed: int) -> dict[str, object]:
    material = grown(greetings.answers("train", counts, seed))
    return {"trained_on": dict(counts), "seed": seed, **train(material)}


def main() -> None:
    document = {
        "made_by": "python -m dialer.lab.ears.train_answers",
        "about": "Probability of a machine = 1 / (1 + exp(-(bias + sum of weight × figure))); figures: dialer/audio/greeting.py. "
        "Trained on voices that no test hears: see dialer/lab/ears/voices.py, lengths in dialer/lab/ears/greetings.py.",
        "asked_of_training": {
            "people_called_machine": _PEOPLE_LOST,
            "machines_called_person": _MACHINES_PASSED,
        },
        "audiences": {each.value: _of(counts, SEED + n) for n, (each, counts) in enumerate(_COUNTS.items())},
    }
    file = Path(answer_model.__file__).with_name("answer_model.json")
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

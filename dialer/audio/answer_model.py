"""How likely a machine is speaking, by the figures of the greeting so far: two logistic regressions, weights in a file.

`answer_model.json` says how it was made; `python -m dialer.lab.ears.train_answers` makes it anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp
from typing import Any

from dialer.audio.greeting import FIGURES
from dialer.domain.listening_plan import Audience as Audience
from dialer.errors import BadInput


@dataclass(frozen=True)
class Scale:
    """Weights of one question, and the probability that decides it."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def machine(self, figures: Sequence[float]) -> float:
        """The probability of a machine."""
        sum_ = self.bias + sum(w * x for w, x in zip(self.weights, figures, strict=True))
        return 1 / (1 + exp(-min(max(sum_, -40.0), 40.0)))


@dataclass(frozen=True)
class AnswerModel:
    """`speaking`: does a person say so much? A machine from its threshold on. `paused`: a person up to its threshold.

    Before a greeting has lasted `long_s` nobody who still speaks is taken for a machine: nine people in ten have said
    what they have to say by then, and only of the others is `speaking` learned.
    """

    long_s: float
    speaking: Scale
    paused: Scale


@cache
def load(audience: Audience) -> AnswerModel:
    document = json.loads(files("dialer.audio").joinpath("answer_model.json").read_text("utf-8"))
    return of_document(document, audience)


def of_document(document: object, audience: Audience) -> AnswerModel:
    """Raises `BadInput` when it does not fit the figures of this version."""
    try:
        part = document["audiences"][audience.value]  # type: ignore[index]
        return AnswerModel(float(part["long_s"]), _scale(part["speaking"]), _scale(part["paused"]))
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"answer_model.json: no model for {audience}: train it anew", "audiences") from None


def _scale(part: Mapping[str, Any]) -> Scale:
    weights = part["weights"]
    if list(weights) != list(FIGURES):
        raise BadInput("answer_model.json: weights of other figures: train it anew", "weights")
    return Scale(
        tuple(float(weights[name]) for name in FIGURES), float(part["bias"]), float(part["threshold"])
    )

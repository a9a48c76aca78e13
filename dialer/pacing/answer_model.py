"""How probable it is that this contact answers: a small logistic model that learns with every line.

Each weight is a normal law that starts at 0 with a small variance, so that a feature seen three times moves little: honest
shrinkage without tuning (online Bayesian logistic regression with a diagonal covariance; Chu, Zinkevich, Li, Thomas and
Tseng 2011). Old evidence fades because variances creep back towards their start. The model has to prove itself: until its
Brier score is better than that of the campaign's plain answer rate by more than chance would make it, the plain rate is used.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.pacer import ContactFeatures
from dialer.pacing.survival import numbers

Array = NDArray[np.float64]

_START_RATE = 0.25
_LEVEL = "all"
_LEVEL_VARIANCE = 1.5
_VARIANCE: Mapping[str, float] = {
    "hour": 0.15,
    "weekday": 0.05,
    "attempts": 0.3,
    "answered": 0.6,
    "unanswered": 0.3,
    "type": 0.15,
    "area": 0.08,
    "list": 0.3,
    "age": 0.1,
    "trunk": 0.1,
}
_CREEP = 0.00002  # of the way back to its start, a line
_LEVEL_CREEP = 0.00005
_TENTHS = 10
_SCORE_HALF_LIFE = 1000.0
_LEAST_SCORED = 150.0
_PROVEN = 2.0  # standard errors of the difference between the two scores
_USUAL_SCATTER = 0.02  # of the squared differences, a line: of lessons from before they were kept
_NO_TENTHS = [0.0] * (3 * _TENTHS)  # of lessons from before they were kept
_MOST_FEATURES = 20_000  # areas and lists are written by others


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature adds to the log-odds of an answer, with its uncertainty (standard deviation)."""

    feature: str
    log_odds: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Tenth:
    """Of the lines whose predicted probability was between `least` and `most`: how many, foreseen and answered shares."""

    least: float
    most: float
    lines: float
    foreseen: float
    answered: float


@dataclass(slots=True)
class _Scores:
    """Fading with the number of lines: squares of the errors, and sums by tenths of the predicted probability.

    `scatter` sums the squared differences between the two squared errors of each line. The rows of `tenths`: lines, what was foreseen of them, and what happened.
    """

    lines: float = 0.0
    model: float = 0.0
    plain: float = 0.0
    scatter: float = 0.0
    tenths: Array = field(default_factory=lambda: np.zeros((3, _TENTHS)))

    def take(self, foreseen: float, plain: float, answered: bool) -> None:
        fade = 2.0 ** (-1.0 / _SCORE_HALF_LIFE)
        self.lines = self.lines * fade + 1.0
        error, plain_error = (foreseen - answered) ** 2, (plain - answered) ** 2
        self.model = self.model * fade + error
        self.plain = self.plain * fade + plain_error
        self.scatter = self.scatter * fade + (plain_error - error) ** 2
        self.tenths *= fade
        self.tenths[:, min(int(foreseen * _TENTHS), _TENTHS - 1)] += (1.0, foreseen, answered)


class AnswerModel:
    def __init__(self) -> None:
        self._mean: dict[str, float] = {_LEVEL: math.log(_START_RATE / (1 - _START_RATE))}
        self._variance: dict[str, float] = {_LEVEL: _LEVEL_VARIANCE}
        self._plain_answers, self._plain_lines = 20 * _START_RATE, 20.0
        self.scores = _Scores()

    @property
    def plain_rate(self) -> float:
        """Share of the recent lines that were answered."""
        return self._plain_answers / self._plain_lines

    @property
    def trusted(self) -> bool:
        scores = self.scores
        return scores.lines >= _LEAST_SCORED and scores.plain - scores.model > _PROVEN * math.sqrt(
            scores.scatter
        )

    def predict(self, contact: ContactFeatures) -> float:
        """P(answered), the plain rate while the model has not proved itself."""
        return self._model(_features(contact)) if self.trusted else self.plain_rate

    def _model(self, features: Iterable[str]) -> float:
        log_odds, variance = 0.0, 0.0
        for name in features:
            log_odds += self._mean.get(name, 0.0)
            variance += self._variance.get(name) or _start_variance(name)
        # the mean of a logistic over a normal law (MacKay 1992)
        return _logistic(log_odds / math.sqrt(1 + math.pi * variance / 8))

    def learn(self, contact: ContactFeatures, answered: bool) -> None:
        features = _features(contact)
        foreseen = self._model(features)
        self.scores.take(foreseen, self.plain_rate, answered)
        fade = 2.0 ** (-1.0 / 300.0)
        self._plain_answers = self._plain_answers * fade + answered
        self._plain_lines = self._plain_lines * fade + 1.0
        self._update(features, foreseen, answered)

    def _update(self, features: Iterable[str], foreseen: float, answered: bool) -> None:
        curvature = max(foreseen * (1 - foreseen), 0.01)
        names = [name for name in features if name in self._mean or len(self._mean) < _MOST_FEATURES]
        total = sum(self._variance.get(name) or _start_variance(name) for name in names)
        gain = (answered - foreseen) / (1 + curvature * total)
        for name in names:
            start = _start_variance(name)
            before = self._variance.get(name, start)
            self._mean[name] = self._mean.get(name, 0.0) + before * gain
            after = before / (1 + curvature * before)
            creep = _LEVEL_CREEP if name == _LEVEL else _CREEP
            self._variance[name] = after + creep * (start - after)

    def explain(self, contact: ContactFeatures) -> list[Contribution]:
        """What every feature of the contact adds, largest first."""
        found = [
            Contribution(
                name, self._mean.get(name, 0.0), math.sqrt(self._variance.get(name) or _start_variance(name))
            )
            for name in _features(contact)
        ]
        return sorted(found, key=lambda each: -abs(each.log_odds))

    def reliability(self) -> list[Tenth]:
        """Foreseen beside real, whether or not the model is trusted; tenths with less than one line are left out."""
        return [
            Tenth(nth / _TENTHS, (nth + 1) / _TENTHS, lines, foreseen / lines, answered / lines)
            for nth, (lines, foreseen, answered) in enumerate(self.scores.tenths.T.tolist())
            if lines >= 1.0
        ]

    def strongest(self, most: int) -> list[Contribution]:
        """The features that move this campaign's contacts most, as far as that is sure; largest first."""
        known = [
            Contribution(name, mean, math.sqrt(self._variance[name]))
            for name, mean in self._mean.items()
            if name != _LEVEL
        ]
        sure = [each for each in known if abs(each.log_odds) > each.uncertainty]
        return sorted(sure, key=lambda each: each.uncertainty - abs(each.log_odds))[:most]

    def document(self) -> Mapping[str, object]:
        return {
            "mean": dict(self._mean),
            "variance": dict(self._variance),
            "plain": [self._plain_answers, self._plain_lines],
            "scores": [self.scores.lines, self.scores.model, self.scores.plain],
            "scatter": self.scores.scatter,
            "tenths": self.scores.tenths.ravel().tolist(),
        }

    def take_up(self, document: Mapping[str, Any]) -> None:
        """Raises ValueError, KeyError, TypeError or AttributeError when the document is not one of ours."""
        mean = {str(name): _finite(value) for name, value in document["mean"].items()}
        variance = {str(name): _finite(value) for name, value in document["variance"].items()}
        answers, lines = (_finite(value) for value in document["plain"])
        scored = [_finite(value) for value in document["scores"]]
        scatter = max(_finite(document.get("scatter", scored[0] * _USUAL_SCATTER)), 0.0)
        tenths = numbers(document.get("tenths", _NO_TENTHS), 3 * _TENTHS).reshape(3, _TENTHS)
        if _LEVEL not in mean or mean.keys() != variance.keys() or min(variance.values()) <= 0:
            raise ValueError("means and variances do not fit")
        if not 0 <= answers <= lines or lines <= 0 or len(scored) != 3:
            raise ValueError("the plain rate or the scores do not fit")
        self._mean, self._variance = mean, variance
        self._plain_answers, self._plain_lines = answers, lines
        self.scores = _Scores(scored[0], scored[1], scored[2], scatter, tenths)


def _features(contact: ContactFeatures) -> list[str]:
    names = [_LEVEL, f"attempts:{min(contact.attempts, 6)}"]
    if contact.hour is not None:
        names.append(f"hour:{contact.hour}")
    if contact.weekday is not None:
        names.append(f"weekday:{contact.weekday}")
    if contact.answered_before:
        names.append(f"answered:{min(contact.answered_before, 3)}")
    if contact.not_answered_before:
        names.append(f"unanswered:{min(contact.not_answered_before, 6)}")
    for kind, value in (
        ("type", contact.number_type),
        ("area", contact.area),
        ("list", contact.list_name),
        ("trunk", contact.trunk),
    ):
        if value:
            names.append(f"{kind}:{value}")
    if contact.list_age_days is not None:
        names.append(f"age:{_age_class(contact.list_age_days)}")
    return names


def _age_class(days: float) -> str:
    return next((name for limit, name in ((1, "day"), (7, "week"), (31, "month")) if days < limit), "older")


def _start_variance(name: str) -> float:
    return _VARIANCE.get(name.partition(":")[0], _LEVEL_VARIANCE)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(x, 30.0), -30.0)))

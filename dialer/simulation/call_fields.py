"""The figures of calls in a scenario file: how each of them is written."""

from collections.abc import Callable, Mapping
from typing import Any

from dialer.domain.events import LineSign
from dialer.simulation.laws import (
    Beta,
    Clipped,
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Law,
    LogNormal,
    Mixture,
    Normal,
    Uniform,
)
from dialer.simulation.scenario import NO_DETECTOR, PERFECT, Detector, Failures, Signs, Unanswered
from dialer.yaml_file import Field

Value = Callable[[Field], float]

_MOST_TIME_S = 4 * 3600.0
_LAWS = ("fixed", "uniform", "normal", "lognormal", "gamma", "exponential", "empirical", "mixture")
_UNIT_SUM = 1e-6


def seconds(field: Field) -> float:
    return field.duration(0.0, _MOST_TIME_S)


def law(field: Field, value: Value = seconds) -> Law:
    """A value on its own, or one of the laws by name with its parameters."""
    if not field.is_mapping:
        return Fixed(value(field))
    named = field.mapping(_LAWS)
    if len(named) != 1:
        field.wrong(f"must name one law: {', '.join(_LAWS)}")
    name, of = next(iter(named.items()))
    return _READERS[name](of, value)


def _fixed(field: Field, value: Value) -> Law:
    return Fixed(value(field))


def _uniform(field: Field, value: Value) -> Law:
    given = _parameters(field, ("least", "most"))
    least, most = value(given["least"]), value(given["most"])
    if most < least:
        given["most"].wrong("must not be below least")
    return Uniform(least, most)


def _normal(field: Field, value: Value) -> Law:
    given = _parameters(field, ("mean", "sd"), ("least", "most"))
    return _clipped(Normal(value(given["mean"]), value(given["sd"])), given, value)


def _lognormal(field: Field, value: Value) -> Law:
    given = _parameters(field, ("mean", "cv"), ("least", "most"))
    return _clipped(LogNormal(_positive(given["mean"], value), given["cv"].number(0.01, 5)), given, value)


def _gamma(field: Field, value: Value) -> Law:
    given = _parameters(field, ("mean", "cv"), ("least", "most"))
    return _clipped(Gamma(_positive(given["mean"], value), given["cv"].number(0.05, 5)), given, value)


def _exponential(field: Field, value: Value) -> Law:
    given = _parameters(field, ("mean",), ("least", "most"))
    return _clipped(Exponential(_positive(given["mean"], value)), given, value)


def _empirical(field: Field, value: Value) -> Law:
    values = tuple(value(item) for item in field.items())
    if not 1 <= len(values) <= 10_000:
        field.wrong("must be a list of 1 to 10000 values")
    return Empirical(values)


def _mixture(field: Field, value: Value) -> Law:
    weights, laws = [], []
    for item in field.items():
        given = _parameters(item, ("weight", "law"))
        weights.append(given["weight"].share())
        laws.append(law(given["law"], value))
    whole(field, weights, "weights")
    return Mixture(tuple(weights), tuple(laws))


_READERS: Mapping[str, Callable[[Field, Value], Law]] = {
    "fixed": _fixed,
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "exponential": _exponential,
    "empirical": _empirical,
    "mixture": _mixture,
}


def _parameters(field: Field, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Field]:
    given = field.mapping((*needed, *optional))
    for name in needed:
        if name not in given:
            field.wrong(f"{name} is missing")
    return given


def _positive(field: Field, value: Value) -> float:
    if (number := value(field)) <= 0:
        field.wrong(f"{field.text} is out of range: must be above 0")
    return number


def _clipped(inner: Law, given: Mapping[str, Field], value: Value) -> Law:
    """Nothing takes less than no time, whatever the law says."""
    least = value(given["least"]) if "least" in given else 0.0
    most = value(given["most"]) if "most" in given else float("inf")
    if most < least:
        given["most"].wrong("must not be below least")
    if least == 0 and most == float("inf") and not isinstance(inner, Normal):
        return inner
    return Clipped(inner, least, most)


def whole(field: Field, shares: list[float], called: str) -> None:
    if abs(sum(shares) - 1.0) > _UNIT_SUM:
        field.wrong(f"the {called} sum to {sum(shares):.4g}: they must sum to 1, or 100 %")


# --- the figures ------------------------------------------------------------------------------------------------------


def probability(field: Field) -> float | Beta:
    """A share, or `beta` where contacts differ: `{beta: {mean: 30 %, spread: 20 %}}`, spread a standard deviation."""
    if not field.is_mapping:
        return field.share()
    beta = _parameters(field, ("beta",))["beta"]
    given = _parameters(beta, ("mean", "spread"))
    mean, spread = given["mean"].share(), given["spread"].share()
    if not 0.0 < mean < 1.0:
        given["mean"].wrong("must be above 0 and below 1")
    if not 0.0 < spread**2 < mean * (1 - mean):
        given["spread"].wrong(f"must be above 0 and below {(mean * (1 - mean)) ** 0.5:.3g} with this mean")
    return Beta(mean, spread)


def patience(field: Field) -> Law | None:
    return None if not field.is_mapping and field.text == "endless" else law(field)


def carrier_delay(field: Field) -> Law | None:
    return None if not field.is_mapping and field.text == "none" else law(field)


def signs(field: Field) -> Signs:
    """`{after: 2 s, ringing: 80 %, progress: 10 %}`: the rest shows nothing."""
    given = field.mapping((*LineSign, "after"))
    shares = {sign: given[sign].share() for sign in LineSign if sign in given}
    if sum(shares.values()) > 1 + _UNIT_SUM:
        field.wrong(f"the shares sum to {sum(shares.values()):.4g}: at most 1, or 100 %")
    return Signs(shares, law(given["after"])) if "after" in given else Signs(shares)


def not_answered(field: Field) -> tuple[Unanswered, ...]:
    ways: list[Unanswered] = []
    for item in field.items():
        given = item.mapping(("name", "weight", "after", "signs"))
        for name in ("weight", "after"):
            if name not in given:
                item.wrong(f"{name} is missing")
        named = given["name"].words(40) if "name" in given else f"way {len(ways) + 1}"
        shown = signs(given["signs"]) if "signs" in given else None
        ways.append(Unanswered(named, given["weight"].share(), law(given["after"]), shown))
    whole(field, [way.weight for way in ways], "weights")
    return tuple(ways)


def failures(field: Field) -> Failures:
    if not field.is_mapping:
        return Failures(field.share())
    given = _parameters(field, ("share",), ("after",))
    return Failures(given["share"].share(), law(given["after"]) if "after" in given else Failures().after)


def machine_detector(field: Field) -> Detector:
    """`perfect`, `none`, or its error rates: `{machines_missed: 10 %, people_taken: 3 %, delay: 2 s}`."""
    if not field.is_mapping:
        return {"perfect": PERFECT, "none": NO_DETECTOR}[field.one_of(("perfect", "none"))]
    given = field.mapping(("machines_missed", "people_taken", "delay"))
    missed = given["machines_missed"].share() if "machines_missed" in given else 0.0
    taken = given["people_taken"].share() if "people_taken" in given else 0.0
    return Detector(missed, taken, law(given["delay"]) if "delay" in given else None)


def share(field: Field) -> float:
    return field.share()


FIGURES: Mapping[str, Callable[[Field], Any]] = {
    "answered_by_person": probability,
    "machines": share,
    "ring": law,
    "machine_ring": law,
    "talk": law,
    "machine_talk": law,
    "wrap_up": law,
    "patience": patience,
    "not_answered": not_answered,
    "failures": failures,
    "machine_detector": machine_detector,
    "signs": signs,
    "carrier_delay": carrier_delay,
}

# can be half of one and half of another
GRADUAL = ("answered_by_person", "machines", "ring", "machine_ring", "talk", "machine_talk", "wrap_up")

"""The figures of calls over the day: spans of time in which they are constant, or on their way from one to another."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialer.simulation.laws import Beta, Blend, Fixed, Law
from dialer.simulation.scenario import Calls, Change, Scenario


@dataclass(frozen=True, slots=True)
class Era:
    """`before` and `after`: figures of each class at the two ends; `after` None while nothing changes."""

    begins: float
    ends: float
    before: tuple[Calls, ...]
    after: tuple[Calls, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """One figure of one class: from `begins` on its way, there at `ends`."""

    begins: float
    ends: float
    target: Any


class Eras:
    def __init__(self, scenario: Scenario) -> None:
        self._classes = scenario.contacts.classes
        steps = [self._steps(place, scenario.changes) for place in range(len(self._classes))]
        times = {t for by_name in steps for of in by_name.values() for s in of for t in (s.begins, s.ends)}
        self._begins = [0.0, *sorted(t for t in times if 0 < t < scenario.day_s)]
        self.all = [
            self._era(steps, begins, ends)
            for begins, ends in zip(self._begins, [*self._begins[1:], scenario.day_s], strict=True)
        ]

    def at(self, time: float) -> int:
        """The number of the era."""
        return max(bisect_right(self._begins, time) - 1, 0)

    def _steps(self, place: int, changes: Sequence[Change]) -> dict[str, list[_Step]]:
        contact_class = self._classes[place]
        steps: dict[str, list[_Step]] = {}
        for change in changes:
            if change.contact_class not in (None, contact_class.name):
                continue
            for name, target in change.figures.items():
                of_figure = steps.setdefault(name, [])
                was = of_figure[-1].target if of_figure else getattr(contact_class.calls, name)
                of_figure.append(_Step(change.begins, change.begins + change.over_s, target))
                if change.lasts_s is not None:
                    back = change.begins + change.lasts_s
                    of_figure.append(_Step(back, back + change.over_s, was))
        return steps

    def _era(self, steps: Sequence[dict[str, list[_Step]]], begins: float, ends: float) -> Era:
        before = tuple(self._figures(place, of, begins, begins) for place, of in enumerate(steps))
        moving = any(s.begins <= begins < s.ends for of in steps for each in of.values() for s in each)
        if not moving:
            return Era(begins, ends, before)
        after = tuple(self._figures(place, of, begins, ends) for place, of in enumerate(steps))
        return Era(begins, ends, before, after)

    def _figures(self, place: int, steps: dict[str, list[_Step]], since: float, at: float) -> Calls:
        """At `at`, by the steps that had begun at `since`."""
        calls = self._classes[place].calls
        figures: dict[str, Any] = {}
        for name, of in steps.items():
            value = getattr(calls, name)
            for step in of:
                if step.begins <= since:
                    value = _between(value, step.target, step, at)
            figures[name] = value
        return replace(calls, **figures)


def _between(was: Any, target: Any, step: _Step, at: float) -> Any:
    if at >= step.ends:
        return target
    share = (at - step.begins) / (step.ends - step.begins)
    if isinstance(was, float) and isinstance(target, float):
        return was + (target - was) * share
    return Blend(_law(was), _law(target), share)


def _law(value: float | Beta | Law) -> Law:
    return Fixed(value) if isinstance(value, float) else value

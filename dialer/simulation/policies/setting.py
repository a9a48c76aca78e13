"""Settings of a policy: what each may be, and the values a fair sweep tries."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dialer.errors import BadInput

Value = float | str | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """The default tells the type. Numbers have a range, words have choices.

    `tune`: the values of the sweep, none to leave the default. `bisect`: abandonment only grows with it, so the largest
    value within a cap can be searched for.
    """

    name: str
    default: Value
    least: float = 0.0
    most: float = 0.0
    choices: tuple[str, ...] = ()
    whole: bool = False
    tune: tuple[Value, ...] = ()
    bisect: bool = False

    @property
    def allowed(self) -> str:
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            return " or ".join(self.choices)
        return f"{'a whole number ' if self.whole else ''}from {self.least:g} to {self.most:g}"

    def accepts(self, value: object) -> bool:
        if isinstance(self.default, bool):
            return isinstance(value, bool)
        if isinstance(self.default, str):
            return isinstance(value, str) and value in self.choices
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.least <= value <= self.most and (not self.whole or value == int(value))


class Chosen:
    """The settings of one policy, checked: those given, and defaults for the rest."""

    def __init__(self, policy: str, settings: Iterable[Setting], given: Mapping[str, Value]) -> None:
        by_name = {setting.name: setting for setting in settings}
        for name, value in given.items():
            if name not in by_name:
                known = ", ".join(by_name) or "none"
                raise BadInput(f'{policy} has no setting "{name}"; its settings: {known}', name)
            if not by_name[name].accepts(value):
                raise BadInput(f"{policy}: {name} is {value!r}; allowed is {by_name[name].allowed}", name)
        self._values = {name: given.get(name, setting.default) for name, setting in by_name.items()}

    def number(self, name: str) -> float:
        return float(self._values[name])

    def whole(self, name: str) -> int:
        return int(self._values[name])

    def word(self, name: str) -> str:
        return str(self._values[name])

    def yes(self, name: str) -> bool:
        return bool(self._values[name])


def every_combination(settings: Iterable[Setting]) -> list[dict[str, Value]]:
    """Of the values to tune; one empty dict when there are none."""
    tuned = [setting for setting in settings if setting.tune]
    names = [setting.name for setting in tuned]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(setting.tune for setting in tuned))
    ]


def steps(least: float, most: float, step: float) -> tuple[float, ...]:
    return tuple(round(least + n * step, 6) for n in range(round((most - least) / step) + 1))


def ratios(least: float, most: float, count: int) -> tuple[float, ...]:
    """Equal ratios between neighbours."""
    return tuple(round(least * (most / least) ** (n / (count - 1)), 6) for n in range(count))

"""Values of a profile file: each knows its file, line, column, profile and name, and which unit it must carry."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, NoReturn, TypeVar

from dialer.compliance.profile import Evidence, OpenHours, Source
from dialer.errors import BadInput
from dialer.yaml_file import Field

Choice = TypeVar("Choice", bound=StrEnum)
Rule = TypeVar("Rule")

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?) %")
_SPAN = re.compile(r"(\d{1,5}) (years?|months?|days?|h)")
_STRETCH = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24:00))")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_SOURCE = ("cite", "evidence", "note")


class RuleField(Field):
    """`path` begins with the profile's id."""

    def wrong(self, what: str) -> NoReturn:
        mark = self.node.start_mark
        name = f" {self.path}:" if self.path else ""
        raise BadInput(f"{mark.name}:{mark.line + 1}:{mark.column + 1}:{name} {what}", self.path or None)

    def name(self) -> str:
        if not _NAME.fullmatch(self.text):
            self.wrong(f"{self.text!r} is no name: 2 to 40 of a-z 0-9 _, beginning with a letter")
        return self.text

    def choice(self, kind: type[Choice]) -> Choice:
        return kind(self.one_of([each.value for each in kind]))

    def choices(self, kind: type[Choice]) -> frozenset[Choice]:
        return frozenset(item.choice(kind) for item in self.items())

    def day(self) -> date:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", self.text):
            self.wrong(f"{self.text!r} is not a date: say 2026-01-31")
        try:
            return date.fromisoformat(self.text)
        except ValueError:
            self.wrong(f"{self.text} is not in the calendar")

    def basis_points(self) -> int:
        """From "3 %" or "1.25 %": hundredths of a percent."""
        written = _PERCENT.fullmatch(self.text)
        if written is None or not 0 <= (figure := Decimal(written[1])) <= 100:
            self.wrong(f"{self.text!r} is not a percentage: say 3 % or 1.25 %, from 0 % to 100 %")
        return int(figure * 100)

    def percent(self) -> int:
        figure = self.basis_points()
        if figure % 100:
            self.wrong(f"{self.text!r} must be a whole percentage, such as 85 %")
        return figure // 100

    def milliseconds(self) -> int:
        """From "15 s" or "2500 ms", up to ten minutes."""
        return round(self.duration(0.0, 600.0) * 1000)

    def seconds(self) -> int:
        figure = self.milliseconds()
        if figure % 1000:
            self.wrong(f"{self.text!r} must be whole seconds")
        return figure // 1000

    def days(self) -> int:
        span = self.span(("day",))
        return span["days"]

    def span(self, units: Sequence[str] = ("year", "month", "day", "h")) -> dict[str, int]:
        """From "5 years", "3 years 14 days", "72 h": numbers by "years", "months", "days" and "hours"."""
        found: dict[str, int] = {}
        pieces = re.findall(r"\S+ \S+|\S+", self.text)
        for piece in pieces:
            written = _SPAN.fullmatch(piece)
            unit = written[2].rstrip("s") if written else ""
            if written is None or unit not in units or f"{unit}s" in found:
                self.wrong(f"{self.text!r} is not so long a time: say a number and one of {', '.join(units)}")
            found["hours" if unit == "h" else f"{unit}s"] = int(written[1])
        if not found or not any(found.values()):
            self.wrong("must be longer than nothing")
        return found

    def open_hours(self) -> OpenHours:
        """From `none` or `[10:00-13:00, 14:00-20:00]`."""
        if not self.is_list:
            if self.text != "none":
                self.wrong("must be none or a list such as [10:00-13:00, 14:00-20:00]")
            return ()
        hours = tuple(item.stretch() for item in self.items())
        for earlier, later in pairwise(hours):
            if earlier[1] == time() or later[0] < earlier[1]:
                self.wrong("stretches must rise and not overlap")
        if not hours:
            self.wrong("is empty: say none for a day without calls")
        return hours

    def stretch(self) -> tuple[time, time]:
        written = _STRETCH.fullmatch(self.text)
        if written is None:
            self.wrong(f"{self.text!r} is no stretch of a day: say 08:00-21:00, at most until 24:00")
        opens = time(int(written[1]), int(written[2]))
        closes = time() if written[5] else time(int(written[3]), int(written[4]))
        if closes != time() and closes <= opens:
            self.wrong(f"{self.text}: must close after it opens")
        if closes == time() and not written[5]:
            self.wrong(f"{self.text}: say 24:00 for the end of the day")
        return opens, closes

    def evidence(self) -> str:
        allowed = {each.value for each in Evidence}
        if not self.text or not set(self.text.split("/")) <= allowed:
            self.wrong(
                f"{self.text!r} is unknown; allowed are {', '.join(sorted(allowed))}, joined by / where mixed"
            )
        return self.text

    def source(self) -> Source:
        """The `cite` and `evidence` that every rule must carry."""
        given = self.mapping()
        for needed in _SOURCE[:2]:
            if needed not in given:
                self.wrong(
                    f"{needed} is missing: every figure says where it comes from and how well it is known"
                )
        note = given["note"].words(300) if "note" in given else ""
        return Source(given["cite"].words(300), given["evidence"].evidence(), note)


@dataclass(frozen=True, slots=True)
class Key:
    """A name in the file, the attribute it becomes, and how it is read."""

    attribute: str
    read: Callable[[RuleField], Any]
    required: bool = False


def rule(field: RuleField, make: Callable[..., Rule], keys: Mapping[str, Key], sourced: bool = True) -> Rule:
    """A mapping of `keys`, and of its source, as a `make`. Refuses unknown and missing names."""
    given = field.mapping((*keys, *(_SOURCE if sourced else ())))
    for name, key in keys.items():
        if key.required and name not in given:
            field.wrong(f"{name} is missing; there are {', '.join(keys)}")
    values = {keys[name].attribute: keys[name].read(value) for name, value in given.items() if name in keys}
    if sourced:
        values["source"] = field.source()
    return make(**values)

"""What time it is for a caller: part of the day, business hours, holiday. Pure: the moment is handed in."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr.flow.kinds import NAME, Flag, Json, Pattern, Reading, Wrong, has, scalar
from ivr.flow.places import Item
from ivr.flow.prompts import Label
from ivr.flow.records import ListOf, MapOf, Record, attempt

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = "|".join(WEEKDAYS)
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00"


@dataclass(frozen=True, slots=True)
class Day:
    """YYYY-MM-DD."""

    def read(self, item: Item, reading: Reading) -> date:
        text = scalar(item)
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise Wrong(item.problem("form", given=text[:60], example="2026-02-17")) from None

    def plain(self, value: date) -> Json:
        return value.isoformat()

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the tz database."""

    def read(self, item: Item, reading: Reading) -> str:
        name = scalar(item)
        try:
            if not re.fullmatch(r"[A-Za-z0-9_+/-]{1,60}", name):
                raise ValueError
            _zone(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Wrong(item.problem("unknown_zone", given=name[:60])) from None
        return name

    def plain(self, value: str) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "examples": ["Asia/Shanghai"]}


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the day, half open: `09:00-18:00` is until 17:59:59."""

    begins: int
    ends: int

    def __str__(self) -> str:
        return f"{_written(self.begins)}-{_written(self.ends)}"


@dataclass(frozen=True, slots=True)
class SpanKind:
    def read(self, item: Item, reading: Reading) -> Span:
        found = re.fullmatch(f"({_CLOCK})-({_CLOCK})", scalar(item).replace(" ", ""), re.ASCII)
        span = Span(_minutes(found[1]), _minutes(found[2])) if found else Span(0, 0)
        if span.begins >= span.ends:
            raise Wrong(item.problem("form", given=str(item.value)[:60], example="09:00-18:00"))
        return span

    def plain(self, value: Span) -> Json:
        return str(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "pattern": f"^({_CLOCK}) ?- ?({_CLOCK})$"}


@dataclass(frozen=True, slots=True)
class ClockTime:
    """HH:MM, kept as minutes of the day."""

    def read(self, item: Item, reading: Reading) -> int:
        text = scalar(item)
        if not re.fullmatch(_CLOCK, text, re.ASCII):
            raise Wrong(item.problem("form", given=text[:60], example="12:00"))
        return _minutes(text)

    def plain(self, value: int) -> Json:
        return _written(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "pattern": f"^({_CLOCK})$"}


@dataclass(frozen=True, slots=True)
class Hours:
    """`{mon-fri: "09:00-18:00", sat: ["09:00-12:00", "13:00-15:00"]}` by day of the week, Monday is 0."""

    def read(self, item: Item, reading: Reading) -> dict[int, tuple[Span, ...]]:
        if not isinstance(item.value, dict):
            raise Wrong(item.problem("not_a_mapping"))
        hours: dict[int, tuple[Span, ...]] = {}
        for key, one in item.value.items():
            found = re.fullmatch(f"({_DAY})(?:-({_DAY}))?", key)
            if found is None:
                reading.note(one.problem("form", given=key[:60], example="mon-fri"))
                continue
            spans = ListOf(SpanKind()) if isinstance(one.value, list) else SpanKind()
            read = attempt(spans, one, reading)
            first, last = WEEKDAYS.index(found[1]), WEEKDAYS.index(found[2] or found[1])
            for day in range(first, last + 1 if last >= first else last + 8):
                hours[day % 7] = read if isinstance(read, tuple) else (read,) if read is not None else ()
        return hours

    def plain(self, value: dict[int, tuple[Span, ...]]) -> Json:
        return {WEEKDAYS[day]: [str(span) for span in spans] for day, spans in sorted(value.items())}

    def schema(self) -> dict[str, Json]:
        span = SpanKind().schema()
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^({_DAY})(-({_DAY}))?$"},
            "additionalProperties": {"anyOf": [span, {"type": "array", "items": span}]},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """Days with a greeting of their own. Lunar dates are data: they are entered, never computed."""

    name: str = has(Pattern(NAME, "spring_festival"), "what expressions compare `holiday` with")
    first: date = has(Day(), "the first day")
    last: date | None = has(Day(), "the last day; else the first alone", None)
    greeting: str | None = has(
        Pattern(NAME, "new_year"), "the variant of prompts on these days; else the name", None
    )
    closed: bool = has(Flag(), "whether the business is closed", True)
    label: dict[str, str] | None = has(Label(), "the words for it, said as {holiday_name}", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    time_zone: str = has(Zone(), "the zone of hours, holidays and greetings", "Asia/Shanghai")
    day_parts: dict[str, int] = has(
        MapOf(ClockTime(), NAME, least=1, most=10, example="morning"),
        "when each part of the day begins",
        {"morning": 0, "day": 720},
    )
    hours: dict[int, tuple[Span, ...]] = has(
        Hours(), "business hours by weekday; none given: always open", {}
    )
    holidays: tuple[Holiday, ...] = has(
        ListOf(Record(Holiday), most=400), "days with a greeting of their own", ()
    )

    def moment(self, at: float) -> "Moment":
        """`at` is seconds since 1970, UTC."""
        local = datetime.fromtimestamp(at, UTC).astimezone(_zone(self.time_zone))
        minute = local.hour * 60 + local.minute
        today = local.date()
        holiday = next((one for one in self.holidays if one.first <= today <= (one.last or one.first)), None)
        return Moment(local, holiday, self._part(minute), self._open(local.weekday(), minute, holiday))

    def _part(self, minute: int) -> str:
        begun = [(begins, name) for name, begins in self.day_parts.items() if begins <= minute]
        if begun:
            return max(begun)[1]
        return max((begins, name) for name, begins in self.day_parts.items())[1]  # still yesterday's last

    def _open(self, weekday: int, minute: int, holiday: Holiday | None) -> bool:
        if holiday is not None and holiday.closed:
            return False
        spans = self.hours.get(weekday, ())
        return not self.hours or any(span.begins <= minute < span.ends for span in spans)


@dataclass(frozen=True, slots=True)
class Moment:
    local: datetime
    holiday: Holiday | None
    day_part: str
    open: bool

    @property
    def variants(self) -> tuple[str, ...]:
        """Which variant of a prompt is said: a holiday's greeting takes the place of that of the day."""
        if self.holiday is None:
            return (self.day_part,)
        return (self.holiday.greeting or self.holiday.name, self.holiday.name)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _written(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"

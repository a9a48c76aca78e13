"""Which flow answers a number at a moment, and why. Pure: routes, moment and holidays are handed in."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

ANY_NUMBER = "*"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Holidays = Callable[[str, date], bool]
"""(calendar, day): whether the day is a public holiday there."""

_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


class BadRoute(ValueError):
    """`field` names what is wrong."""

    def __init__(self, message: str, wrong: str) -> None:
        super().__init__(message)
        self.field = wrong


class OnHoliday(StrEnum):
    ANY = "any"
    ONLY = "only"
    NEVER = "never"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Minutes of the day; the end is not part of it. One that ends before it begins goes on into the next day."""

    begins: int
    ends: int

    @property
    def overnight(self) -> bool:
        return self.ends <= self.begins

    def __str__(self) -> str:
        return f"{_written(self.begins)}-{_written(self.ends)}"


@dataclass(frozen=True, slots=True)
class Route:
    """`number` is E.164 or `*`. No weekdays, hours or days: always. `closed` answers when no other route of its number does.

    `first_day` and `last_day` are whole days of `zone`, both included, and so are weekdays and holidays; what begins on one
    of them and goes on past midnight belongs to it.
    """

    number: str
    flow: str
    zone: str
    priority: int = 0
    closed: bool = False
    weekdays: frozenset[int] = frozenset()
    hours: tuple[Span, ...] = ()
    calendar: str = ""
    on_holiday: OnHoliday = OnHoliday.ANY
    first_day: date | None = None
    last_day: date | None = None
    note: str = ""
    id: int | None = None


class Why(StrEnum):
    """Of a route that does not answer, in the order of being asked; and of the answer."""

    BEFORE = "before"  # its first day is to come
    AFTER = "after"
    NOT_A_HOLIDAY = "not_a_holiday"
    HOLIDAY = "holiday"
    WEEKDAY = "weekday"
    HOURS = "hours"
    FITS = "fits"
    NO_ROUTE = "no_route"


@dataclass(frozen=True, slots=True)
class Passed:
    """A route that does not answer, and why."""

    route: Route
    why: Why


@dataclass(frozen=True, slots=True)
class Reached:
    """`flow` is None when nothing answers. `why` of a closed flow is that of the open route that came nearest.

    `local` is the moment in the zone of the route that answers, `opens` when an open one will within a week.
    """

    flow: str | None
    why: Why
    route: Route | None
    local: datetime
    passed: tuple[Passed, ...] = field(default=())
    opens: datetime | None = None


def reached(number: str, at: datetime, routes: Iterable[Route], holidays: Holidays) -> Reached:
    """`at` is aware. Routes of the number itself shut out those of any number."""
    mine = [route for route in routes if route.number == number]
    mine = mine or [route for route in routes if route.number == ANY_NUMBER]
    open_ones = sorted((route for route in mine if not route.closed), key=lambda route: -route.priority)
    passed: list[Passed] = []
    for route in open_ones:
        why = _standing(route, at, holidays)
        if why is Why.FITS:
            return Reached(route.flow, why, route, at.astimezone(ZoneInfo(route.zone)), tuple(passed))
        passed.append(Passed(route, why))
    closed = next((route for route in mine if route.closed), None)
    why = max((each.why for each in passed), key=_NEARNESS.__getitem__, default=Why.NO_ROUTE)
    zone = ZoneInfo(closed.zone if closed is not None else open_ones[0].zone if open_ones else "UTC")
    return Reached(
        None if closed is None else closed.flow,
        why if open_ones or closed is None else Why.FITS,
        closed,
        at.astimezone(zone),
        tuple(passed),
        _opens(open_ones, at, holidays),
    )


_NEARNESS = {why: place for place, why in enumerate(Why)}


def _standing(route: Route, at: datetime, holidays: Holidays) -> Why:
    """Of today's spans and of those that yesterday's night brought over; what comes nearest is told."""
    local = at.astimezone(ZoneInfo(route.zone))
    minute, today = local.hour * 60 + local.minute, local.date()
    own = _of_day(route, today, holidays)
    if own is Why.FITS and not _within(route.hours, minute):
        own = Why.HOURS
    if own is Why.FITS:
        return own
    if any(span.overnight and minute < span.ends for span in route.hours):
        last_night = _of_day(route, today - _ONE_DAY, holidays)
        if last_night is Why.FITS:
            return last_night
    return own


def _of_day(route: Route, day: date, holidays: Holidays) -> Why:
    if route.first_day is not None and day < route.first_day:
        return Why.BEFORE
    if route.last_day is not None and day > route.last_day:
        return Why.AFTER
    if route.on_holiday is not OnHoliday.ANY:
        is_holiday = holidays(route.calendar, day)
        if is_holiday and route.on_holiday is OnHoliday.NEVER:
            return Why.HOLIDAY
        if not is_holiday and route.on_holiday is OnHoliday.ONLY:
            return Why.NOT_A_HOLIDAY
    return Why.WEEKDAY if route.weekdays and day.weekday() not in route.weekdays else Why.FITS


def _within(spans: Sequence[Span], minute: int) -> bool:
    """Of the day itself: a night's span counts until midnight here."""
    return not spans or any(
        span.begins <= minute and (span.overnight or minute < span.ends) for span in spans
    )


def _opens(routes: Sequence[Route], at: datetime, holidays: Holidays) -> datetime | None:
    """The first moment within a week at which one of them answers: only a day or a span can begin it."""
    moments = sorted({moment for route in routes for moment in _beginnings(route, at)})
    return next(
        (
            moment
            for moment in moments
            if any(_standing(route, moment, holidays) is Why.FITS for route in routes)
        ),
        None,
    )


def _beginnings(route: Route, at: datetime) -> Iterable[datetime]:
    zone = ZoneInfo(route.zone)
    first = at.astimezone(zone).date()
    for offset in range(8):
        day = first + offset * _ONE_DAY
        for minute in {0, *(span.begins for span in route.hours)}:
            moment = datetime(day.year, day.month, day.day, minute // 60 % 24, minute % 60, tzinfo=zone)
            if at < moment <= at + _WEEK:
                yield moment


# --- as people write them ---------------------------------------------------------------------------------------------


def read_hours(written: Iterable[str]) -> tuple[Span, ...]:
    """`09:00-12:00`, one or several. Raises `BadRoute`."""
    spans = []
    for each in written:
        begins, dash, ends = each.strip().partition("-")
        if not dash or not (_CLOCK.fullmatch(begins) and _CLOCK.fullmatch(ends)) or begins in (ends, "24:00"):
            raise BadRoute(f"hours: {each!r} must be like 09:00-18:00, or 22:00-06:00 over night", "hours")
        spans.append(Span(_minutes(begins), _minutes(ends)))
    return tuple(sorted(spans))


def read_weekdays(written: str) -> frozenset[int]:
    """`mon-fri`, `sat`, `mon,wed,fri`, `fri-mon`; empty: every day. Raises `BadRoute`."""
    days: set[int] = set()
    for part in filter(None, (each.strip().lower() for each in written.split(","))):
        first, dash, last = part.partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise BadRoute(
                f"weekdays: {part!r} must be like mon-fri or sat,sun ({' '.join(WEEKDAYS)})", "weekdays"
            )
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return frozenset(days) if len(days) < len(WEEKDAYS) else frozenset()


def write_weekdays(days: frozenset[int]) -> str:
    """The shortest that `read_weekdays` reads back; empty for every day."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        WEEKDAYS[run[0]] if len(run) == 1 else f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}" for run in runs
    )


def checked(route: Route) -> Route:
    """What single fields cannot see. Raises `BadRoute`."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", route.flow):
        raise BadRoute(f"flow: {route.flow!r} is not the name of a flow", "flow")
    if not -1000 <= route.priority <= 1000:
        raise BadRoute("priority: from -1000 to 1000; the highest that fits answers", "priority")
    if route.on_holiday is not OnHoliday.ANY and not route.calendar:
        raise BadRoute("calendar: say whose holidays, such as US, US-LA or CN", "calendar")
    if route.first_day is not None and route.last_day is not None and route.first_day > route.last_day:
        raise BadRoute("last_day: lies before first_day", "last_day")
    when = (
        route.weekdays,
        route.hours,
        route.on_holiday is not OnHoliday.ANY,
        route.first_day,
        route.last_day,
    )
    if route.closed and any(when):
        raise BadRoute("closed: answers whenever no other route does; leave the times away", "closed")
    return route


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _written(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"

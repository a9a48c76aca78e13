"""How long a record is kept: legal hold over statutory minimum over erasure over default purge.

Minima are calendar years, months and days; a record may go on the day after, never on the last day itself.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from dialer.compliance.profile import Nature, Profile, RecordKind, RetentionRule

# which minima speak of which data: a call's row and its timeline are what the rules on call records mean
CALL_RECORDS = frozenset({RecordKind.CALL_DETAIL, RecordKind.OFCOM_RECORD})
LAST_ACTIVITY = "the last collection activity"  # 12 CFR 1006.100(a)
_ONE_DAY = timedelta(days=1)
# a call's date where it is latest on earth: a record is kept whole days, wherever it belongs
_LATEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Minimum:
    """The rule that holds longest. `until` is the last day on which the record must be there; None is for ever."""

    until: date | None
    profile: str
    citation: str

    def holds(self, on: date) -> bool:
        return self.until is None or on <= self.until

    @property
    def free_from(self) -> date | None:
        """The first day on which it may go."""
        return None if self.until is None else self.until + _ONE_DAY


class Ground(StrEnum):
    """Why a record stays or goes, strongest first."""

    LEGAL_HOLD = "legal_hold"
    STATUTORY_MINIMUM = "statutory_minimum"
    ERASURE = "erasure"
    DEFAULT_PURGE = "default_purge"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Fate:
    """`next_on` is the first day on which the answer may be another; None when no date can change it."""

    kept: bool
    ground: Ground
    next_on: date | None = None
    because: str = ""


def latest_day(at: datetime) -> date:
    """The date of a moment in the zone whose day is furthest on."""
    return (at.astimezone(UTC) + _LATEST_ZONE).date()


def later(start: date, years: int = 0, months: int = 0, days: int = 0) -> date:
    """Calendar arithmetic. A day that the month does not have becomes the first of the next one: a minimum is not shortened."""
    month = start.month - 1 + months
    year, month = start.year + years + month // 12, month % 12 + 1
    if start.day <= monthrange(year, month)[1]:
        return date(year, month, start.day) + timedelta(days=days)
    return (date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)) + timedelta(days=days)


def minimum(
    profiles: Iterable[Profile],
    kinds: Collection[RecordKind],
    starts: Sequence[date],
    last_activity: date | None = None,
) -> Minimum | None:
    """The latest end over the profiles and over every event the period runs from, such as a consent's grant and each use.

    `last_activity` is that of the person's last call, for rules that count from there. What this product wishes to keep is no
    statutory minimum.
    """
    ends = [
        Minimum(_end(rule, start), profile.id, rule.source.citation)
        for profile in profiles
        if profile.nature is not Nature.PROJECT_POLICY
        for rule in profile.retention
        if rule.record in kinds
        for start in (starts if rule.since != LAST_ACTIVITY or last_activity is None else [last_activity])
    ]
    return max(ends, key=lambda each: each.until or date.max, default=None)


def _end(rule: RetentionRule, start: date) -> date | None:
    return None if rule.for_ever else later(start, rule.years, rule.months, rule.days)


def fate(
    on: date, *, held: str = "", least: Minimum | None = None, erase: bool = False, due: date | None = None
) -> Fate:
    """`held`: why a legal hold is on it. `erase`: the person asked. `due`: when the default purge is due, None for never."""
    if held:
        return Fate(True, Ground.LEGAL_HOLD, None, held)
    if least is not None and least.holds(on):
        return Fate(True, Ground.STATUTORY_MINIMUM, least.free_from, f"{least.citation} ({least.profile})")
    if erase:
        return Fate(False, Ground.ERASURE, None, "the person asked")
    if due is not None and on >= due:
        return Fate(False, Ground.DEFAULT_PURGE, None, "older than this installation keeps it")
    return Fate(True, Ground.NOT_DUE, due, "not due yet" if due is not None else "kept without a limit")

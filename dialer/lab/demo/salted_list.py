"""People on the demonstration's lists who must not be called now, each for another reason, and where that reason is planted."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dialer.compliance.refusal import RefusalReason
from dialer.words import Language, name_of

SALES, NOTICES = "demo-sales", "demo-notices"
"""Selling, under the law of the United States; prerecorded notices there, with the rules of the United Kingdom at home."""

BLOCKED_PREFIX = "+19085550"

_MOST_ZONES = 5
_LASTS = timedelta(minutes=10)  # longer than the demonstration
_OPENS, _CLOSES = time(8), time(21)  # 47 CFR 64.1200(c)(1); 16 CFR 310.4(c)
_PLACES = (  # (area code, its zone, the zone that the list states)
    ("646", "America/New_York", ""),
    ("917", "America/New_York", "Asia/Tokyo"),
    ("503", "America/Los_Angeles", ""),
    ("718", "America/New_York", "Europe/London"),
    ("808", "Pacific/Honolulu", ""),
    ("347", "America/New_York", "Asia/Shanghai"),
    ("312", "America/Chicago", ""),
    ("929", "America/New_York", "Australia/Sydney"),
    ("914", "America/New_York", "Asia/Kolkata"),
    ("516", "America/New_York", "Asia/Dubai"),
    ("845", "America/New_York", "Pacific/Auckland"),
    ("303", "America/Denver", ""),
)


@dataclass(frozen=True, slots=True)
class Salted:
    """`number` would answer. `reason` is what the gate has to say; `by_law`: a rule of law says so, and is cited."""

    number: str
    campaign: str
    reason: RefusalReason
    by_law: bool = True
    place: str = ""  # whose clock forbids it
    stated_zone: str = ""


def salted(now: datetime) -> tuple[Salted, ...]:
    return (
        Salted("+19735550101", SALES, RefusalReason.INTERNAL_DNC, by_law=False),
        Salted(f"{BLOCKED_PREFIX}102", SALES, RefusalReason.BLOCKED_PREFIX, by_law=False),
        Salted("+19735550103", SALES, RefusalReason.COMPLAINT, by_law=False),
        Salted("+19735550104", SALES, RefusalReason.SENSITIVE, by_law=False),
        Salted("+19735550105", SALES, RefusalReason.REVOKED, by_law=False),
        Salted("+19735550106", SALES, RefusalReason.REGISTRY_LISTED),
        Salted(
            "+18605550107", SALES, RefusalReason.CONSENT_MISSING
        ),  # Connecticut: written, for any sales call
        *_where_it_is_late(now),
        Salted("+19735550121", NOTICES, RefusalReason.ATTEMPT_CAP),
        Salted("+19735550122", NOTICES, RefusalReason.COOLING_72H),
        Salted("+19735550123", NOTICES, RefusalReason.DID_PROOF_MISSING),
    )


def _where_it_is_late(now: datetime) -> Iterator[Salted]:
    """Places whose clocks are outside the calling hours, whenever the demonstration runs."""
    closed = [
        (area, stated, stated or zone) for area, zone, stated in _PLACES if _is_closed(stated or zone, now)
    ]
    for nth, (area, stated, place) in enumerate(closed[:_MOST_ZONES]):
        number = f"+1{area}5550{110 + nth}"
        yield Salted(number, SALES, RefusalReason.OUTSIDE_HOURS, place=place, stated_zone=stated)


def _is_closed(zone: str, now: datetime) -> bool:
    at = ZoneInfo(zone)
    return not any(_OPENS <= each.astimezone(at).time() < _CLOSES for each in (now, now + _LASTS))


def write_salted(file: Path, people: Sequence[Salted], language: Language) -> None:
    """Each is named after the reason."""
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["name", "phone", "time_zone"])
        for each in people:
            reason = name_of("refusal", each.reason, language)
            name = f"{reason} ({each.place})" if each.place else reason
            writer.writerow([name, each.number, each.stated_zone])

"""The compliance gate: the only place that can say that a number may be dialled now.

`review` is pure. It either mints a `DialPermit`, which is all that telephony's `originate` accepts, or says why not and
when the answer may change. It is asked when a contact is claimed and once more in the transaction that commits the dial.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from dialer.compliance.attempts import attempt_refusal, cooling_refusal
from dialer.compliance.call import CallFacts, NextCall
from dialer.compliance.call_rules import CallRules
from dialer.compliance.caller_id import caller_id_refusal
from dialer.compliance.calling_hours import next_opening, open_everywhere
from dialer.compliance.grounds import Grounds, grounds_of
from dialer.compliance.holiday_calendars import HolidayBook
from dialer.compliance.lists import list_refusal
from dialer.compliance.profile import ConnectRule, ForeignRingback
from dialer.compliance.refusal import Refusal as Refusal
from dialer.compliance.refusal import RefusalReason as RefusalReason
from dialer.compliance.ringing import foreign_hold
from dialer.compliance.short_calls import short_call_refusal
from dialer.compliance.zones import zone_of
from dialer.domain.campaign import RING_MINIMUM, Campaign, CampaignState
from dialer.domain.ids import AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber

# clocks of machines that are kept in time differ by less: more means that one of them was set
CLOCK_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claimed contact and the number chosen for it. `attempts` were dialled before, in this campaign."""

    attempt: AttemptId
    contact: ContactId
    number: PhoneNumber
    attempts: int


@dataclass(frozen=True, slots=True)
class Case:
    """All that one decision of the gate depends on: the same case has the same answer, whenever it is asked again.

    `clock_is_off` says what is wrong with the time, where the engine noticed that its clock was set.
    """

    candidate: Candidate
    campaign: Campaign
    rules: CallRules
    facts: CallFacts
    call: NextCall
    holidays: HolidayBook
    clock_is_off: Refusal | None = None


class DialPermit:
    """Leave to dial one number once. Made by `review` only.

    `ring_minimum` is the longest that any rule of the call asks for. `foreign_after`: how long it must have rung before it may
    be hung up because the tone heard is of another country, None: never for that. `connect`: by when, from which moment on, an
    agent must be there. `grounds`, `debt` and `consent` are kept with the attempt.
    """

    __slots__ = (
        "attempt", "caller_id", "campaign", "connect", "consent", "contact", "debt", "foreign_after", "grounds", "number",
        "ring_for", "ring_minimum", "trunk",
    )  # fmt: skip
    _seal: ClassVar[object] = object()

    def __init__(self, seal: object, case: Case) -> None:
        if seal is not DialPermit._seal:
            raise TypeError("only the compliance gate makes permits")
        candidate, plan, combined = case.candidate, case.campaign.plan, case.rules.combined
        self.attempt: AttemptId = candidate.attempt
        self.contact: ContactId = candidate.contact
        self.number: PhoneNumber = candidate.number
        self.campaign: CampaignId = case.campaign.id
        self.trunk: TrunkName = plan.trunk
        self.caller_id: str = case.facts.caller_id.number or ""
        self.ring_minimum: timedelta = max(RING_MINIMUM, timedelta(milliseconds=combined.ring_least_ms or 0))
        self.ring_for: timedelta = max(plan.ring_for, self.ring_minimum)
        self.foreign_after: timedelta | None = foreign_hold(
            case.rules.profiles, _foreign_override(case.rules)
        )
        self.connect: tuple[ConnectRule, ...] = combined.connect
        self.grounds: Grounds = grounds_of(case.rules, case.facts, case.call)
        self.debt: str = case.call.debt
        self.consent: int | None = case.facts.consent.id

    def __repr__(self) -> str:
        return f"DialPermit(attempt={self.attempt}, number={self.number!r})"


def _foreign_override(rules: CallRules) -> ForeignRingback | None:
    given = [each.value for each in rules.loosened if each.field == "on_foreign_ringback"]
    return ForeignRingback(given[-1]) if given else None


def review(case: Case) -> DialPermit | Refusal:
    """Check every rule for one dial. Refuses in the order in which an operator can act."""
    refusal = objection(case)
    return DialPermit(DialPermit._seal, case) if refusal is None else refusal


def objection(case: Case) -> Refusal | None:
    """The first thing that stands against the call."""
    return next((refusal for _, refusal in findings(case) if refusal is not None), None)


def findings(case: Case) -> Iterator[tuple[str, Refusal | None]]:
    """Every check by its name, in the gate's order, with what it says. None: nothing against the call."""
    for name, check in CHECKS.items():
        yield name, check(case)


def _clock(case: Case) -> Refusal | None:
    """Against a clock that lies no rule of time can be kept: nothing is dialled until it agrees with the ledger."""
    now = case.call.at
    if now.tzinfo is None or now.utcoffset() is None:
        return Refusal(RefusalReason.CLOCK, None, "the time does not say of which zone")
    if case.clock_is_off is not None:
        return case.clock_is_off
    latest = max((each.at for each in case.facts.history if each.at.tzinfo is not None), default=now)
    if now < latest - CLOCK_TOLERANCE:
        because = f"the clock says {_moment(now)}, and this person was called at {_moment(latest)}"
        return Refusal(RefusalReason.CLOCK, latest, because)
    return None


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _campaign(case: Case) -> Refusal | None:
    state, missing = case.campaign.state, case.rules.missing
    if state is not CampaignState.RUNNING:
        return Refusal(RefusalReason.CAMPAIGN_NOT_RUNNING, None, f"the campaign is {state}")
    if missing:
        because = f"the campaign is held to rules that are not there any more: {', '.join(missing)}"
        return Refusal(RefusalReason.RULES_UNREADABLE, None, because)
    return None


def _lists(case: Case) -> Refusal | None:
    facts, revoke_all = case.facts, case.campaign.plan.rules.revoke_all
    return list_refusal(
        case.rules.profiles, facts.lists, facts.consent, case.call, facts.today, revoke_all=revoke_all
    )


def _place(case: Case) -> Refusal | None:
    place = case.facts.place
    if not place.zones:
        return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, "no time zone is known for the number")
    if strange := [zone for zone in place.zones if zone_of(zone) is None]:
        return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, f"there is no time zone {strange[0]!r}")
    if not case.rules.known:
        because = (
            f"no rules are known for {place.country or 'where the number is'}: "
            "the campaign may name rules that apply wherever it calls"
        )
        return Refusal(RefusalReason.UNKNOWN_PLACE, None, because)
    return None


def _hours(case: Case) -> Refusal | None:
    consent = case.facts.consent
    return case.rules.hours_at(
        case.facts.place.zones,
        case.call.at,
        case.holidays,
        consent=consent.lifts_hours,
        guard=case.campaign.plan.rules.closing_guard,
    )


def _campaign_hours(case: Case) -> Refusal | None:
    hours, zones, now = case.campaign.plan.hours, case.facts.place.zones, case.call.at
    if open_everywhere(hours, zones, now):
        return None
    because = f"it is outside the campaign's calling hours in {', '.join(zones[:3])}"
    return Refusal(RefusalReason.OUTSIDE_HOURS, next_opening(hours, zones, now), because)


def _campaign_attempts(case: Case) -> Refusal | None:
    made, most = case.candidate.attempts, case.campaign.plan.most_attempts
    if made < most:
        return None
    return Refusal(RefusalReason.TOO_MANY_ATTEMPTS, None, f"{made} attempts were made; {most} are the most")


def _attempts(case: Case) -> Refusal | None:
    return attempt_refusal(case.rules.profiles, case.facts.history, case.call, case.facts.place.zones)


def _cooling(case: Case) -> Refusal | None:
    return cooling_refusal(case.rules.profiles, case.facts.history, case.call, case.facts.place.zones)


def _caller_id(case: Case) -> Refusal | None:
    return caller_id_refusal(case.rules.profiles, case.facts.caller_id)


def _short_calls(case: Case) -> Refusal | None:
    return short_call_refusal(case.rules.profiles, case.facts.calls_today, case.call.at)


CHECKS: Mapping[str, Callable[[Case], Refusal | None]] = {
    "clock": _clock,
    "campaign": _campaign,
    "lists": _lists,
    "place": _place,
    "hours": _hours,
    "campaign_hours": _campaign_hours,
    "campaign_attempts": _campaign_attempts,
    "attempts": _attempts,
    "cooling": _cooling,
    "caller_id": _caller_id,
    "short_calls": _short_calls,
}

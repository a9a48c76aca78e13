"""Puts together what one decision of the gate depends on: the rules of the call, and the facts of store and registries."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from dialer.clock import Clock
from dialer.compliance.call import CalledPlace, CallerId, CallFacts, ListStanding, NextCall
from dialer.compliance.call_rules import CallRulesBook
from dialer.compliance.gate import Candidate, Case
from dialer.compliance.holiday_calendars import HolidayBook
from dialer.compliance.profile import ConsentKind, Voice
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.compliance.short_calls import counted_days
from dialer.compliance.zones import zone_of
from dialer.domain.campaign import Campaign
from dialer.domain.ids import AttemptId
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.called_place import called_place, cell
from dialer.ports.dialling import DialFacts, FactsWanted
from dialer.ports.registries import RegistryBook

log = logging.getLogger(__name__)

# where somebody is who has this number: by its digits, by what the list says of them, by its zones and the list's own
PlaceReader = Callable[[PhoneNumber, Mapping[str, str], Sequence[str], str | None], CalledPlace]

# 12 CFR 1006.14(b)(3)(i): consent given within the seven days before the call is consent to this call
CALL_AGREED_TO = timedelta(days=7)

CLOCK_JUMP = timedelta(minutes=1)
CLOCK_REST = timedelta(minutes=2)  # how long nothing is dialled after the clock was set

DEBT_COLUMNS = ("debt", "debt_id", "debt_number", "债务", "债务编号")
RELATIONSHIP_COLUMNS = ("relationship_until",)

_NOBODY = AttemptId(UUID(int=0))


@dataclass(slots=True)
class ClockWatch:
    """Notices that the wall clock was set: it and the monotonic clock then part.

    It reads both by itself and at once: a decision may be about another moment, or of one a while ago.
    """

    clock: Clock
    _gap: float | None = None  # wall minus monotonic, in seconds
    _trusted_from: float = float("-inf")

    def complaint(self) -> Refusal | None:
        now, monotonic = self.clock.now(), self.clock.monotonic()
        gap = now.timestamp() - monotonic
        if self._gap is not None and abs(gap - self._gap) > CLOCK_JUMP.total_seconds():
            self._trusted_from = monotonic + CLOCK_REST.total_seconds()
            log.error("the clock was set", extra={"action": "gate.clock", "by_s": round(gap - self._gap)})
        self._gap = gap
        left = self._trusted_from - monotonic
        if left <= 0:
            return None
        until = now + timedelta(seconds=left)
        return Refusal(RefusalReason.CLOCK, until, "the clock was set a moment ago: it must hold still first")


@dataclass(slots=True)
class Gatekeeper:
    """`book` may be replaced at any time: the next decision is made by the new one."""

    rules: CallRulesBook
    registries: RegistryBook
    holidays: HolidayBook
    clock: Clock
    place_of: PlaceReader = called_place
    watch: ClockWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = ClockWatch(self.clock)

    def wanted(self, campaign: Campaign, trunk_caller_id: str, now: datetime) -> FactsWanted:
        rules = campaign.plan.rules
        caller_id = campaign.plan.caller_id or trunk_caller_id
        return FactsWanted(
            caller_id,
            now - self.rules.lookback,
            now,
            rules.seller,
            rules.subject,
            counted_days(self.rules.counting, now),
        )

    def case(
        self,
        campaign: Campaign,
        trunk_caller_id: str,
        facts: DialFacts,
        now: datetime,
        attempt: AttemptId = _NOBODY,
        *,
        reserved: bool = False,
    ) -> Case:
        """`reserved`: an agent is held for this call and has seen the contact."""
        asked = self._asked(campaign, trunk_caller_id, facts, now)
        call = self._call(campaign, facts, now, reserved=reserved)
        rules = self.rules.of(asked.place, campaign.plan.rules, call.voice, asked.today)
        return Case(
            Candidate(attempt, facts.contact, facts.number, facts.attempts),
            campaign
            if campaign.state is facts.campaign_state
            else replace(campaign, state=facts.campaign_state),
            rules,
            asked,
            call,
            self.holidays,
            self.watch.complaint(),
        )

    def _asked(self, campaign: Campaign, trunk_caller_id: str, facts: DialFacts, now: datetime) -> CallFacts:
        place = self.place_of(facts.number, facts.attributes, facts.zones, facts.stated_zone)
        own = facts.lists
        lists = ListStanding(
            internal_dnc=own.internal_dnc,
            internal_dnc_until=own.internal_dnc_until,
            blocked_prefix=own.blocked_prefix,
            complaint=own.complaint,
            sensitive=own.sensitive,
            registries=self.registries.listings(facts.number),
            relationship=_relationship(facts.attributes, now),
            reassigned=facts.reassigned,
        )
        shown = campaign.plan.caller_id or trunk_caller_id
        caller_id = CallerId(
            number=shown or None,
            allow_listed=facts.proof is not None or shown == trunk_caller_id,
            withheld=not shown,
            proof=bool(facts.proof),
        )
        return CallFacts(
            place, facts.history, lists, facts.consent, caller_id, _today(place, now), facts.calls_today
        )

    def _call(self, campaign: Campaign, facts: DialFacts, now: datetime, *, reserved: bool) -> NextCall:
        rules, consent = campaign.plan.rules, facts.consent
        agentless = campaign.plan.pacing.mode is PacingMode.AGENTLESS
        agreed = consent.kind is not ConsentKind.NONE and consent.given_at is not None
        return NextCall(
            at=now,
            subject=rules.subject,
            debt=cell(facts.attributes, DEBT_COLUMNS),
            seller=rules.seller,
            purposes=rules.purposes,
            voice=Voice.PRERECORDED if agentless else Voice.LIVE,
            detector=campaign.plan.detects_machines,
            operator_reserved=reserved,
            consented=agreed and consent.given_at is not None and now - consent.given_at < CALL_AGREED_TO,
        )


def _relationship(attributes: Mapping[str, str], now: datetime) -> bool:
    """An established business relationship that the list says lasts until a day; what cannot be read is none."""
    written = cell(attributes, RELATIONSHIP_COLUMNS)
    try:
        return bool(written) and now.date() <= date.fromisoformat(written)
    except ValueError:
        return False


def _today(place: CalledPlace, now: datetime) -> date:
    zone = zone_of(place.zones[0]) if place.zones else None
    return (now.astimezone(zone or UTC)).date()

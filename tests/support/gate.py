"""Permits and gatekeepers for tests that are about something else: the real gate, under a book without any law."""

from datetime import datetime, timedelta

from dialer.clock import Clock, SystemClock
from dialer.compliance.gate import DialPermit, review
from dialer.domain.campaign import Campaign
from dialer.domain.ids import AttemptId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.dialling import DialFacts, FactsWanted, Judge, RefusedClaim
from dialer.simulation.lawless import lawless_gatekeeper

OUR_NUMBER = "+12025550100"


def permit_for(campaign: Campaign, attempt: AttemptId, number: str, clock: Clock | None = None) -> DialPermit:
    clock = clock or SystemClock()
    facts = DialFacts(
        ContactId(1), campaign.id, campaign.state, PhoneNumber(number), ("America/New_York",), 0
    )
    case = lawless_gatekeeper(clock).case(campaign, OUR_NUMBER, facts, clock.now(), attempt)
    verdict = review(case)
    assert isinstance(verdict, DialPermit), verdict
    return verdict


def wanted_at(now: datetime) -> FactsWanted:
    return FactsWanted(OUR_NUMBER, now - timedelta(days=60), now)


def judge_for(campaign: Campaign, now: datetime) -> Judge:
    """Of the gate alone: what it refuses is left as it is."""
    keeper = lawless_gatekeeper(SystemClock())

    def judge(attempt: AttemptId, facts: DialFacts) -> DialPermit | RefusedClaim | None:
        verdict = review(keeper.case(campaign, OUR_NUMBER, facts, now, attempt))
        return verdict if isinstance(verdict, DialPermit) else None

    return judge

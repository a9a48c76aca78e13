"""Two predictive campaigns with the same agents: one pacer answers for both, and each has its own cap to hold."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from math import sqrt

import pytest

from dialer.domain.campaign import CampaignPlan
from dialer.domain.disposition import ANSWERED_BY_PERSON, Disposition, HangupCause
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingPlan
from dialer.domain.phone_number import PhoneNumber
from dialer.pacing.floor_pacer import FairPacer
from dialer.telephony.fake import Script
from tests.support.floor_in_virtual_time import PLAN, VirtualFloor, floor
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit

CONTACTS = 350
NO_ANSWER = HangupCause(19, 480, "no answer")


def three_in_ten_answer(number: PhoneNumber) -> Script:
    luck = random.Random(number.e164)
    if luck.random() < 0.3:
        return Script(answer_s=luck.uniform(4, 18), talk_s=luck.uniform(20, 100))
    return Script(end_s=luck.uniform(16, 28), cause=NO_ANSWER)


def plan(cap: float) -> CampaignPlan:
    pacing = PacingPlan(day_cap=cap, period_cap=cap)
    return replace(PLAN, pacing=pacing, wrap_up=timedelta(seconds=5))


def ends(hall: VirtualFloor, campaign: CampaignId) -> Counter[Disposition]:
    of = {permit.attempt for permit in hall.telephony.calls_placed if permit.campaign == campaign}
    return Counter(
        row.settlement.disposition
        for attempt, row in hall.attempts.rows.items()
        if attempt in of and row.settlement is not None
    )


@pytest.mark.parametrize(("first_cap", "second_cap"), [(0.03, 0.03), (0.03, 0.0)])
def test_each_campaign_holds_its_own_cap_and_both_get_on(first_cap: float, second_cap: float) -> None:
    async def scene() -> None:
        async with floor(
            three_in_ten_answer, contacts=CONTACTS, agents=6, plan=plan(first_cap), pacer=FairPacer()
        ) as hall:
            other = hall.campaigns.run(plan(second_cap))
            for nth in range(CONTACTS):
                hall.attempts.add(other, f"+1312555{nth:04d}", START)
            await asyncio.sleep(1500)
            for campaign, cap in ((hall.campaign, first_cap), (other, second_cap)):
                results = ends(hall, campaign)
                answered = sum(results[each] for each in ANSWERED_BY_PERSON)
                assert answered > 5
                expected = cap * answered  # so few answers may be unlucky; without an allowance nobody is
                assert results[Disposition.ABANDONED] <= expected + 2 * sqrt(expected) + (cap > 0)

    run(scene())

"""Two campaigns with the same agents: one pacer answers for both, each has its own cap to hold and its share of agents."""

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
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.phone_number import PhoneNumber
from dialer.pacing.decision import Binding
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


@pytest.mark.parametrize(
    ("bold", "other", "least", "most"),
    [
        (PacingPlan(weight=2.0), PacingPlan(), 1.5, 2.6),
        (PacingPlan(day_cap=0.05, period_cap=0.05), PacingPlan(day_cap=0.01, period_cap=0.01), 0.6, 1.7),
        (PacingPlan(), PacingPlan(PacingMode.PROGRESSIVE), 0.7, 2.2),
    ],
    ids=["by weight", "a careful one", "one line for each free agent"],
)
def test_a_campaign_that_dials_ahead_leaves_the_other_its_share(
    bold: PacingPlan, other: PacingPlan, least: float, most: float
) -> None:
    async def scene() -> None:
        first = replace(plan(0.03), pacing=bold)
        async with floor(three_in_ten_answer, contacts=420, agents=10, plan=first, pacer=FairPacer()) as hall:
            second = hall.campaigns.run(replace(first, pacing=other))
            for nth in range(420):
                hall.attempts.add(second, f"+1312555{nth:04d}", START)
            await asyncio.sleep(900)
            talks = [ends(hall, each)[Disposition.CONNECTED] for each in (hall.campaign, second)]
            assert least < talks[0] / talks[1] < most
            assert sum(talks) > 75, "agents are not left idle for the sake of fairness"
            held_back = [
                each.decision
                for each in hall.engine.decisions.recent(hall.campaign, 99)
                if each.decision.binding is Binding.SHARE
            ]
            assert any("its share beside 1 other campaign is" in each.because for each in held_back)

    run(scene())


def test_a_share_that_is_not_used_is_the_others() -> None:
    """The second list runs out early: from then on the first has all agents."""

    async def scene() -> None:
        async with floor(
            three_in_ten_answer, contacts=350, agents=6, plan=plan(0.03), pacer=FairPacer()
        ) as hall:
            second = hall.campaigns.run(plan(0.03))
            for nth in range(20):
                hall.attempts.add(second, f"+1312555{nth:04d}", START)
            await asyncio.sleep(300)
            before = ends(hall, hall.campaign)[Disposition.CONNECTED]
            await asyncio.sleep(500)
            assert ends(hall, second).total() >= 20
            assert ends(hall, hall.campaign)[Disposition.CONNECTED] - before > 25

    run(scene())

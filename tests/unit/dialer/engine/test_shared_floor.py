"""Several campaigns on one floor: agents and trunks are shared by weight, and a message needs no agent."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.compliance.gate import DialPermit
from dialer.domain.campaign import CampaignPlan
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId, CampaignId, TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.decision import Binding
from dialer.telephony.fake import MESSAGE_S, RINGS_OUT, TALKS, FakeTelephony, Script
from tests.support.floor_in_virtual_time import PLAN, VirtualFloor, floor
from tests.support.pacers import Witness
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit

QUICK = Script(ring_s=0.5, answer_s=2.0, talk_s=8.0)
AGENTLESS = replace(PLAN, pacing=PacingPlan(PacingMode.AGENTLESS))


def paced(mode: PacingMode = PacingMode.PROGRESSIVE, weight: float = 1.0, least: int = 0) -> CampaignPlan:
    pacing = PacingPlan(mode, weight=weight, least_lines=least)
    return replace(PLAN, pacing=pacing, wrap_up=timedelta(seconds=2))


def another(hall: VirtualFloor, plan: CampaignPlan, contacts: int) -> CampaignId:
    campaign = hall.campaigns.run(plan)
    for nth in range(contacts):
        hall.attempts.add(campaign, f"+1312555{nth:04d}", START)
    return campaign


def dialled(hall: VirtualFloor) -> Counter[CampaignId]:
    return Counter(permit.campaign for permit in hall.telephony.calls_placed)


def busy(hall: VirtualFloor) -> Counter[CampaignId]:
    return Counter(call.campaign.id for call in hall.engine.supervisor.calls.values())


@pytest.mark.parametrize("agents", [1, 6])
def test_agents_are_shared_by_weight(agents: int) -> None:
    async def scene() -> None:
        async with floor(lambda _: QUICK, contacts=3000, agents=agents, plan=paced(weight=3.0)) as hall:
            other = another(hall, paced(weight=1.0), 3000)
            await asyncio.sleep(1200)
            calls = dialled(hall)
            assert calls.total() > 60 * agents
            assert calls[hall.campaign] / calls[other] == pytest.approx(3.0, rel=0.15)
            assert Disposition.ABANDONED not in hall.attempts.ends()

    run(scene())


def test_what_one_campaign_does_not_use_goes_to_the_other() -> None:
    async def scene() -> None:
        async with floor(lambda _: QUICK, contacts=5, agents=4, plan=paced(weight=10.0)) as hall:
            other = another(hall, paced(weight=1.0), 500)
            await asyncio.sleep(300)
            assert dialled(hall)[hall.campaign] == 5
            assert dialled(hall)[other] > 4 * 300 / 13 * 0.8
            await asyncio.sleep(1)

    run(scene())


def test_a_minimum_is_kept_on_a_full_trunk() -> None:
    async def scene() -> None:
        plan = paced(PacingMode.AGENTLESS, weight=9.0)
        async with floor(lambda _: RINGS_OUT, contacts=500, agents=0, plan=plan, channels=20) as hall:
            small = another(hall, paced(PacingMode.AGENTLESS, weight=1.0, least=8), 500)
            await asyncio.sleep(100)
            for _ in range(20):
                await asyncio.sleep(1)
                assert busy(hall)[small] >= 8
                assert busy(hall).total() >= 19

    run(scene())


def test_campaigns_on_different_trunks_and_without_agents_do_not_hold_each_other_back() -> None:
    async def scene() -> None:
        async with floor(lambda _: RINGS_OUT, contacts=50, agents=3, plan=AGENTLESS, channels=9) as hall:
            progressive = another(hall, replace(paced(), trunk=TrunkName("main")), 50)
            await asyncio.sleep(30)
            assert busy(hall)[progressive] == 3, "lines of a campaign without agents take no agent's place"
            assert busy(hall).total() == 9

    run(scene())


def test_a_campaign_held_back_by_others_says_so() -> None:
    async def scene() -> None:
        async with floor(lambda _: RINGS_OUT, contacts=90, agents=4, plan=paced(weight=3.0)) as hall:
            other = another(hall, paced(weight=1.0), 90)
            lines: Counter[CampaignId] = Counter()
            for _ in range(
                400
            ):  # the first lines were out before the second campaign was there: that is made good
                await asyncio.sleep(1)
                lines += busy(hall)
            assert lines[hall.campaign] / lines[other] == pytest.approx(3.0, rel=0.25)
            bindings = {each.decision.binding for each in hall.engine.decisions.recent(other, 99)}
            assert Binding.SHARE in bindings

    run(scene())


def test_a_list_with_nobody_due_says_so_once_a_second_and_no_more() -> None:
    async def scene() -> None:
        async with floor(lambda _: RINGS_OUT, contacts=2, agents=5) as hall:
            await asyncio.sleep(10)
            decided = hall.engine.decisions.latest(hall.campaign)
            assert decided is not None
            assert (decided.decision.binding, decided.decision.dial) == (Binding.EMPTY, 0)
            assert decided.target_lines == 2
            assert "0 of 3 wanted contacts" in hall.engine.loop.reason(hall.campaign)
            told = hall.engine.decisions.recent(hall.campaign, 99)
            dialled = [(each.decision.binding, each.decision.dial) for each in told if each.decision.dial]
            assert dialled == [(Binding.EMPTY, 2)], "those that were due are dialled"
            samples = [each.decision.binding for each in hall.pacing.samples]
            assert samples.count(Binding.EMPTY) <= 2, "it does not alternate with what the pacer wished"

    run(scene())


# --- a message instead of an agent --------------------------------------------------------------------------------------


def test_who_answers_an_agentless_campaign_hears_the_message_at_once_and_is_done() -> None:
    async def scene() -> None:
        pacer = Witness()
        script = replace(TALKS, talk_s=60)
        async with floor(lambda _: script, contacts=3, agents=1, plan=AGENTLESS, pacer=pacer) as hall:
            await asyncio.sleep(3.1)
            starts = [line for line in hall.attempts.lines if line.kind == "message_started"]
            answers = {line.attempt: line.at for line in hall.attempts.lines if line.kind == "answered"}
            assert [line.at - answers[line.attempt] for line in starts] == [timedelta(0)] * 3
            await asyncio.sleep(MESSAGE_S + 1)
            assert hall.attempts.ends() == [Disposition.PLAYED] * 3
            assert {contact.state for contact in hall.attempts.contacts.values()} == {ContactState.DONE}
            assert hall.agent_states() == {1: "ready"}
            assert {kind for kind, _, _, _ in pacer.told} == {"present"}
            await asyncio.sleep(60)
            assert len(hall.telephony.calls_placed) == 3

    run(scene())


@pytest.mark.parametrize("message", ["fairdial/survey-en", None])
def test_an_agentless_campaign_plays_its_own_message(
    message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    originate, play = FakeTelephony.originate, FakeTelephony.play_message

    async def originating(self: FakeTelephony, permit: DialPermit, prompt: str) -> None:
        told.append(prompt)
        await originate(self, permit, prompt)

    async def playing(self: FakeTelephony, attempt: AttemptId, prompt: str) -> None:
        told.append(prompt)
        await play(self, attempt, prompt)

    async def scene() -> None:
        plan = replace(AGENTLESS, message=message)
        async with floor(lambda _: replace(TALKS, talk_s=60), contacts=1, agents=0, plan=plan):
            await asyncio.sleep(5)
            assert told == [message or "fairdial/abandoned-en"] * 2

    monkeypatch.setattr(FakeTelephony, "originate", originating)
    monkeypatch.setattr(FakeTelephony, "play_message", playing)
    run(scene())


def test_a_campaign_with_agents_keeps_its_abandoned_call_message() -> None:
    async def scene() -> None:
        plan = replace(PLAN, message="fairdial/survey-en")
        async with floor(lambda _: TALKS, contacts=1, agents=1, plan=plan) as hall:
            await asyncio.sleep(1)
            (call,) = hall.engine.supervisor.calls.values()
            assert call.message == "fairdial/abandoned-en"

    run(scene())


def test_hearing_the_message_of_an_agentless_campaign_abandons_nobody() -> None:
    async def scene() -> None:
        async with floor(lambda _: replace(TALKS, talk_s=60), contacts=3, agents=0, plan=AGENTLESS) as hall:
            await asyncio.sleep(5)
            assert {call.state.value for call in hall.engine.supervisor.calls.values()} == {"message"}
            hall.engine.budget.mark_stale()
            await asyncio.sleep(0.5)
            counts = hall.engine.budget.counts(hall.campaign)
            assert {(each.answered, each.abandoned) for each in counts} == {(3, 0)}

    run(scene())


def test_who_hangs_up_during_the_message_has_heard_it_and_nobody_is_abandoned() -> None:
    async def scene() -> None:
        script = replace(TALKS, talk_s=2.5)
        async with floor(lambda _: script, contacts=2, agents=0, plan=AGENTLESS) as hall:
            await asyncio.sleep(30)
            assert hall.attempts.ends() == [Disposition.PLAYED] * 2

    run(scene())


def test_a_message_that_could_not_be_played_is_not_an_abandoned_call() -> None:
    async def scene() -> None:
        async with floor(lambda _: replace(TALKS, talk_s=9), contacts=1, agents=0, plan=AGENTLESS) as hall:
            await asyncio.sleep(2)
            hall.telephony.play_message = _silent  # type: ignore[method-assign]
            await asyncio.sleep(30)
            assert hall.attempts.ends() == [Disposition.HUNG_UP]

    run(scene())


async def _silent(attempt: object, message: str) -> None:
    """Accepted, and nothing follows."""


def test_an_agentless_call_found_after_a_crash_hears_its_message_and_gets_no_agent() -> None:
    async def scene() -> None:
        script = replace(TALKS, talk_s=60)
        async with floor(lambda _: script, contacts=1, agents=0, plan=AGENTLESS) as first:
            await asyncio.sleep(2)
            first.telephony.play_message = _silent  # type: ignore[method-assign]
            await asyncio.sleep(2)
        del first.telephony.play_message
        async with floor(
            lambda _: script,
            contacts=1,
            agents=1,
            plan=AGENTLESS,
            attempts=first.attempts,
            telephony=first.telephony,
        ) as second:
            await asyncio.sleep(MESSAGE_S + 3)
            assert second.attempts.ends() == [Disposition.PLAYED]
            assert second.agent_states() == {1: "ready"}

    run(scene())


def test_a_campaign_with_an_empty_list_takes_no_share_however_often_lists_change() -> None:
    async def scene() -> None:
        async with floor(lambda _: QUICK, contacts=3000, agents=6, plan=paced()) as hall:
            another(hall, paced(), 0)
            for _ in range(120):
                await asyncio.sleep(5)
                hall.engine.loop.new_contacts()
            alone = len(hall.telephony.calls_placed)
        async with floor(lambda _: QUICK, contacts=3000, agents=6, plan=paced()) as hall:
            await asyncio.sleep(600)
            assert alone == pytest.approx(len(hall.telephony.calls_placed), rel=0.05)

    run(scene())


def test_a_long_list_of_people_who_must_not_be_called_is_gone_through_quickly() -> None:
    async def scene() -> None:
        async with floor(lambda _: QUICK, contacts=0, agents=1, plan=paced()) as hall:
            for nth in range(500):
                number = f"+1312555{nth:04d}"
                hall.attempts.do_not_call.add(number)
                hall.attempts.add(hall.campaign, number, START)
            hall.engine.loop.new_contacts()
            await asyncio.sleep(20)
            assert hall.telephony.calls_placed == []
            assert len(hall.attempts.refusals) == 500

    run(scene())

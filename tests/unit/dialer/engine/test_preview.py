"""Preview: a contact is shown to one agent, who decides; nothing is dialled without that word."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.campaign import CallingHours, CampaignPlan, CampaignSignal
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, CampaignId, ContactId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.floor_view import FloorView
from dialer.engine.preview import PUT_OFF
from dialer.errors import Conflict, NotFound, StorageDown
from dialer.pacing.counts import CountedPacer, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Room
from dialer.ports.floor import Offer, OfferOnFloor
from dialer.telephony.fake import BUSY, TALKS, Script
from tests.support.floor_in_virtual_time import PLAN, VirtualFloor, floor, number
from tests.support.pacers import Witness
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit

PREVIEW = replace(PLAN, pacing=PacingPlan(PacingMode.PREVIEW, preview_for_s=30))
ANA, BO = AgentId(1), AgentId(2)


def play(
    scene: Callable[[VirtualFloor], object],
    script: Script = TALKS,
    *,
    contacts: int = 1,
    agents: int = 1,
    plan: CampaignPlan = PREVIEW,
    **more: object,
) -> None:
    async def whole() -> None:
        async with floor(
            lambda _: script,
            contacts=contacts,
            agents=agents,
            plan=plan,
            **more,  # type: ignore[arg-type]
        ) as hall:
            await asyncio.sleep(1)
            await scene(hall)  # type: ignore[misc]

    run(whole())


def offer(hall: VirtualFloor, agent: AgentId = ANA) -> Offer:
    return hall.engine.preview.offer_to(agent)


async def accept(hall: VirtualFloor, agent: AgentId = ANA) -> Offer:
    made = offer(hall, agent)
    await hall.engine.preview.accept(made.attempt, agent)
    return made


def contact(hall: VirtualFloor, nth: int = 1) -> tuple[ContactState, object]:
    row = hall.attempts.contacts[ContactId(nth)]
    return row.state, row.due_at


def joined(hall: VirtualFloor) -> list[str]:
    return [line.detail for line in hall.attempts.lines if line.kind == "joined"]


def test_each_free_agent_is_offered_one_contact_and_nothing_is_dialled() -> None:
    async def scene(hall: VirtualFloor) -> None:
        offers = hall.engine.preview.offers()
        assert {each: made.contact for each, made in offers.items()} == {ANA: 1, BO: 2}
        assert offers[ANA].number == PhoneNumber(number(0))
        assert offers[ANA].expires_at - offers[ANA].offered_at == timedelta(seconds=30)
        assert hall.agent_states() == {1: "preview", 2: "preview"}
        await asyncio.sleep(20)
        assert hall.telephony.calls_placed == []
        assert hall.engine.preview.offers() == offers

    play(scene, contacts=5, agents=2)


def test_an_accepted_contact_is_dialled_and_its_answer_goes_to_that_agent_at_once() -> None:
    async def scene(hall: VirtualFloor) -> None:
        made = await accept(hall, BO)
        assert [permit.attempt for permit in hall.telephony.calls_placed] == []
        await asyncio.sleep(0.1)
        assert [permit.attempt for permit in hall.telephony.calls_placed] == [made.attempt]
        assert hall.agent_states()[BO] == "preview"
        hall.engine.preview.skip(offer(hall, ANA).attempt, ANA)  # has been free for longer
        await asyncio.sleep(3)
        assert joined(hall) == ["agent 2"]
        assert hall.agent_states()[BO] == "on_call"
        kinds = {line.kind: line.at for line in hall.attempts.lines if line.attempt == made.attempt}
        assert kinds["joined"] == kinds["answered"]
        assert list(kinds)[:3] == ["offered", "accepted", "dialled"]

    play(scene, contacts=2, agents=2)


def test_an_agent_whose_contact_does_not_answer_is_free_again() -> None:
    async def scene(hall: VirtualFloor) -> None:
        await accept(hall)
        await asyncio.sleep(0.1)
        assert hall.agent_states() == {1: "preview"}
        await asyncio.sleep(5)
        assert hall.attempts.ends() == [Disposition.BUSY]
        assert hall.agent_states() == {1: "ready"}

    play(scene, BUSY)


def test_an_order_that_never_left_frees_the_agent() -> None:
    async def scene(hall: VirtualFloor) -> None:
        made = offer(hall)
        await hall.engine.preview.accept(made.attempt, ANA)
        hall.telephony.link_up = False  # before the order goes out
        await asyncio.sleep(0.1)
        assert hall.attempts.ends() == [Disposition.FAILED]
        assert hall.agent_states() == {1: "ready"}

    play(scene)


@pytest.mark.parametrize("agents", [1, 2])
def test_who_answers_when_that_agents_phone_is_gone_gets_another_or_the_message(agents: int) -> None:
    async def scene(hall: VirtualFloor) -> None:
        await accept(hall)
        await asyncio.sleep(1)
        hall.telephony.dead_phones.add("agent-1")
        hall.telephony.drop_phone(ANA)
        await asyncio.sleep(3 + 2 + 0.5)
        if agents == 2:
            assert joined(hall) == ["agent 2"]
        else:
            await asyncio.sleep(60)
            assert hall.attempts.ends() == [Disposition.ABANDONED]

    play(scene, agents=agents)


@pytest.mark.parametrize("waits", [False, True], ids=["skipped", "not decided in time"])
def test_a_skipped_contact_comes_later_and_the_agent_is_offered_the_next(waits: bool) -> None:
    async def scene(hall: VirtualFloor) -> None:
        first = offer(hall)
        if waits:
            await asyncio.sleep(29.5)
            decided_at = first.expires_at
        else:
            decided_at = hall.engine._clock.now()
            hall.engine.preview.skip(first.attempt, ANA)
            await asyncio.sleep(1)
        assert offer(hall).contact == 2
        state, due_at = contact(hall)
        assert state is ContactState.READY
        assert due_at == decided_at + PUT_OFF
        assert hall.attempts.contacts[ContactId(1)].attempts == 0
        with pytest.raises(Conflict, match="did not decide in time" if waits else "skipped by agent 1"):
            await hall.engine.preview.accept(first.attempt, ANA)
        assert hall.attempts.ends() == [Disposition.REFUSED]
        assert hall.telephony.calls_placed == []
        hall.engine.preview.skip(offer(hall).attempt, ANA)
        await asyncio.sleep(PUT_OFF.total_seconds() + 1)
        assert offer(hall).contact in (1, 2)

    play(scene, contacts=2)


def test_an_offer_is_its_agents_alone() -> None:
    async def scene(hall: VirtualFloor) -> None:
        made = offer(hall, ANA)
        with pytest.raises(NotFound):
            await hall.engine.preview.accept(made.attempt, BO)
        with pytest.raises(NotFound):
            hall.engine.preview.offer_to(BO)
        accepted = asyncio.gather(
            *(hall.engine.preview.accept(made.attempt, ANA) for _ in range(2)), return_exceptions=True
        )
        results = await accepted
        assert [type(each) for each in results] == [type(None), Conflict]
        await asyncio.sleep(0.1)
        assert len(hall.telephony.calls_placed) == 1

    play(scene, contacts=1, agents=2)


def test_the_floor_shows_the_offer_on_its_agent_until_it_is_accepted() -> None:
    async def scene(hall: VirtualFloor) -> None:
        view = FloorView(hall.engine, hall.telephony, hall.campaigns, hall.engine._clock, "UTC")
        ana, bo = view._take().agents
        made = view.offer(ANA)
        assert ana.state is AgentState.PREVIEW
        assert ana.offer == OfferOnFloor(hall.campaign, made.contact, made.expires_at)
        assert (bo.state, bo.offer) == (AgentState.READY, None)
        await view.accept_offer(made.attempt, ANA)
        ana, _ = view._take().agents
        assert (ana.state, ana.attempt, ana.offer) == (AgentState.PREVIEW, made.attempt, None)
        with pytest.raises(Conflict):
            await view.skip_offer(made.attempt, ANA)

    play(scene, contacts=1, agents=2)


def test_offers_count_towards_the_campaigns_own_limit_of_lines() -> None:
    async def scene(hall: VirtualFloor) -> None:
        assert len(hall.engine.preview.offers()) == 2
        decided = hall.engine.decisions.latest(hall.campaign)
        assert decided is not None
        assert decided.decision.binding is Binding.CAMPAIGN_LIMIT

    play(scene, contacts=9, agents=4, plan=replace(PREVIEW, most_lines=2))


# --- what may not be dialled any more -----------------------------------------------------------------------------------


def reasons(hall: VirtualFloor) -> list[str]:
    return [each.reason for kept in hall.attempts.refusals.values() for each in kept]


def test_the_gate_is_asked_again_and_its_reason_is_told() -> None:
    async def scene(hall: VirtualFloor) -> None:
        known = hall.campaigns.known[hall.campaign]
        shut = replace(PREVIEW, hours=CallingHours(time(3), time(3, 1)))
        hall.campaigns.known[hall.campaign] = replace(known, plan=shut)
        await asyncio.sleep(1.1)
        with pytest.raises(Conflict, match="outside the campaign's calling hours"):
            await accept(hall)
        await asyncio.sleep(1)
        assert hall.telephony.calls_placed == []
        assert reasons(hall) == ["outside_hours"]
        assert hall.agent_states() == {1: "ready"}

    play(scene)


def test_a_number_blocked_meanwhile_is_not_dialled() -> None:
    async def scene(hall: VirtualFloor) -> None:
        hall.attempts.do_not_call.add(number(0))
        with pytest.raises(Conflict, match="do-not-call list"):
            await accept(hall)
        await asyncio.sleep(3)
        assert hall.telephony.calls_placed == []
        assert reasons(hall) == ["internal_dnc"]
        assert hall.agent_states() == {1: "ready"}

    play(scene)


def test_without_room_on_the_trunk_the_offer_stands() -> None:
    async def scene(hall: VirtualFloor) -> None:
        await accept(hall, ANA)
        with pytest.raises(Conflict, match="no room"):
            await accept(hall, BO)
        await asyncio.sleep(2)
        await accept(hall, BO)
        await asyncio.sleep(0.1)
        assert len(hall.telephony.calls_placed) == 2

    play(scene, BUSY, contacts=2, agents=2, channels=1)


@pytest.mark.parametrize("what", ["agent pauses", "agent's phone", "campaign pauses", "link", "mode", "stop"])
def test_an_offer_nobody_can_take_any_more_is_taken_back_as_it_was(what: str) -> None:
    async def scene(hall: VirtualFloor) -> None:
        made, now = offer(hall), hall.engine._clock.now()
        match what:
            case "agent pauses":
                await hall.agents.wish(ANA, AgentState.PAUSED, "lunch", now)
            case "agent's phone":
                hall.telephony.dead_phones.add("agent-1")
                hall.telephony.drop_phone(ANA)
            case "campaign pauses":
                await hall.campaigns.move_campaign(hall.campaign, CampaignSignal.PAUSE, now)
            case "mode":
                known = hall.campaigns.known[hall.campaign]
                hall.campaigns.known[hall.campaign] = replace(known, plan=PLAN)
            case "link":
                hall.telephony.drop_link()
            case "stop":
                await hall.engine.drain(1)
                assert contact(hall) == (ContactState.READY, START - timedelta(minutes=1))
        await asyncio.sleep(1.2)
        assert hall.engine.preview.offers() == {}
        with pytest.raises(Conflict, match="taken back"):
            await hall.engine.preview.accept(made.attempt, ANA)
        if what != "mode":
            assert hall.telephony.calls_placed == []
            assert contact(hall) == (ContactState.READY, START - timedelta(minutes=1))
        expected = {"agent pauses": "paused", "agent's phone": "logged_out"}
        assert hall.agent_states() == {1: expected.get(what, "ready")}
        assert made.attempt not in hall.attempts.rows

    play(scene)


def test_a_database_that_goes_while_accepting_dials_nothing_and_the_contact_comes_back() -> None:
    async def scene(hall: VirtualFloor) -> None:
        made = offer(hall)
        hall.attempts.away = True
        with pytest.raises(StorageDown):
            await hall.engine.preview.accept(made.attempt, ANA)
        await asyncio.sleep(3)
        assert hall.agent_states() == {1: "ready"}
        hall.attempts.away = False
        await asyncio.sleep(3)
        assert offer(hall).contact == made.contact
        assert offer(hall).attempt != made.attempt
        assert hall.telephony.calls_placed == []

    play(scene)


def test_a_standing_offer_survives_what_is_put_back_for_others() -> None:
    async def scene(hall: VirtualFloor) -> None:
        made = offer(hall)
        hall.engine.originator.unsure = True
        hall.engine.loop.wake()
        await asyncio.sleep(2)
        assert offer(hall) == made
        await accept(hall)
        await asyncio.sleep(5)
        assert joined(hall) == ["agent 1"]

    play(scene)


def test_after_a_crash_offers_are_lost_and_their_contacts_are_offered_again() -> None:
    async def scene() -> None:
        async with floor(lambda _: TALKS, contacts=2, agents=2, plan=PREVIEW) as first:
            await asyncio.sleep(1)
            lost = set(first.attempts.rows)
        async with floor(
            lambda _: TALKS,
            contacts=2,
            agents=2,
            plan=PREVIEW,
            attempts=first.attempts,
            telephony=first.telephony,
        ) as second:
            await asyncio.sleep(2)
            offers = second.engine.preview.offers()
            assert {made.contact for made in offers.values()} == {1, 2}
            assert not lost & set(second.attempts.rows)
            assert second.telephony.calls_placed == []

    run(scene())


def test_a_call_that_rang_at_the_crash_still_goes_to_its_agent() -> None:
    async def scene() -> None:
        slow = replace(TALKS, answer_s=9.0)
        async with floor(lambda _: slow, contacts=1, agents=2, plan=PREVIEW) as first:
            await asyncio.sleep(1)
            await accept(first, ANA)
            await asyncio.sleep(3)
        async with floor(
            lambda _: slow,
            contacts=1,
            agents=2,
            plan=PREVIEW,
            attempts=first.attempts,
            telephony=first.telephony,
        ) as second:
            await asyncio.sleep(8)
            assert joined(second) == ["agent 1"]

    run(scene())


# --- beside others ------------------------------------------------------------------------------------------------------


def test_agents_are_shared_with_a_campaign_that_dials_by_itself() -> None:
    async def scene(hall: VirtualFloor) -> None:
        quick = replace(PLAN, pacing=PacingPlan(PacingMode.PROGRESSIVE), wrap_up=timedelta(seconds=1))
        other = hall.campaigns.run(quick)
        for nth in range(500):
            hall.attempts.add(other, f"+1312555{nth:04d}", START)
        for _ in range(300):
            await asyncio.sleep(1)
            for agent in list(hall.engine.preview.offers()):
                await accept(hall, agent)
        dialled = [permit.campaign for permit in hall.telephony.calls_placed]
        assert dialled.count(hall.campaign) == pytest.approx(dialled.count(other), rel=0.25)
        assert len(dialled) > 4 * 300 / 15 * 0.7
        assert Disposition.ABANDONED not in hall.attempts.ends()

    play(scene, Script(ring_s=0.5, answer_s=2.0, talk_s=8.0), contacts=500, agents=4)


def test_a_ringing_preview_line_keeps_no_other_agent_from_an_offer_and_is_told_when_answered() -> None:
    pacer = Witness()

    async def scene(hall: VirtualFloor) -> None:
        made = await accept(hall, ANA)
        await asyncio.sleep(1)
        hall.attempts.add(hall.campaign, "+13125550001", START)
        await asyncio.sleep(1)
        assert offer(hall, BO).contact == 2
        assert pacer.kinds(made.attempt) == []
        assert pacer.agents["preview"] == 2  # type: ignore[index]
        await asyncio.sleep(2)
        assert pacer.kinds(made.attempt) == ["dialled", "signalled", "answered", "joined"]
        told = {kind: at for kind, of, _, at in pacer.told if of == made.attempt}
        assert told["answered"] - told["dialled"] == pytest.approx(3.0)
        assert told["signalled"] - told["dialled"] == pytest.approx(0.5)

    play(scene, contacts=1, agents=2, pacer=pacer)


class Ahead(CountedPacer):
    """In predictive mode as many lines ring as agents are logged in: no agent is ever free for long."""

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        plan = self.plan_of.get(campaign)
        if plan is None or plan.mode is not PacingMode.PREDICTIVE:
            return super().decide(campaign, room, now, wall)
        return within(room, self.logged_in - len(self.ringing), len(self.ringing), "ahead", Binding.RISK)


@pytest.mark.parametrize(
    ("contacts", "plan", "least", "most"),
    [
        (500, PREVIEW, 40, 500),
        (500, replace(PREVIEW, pacing=replace(PREVIEW.pacing, weight=0.2)), 8, 55),
        (5, PREVIEW, 5, 5),
        (500, replace(PREVIEW, most_lines=1), 5, 75),
    ],
    ids=["as much", "less by weight", "a list that runs out", "its own limit"],
)
def test_beside_a_campaign_that_dials_ahead_it_has_its_share_of_agents(
    contacts: int, plan: CampaignPlan, least: int, most: int
) -> None:
    async def scene(hall: VirtualFloor) -> None:
        other = hall.campaigns.run(replace(PLAN, pacing=PacingPlan(PacingMode.PREDICTIVE)))
        for nth in range(2000):
            hall.attempts.add(other, f"+1312555{nth:04d}", START)
        for _ in range(300):
            await asyncio.sleep(1)
            for agent in list(hall.engine.preview.offers()):
                await accept(hall, agent)
        dialled = Counter(permit.campaign for permit in hall.telephony.calls_placed)
        assert least <= dialled[hall.campaign] <= most
        assert dialled.total() > 110
        assert dialled[other] > 40

    play(
        scene,
        Script(ring_s=0.5, answer_s=2.0, talk_s=8.0),
        contacts=contacts,
        agents=6,
        plan=plan,
        pacer=Ahead(),
    )

"""Calls in flows: on a scripted exchange in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialer.audio.answered import Answer, Kind, Verdict
from dialer.clock import SystemClock
from dialer.compliance.call import ConsentStanding
from dialer.compliance.call_rules import CallRulesBook
from dialer.compliance.gate import RefusalReason, objection
from dialer.compliance.holiday_calendars import FixedHolidays
from dialer.compliance.profile import ConsentKind
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignPlan, CampaignState
from dialer.domain.campaign_rules import CampaignRules
from dialer.domain.disposition import Disposition
from dialer.domain.events import LineSign
from dialer.domain.flow_session import attempt_of_session
from dialer.domain.ids import AgentId, CampaignId, ContactId
from dialer.domain.listening_plan import AnswerStrategy, ListeningPlan
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.gatekeeper import Gatekeeper
from dialer.engine.live_call import LiveCall
from dialer.errors import Conflict, NotFound
from dialer.ports.dialling import DialFacts
from dialer.ports.floor import FlowPlace
from dialer.rulebook.load import load_rules
from dialer.simulation.lawless import NoRegistries
from dialer.telephony.fake import Script
from tests.support.fake_ears import FakeEars
from tests.support.floor_in_virtual_time import PLAN, VirtualFloor, floor, number
from tests.support.virtual_time import run

pytestmark = pytest.mark.unit

MENU = FlowPlace("main-menu", "menu")
IVR = replace(PLAN, flow="press-one", pacing=PacingPlan(PacingMode.AGENTLESS))
LISTENS = Script(answer_s=1.0, talk_s=120.0)
PRESSES = replace(LISTENS, wants_agent_s=3.0)


def only(hall: VirtualFloor) -> LiveCall:
    (call,) = hall.engine.supervisor.calls.values()
    return call


def kinds(hall: VirtualFloor) -> list[str]:
    return [entry.kind for entry in hall.attempts.lines]


def play(
    script: Script,
    scene: Callable[[VirtualFloor], Awaitable[None]],
    plan: CampaignPlan = IVR,
    agents: int = 1,
    ears: FakeEars | None = None,
) -> None:
    async def whole() -> None:
        async with floor(
            lambda _: script, contacts=1, agents=agents, plan=plan, ears=ears, attributes={"company": "Acme"}
        ) as hall:
            await scene(hall)

    run(whole())


def ended_as(script: Script, agents: int = 1, plan: CampaignPlan = IVR) -> list[Disposition]:
    ends: list[Disposition] = []

    async def scene(hall: VirtualFloor) -> None:
        await asyncio.sleep(150)
        ends.extend(hall.attempts.ends())

    play(script, scene, plan, agents)
    return ends


class TestCampaign:
    def test_who_answers_goes_into_the_flow_with_what_is_known_of_the_person(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(3)
            call = only(hall)
            assert str(call.state) == "in_flow"
            ((attempt, order),) = hall.telephony.flows
            assert attempt == call.id
            assert (order.flow, order.entry, order.caller) == ("press-one", "", number(0))
            assert order.contact == {"company": "Acme"}
            assert attempt_of_session(order.session) == attempt
            assert hall.agent_states() == {AgentId(1): "ready"}
            assert call.message_at == call.answered_at, "the law's message begins with the flow"

        play(LISTENS, scene)

    @pytest.mark.parametrize(
        ("script", "end"),
        [
            (LISTENS, Disposition.PLAYED),
            (replace(LISTENS, talk_s=5.0), Disposition.PLAYED),  # left after the first words
            (replace(LISTENS, talk_s=1.5), Disposition.HUNG_UP),  # left before
            (PRESSES, Disposition.CONNECTED),
        ],
    )
    def test_the_disposition_says_how_far_they_came(self, script: Script, end: Disposition) -> None:
        assert ended_as(script) == [end]

    def test_who_wants_an_agent_gets_the_one_who_is_free_and_is_recorded(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(5)
            call = only(hall)
            assert (call.state, call.agent) == (AttemptState.TALKING, AgentId(1))
            assert hall.agent_states() == {AgentId(1): "on_call"}
            await asyncio.sleep(120)
            assert hall.attempts.ends() == [Disposition.CONNECTED]
            assert hall.recordings.begun == [f"{call.id}-1.wav"]

        play(PRESSES, scene)

    def test_with_nobody_there_the_flow_goes_on(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(10)
            assert only(hall).state is AttemptState.WAITING
            await asyncio.sleep(15)
            assert only(hall).state is AttemptState.IN_FLOW
            await asyncio.sleep(20)
            assert hall.attempts.ends() == [Disposition.PLAYED]
            assert "no_agent" in kinds(hall)
            assert "message_started" not in kinds(hall), "nobody is told that no agent is free"

        play(PRESSES, scene, agents=0)

    def test_who_leaves_while_an_agent_is_sought_has_heard_the_flow(self) -> None:
        assert ended_as(replace(PRESSES, talk_s=9.0), agents=0) == [Disposition.PLAYED]

    def test_the_next_agent_who_is_free_takes_the_one_who_waits(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(10)
            hall.agents.log_in("agent-1", hall.engine._clock.now())
            await asyncio.sleep(3)
            assert only(hall).state is AttemptState.TALKING

        play(PRESSES, scene, agents=0)

    def test_nobody_is_joined_in_the_moment_in_which_the_flow_goes_on(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(23.7)  # asked for at 4 s, for 20 s
            call = only(hall)
            assert call.state is AttemptState.WAITING
            assert hall.engine.supervisor.waiting == 0

        play(PRESSES, scene, agents=0)

    def test_a_machine_is_hung_up_and_hears_no_flow(self) -> None:
        ears = FakeEars()
        plan = replace(IVR, listening=replace(ListeningPlan(), answer=AnswerStrategy.WAIT_FOR_VERDICT))

        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(2.2)
            assert only(hall).state is AttemptState.WAITING
            answer = Answer(Verdict.MACHINE, 1.0, 0.2, None, machine=0.99)
            ears.answer(ears.only, hall.engine._clock.now(), Kind.VERDICT, answer)
            await asyncio.sleep(2)
            assert hall.attempts.ends() == [Disposition.MACHINE]
            assert hall.telephony.flows == []

        play(replace(LISTENS, answer_s=2.0, sign=LineSign.PROGRESS), scene, plan, ears=ears)


class TestReturn:
    def test_the_caller_goes_on_in_the_flow_and_the_agent_wraps_up(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(3)
            call = only(hall)
            assert hall.agent_states() == {AgentId(1): "on_call"}
            await hall.engine.supervisor.send_to_flow(call.id, MENU, "ana")
            assert str(call.state) == "in_flow"
            assert hall.agent_states() == {AgentId(1): "wrap_up"}
            await asyncio.sleep(0.1)
            assert len(hall.recordings.talks) == 1, "the recording ends with the conversation"
            assert call.message_at is None, "it is no message in place of an agent"
            ((_, order),) = hall.telephony.flows
            assert (order.flow, order.entry) == ("main-menu", "menu")
            await asyncio.sleep(5.4)
            assert hall.agent_states() == {AgentId(1): "ready"}
            await asyncio.sleep(10)
            assert hall.attempts.ends() == [Disposition.CONNECTED]
            assert {"sent_to_flow", "flow_started", "flow_ended"} <= set(kinds(hall))

        play(LISTENS, scene, PLAN)

    def test_the_flow_may_ask_for_an_agent_again(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(3)
            call = only(hall)
            await hall.engine.supervisor.send_to_flow(call.id, MENU, "ana")
            await asyncio.sleep(4)
            assert call.state is AttemptState.WAITING
            await asyncio.sleep(5)
            assert (call.state, call.parts) == (AttemptState.TALKING, 2)

        play(PRESSES, scene, PLAN)

    def test_who_gets_no_agent_again_has_talked_all_the_same(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(3)
            await hall.engine.supervisor.send_to_flow(only(hall).id, MENU, "ana")
            await asyncio.sleep(4)
            await hall.engine.supervisor.hang_up(only(hall).id)
            await asyncio.sleep(1)
            assert hall.attempts.ends() == [Disposition.CONNECTED]

        play(PRESSES, scene, replace(PLAN, wrap_up=timedelta(seconds=60)))

    def test_only_a_conversation_can_be_left_for_a_flow(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(2.5)
            call = only(hall)
            with pytest.raises(Conflict):
                await hall.engine.supervisor.send_to_flow(call.id, MENU, "ana")
            await asyncio.sleep(100)
            with pytest.raises(NotFound):
                await hall.engine.supervisor.send_to_flow(call.id, MENU, "ana")

        play(replace(LISTENS), scene)


class TestInterruptions:
    @pytest.mark.parametrize("script", [replace(LISTENS, flow_s=30.0), PRESSES], ids=["in it", "waiting"])
    def test_another_engine_leaves_the_caller_where_they_are(self, script: Script) -> None:
        async def scene() -> None:
            async with floor(lambda _: script, contacts=1, agents=0, plan=IVR) as first:
                await asyncio.sleep(8)
                was = only(first).state
            first.telephony.link_up = False
            async with floor(
                lambda _: script,
                contacts=1,
                agents=0,
                plan=IVR,
                attempts=first.attempts,
                telephony=first.telephony,
            ) as second:
                await asyncio.sleep(2)
                assert only(second).state is was
                assert len(second.telephony.flows) == 1, "nobody was sent anywhere"
                second.agents.log_in("agent-1", second.engine._clock.now())
                await asyncio.sleep(3)
                if was is AttemptState.WAITING:
                    assert only(second).state is AttemptState.TALKING
                await asyncio.sleep(120)
                talked = was is AttemptState.WAITING
                assert second.attempts.ends() == [Disposition.CONNECTED if talked else Disposition.PLAYED]

        run(scene())

    def test_what_happened_while_the_link_was_down_is_seen_afterwards(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(3)
            assert only(hall).state is AttemptState.IN_FLOW
            hall.telephony.drop_link()
            await asyncio.sleep(3)  # wants an agent unheard
            hall.telephony.raise_link()
            await asyncio.sleep(1)
            assert only(hall).state is AttemptState.TALKING

        play(PRESSES, scene)

    def test_a_flow_that_goes_on_unheard_is_found_again(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(10)
            assert only(hall).state is AttemptState.WAITING
            hall.telephony.drop_link()
            await asyncio.sleep(18)
            hall.telephony.raise_link()
            await asyncio.sleep(1)
            assert only(hall).state is AttemptState.IN_FLOW

        play(PRESSES, scene, agents=0)


class TestLaw:
    @pytest.mark.parametrize("kind", list(ConsentKind))
    def test_selling_by_a_flow_needs_consent_in_writing(self, kind: ConsentKind) -> None:
        """A flow speaks with a recorded voice: 47 CFR 64.1200(a)(2), (a)(3)."""
        plan = replace(IVR, rules=CampaignRules(seller="Acme", seller_phone="+12025550100"))
        campaign = Campaign(CampaignId(1), CampaignState.RUNNING, plan)
        now = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # ten in the morning in New York
        book = CallRulesBook(load_rules().book)
        keeper = Gatekeeper(book, NoRegistries(), FixedHolidays(()), SystemClock())
        facts = DialFacts(
            ContactId(1), campaign.id, campaign.state, PhoneNumber(number(0)), ("America/New_York",), 1
        )
        asked = replace(facts, proof="a letter", consent=ConsentStanding(kind, 1, now - timedelta(days=1)))
        refusal = objection(keeper.case(campaign, "+12025550100", asked, now))
        missing = refusal is not None and refusal.reason is RefusalReason.CONSENT_MISSING
        assert missing == (kind is not ConsentKind.WRITTEN), refusal

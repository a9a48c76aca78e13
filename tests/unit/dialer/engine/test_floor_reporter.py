"""What a pacer hears of the floor: everything, once, in order, and not before the caller's bridge is ordered."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.events import LineSign
from dialer.domain.ids import AgentId, AttemptId
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.line_end import line_end
from dialer.pacing.pacer import Line, LineEnd, Presence
from dialer.telephony.fake import BUSY, RINGS_OUT, TALKS, Script
from tests.support.floor_in_virtual_time import PLAN, floor, number
from tests.support.pacers import Flood, Witness
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit


def test_a_call_from_dialling_to_wrap_up_in_order() -> None:
    async def scene() -> None:
        pacer = Witness()
        async with floor(lambda _: TALKS, contacts=1, agents=1, pacer=pacer) as hall:
            await asyncio.sleep(60)
            (line,) = hall.attempts.rows
            assert pacer.kinds(line) == ["dialled", "signalled", "answered", "joined", "ended"]
            assert pacer.details("signalled") == [LineSign.RINGING]
            assert pacer.details("joined") == [AgentId(1)]
            assert pacer.details("ended") == [LineEnd.PERSON]
            assert [presence for presence, _ in pacer.details("present")] == [
                Presence.READY,
                Presence.ON_CALL,
                Presence.WRAP_UP,
                Presence.READY,
            ]
            order = [(kind, detail) for kind, _, detail, _ in pacer.told]
            on_call = order.index(("present", (Presence.ON_CALL, False)))
            assert order[on_call - 1] == ("joined", 1), "whose call it is comes before that there is one"

    run(scene())


def test_the_bridge_is_ordered_before_the_pacer_hears_of_the_answer() -> None:
    async def scene() -> None:
        pacer = Witness()
        async with floor(lambda _: TALKS, contacts=1, agents=1, pacer=pacer) as hall:
            join, heard_before = hall.telephony.join, []

            async def noted(attempt: AttemptId, agent: AgentId, recording: str | None) -> None:
                heard_before.append("answered" in pacer.kinds(attempt))
                await join(attempt, agent, recording)

            hall.telephony.join = noted  # type: ignore[method-assign]
            await asyncio.sleep(10)
            assert heard_before == [False]
            assert len(pacer.details("answered")) == 1

    run(scene())


@pytest.mark.parametrize(
    ("script", "end"),
    [
        (BUSY, LineEnd.NOT_ANSWERED),
        (RINGS_OUT, LineEnd.NOT_ANSWERED),
        (Script(ring_s=None, end_s=1, cause=HangupCause(34, 503)), LineEnd.CARRIER_FAILED),
        (replace(TALKS, talk_s=1), LineEnd.PERSON),
    ],
)
def test_how_a_line_ended(script: Script, end: LineEnd) -> None:
    async def scene() -> None:
        pacer = Witness()
        async with floor(lambda _: script, contacts=1, agents=1, pacer=pacer):
            await asyncio.sleep(60)
            assert pacer.details("ended") == [end]

    run(scene())


def test_a_caller_without_an_agent_is_abandoned_when_the_message_begins_and_not_when_it_is_over() -> None:
    async def scene() -> None:
        pacer = _FloodedWitness()
        async with floor(lambda _: TALKS, contacts=1, agents=0, pacer=pacer):
            await asyncio.sleep(60)
            times = {kind: at for kind, _, _, at in pacer.told}
            assert pacer.details("ended") == [LineEnd.ABANDONED]
            assert times["ended"] - times["answered"] == pytest.approx(
                PLAN.answer_within.total_seconds(), abs=0.05
            )
            assert not pacer.waiting

    run(scene())


class _FloodedWitness(Witness):
    decide = Flood.decide

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []


def test_every_disposition_has_an_end() -> None:
    assert {each: line_end(each) for each in Disposition if line_end(each) is LineEnd.PERSON}.keys() == {
        Disposition.CONNECTED,
        Disposition.HUNG_UP,
        Disposition.DROPPED,
        Disposition.PLAYED,
        Disposition.DEAD_AIR,
        Disposition.WRONG_NUMBER,
        Disposition.NOT_INTERESTED,
        Disposition.DO_NOT_CALL,
        Disposition.CALLBACK,
        Disposition.ABROAD,
        Disposition.LEFT_QUEUE,
    }


def test_an_agent_who_asks_for_a_pause_in_a_call_is_leaving_and_one_who_takes_it_back_is_not() -> None:
    async def scene() -> None:
        pacer = Witness()
        script = replace(TALKS, talk_s=60)
        async with floor(lambda _: script, contacts=1, agents=1, pacer=pacer) as hall:
            await asyncio.sleep(10)
            for wish in (AgentState.PAUSED, AgentState.READY, AgentState.LOGGED_OUT):
                await hall.agents.wish(AgentId(1), wish, "", hall.engine._clock.now())
                await asyncio.sleep(5)
            await asyncio.sleep(60)
            assert pacer.details("present") == [
                (Presence.READY, False),
                (Presence.ON_CALL, False),
                (Presence.ON_CALL, True),
                (Presence.ON_CALL, False),
                (Presence.ON_CALL, True),
                (Presence.WRAP_UP, True),
                (Presence.AWAY, False),
            ]

    run(scene())


def test_only_the_admitted_are_dialled_and_the_others_are_put_back_unharmed() -> None:
    async def scene() -> None:
        pacer = Witness()
        pacer.admits = 1
        async with floor(lambda _: TALKS, contacts=5, agents=4, pacer=pacer) as hall:
            await asyncio.sleep(0.003)
            assert [permit.number.e164 for permit in hall.telephony.calls_placed] == []
            await asyncio.sleep(0.004)
            assert [permit.number.e164 for permit in hall.telephony.calls_placed] == [number(0)]
            pacer.admits = 0
            await asyncio.sleep(2)
            assert len(hall.telephony.calls_placed) == len(hall.attempts.rows)
            waiting = [c for c in hall.attempts.contacts.values() if c.state is ContactState.READY]
            assert len(waiting) == 5 - len(hall.telephony.calls_placed)
            assert {(contact.attempts, contact.due_at is None) for contact in waiting} == {(0, False)}
            pacer.admits = None
            await asyncio.sleep(200)
            assert hall.attempts.ends() == [Disposition.CONNECTED] * 5

    run(scene())


def test_a_list_whose_next_contacts_are_declined_is_not_claimed_two_hundred_times_a_second() -> None:
    async def scene() -> None:
        pacer = Witness()
        pacer.admits = 0
        async with floor(lambda _: TALKS, contacts=5, agents=1, pacer=pacer) as hall:
            for _ in range(1000):
                await asyncio.sleep(0.005)
                hall.engine.loop.wake()
            assert 0 < len(pacer.offered) <= 5 / 0.05 + 1

    run(scene())


def test_the_next_engine_s_pacer_sees_the_floor_as_it_is() -> None:
    async def scene() -> None:
        def script(called: PhoneNumber) -> Script:
            return replace(TALKS, talk_s=300) if called.e164 == number(0) else Script(answer_s=40, talk_s=300)

        plan = replace(PLAN, ring_for=timedelta(seconds=60))
        async with floor(script, contacts=3, agents=3, plan=plan) as first:
            await asyncio.sleep(10)
        pacer = Witness()
        async with floor(
            script,
            contacts=3,
            agents=3,
            plan=plan,
            pacer=pacer,
            attempts=first.attempts,
            telephony=first.telephony,
        ) as second:
            await asyncio.sleep(1)
            assert (len(pacer.ringing), len(pacer.talking), len(pacer.waiting)) == (2, 1, 0)
            states = sorted(second.agent_states().values())
            assert states == ["on_call", "ready", "ready"]
            assert (pacer.ready, pacer.agents[Presence.ON_CALL]) == (2, 1)
            times = {(kind, of): at for kind, of, _, at in pacer.told}
            (talking,) = pacer.talking
            assert times["dialled", talking] == pytest.approx(0.0, abs=0.1), (
                "when it was dialled, not taken over"
            )
            assert times["joined", talking] == pytest.approx(3.0, abs=0.1)
            agent = next(iter(pacer.details("joined")))
            assert times["present", agent] == pytest.approx(3.0, abs=0.1), "talking since then"
            await asyncio.sleep(60)
            assert (len(pacer.ringing), len(pacer.talking)) == (0, 3)
            assert second.attempts.ends() == []

    run(scene())


def test_a_pacer_that_fails_at_an_event_costs_no_call() -> None:
    class Broken(Witness):
        def answered(self, line: Line, now: float, wall: datetime) -> None:
            raise ZeroDivisionError("a pacer's own fault")

    async def scene() -> None:
        async with floor(lambda _: TALKS, contacts=3, agents=1, pacer=Broken()) as hall:
            await asyncio.sleep(300)
            assert hall.attempts.ends() == [Disposition.CONNECTED] * 3

    run(scene())


def test_features_are_those_of_the_called_party() -> None:
    async def scene() -> None:
        pacer = Witness()
        async with floor(lambda _: BUSY, contacts=1, agents=1, pacer=pacer):
            await asyncio.sleep(700)
            first, second = pacer.details("dialled")[:2]
            assert START.hour == 15
            assert (first.hour, first.weekday, first.area, first.trunk) == (10, 4, "1202", "main")
            assert (first.attempts, first.not_answered_before) == (0, 0)
            assert (second.attempts, second.not_answered_before, second.answered_before) == (1, 1, 0)

    run(scene())

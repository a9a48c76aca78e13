"""Dead air, one-way audio and no RTP in conversations; questions, and a polite end. In virtual time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from dialer.domain.air import Direction, Trouble
from dialer.domain.campaign import CampaignPlan
from dialer.domain.disposition import Disposition
from dialer.domain.listening_plan import ListeningPlan
from dialer.engine.floor_view import FloorView
from dialer.telephony.fake import ANNOUNCEMENT_S, Script
from tests.support import floor_in_virtual_time
from tests.support.floor_in_virtual_time import VirtualFloor
from tests.support.pacers import Flood
from tests.support.virtual_time import run

pytestmark = pytest.mark.unit

CALLER, AGENT = Direction.CALLER, Direction.AGENT
# without a recording there is none to announce, and time counts from the join
PLAN = replace(floor_in_virtual_time.PLAN, record=False)
floor = partial(floor_in_virtual_time.floor, plan=PLAN)
NOTED = PLAN
ASKED = replace(PLAN, listening=ListeningPlan(dead_air_prompt="ask", dead_air_goodbye="bye"))
NOBODY = Script(answer_s=1.0, talk_s=120.0, speaks=())
ANNOUNCED = replace(ASKED, record=True)
OF_AIR = ("dead_air", "one_way_audio", "no_rtp")


@asynccontextmanager
async def talking(script: Script, plan: CampaignPlan = NOTED, agents: int = 1) -> AsyncIterator[VirtualFloor]:
    async with floor(lambda _: script, contacts=1, agents=agents, plan=plan, pacer=Flood()) as hall:
        await asyncio.sleep(2.0)
        assert [call.state.value for call in hall.engine.supervisor.calls.values()] == ["talking"]
        yield hall


def told(hall: VirtualFloor) -> list[tuple[str, str]]:
    return [(line.kind, line.detail) for line in hall.attempts.lines if line.kind.startswith(OF_AIR)]


def kinds(hall: VirtualFloor) -> list[str]:
    return [kind for kind, _ in told(hall)]


def disposition(hall: VirtualFloor) -> Disposition | None:
    (found,) = hall.attempts.rows.values()
    return found.settlement.disposition if found.settlement is not None else None


def prompts(hall: VirtualFloor) -> list[str]:
    return [prompt for _, prompt in hall.telephony.said]


def trouble(hall: VirtualFloor) -> tuple[Trouble, Direction | None] | None:
    (desk,) = hall.engine.desks.all
    found = hall.engine.supervisor.air.trouble(desk.attempt)
    return None if found is None else (found.kind, found.direction)


async def for_s(seconds: float) -> None:
    await asyncio.sleep(seconds)


def test_a_conversation_in_which_both_speak_is_not_remarked_upon() -> None:
    turns = tuple((4.0 * n, (CALLER, AGENT)[n % 2], 3.5) for n in range(20))

    async def scene() -> None:
        async with talking(Script(answer_s=1.0, talk_s=70.0, speaks=turns), ASKED) as hall:
            await for_s(80)
            assert (told(hall), prompts(hall)) == ([], [])
            assert disposition(hall) is Disposition.CONNECTED

    run(scene())


def test_dead_air_is_noted_with_its_length_and_its_end_and_is_seen_meanwhile() -> None:
    speaks = ((0.0, CALLER, 3.0), (30.0, AGENT, 20.0))

    async def scene() -> None:
        async with talking(Script(answer_s=1.0, talk_s=45.0, speaks=speaks)) as hall:
            await for_s(15)
            assert trouble(hall) == (Trouble.DEAD_AIR, None)
            await for_s(18)
            assert trouble(hall) is None
            assert kinds(hall) == ["dead_air", "dead_air_over"]
            assert hall.engine.supervisor.air.totals == {Trouble.DEAD_AIR: 1}
            assert prompts(hall) == []
            await for_s(60)
            assert disposition(hall) is Disposition.CONNECTED

    run(scene())


@pytest.mark.parametrize(("gone", "speaks"), [(CALLER, AGENT), (AGENT, CALLER)])
def test_packets_from_one_side_alone_are_one_way_audio_and_nobody_is_asked(
    gone: Direction, speaks: Direction
) -> None:
    script = Script(
        answer_s=1.0, talk_s=60.0, speaks=((0.0, speaks, 100.0), (0.0, gone, 5.0)), rtp_until_s={gone: 5.0}
    )

    async def scene() -> None:
        async with talking(script, ASKED) as hall:
            await for_s(20)
            assert trouble(hall) == (Trouble.ONE_WAY, gone)
            ((kind, detail),) = told(hall)
            assert (kind, detail.startswith(f"nothing from the {gone}")) == ("one_way_audio", True)
            assert prompts(hall) == []

    run(scene())


def test_no_packets_at_all_is_the_network_and_nobody_is_asked() -> None:
    script = replace(NOBODY, rtp_until_s={CALLER: 3.0, AGENT: 3.0})

    async def scene() -> None:
        async with talking(script, ASKED) as hall:
            await for_s(60)
            assert kinds(hall) == ["no_rtp"]
            assert trouble(hall) == (Trouble.NO_RTP, None)
            assert prompts(hall) == []

    run(scene())


def test_a_listener_of_whom_packets_come_is_no_trouble() -> None:
    async def scene() -> None:
        async with talking(Script(answer_s=1.0, talk_s=90.0, speaks=((0.0, AGENT, 90.0),)), ASKED) as hall:
            await for_s(80)
            assert told(hall) == []

    run(scene())


def test_it_is_asked_twice_and_then_ended_politely_which_is_no_refusal() -> None:
    async def scene() -> None:
        async with talking(NOBODY, ASKED) as hall:
            await for_s(60)
            assert prompts(hall) == ["ask", "ask", "bye"]
            assert kinds(hall) == ["dead_air", "dead_air_asked", "dead_air_asked", "dead_air_ended"]
            assert [detail for kind, detail in told(hall) if kind == "dead_air_asked"] == ["1 of 2", "2 of 2"]
            assert disposition(hall) is Disposition.DEAD_AIR
            assert hall.engine.supervisor.totals == {("test", Disposition.DEAD_AIR): 1}
            assert set(hall.agent_states().values()) == {"ready"}

    run(scene())


def test_each_question_is_given_its_time_for_an_answer() -> None:
    """Found after 10 s, then twice a prompt of 3 s and 5 s for an answer, then the goodbye: 29 s, looked at each second."""

    async def scene() -> None:
        async with talking(NOBODY, ASKED) as hall:
            await for_s(10 + 2 * (ANNOUNCEMENT_S + 5) - 2)
            assert prompts(hall) == ["ask", "ask"]
            await for_s(4)
            assert prompts(hall) == ["ask", "ask", "bye"]
            assert set(hall.agent_states().values()) == {"on_call"}
            await for_s(6)
            assert set(hall.agent_states().values()) == {"wrap_up"}

    run(scene())


@pytest.mark.parametrize(("answered_s", "asked"), [(15.0, 1), (25.0, 2)])
def test_who_answers_is_not_sent_away(answered_s: float, asked: int) -> None:
    async def scene() -> None:
        script = replace(NOBODY, talk_s=60.0, speaks=((answered_s, CALLER, 60.0),))
        async with talking(script, ASKED) as hall:
            await for_s(70)
            assert prompts(hall) == ["ask"] * asked
            assert kinds(hall)[-1] == "dead_air_over"
            assert disposition(hall) is Disposition.CONNECTED

    run(scene())


def test_who_answers_the_goodbye_is_not_sent_away_either() -> None:
    async def scene() -> None:
        async with talking(replace(NOBODY, talk_s=60.0, speaks=((29.0, CALLER, 60.0),)), ASKED) as hall:
            await for_s(70)
            assert prompts(hall) == ["ask", "ask", "bye"]
            assert disposition(hall) is Disposition.CONNECTED

    run(scene())


def test_who_was_asked_and_answered_is_asked_as_often_again() -> None:
    async def scene() -> None:
        async with talking(replace(NOBODY, speaks=((15.0, AGENT, 3.0),)), ASKED) as hall:
            await for_s(70)
            assert prompts(hall) == ["ask", "ask", "ask", "bye"]
            assert disposition(hall) is Disposition.DEAD_AIR

    run(scene())


@pytest.mark.parametrize("leaves_s", [12.0, 15.0, 28.0])
def test_who_hangs_up_meanwhile_has_talked_with_an_agent(leaves_s: float) -> None:
    async def scene() -> None:
        async with talking(replace(NOBODY, talk_s=leaves_s), ASKED) as hall:
            await for_s(40)
            assert disposition(hall) is Disposition.CONNECTED
            assert len(prompts(hall)) <= 3

    run(scene())


def test_without_a_goodbye_it_is_asked_and_the_agent_decides() -> None:
    plan = replace(PLAN, listening=ListeningPlan(dead_air_prompt="ask"))

    async def scene() -> None:
        async with talking(replace(NOBODY, talk_s=60.0), plan) as hall:
            await for_s(70)
            assert prompts(hall) == ["ask", "ask"]
            assert disposition(hall) is Disposition.CONNECTED

    run(scene())


@pytest.mark.parametrize("dead", [["ask"], ["bye"]])
def test_nobody_is_sent_away_by_a_prompt_that_cannot_be_heard(dead: Sequence[str]) -> None:
    async def scene() -> None:
        async with talking(replace(NOBODY, talk_s=60.0), ASKED) as hall:
            hall.telephony.dead_prompts = set(dead)
            await for_s(70)
            assert kinds(hall)[-1] == "dead_air_prompt_failed"
            assert disposition(hall) is Disposition.CONNECTED

    run(scene())


def test_an_exchange_that_cannot_hear_is_not_taken_for_silence() -> None:
    async def scene() -> None:
        async with floor(
            lambda _: replace(NOBODY, talk_s=60.0), contacts=1, agents=1, plan=ASKED, pacer=Flood()
        ) as hall:
            hall.telephony.deaf = True
            await for_s(80)
            assert (told(hall), prompts(hall)) == ([], [])

    run(scene())


def test_a_campaign_that_does_not_watch_is_not_watched() -> None:
    plan = replace(PLAN, listening=ListeningPlan(dead_air=None))

    async def scene() -> None:
        async with talking(NOBODY, plan) as hall:
            await for_s(60)
            assert told(hall) == []

    run(scene())


def test_after_a_lost_link_it_begins_anew() -> None:
    async def scene() -> None:
        async with talking(NOBODY) as hall:
            await for_s(8)
            hall.telephony.drop_link()
            await for_s(20)
            hall.telephony.raise_link()
            await for_s(8)
            assert told(hall) == []
            await for_s(5)
            assert kinds(hall) == ["dead_air"]

    run(scene())


def test_an_engine_that_takes_over_asks_and_ends_by_itself() -> None:
    async def scene() -> None:
        async with talking(NOBODY, ASKED) as first:
            await for_s(14)
            assert prompts(first) == ["ask"]
        await for_s(1)
        async with floor(
            lambda _: NOBODY,
            contacts=1,
            agents=1,
            plan=ASKED,
            pacer=Flood(),
            attempts=first.attempts,
            telephony=first.telephony,
        ) as second:
            await for_s(50)
            assert prompts(second) == ["ask", "ask", "ask", "bye"]
            assert disposition(second) is Disposition.DEAD_AIR

    run(scene())


def test_a_conversation_whose_recording_is_announced_is_watched_from_the_announcements_end_on() -> None:
    async def scene() -> None:
        async with talking(NOBODY, ANNOUNCED) as hall:
            await for_s(ANNOUNCEMENT_S + 7)
            assert told(hall) == []
            await for_s(5)
            assert kinds(hall)[:1] == ["dead_air"]
            await for_s(60)
            assert prompts(hall) == ["ask", "ask", "bye"]
            assert disposition(hall) is Disposition.DEAD_AIR

    run(scene())


def test_who_listens_to_the_announcement_is_not_asked_to_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialer.telephony.fake.ANNOUNCEMENT_S", 8.0)
    plan = replace(ANNOUNCED, listening=replace(ASKED.listening, dead_air=timedelta(seconds=3)))
    script = replace(NOBODY, speaks=((9.0, CALLER, 100.0),))

    async def scene() -> None:
        async with talking(script, plan) as hall:
            await for_s(20)
            assert (told(hall), prompts(hall)) == ([], [])

    run(scene())


def test_an_announcement_that_cannot_be_played_leaves_the_conversation_watched() -> None:
    async def scene() -> None:
        async with floor(lambda _: NOBODY, contacts=1, agents=1, plan=ANNOUNCED, pacer=Flood()) as hall:
            hall.telephony.dead_prompts = {ANNOUNCED.announcement}
            await for_s(60)
            assert prompts(hall) == ["ask", "ask", "bye"]
            assert disposition(hall) is Disposition.DEAD_AIR

    run(scene())


def test_the_floor_shows_what_is_wrong_with_a_conversation() -> None:
    async def scene() -> None:
        async with talking(NOBODY) as hall:
            view = FloorView(hall.engine, hall.telephony, hall.campaigns, hall.engine._clock, "UTC")
            await for_s(13)
            (agent,) = view._take().agents
            assert agent.trouble is not None
            lasted = hall.engine._clock.now() - agent.trouble.since
            assert (agent.trouble.kind, timedelta(seconds=10) <= lasted) == (Trouble.DEAD_AIR, True)
            assert view.gauges().air == {Trouble.DEAD_AIR: 1}

    run(scene())

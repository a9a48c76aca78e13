"""What every telephony driver promises, on the scripted and the simulated one and on a real Asterisk with a carrier."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from uuid import uuid4

import pytest

from dialer.domain.air import Direction
from dialer.domain.disposition import Disposition, of_unanswered
from dialer.domain.events import (
    AnnouncementEnded,
    AnnouncementStarted,
    CallAnswered,
    CallEnded,
    CallerLeft,
    CallerWaiting,
    CallJoined,
    CallLeftAgent,
    DeskDown,
    DeskFree,
    DeskUp,
    FlowEnded,
    FlowStarted,
    LineEvidence,
    MessageStarted,
    OptedOut,
    PromptEnded,
    Spoke,
    WantsAgent,
)
from dialer.domain.ids import AgentId, AttemptId
from dialer.errors import Refused
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.ears import TapId
from dialer.ports.telephony import FlowOrder
from dialer.simulation.exchange import SimulatedExchange
from tests.support.exchange import (
    MESSAGE,
    Exchange,
    asterisk_exchange,
    fake_exchange,
    permit,
    simulated_exchange,
)

AGENT = AgentId(1)
ANNOUNCEMENT = "fairdial/recorded-en"


@pytest.fixture(
    params=[
        pytest.param("fake", marks=pytest.mark.contract),  # in real time: too slow for a unit test
        pytest.param("simulated", marks=pytest.mark.contract),
        pytest.param("asterisk", marks=pytest.mark.asterisk),
    ]
)
async def exchange(request: pytest.FixtureRequest) -> AsyncIterator[Exchange]:
    makers: dict[str, Callable[[], AbstractAsyncContextManager[Exchange]]] = {
        "fake": fake_exchange,
        "simulated": simulated_exchange,
        "asterisk": lambda: asterisk_exchange(request.getfixturevalue("centre")),
    }
    async with makers[request.param]() as ready:
        yield ready


async def answered(exchange: Exchange, behaviour: Behaviour = Behaviour.TONE_UNTIL_HUNG_UP) -> AttemptId:
    leave = permit(number(behaviour))
    await exchange.driver.originate(leave, MESSAGE)
    await exchange.wait(CallAnswered, attempt=leave.attempt)
    return leave.attempt


async def at_desk(exchange: Exchange, agent: AgentId = AGENT) -> None:
    await exchange.driver.connect_desk(agent, exchange.phones[agent - 1])
    await exchange.wait(DeskUp, agent=agent)


@pytest.mark.parametrize(
    ("behaviour", "disposition", "sip"),
    [
        (Behaviour.BUSY, Disposition.BUSY, 486),
        (Behaviour.REJECTS, Disposition.REJECTED, 403),
        (Behaviour.NOT_IN_SERVICE, Disposition.NOT_IN_SERVICE, 404),
        (Behaviour.CONGESTED, Disposition.CONGESTION, 503),
        (Behaviour.GIVEN_UP_BY_NETWORK, Disposition.NO_ANSWER, 480),
    ],
)
async def test_a_refused_call_ends_with_its_cause(
    exchange: Exchange, behaviour: Behaviour, disposition: Disposition, sip: int
) -> None:
    leave = permit(number(behaviour))
    await exchange.driver.originate(leave, MESSAGE)
    ended = await exchange.wait(CallEnded, attempt=leave.attempt)
    assert (of_unanswered(ended.cause), ended.cause.sip, ended.by_us) == (disposition, sip, False)
    assert not any(isinstance(event, CallAnswered) for event in exchange.of(leave.attempt))


async def test_no_ringing_is_cut_short_and_none_goes_on_for_ever(exchange: Exchange) -> None:
    left_alone = permit(number(Behaviour.RINGS_OUT, 1), ring_for=timedelta(seconds=16))
    hung_up_on = permit(number(Behaviour.RINGS_OUT, 2), ring_for=timedelta(seconds=60))
    for leave in (left_alone, hung_up_on):
        await exchange.driver.originate(leave, MESSAGE)
    rang = [await exchange.wait(LineEvidence, attempt=leave.attempt) for leave in (left_alone, hung_up_on)]
    await exchange.driver.hang_up(hung_up_on.attempt)
    ends = [
        await exchange.wait(CallEnded, within_s=25, attempt=leave.attempt)
        for leave in (left_alone, hung_up_on)
    ]
    full, least = (end.at - ringing.at for end, ringing in zip(ends, rang, strict=True))
    assert ends[0].by_us
    assert timedelta(seconds=16) <= full <= timedelta(seconds=18)
    assert timedelta(seconds=15) <= least <= timedelta(seconds=17)


async def test_a_call_that_sounds_foreign_ends_as_soon_as_its_permit_allows(exchange: Exchange) -> None:
    at_once = permit(number(Behaviour.RINGS_OUT, 3), on_foreign="hang_up_now")
    after_minimum = permit(number(Behaviour.RINGS_OUT, 4), ring_for=timedelta(seconds=60))
    never = permit(number(Behaviour.RINGS_OUT, 5), timedelta(seconds=18), on_foreign="flag_only")
    leaves = (at_once, after_minimum, never)
    for leave in leaves:
        await exchange.driver.originate(leave, MESSAGE)
    rang = [await exchange.wait(LineEvidence, attempt=leave.attempt) for leave in leaves]
    for leave in leaves:
        exchange.driver.sounds_foreign(leave.attempt)
    ends = [await exchange.wait(CallEnded, within_s=25, attempt=leave.attempt) for leave in leaves]
    rung = [end.at - ringing.at for end, ringing in zip(ends, rang, strict=True)]
    assert all(end.by_us for end in ends)
    assert rung[0] <= timedelta(seconds=2)
    assert timedelta(seconds=15) <= rung[1] <= timedelta(seconds=17)
    assert timedelta(seconds=18) <= rung[2] <= timedelta(seconds=20)


async def test_an_answered_call_is_joined_to_the_desk_and_the_desk_is_free_afterwards(
    exchange: Exchange,
) -> None:
    await at_desk(exchange)
    attempt = await answered(exchange)
    await exchange.driver.join(attempt, AGENT, None)
    joined = await exchange.wait(CallJoined, attempt=attempt)
    assert joined.agent == AGENT
    census = await exchange.driver.census()
    assert [(call.attempt, call.answered, call.agent) for call in census.calls] == [(attempt, True, AGENT)]
    await exchange.driver.hang_up(attempt)
    ended = await exchange.wait(CallEnded, attempt=attempt)
    assert ended.by_us
    await exchange.wait(DeskFree, agent=AGENT)
    assert (await exchange.driver.census()).desks == [AGENT]


async def test_one_desk_takes_one_call_after_the_other_without_being_dialled_again(
    exchange: Exchange,
) -> None:
    await at_desk(exchange)
    for _ in range(3):
        attempt = await answered(exchange)
        await exchange.driver.join(attempt, AGENT, None)
        await exchange.wait(CallJoined, attempt=attempt)
        await exchange.driver.hang_up(attempt)
        await exchange.wait(CallEnded, attempt=attempt)
    assert sum(isinstance(event, DeskUp) for event in exchange.events) == 1


async def test_when_the_phone_drops_the_caller_is_still_there_and_can_be_joined_again(
    exchange: Exchange,
) -> None:
    await at_desk(exchange)
    await at_desk(exchange, AgentId(2))
    attempt = await answered(exchange)
    await exchange.driver.join(attempt, AGENT, None)
    await exchange.wait(CallJoined, attempt=attempt)
    exchange.drop_phone(AGENT)
    await exchange.wait(CallLeftAgent, attempt=attempt)
    await exchange.wait(DeskDown, agent=AGENT)
    await exchange.driver.join(attempt, AgentId(2), None)
    await exchange.wait(CallJoined, attempt=attempt, agent=2)
    await exchange.driver.hang_up(attempt)
    await exchange.wait(CallEnded, attempt=attempt)


async def in_conversation(exchange: Exchange) -> AttemptId:
    await at_desk(exchange)
    attempt = await answered(exchange)
    await exchange.driver.join(attempt, AGENT, None)
    await exchange.wait(CallJoined, attempt=attempt)
    return attempt


async def test_an_announcement_is_spoken_into_the_conversation_which_goes_on(exchange: Exchange) -> None:
    attempt = await in_conversation(exchange)
    await exchange.driver.announce(attempt, ANNOUNCEMENT, f"{attempt}-1")
    began = await exchange.wait(AnnouncementStarted, attempt=attempt)
    ended = await exchange.wait(AnnouncementEnded, attempt=attempt)
    assert (ended.complete, began.at <= ended.at) == (True, True)
    census = await exchange.driver.census()
    assert [(call.attempt, call.agent) for call in census.calls] == [(attempt, AGENT)]
    await exchange.driver.hang_up(attempt)
    await exchange.wait(CallEnded, attempt=attempt)
    await exchange.wait(DeskFree, agent=AGENT)


async def test_who_hangs_up_during_an_announcement_leaves_a_free_desk(exchange: Exchange) -> None:
    attempt = await in_conversation(exchange)
    await exchange.driver.announce(attempt, MESSAGE, f"{attempt}-1")
    await exchange.wait(AnnouncementStarted, attempt=attempt)
    await exchange.driver.hang_up(attempt)
    await exchange.wait(CallEnded, attempt=attempt)
    await exchange.wait(DeskFree, within_s=5, agent=AGENT)


async def test_a_recording_is_paused_resumed_and_stopped_as_often_as_one_likes(exchange: Exchange) -> None:
    await at_desk(exchange)
    attempt = await answered(exchange)
    await exchange.driver.join(attempt, AGENT, f"{attempt}-1")
    await exchange.wait(CallJoined, attempt=attempt)
    for _ in range(2):
        await exchange.driver.pause_recording(attempt)
        await exchange.driver.pause_recording(attempt)
        await exchange.driver.resume_recording(attempt)
    await exchange.driver.stop_recording(attempt)
    await exchange.driver.hang_up(attempt)
    await exchange.wait(CallEnded, attempt=attempt)
    for command in (exchange.driver.pause_recording, exchange.driver.stop_recording):
        with pytest.raises(Refused):
            await command(attempt)


async def test_only_a_conversation_can_be_told(exchange: Exchange) -> None:
    attempt = await answered(exchange)
    with pytest.raises(Refused):
        await exchange.driver.announce(attempt, ANNOUNCEMENT, f"{attempt}-1")
    with pytest.raises(Refused):
        await exchange.driver.say(attempt, ANNOUNCEMENT)


async def test_the_message_is_played_and_the_call_then_ends(exchange: Exchange) -> None:
    attempt = await answered(exchange)
    await exchange.driver.play_message(attempt, MESSAGE)
    await exchange.wait(MessageStarted, attempt=attempt)
    await exchange.wait(CallEnded, within_s=40, attempt=attempt)


@pytest.fixture
def with_keys(exchange: Exchange) -> Exchange:
    if isinstance(exchange.driver, SimulatedExchange):
        pytest.skip("nobody presses a key in a simulation")
    return exchange


async def test_the_key_ends_the_call_at_once_and_is_told_until_it_is_forgotten(with_keys: Exchange) -> None:
    attempt = await answered(with_keys, Behaviour.PRESSES_NINE)
    await with_keys.driver.play_message(attempt, MESSAGE)
    pressed = await with_keys.wait(OptedOut, attempt=attempt)
    ended = await with_keys.wait(CallEnded, attempt=attempt)
    assert pressed.key == "9"
    assert timedelta(0) <= ended.at - pressed.at < timedelta(seconds=1)
    (kept,) = [each for each in await with_keys.driver.opt_outs() if each.attempt == attempt]
    assert (kept.key, abs(kept.at - pressed.at) < timedelta(seconds=2)) == ("9", True)
    await with_keys.driver.forget_opt_outs([attempt])
    assert attempt not in {each.attempt for each in await with_keys.driver.opt_outs()}


async def test_another_key_is_not_heard_and_the_message_goes_on(with_keys: Exchange) -> None:
    attempt = await answered(with_keys, Behaviour.PRESSES_FIVE)
    await with_keys.driver.play_message(attempt, MESSAGE)
    begun = await with_keys.wait(MessageStarted, attempt=attempt)
    ended = await with_keys.wait(CallEnded, within_s=40, attempt=attempt)
    assert ended.at - begun.at > timedelta(seconds=4.5)
    assert not any(isinstance(event, OptedOut) for event in with_keys.of(attempt))


def order(attempt: AttemptId, flow: str = "short") -> FlowOrder:
    known = {"name": 'Li, Lei) "李雷"\r\n${EPOCH}', "company": "x" * 2000}
    return FlowOrder(flow, f"{attempt}.{flow}", "+12025550143", "menu", known)


async def test_a_call_goes_through_a_flow_to_its_end(exchange: Exchange) -> None:
    attempt = await answered(exchange)
    await exchange.driver.send_to_flow(attempt, order(attempt))
    started = await exchange.wait(FlowStarted, attempt=attempt)
    (call,) = (await exchange.driver.census()).calls
    if not isinstance(exchange.driver, SimulatedExchange):
        assert (call.in_flow, call.wants_agent, call.agent) == (True, False, None)
    over = await exchange.wait(FlowEnded, attempt=attempt)
    ended = await exchange.wait(CallEnded, attempt=attempt)
    assert over.result == "done"
    assert started.at <= over.at <= ended.at
    if exchange.flows is not None:
        (asked,) = exchange.flows
        wanted = order(attempt)
        assert asked["session"] == wanted.session
        assert (asked["name"], asked["entry"], asked["caller"]) == ("short", "menu", wanted.caller)
        assert json.loads(asked["contact"]) == wanted.contact


async def test_out_of_a_conversation_into_a_flow_the_desk_is_free(exchange: Exchange) -> None:
    attempt = await in_conversation(exchange)
    await exchange.driver.send_to_flow(attempt, order(attempt))
    await exchange.wait(FlowStarted, attempt=attempt)
    await exchange.wait(DeskFree, within_s=2, agent=AGENT)
    await exchange.wait(CallEnded, attempt=attempt)
    assert (await exchange.driver.census()).desks == [AGENT]
    assert not any(isinstance(event, CallLeftAgent) for event in exchange.of(attempt))


async def test_a_flow_asks_for_an_agent_who_is_joined(with_keys: Exchange) -> None:
    await at_desk(with_keys)
    attempt = await answered(with_keys, Behaviour.PRESSES_FIVE)
    await with_keys.driver.send_to_flow(attempt, order(attempt, "press-one"))
    wants = await with_keys.wait(WantsAgent, attempt=attempt)
    assert (wants.queue, wants.within) == ("service", timedelta(seconds=3))
    (call,) = (await with_keys.driver.census()).calls
    assert (call.in_flow, call.wants_agent) == (True, True)
    await with_keys.driver.join(attempt, AGENT, None)
    await with_keys.wait(CallJoined, attempt=attempt, agent=AGENT)
    (call,) = (await with_keys.driver.census()).calls
    assert (call.in_flow, call.wants_agent, call.agent) == (False, False, AGENT)
    await with_keys.driver.hang_up(attempt)
    await with_keys.wait(CallEnded, attempt=attempt)
    await with_keys.wait(DeskFree, agent=AGENT)


async def test_when_no_agent_comes_the_flow_goes_on(with_keys: Exchange) -> None:
    attempt = await answered(with_keys, Behaviour.PRESSES_FIVE)
    await with_keys.driver.send_to_flow(attempt, order(attempt, "press-one"))
    wants = await with_keys.wait(WantsAgent, attempt=attempt)
    over = await with_keys.wait(FlowEnded, attempt=attempt)
    await with_keys.wait(CallEnded, attempt=attempt)
    again = [event for event in with_keys.of(attempt) if isinstance(event, FlowStarted)]
    assert len(again) == 2
    assert timedelta(seconds=2.5) < again[1].at - wants.at < timedelta(seconds=5)
    assert over.at >= again[1].at
    if with_keys.flows is not None:
        assert [asked.get("outcome", "") for asked in with_keys.flows] == ["", "NOANSWER"]


async def test_what_is_gone_goes_through_no_flow(exchange: Exchange) -> None:
    with pytest.raises(Refused):
        await exchange.driver.send_to_flow(AttemptId(uuid4()), order(AttemptId(uuid4())))


@pytest.fixture
def with_sound(exchange: Exchange) -> Exchange:
    if isinstance(exchange.driver, SimulatedExchange):
        pytest.skip("there is nothing to hear in a simulation")
    return exchange


async def in_tones(exchange: Exchange, behaviour: Behaviour) -> AttemptId:
    """A conversation with an agent whose phone plays a tone."""
    desk = AgentId(exchange.phones.index("tone-101") + 1)
    await at_desk(exchange, desk)
    attempt = await answered(exchange, behaviour)
    await exchange.driver.join(attempt, desk, None)
    await exchange.wait(CallJoined, attempt=attempt)
    return attempt


def speaking(exchange: Exchange, attempt: AttemptId) -> set[Direction]:
    told = [event for event in exchange.of(attempt) if isinstance(event, Spoke)]
    return {event.direction for event in told if event.speaking}


async def per_s(exchange: Exchange, attempt: AttemptId) -> tuple[float, float]:
    """Packets from the caller and from the agent."""
    before = (await exchange.driver.packets([attempt]))[attempt]
    await asyncio.sleep(1.5)
    after = (await exchange.driver.packets([attempt, AttemptId(uuid4())]))[attempt]
    return (after.caller - before.caller) / 1.5, (after.agent - before.agent) / 1.5


async def test_who_speaks_is_told_of_both_sides(with_sound: Exchange) -> None:
    attempt = await in_tones(with_sound, Behaviour.TONE_UNTIL_HUNG_UP)
    await with_sound.driver.watch_air(attempt)
    for direction in Direction:
        await with_sound.wait(Spoke, within_s=3, attempt=attempt, direction=direction, speaking=True)
    caller, agent = await per_s(with_sound, attempt)
    assert (30 < caller < 70, 30 < agent < 70) == (True, True)


async def test_who_says_nothing_is_not_told_of_though_packets_come(with_sound: Exchange) -> None:
    attempt = await in_tones(with_sound, Behaviour.SAYS_NOTHING)
    await with_sound.driver.watch_air(attempt)
    caller, agent = await per_s(with_sound, attempt)
    assert (30 < caller < 70, 30 < agent < 70) == (True, True)
    assert speaking(with_sound, attempt) == {Direction.AGENT}


async def test_a_line_that_sends_nothing_has_no_packets(with_sound: Exchange) -> None:
    attempt = await in_tones(with_sound, Behaviour.SENDS_NOTHING)
    caller, agent = await per_s(with_sound, attempt)
    assert (caller, 30 < agent < 70) == (0, True)


async def test_what_is_not_watched_is_not_told_of_and_can_be_watched_again(with_sound: Exchange) -> None:
    attempt = await in_tones(with_sound, Behaviour.TONE_UNTIL_HUNG_UP)
    await with_sound.driver.unwatch_air(attempt)
    for _ in range(2):
        await with_sound.driver.watch_air(attempt)
        await with_sound.wait(Spoke, within_s=3, attempt=attempt, speaking=True)
    await with_sound.driver.unwatch_air(attempt)
    with_sound.events.clear()
    await asyncio.sleep(1)
    assert speaking(with_sound, attempt) == set()
    await with_sound.driver.watch_air(attempt)
    await with_sound.wait(Spoke, within_s=3, attempt=attempt, speaking=True)
    await with_sound.driver.hang_up(attempt)
    await with_sound.wait(CallEnded, attempt=attempt)
    await with_sound.driver.unwatch_air(attempt)
    await with_sound.driver.watch_air(attempt)
    assert await with_sound.driver.packets([attempt]) == {}


async def test_a_prompt_is_said_into_the_conversation_one_at_a_time(with_sound: Exchange) -> None:
    attempt = await in_conversation(with_sound)
    await with_sound.driver.say(attempt, ANNOUNCEMENT)
    with pytest.raises(Refused):
        await with_sound.driver.say(attempt, ANNOUNCEMENT)
    assert (await with_sound.wait(PromptEnded, attempt=attempt)).complete
    with_sound.events.clear()
    await with_sound.driver.say(attempt, ANNOUNCEMENT)
    assert (await with_sound.wait(PromptEnded, attempt=attempt)).complete
    assert [call.agent for call in (await with_sound.driver.census()).calls] == [AGENT]
    assert not any(isinstance(event, AnnouncementStarted) for event in with_sound.events)


async def ringing_in_band(exchange: Exchange, nth: int) -> AttemptId:
    leave = permit(number(Behaviour.EARLY_MEDIA, nth))
    await exchange.driver.originate(leave, MESSAGE)
    await exchange.wait(LineEvidence, attempt=leave.attempt)
    return leave.attempt


async def test_a_line_is_heard_before_the_answer_and_after_it(with_sound: Exchange) -> None:
    tap = TapId(uuid4())
    attempt = await ringing_in_band(with_sound, 1)
    await with_sound.driver.tap(attempt, tap, with_sound.ears)
    await with_sound.until_listening(tap)
    if with_sound.receiver is not None:
        # it rings for 2 s at the least, and the tone for no longer
        early = await with_sound.receiver.frames(tap, 20)
        assert {len(frame) for frame in early.frames} == {320}
        assert early.loudness(last=20) > 1000
        assert not any(isinstance(event, CallAnswered) for event in with_sound.of(attempt))
    await with_sound.wait(CallAnswered, attempt=attempt)
    assert with_sound.listening() == {tap}
    if with_sound.receiver is not None:
        stream = await with_sound.receiver.frames(tap, len(with_sound.receiver.streams[tap].came) + 50)
        assert 45 < stream.per_s < 51
        assert stream.loudness(last=50) > 100
    await with_sound.driver.hang_up(attempt)
    await with_sound.wait(CallEnded, attempt=attempt)
    await with_sound.until_listening()


async def test_a_line_can_be_listened_to_no_more_and_again(with_sound: Exchange) -> None:
    first, second, third = (TapId(uuid4()) for _ in range(3))
    attempt = await answered(with_sound)
    await with_sound.driver.untap(attempt)
    await with_sound.driver.tap(attempt, first, with_sound.ears)
    await with_sound.until_listening(first)
    await with_sound.driver.tap(attempt, second, with_sound.ears)
    await with_sound.until_listening(second)
    await with_sound.driver.untap(attempt)
    await with_sound.until_listening()
    await with_sound.driver.untap(attempt)
    await with_sound.driver.tap(attempt, third, with_sound.ears)
    await with_sound.until_listening(third)
    assert not any(isinstance(event, CallEnded) for event in with_sound.of(attempt))
    await with_sound.driver.hang_up(attempt)
    await with_sound.until_listening()


async def test_what_was_tapped_and_untapped_in_one_breath_is_not_heard(with_sound: Exchange) -> None:
    attempts = [await ringing_in_band(with_sound, nth) for nth in range(2, 5)]
    for attempt in attempts:
        await with_sound.driver.tap(attempt, TapId(uuid4()), with_sound.ears)
        await with_sound.driver.untap(attempt)
    await asyncio.sleep(0.5)
    assert with_sound.listening() == set()


async def test_a_call_that_is_gone_cannot_be_tapped(exchange: Exchange) -> None:
    attempt = await answered(exchange)
    await exchange.driver.hang_up(attempt)
    await exchange.wait(CallEnded, attempt=attempt)
    for gone in (attempt, AttemptId(uuid4())):
        with pytest.raises(Refused):
            await exchange.driver.tap(gone, TapId(uuid4()), exchange.ears)
        await exchange.driver.untap(gone)


async def test_joining_what_is_gone_is_refused(exchange: Exchange) -> None:
    await at_desk(exchange)
    attempt = await answered(exchange)
    await exchange.driver.hang_up(attempt)
    await exchange.wait(CallEnded, attempt=attempt)
    with pytest.raises(Refused):
        await exchange.driver.join(attempt, AGENT, None)
    with pytest.raises(Refused):
        await exchange.driver.play_message(AttemptId(uuid4()), MESSAGE)
    with pytest.raises(Refused):
        await exchange.driver.join(await answered(exchange), AgentId(99), None)


async def test_each_call_ends_exactly_once(exchange: Exchange) -> None:
    behaviours = [Behaviour.BUSY, Behaviour.CONGESTED, Behaviour.REJECTS, Behaviour.TONE]
    leaves = [permit(number(behaviour)) for behaviour in behaviours for _ in range(3)]
    await asyncio.gather(*(exchange.driver.originate(leave, MESSAGE) for leave in leaves))
    for leave in leaves:
        await exchange.wait(CallEnded, within_s=20, attempt=leave.attempt)
    await asyncio.sleep(1.5)  # a late second report would come within a second
    ends = [event.attempt for event in exchange.events if isinstance(event, CallEnded)]
    assert sorted(map(str, ends)) == sorted(str(leave.attempt) for leave in leaves)
    assert (await exchange.driver.census()).calls == []


# --- who calls us -------------------------------------------------------------------------------------------------------


def answers_callers(exchange: Exchange) -> None:
    if isinstance(exchange.driver, SimulatedExchange):
        pytest.skip("nobody calls in here")


async def waiting(exchange: Exchange, within_s: int = 60) -> CallerWaiting:
    exchange.call_in("service", within_s)
    return await exchange.wait(CallerWaiting)


async def taken(exchange: Exchange, within_s: int = 60) -> tuple[AttemptId, str]:
    told, attempt = await waiting(exchange, within_s), AttemptId(uuid4())
    exchange.driver.take_caller(attempt, told.channel)
    return attempt, told.channel


async def test_a_caller_who_waits_is_told_of_and_is_joined_as_any_call(exchange: Exchange) -> None:
    answers_callers(exchange)
    await at_desk(exchange)
    told = await waiting(exchange)
    assert (told.queue, told.number, told.priority) == ("service", "+12025550143", 3)
    assert told.within == timedelta(seconds=60)
    attempt = AttemptId(uuid4())
    exchange.driver.take_caller(attempt, told.channel)
    await exchange.driver.join(attempt, AGENT, f"{attempt}-1")
    await exchange.wait(CallJoined, attempt=attempt, agent=AGENT)
    census = await exchange.driver.census()
    assert [(call.attempt, call.answered, call.agent) for call in census.calls] == [(attempt, True, AGENT)]
    await exchange.driver.pause_recording(attempt)
    await exchange.driver.resume_recording(attempt)
    await exchange.driver.say(attempt, ANNOUNCEMENT)
    await exchange.wait(PromptEnded, attempt=attempt, complete=True)


async def test_whose_conversation_is_ended_goes_on_in_the_flow_and_is_in_nobodys_hands(
    exchange: Exchange,
) -> None:
    answers_callers(exchange)
    await at_desk(exchange)
    attempt, _ = await taken(exchange)
    await exchange.driver.join(attempt, AGENT, None)
    await exchange.wait(CallJoined, attempt=attempt)
    await exchange.driver.hang_up(attempt)
    await exchange.wait(FlowStarted, attempt=attempt)
    await exchange.wait(DeskFree, agent=AGENT)
    exchange.driver.forget(attempt)
    assert not any(isinstance(event, CallEnded) for event in exchange.of(attempt))
    with pytest.raises(Refused):
        await exchange.driver.join(attempt, AGENT, None)


async def test_when_the_agents_phone_drops_the_callers_flow_goes_on(exchange: Exchange) -> None:
    answers_callers(exchange)
    await at_desk(exchange)
    attempt, _ = await taken(exchange)
    await exchange.driver.join(attempt, AGENT, None)
    await exchange.wait(CallJoined, attempt=attempt)
    exchange.drop_phone(AGENT)
    await exchange.wait(FlowStarted, attempt=attempt)
    exchange.driver.forget(attempt)


async def test_who_has_waited_long_enough_goes_on_in_the_flow(exchange: Exchange) -> None:
    answers_callers(exchange)
    attempt, _ = await taken(exchange, within_s=2)
    await exchange.wait(FlowStarted, attempt=attempt)
    exchange.driver.forget(attempt)


async def test_who_left_before_cannot_be_taken(exchange: Exchange) -> None:
    answers_callers(exchange)
    told = await waiting(exchange, within_s=1)
    await exchange.wait(CallerLeft, channel=told.channel)
    with pytest.raises(Refused):
        exchange.driver.take_caller(AttemptId(uuid4()), told.channel)


async def test_the_census_tells_of_callers_in_nobodys_hand_again_and_keeps_those_taken(
    exchange: Exchange,
) -> None:
    answers_callers(exchange)
    first, channel = await taken(exchange)
    exchange.events.clear()
    told = await waiting(exchange)
    exchange.events.clear()
    census = await exchange.driver.census()
    assert [(call.attempt, call.agent, call.wants_agent) for call in census.calls] == [(first, None, True)]
    assert [event for event in exchange.events if isinstance(event, CallerWaiting)] == [told]
    assert told.channel != channel

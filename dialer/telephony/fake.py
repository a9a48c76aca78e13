"""A scripted exchange: what each number does is told beforehand. It obeys the same contract as the real drivers.

Time is the running loop's, so under a loop with virtual time an hour of calls takes milliseconds.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from dialer.clock import Clock
from dialer.compliance.gate import DialPermit
from dialer.domain.air import Direction
from dialer.domain.disposition import HangupCause
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
    FlowHeard,
    FlowStarted,
    LineEvidence,
    LineSign,
    LinkLost,
    LinkUp,
    MessageStarted,
    OptedOut,
    PromptEnded,
    Spoke,
    TelephonyEvent,
    WantsAgent,
)
from dialer.domain.ids import AgentId, AttemptId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import LinkDown, Refused
from dialer.ports.ears import TapId
from dialer.ports.telephony import AdoptedCall, Census, EventSink, FlowOrder, LiveCall, Packets
from dialer.telephony.ring_watch import RingWatch

MESSAGE_S = 5.0
ANNOUNCEMENT_S = 3.0
PACKETS_PER_S = 50
PAUSE_S = 0.5

_BOTH = ((0.0, Direction.CALLER, 3600.0), (0.0, Direction.AGENT, 3600.0))


@dataclass(frozen=True, slots=True)
class Script:
    """Seconds from dialling; None: it never happens. `talk_s` is how long the callee stays after the answer.

    `presses_s`: so long after the message began the opt-out key is pressed. `speaks`: so many seconds after the join, who, for
    how long. `rtp_until_s`: so long after it packets come, from whom they end at all.
    """

    ring_s: float | None = 0.5
    answer_s: float | None = None
    talk_s: float = 30.0
    end_s: float | None = None
    cause: HangupCause = field(default_factory=HangupCause)
    presses_s: float | None = None
    sign: LineSign = LineSign.RINGING  # what is signalled after `ring_s`
    flow_heard_s: float = 2.0  # in a flow: when its first words are over
    flow_s: float = 8.0  # and when it ends, counted anew when it goes on after an agent was sought
    wants_agent_s: float | None = None  # and when it asks for an agent
    wants_within_s: float = 20.0  # how long it waits for one
    speaks: Sequence[tuple[float, Direction, float]] = _BOTH
    rtp_until_s: Mapping[Direction, float] = field(default_factory=dict)


BUSY = Script(ring_s=None, end_s=0.2, cause=HangupCause(17, 486, "User busy"))
RINGS_OUT = Script()
TALKS = Script(answer_s=3.0)


class _NotSent(LinkDown):
    sent = False


@dataclass(slots=True)
class _Call:
    attempt: AttemptId
    watch: RingWatch
    script: Script
    answered: bool = False
    agent: AgentId | None = None
    ended_by_us: bool = False
    muted: bool = False
    recorded: bool = False
    in_flow: bool = False
    wants: bool = False
    flow_timers: list[asyncio.TimerHandle] = field(default_factory=list)
    joined_s: float = 0.0
    watched: bool = False
    saying: str | None = None
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    channel: str = ""  # of one that called us
    wanted: AgentId | None = None  # who alone is waited for


@dataclass(slots=True)
class _Caller:
    """Waits, and is in nobody's hand yet."""

    told: CallerWaiting
    script: Script
    ends_at: float  # when the flow goes on
    leaves_at: float | None
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class FakeTelephony:
    """`calls_placed` lists every permit that was dialled, in order; `taps` the calls that are listened to; `went_on` those
    who called us and whose flow went on, with how the transfer ended.
    """

    def __init__(self, script: Callable[[PhoneNumber], Script], sink: EventSink, clock: Clock) -> None:
        self._script, self._sink, self._clock = script, sink, clock
        self._calls: dict[AttemptId, _Call] = {}
        self._desks: set[AgentId] = set()
        self.calls_placed: list[DialPermit] = []
        self.ended_after_s: dict[AttemptId, float] = {}
        self.taps: dict[AttemptId, TapId] = {}
        self.dead_phones: set[str] = set()
        self._opt_outs: dict[AttemptId, OptedOut] = {}
        self.dead_prompts: set[str] = set()
        self.said: list[tuple[AttemptId, str]] = []
        self.deaf = False  # nobody is told who speaks
        self.keeps_listening = False  # no pause of a recording is acknowledged
        self.flows: list[tuple[AttemptId, FlowOrder]] = []
        self._callers: dict[str, _Caller] = {}
        self._left_unseen: list[str] = []
        self.went_on: list[tuple[str, str]] = []
        self.link_up = False
        self.reconnects = 0

    @property
    def problem(self) -> str | None:
        return None if self.link_up else "the link was taken down"

    @property
    def trunks(self) -> Sequence[TrunkName]:
        return (TrunkName("main"),)

    def raise_link(self) -> None:
        self.link_up = True
        self._sink(LinkUp(self._clock.now()))

    def drop_link(self) -> None:
        """Calls go on, but nobody hears of them."""
        self.link_up, self.reconnects = False, self.reconnects + 1
        self._sink(LinkLost(self._clock.now(), "dropped"))

    # --- calls --------------------------------------------------------------------------------------------------------

    async def originate(self, permit: DialPermit, message: str) -> None:
        self._need_link()
        script = self._script(permit.number)
        foreign = permit.foreign_after
        call = self._enter(
            permit.attempt,
            permit.ring_for.total_seconds(),
            permit.ring_minimum.total_seconds(),
            script,
            None if foreign is None else foreign.total_seconds(),
        )
        self.calls_placed.append(permit)
        self._later(call, script.ring_s, self._ring)
        self._later(call, script.answer_s, self._answer)
        self._later(call, script.end_s, lambda each: self._end(each, script.cause))

    def _enter(
        self,
        attempt: AttemptId,
        ring_for_s: float,
        minimum_s: float,
        script: Script,
        foreign_after_s: float | None = None,
    ) -> _Call:
        def give_up() -> None:
            call.ended_by_us = True
            self._end(call, HangupCause(16))

        watch = RingWatch(self._clock, ring_for_s, minimum_s, give_up, foreign_after_s)
        call = self._calls[attempt] = _Call(attempt, watch, script)
        watch.start()
        return call

    def _later(self, call: _Call, after_s: float | None, do: Callable[[_Call], None]) -> None:
        if after_s is not None:
            call.timers.append(asyncio.get_running_loop().call_later(after_s, do, call))

    def _ring(self, call: _Call) -> None:
        call.watch.signed(call.script.sign)
        self._tell(LineEvidence(call.attempt, self._clock.now(), call.script.sign))

    def _answer(self, call: _Call) -> None:
        call.answered = True
        call.watch.stop()
        self._later(call, call.script.talk_s, lambda each: self._end(each, HangupCause(16)))
        self._tell(CallAnswered(call.attempt, self._clock.now()))

    def _end(self, call: _Call, cause: HangupCause) -> None:
        if self._calls.pop(call.attempt, None) is None:
            return
        call.watch.stop()
        self.taps.pop(call.attempt, None)
        _cancel(call.timers + call.flow_timers)
        self._tell(CallEnded(call.attempt, self._clock.now(), cause, call.ended_by_us))
        if call.agent is not None:
            self._tell(DeskFree(call.agent, self._clock.now()))

    async def join(self, attempt: AttemptId, agent: AgentId, recording: str | None) -> None:
        self._need_link()
        call = self._need(attempt)
        if agent not in self._desks or not call.answered:
            raise Refused("the agent's phone is gone" if call.answered else "the call is not answered")
        if call.in_flow and not call.wants:
            raise Refused("the call is in a flow")
        _cancel(call.flow_timers)
        call.in_flow = call.wants = False
        call.agent, call.recorded, call.muted = agent, recording is not None, False
        call.joined_s = self._clock.monotonic()
        if call.channel:
            self._later(call, call.script.talk_s, lambda each: self._end(each, HangupCause(16)))
        self._tell(CallJoined(attempt, agent, self._clock.now()))

    async def announce(self, attempt: AttemptId, prompt: str, recording: str) -> None:
        self._need_link()
        call = self._need(attempt)
        if call.agent is None:
            raise Refused("the call has no agent")
        call.recorded = prompt not in self.dead_prompts
        self._tell(AnnouncementStarted(attempt, self._clock.now()))
        if call.recorded:
            self._later(call, ANNOUNCEMENT_S, self._announced)
        else:
            self._tell(AnnouncementEnded(attempt, self._clock.now(), False))

    def _announced(self, call: _Call) -> None:
        if call.agent is not None:
            self._tell(AnnouncementEnded(call.attempt, self._clock.now(), True))

    async def say(self, attempt: AttemptId, prompt: str) -> None:
        self._need_link()
        call = self._need(attempt)
        if call.agent is None or call.saying is not None:
            raise Refused(
                "the call has no agent" if call.agent is None else "something is being said already"
            )
        call.saying = prompt
        self.said.append((attempt, prompt))
        self._later(call, 0.1 if prompt in self.dead_prompts else ANNOUNCEMENT_S, self._said)

    def _said(self, call: _Call) -> None:
        prompt, call.saying = call.saying, None
        if call.agent is not None:
            self._tell(PromptEnded(call.attempt, self._clock.now(), prompt not in self.dead_prompts))

    # --- who speaks ---------------------------------------------------------------------------------------------------

    async def watch_air(self, attempt: AttemptId) -> None:
        self._need_link()
        call = self._calls.get(attempt)
        if call is None or call.agent is None:
            return
        if self.deaf:
            raise Refused("nothing is heard here")
        fresh, call.watched = not call.watched, True
        since = self._clock.monotonic() - call.joined_s
        for begin, direction, lasted in call.script.speaks:
            if begin <= since < begin + lasted:
                self._spoke(call, direction, True)
            elif since < begin and fresh:
                self._later(call, begin - since, partial(self._spoke, direction=direction, speaking=True))
            if since < begin + lasted and fresh:
                self._later(
                    call,
                    begin + lasted - since + PAUSE_S,
                    partial(self._spoke, direction=direction, speaking=False, lasted_s=lasted),
                )

    def _spoke(self, call: _Call, direction: Direction, speaking: bool, lasted_s: float = 0.0) -> None:
        if call.watched and call.agent is not None:
            now, lasted = self._clock.now(), timedelta(seconds=lasted_s)
            self._tell(Spoke(call.attempt, now, direction, speaking, lasted))

    async def unwatch_air(self, attempt: AttemptId) -> None:
        if (call := self._calls.get(attempt)) is not None:
            call.watched = False

    async def packets(self, attempts: Collection[AttemptId]) -> Mapping[AttemptId, Packets]:
        self._need_link()
        there = [call for each in attempts if (call := self._calls.get(each)) is not None]
        return {call.attempt: self._packets(call) for call in there if call.agent is not None}

    def _packets(self, call: _Call) -> Packets:
        since_s = self._clock.monotonic() - call.joined_s
        until = call.script.rtp_until_s
        came = (min(since_s, until.get(each, since_s)) for each in (Direction.CALLER, Direction.AGENT))
        caller, agent = (int(seconds * PACKETS_PER_S) for seconds in came)
        return Packets(caller, agent)

    async def pause_recording(self, attempt: AttemptId) -> None:
        self._need_link()
        call = self._need(attempt)
        if self.keeps_listening:
            raise Refused("no answer to the pause")
        call.muted = True

    async def resume_recording(self, attempt: AttemptId) -> None:
        self._need_link()
        self._need(attempt).muted = False

    async def stop_recording(self, attempt: AttemptId) -> None:
        self._need_link()
        self._need(attempt).recorded = False

    async def play_message(self, attempt: AttemptId, message: str) -> None:
        self._need_link()
        call = self._need(attempt)
        self._tell(MessageStarted(attempt, self._clock.now()))
        self._later(call, call.script.presses_s, self._press)
        self._later(call, MESSAGE_S, lambda each: self._end(each, HangupCause(16)))

    def _press(self, call: _Call) -> None:
        pressed = OptedOut(call.attempt, self._clock.now(), "9")
        self._opt_outs[call.attempt] = pressed
        self._tell(pressed)
        self._end(call, HangupCause(16))

    async def send_to_flow(self, attempt: AttemptId, order: FlowOrder) -> None:
        self._need_link()
        call = self._need(attempt)
        if not call.answered:
            raise Refused("the call is not answered")
        self.flows.append((attempt, order))
        self._go_through(call, again=False)

    def _go_through(self, call: _Call, *, again: bool) -> None:
        agent, call.agent, call.in_flow, call.wants = call.agent, None, True, False
        now, loop, script = self._clock.now(), asyncio.get_running_loop(), call.script
        self._tell(FlowStarted(call.attempt, now))
        if agent is not None:
            self._tell(DeskFree(agent, now))
        call.flow_timers = [
            loop.call_later(
                script.flow_heard_s, lambda: self._tell(FlowHeard(call.attempt, self._clock.now()))
            ),
            loop.call_later(script.flow_s, self._flow_ended, call),
        ]
        if script.wants_agent_s is not None and not again:
            call.flow_timers.append(loop.call_later(script.wants_agent_s, self._wants_agent, call))

    def _flow_ended(self, call: _Call) -> None:
        self._tell(FlowEnded(call.attempt, self._clock.now(), "done"))
        self._end(call, HangupCause(16))

    def _wants_agent(self, call: _Call) -> None:
        _cancel(call.flow_timers)
        call.wants = True
        within_s = call.script.wants_within_s
        call.flow_timers = [
            asyncio.get_running_loop().call_later(within_s, lambda: self._go_through(call, again=True))
        ]
        self._tell(WantsAgent(call.attempt, self._clock.now(), "service", timedelta(seconds=within_s)))

    # --- who calls us -------------------------------------------------------------------------------------------------

    def call_in(
        self,
        queue: str,
        number: str,
        *,
        within_s: float = 60.0,
        leaves_s: float | None = None,
        talk_s: float = 30.0,
        priority: int = 0,
        agent: AgentId | None = None,
    ) -> str:
        """Out of a flow into the queue, or for this `agent` alone. `leaves_s`: hangs up after so long without an agent. Gives
        the channel."""
        channel, now = f"in-{len(self._callers) + len(self._calls)}-{number}", self._clock.monotonic()
        told = CallerWaiting(
            channel,
            self._clock.now(),
            queue,
            f"session-{channel}",
            number,
            "",
            priority,
            timedelta(seconds=within_s),
            agent,
        )
        leaves_at = None if leaves_s is None else now + leaves_s
        caller = _Caller(told, Script(talk_s=talk_s), now + within_s, leaves_at)
        self._callers[channel] = caller
        loop = asyncio.get_running_loop()
        caller.timers = [loop.call_later(within_s, self._left, channel)]
        if leaves_s is not None:
            caller.timers.append(loop.call_later(leaves_s, self._left, channel))
        self._tell(told)
        return channel

    def _left(self, channel: str) -> None:
        caller = self._callers.pop(channel)
        _cancel(caller.timers)
        self.went_on.append((channel, "no_answer"))
        if self.link_up:
            self._tell(CallerLeft(channel, self._clock.now()))
        else:
            self._left_unseen.append(channel)

    def take_caller(self, attempt: AttemptId, channel: str) -> None:
        caller = self._callers.pop(channel, None)
        if caller is None:
            raise Refused("the caller is gone")
        _cancel(caller.timers)
        watch = RingWatch(self._clock, 60, 15, lambda: None)
        call = _Call(attempt, watch, caller.script, answered=True, in_flow=True, wants=True, channel=channel)
        call.wanted = caller.told.agent
        self._calls[attempt] = call
        now, loop = self._clock.monotonic(), asyncio.get_running_loop()
        call.flow_timers = [loop.call_later(caller.ends_at - now, self._go_on, call)]
        if caller.leaves_at is not None:
            hang_up = partial(self._end, call, HangupCause(16))
            call.flow_timers.append(loop.call_later(caller.leaves_at - now, hang_up))

    def _go_on(self, call: _Call) -> None:
        """The flow of who called us."""
        agent, call.agent, call.in_flow, call.wants = call.agent, None, True, False
        _cancel(call.timers + call.flow_timers)
        self.went_on.append((call.channel, "no_answer" if agent is None else "answered"))
        now = self._clock.now()
        self._tell(FlowStarted(call.attempt, now))
        if agent is not None and agent in self._desks:
            self._tell(DeskFree(agent, now))

    async def opt_outs(self) -> Sequence[OptedOut]:
        self._need_link()
        return list(self._opt_outs.values())

    async def forget_opt_outs(self, attempts: Collection[AttemptId]) -> None:
        self._need_link()
        for attempt in attempts:
            self._opt_outs.pop(attempt, None)

    async def tap(self, attempt: AttemptId, tap: TapId, address: str) -> None:
        self._need_link()
        self.taps[self._need(attempt).attempt] = tap

    async def untap(self, attempt: AttemptId) -> None:
        self.taps.pop(attempt, None)

    def sounds_foreign(self, attempt: AttemptId) -> None:
        if (call := self._calls.get(attempt)) is not None and not call.answered:
            call.watch.sounds_foreign()

    async def hang_up(self, attempt: AttemptId) -> None:
        self._need_link()
        call = self._need(attempt)
        if call.channel:
            self._go_on(call)
        elif call.answered:
            call.ended_by_us = True
            self._end(call, HangupCause(16))
        else:
            call.watch.end_soon()

    async def end_stray(self, attempt: AttemptId) -> None:
        self._need_link()
        if (call := self._calls.get(attempt)) is not None:
            self._end(call, HangupCause(16))

    def adopt(self, calls: Sequence[AdoptedCall]) -> None:
        """Calls of an earlier life are alive here only when this exchange knows them."""

    def forget(self, attempt: AttemptId) -> None:
        self.taps.pop(attempt, None)
        if (call := self._calls.pop(attempt, None)) is not None:
            call.watch.stop()

    # --- phones -------------------------------------------------------------------------------------------------------

    async def connect_desk(self, agent: AgentId, phone: str) -> None:
        self._need_link()
        if phone in self.dead_phones:
            self._tell(DeskDown(agent, self._clock.now(), HangupCause(20, 480, "not registered")))
            return
        self._desks.add(agent)
        self._tell(DeskUp(agent, self._clock.now()))

    async def disconnect_desk(self, agent: AgentId) -> None:
        self._need_link()
        self.drop_phone(agent)

    def drop_phone(self, agent: AgentId) -> None:
        if agent not in self._desks:
            return
        self._desks.discard(agent)
        for call in list(self._calls.values()):
            if call.agent == agent and call.channel:
                self._go_on(call)
            elif call.agent == agent:
                call.agent = None
                self._tell(CallLeftAgent(call.attempt, self._clock.now()))
        self._tell(DeskDown(agent, self._clock.now(), HangupCause(16, None, "phone dropped")))

    async def census(self) -> Census:
        self._need_link()
        for channel in self._left_unseen:
            self._tell(CallerLeft(channel, self._clock.now()))
        self._left_unseen.clear()
        for caller in list(self._callers.values()):
            self._tell(caller.told)
        calls = [
            LiveCall(
                call.attempt,
                call.answered,
                call.agent,
                in_flow=call.in_flow,
                wants_agent=call.wants,
                wanted=call.wanted,
            )
            for call in self._calls.values()
        ]
        return Census(calls, sorted(self._desks))

    async def calls_on_exchange(self) -> Collection[AttemptId]:
        self._need_link()
        return {call.attempt for call in self._calls.values()}

    def _need(self, attempt: AttemptId) -> _Call:
        if (call := self._calls.get(attempt)) is None:
            raise Refused("the call is gone")
        return call

    def _need_link(self) -> None:
        if not self.link_up:
            raise _NotSent("the link is down")

    def _tell(self, event: TelephonyEvent) -> None:
        if self.link_up:
            self._sink(event)


def _cancel(timers: Sequence[asyncio.TimerHandle]) -> None:
    for timer in timers:
        timer.cancel()

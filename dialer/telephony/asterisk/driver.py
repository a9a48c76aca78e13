"""The Asterisk driver: commands become AMI actions, AMI events become telephony events, in order.

A call is one channel with an id of ours. Answered, it waits in a holding bridge of the dialplan for the milliseconds
until `join` moves it, beside the agent's phone, into a bridge of their own.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from dialer.clock import Clock
from dialer.compliance.gate import DialPermit
from dialer.domain.disposition import HangupCause
from dialer.domain.events import DeskDown, LineSign, LinkLost, LinkUp, OptedOut
from dialer.domain.ids import AgentId, AttemptId, TrunkName
from dialer.errors import LinkDown, Refused
from dialer.ports.ears import TapId
from dialer.ports.telephony import AdoptedCall, Census, EventSink, FlowOrder, Packets
from dialer.tasks import TaskOwner
from dialer.telephony.asterisk import ami_link, dialplan
from dialer.telephony.asterisk.air import Air
from dialer.telephony.asterisk.ami_link import AmiLink, Headers
from dialer.telephony.asterisk.announcer import Announcer
from dialer.telephony.asterisk.callers import Callers
from dialer.telephony.asterisk.calls_in_hand import CallInHand, Switchboard
from dialer.telephony.asterisk.census import read_census
from dialer.telephony.asterisk.channel_facts import Fact, fact
from dialer.telephony.asterisk.event_desk import EventDesk
from dialer.telephony.asterisk.flow_orders import variables
from dialer.telephony.asterisk.opt_outs import read_opt_out
from dialer.telephony.asterisk.recorders import Recorders
from dialer.telephony.asterisk.taps import Taps
from dialer.telephony.asterisk.trunks import DialString
from dialer.telephony.asterisk.wiring import Wiring
from dialer.telephony.ring_watch import RingWatch

log = logging.getLogger(__name__)

_PARK_S = 3.0  # from answer to the holding bridge takes milliseconds
_DESK_RING_S = 30
# Asterisk's own limit must never cut a ringing short: the ring watch decides
_ORIGINATE_LIMIT_MS = 300_000


class AsteriskTelephony:
    """`landing` is the recordings' folder as Asterisk sees it. Run `run` for as long as the driver is used."""

    def __init__(
        self,
        link: AmiLink,
        trunks: dict[TrunkName, DialString],
        landing: PurePosixPath,
        sink: EventSink,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._link, self._trunks = link, trunks
        self._sink, self._clock, self._rng = sink, clock, rng
        self._board = Switchboard()
        self._tasks = TaskOwner()
        self._recorders = Recorders(self._board, landing, self._command, self._in_background)
        self._events = EventDesk(self._board, sink, clock, self._recorders.stop_call, self._make_announcer)
        self._taps = Taps(self._board, link.send, self._end_in_background, self._serial)
        wiring = Wiring(self._board, link.send, sink, clock)
        self._air, self._callers = Air(wiring), Callers(wiring)

    def _make_announcer(self, stop_recording: Callable[[CallInHand], None]) -> Announcer:
        def stop(call: CallInHand) -> None:
            self._recorders.stop_phone(call)
            stop_recording(call)

        return Announcer(
            self._board,
            self._command,
            self._serial,
            self._sink,
            self._clock,
            self._recorders.begin,
            stop,
            self._end_in_background,
        )

    def _serial(self) -> str:
        return f"{self._rng.getrandbits(32):08x}"

    @property
    def link_up(self) -> bool:
        return self._link.up.is_set()

    @property
    def problem(self) -> str | None:
        return self._link.problem

    @property
    def reconnects(self) -> int:
        return max(self._link.generation - 1, 0)

    @property
    def trunks(self) -> Sequence[TrunkName]:
        return tuple(self._trunks)

    async def run(self) -> None:
        """Hold the link and read its events until cancelled."""
        self._tasks.spawn(self._link.run(), "ami-link")
        try:
            while True:
                self._take(await self._link.events.get())
        finally:
            await self._tasks.close()

    def _take(self, delivery: ami_link.Delivery) -> None:
        match delivery:
            case ami_link.LinkUp():
                self._sink(LinkUp(self._clock.now()))
            case ami_link.LinkLost(reason=reason):
                self._sink(LinkLost(self._clock.now(), reason))
            case event:
                if (known := fact(event)) is not None:
                    self._take_fact(known)

    def _take_fact(self, known: Fact) -> None:
        if not any(each.take(known) for each in (self._air, self._taps, self._callers)):
            self._events.take(known)

    # --- calls ------------------------------------------------------------------------------------------------------

    async def originate(self, permit: DialPermit, message: str) -> None:
        dial = self._trunks[permit.trunk]
        call = self._board.add_call(permit.attempt)
        call.watch = self._watch(call, permit.ring_for, permit.ring_minimum, permit.foreign_after)
        call.watch.start()  # before the order goes out: its first events may overtake the answer
        try:
            answer = await self._link.send(
                {
                    "Action": "Originate",
                    "ActionID": str(permit.attempt),
                    "ChannelId": call.channel,
                    "Channel": dial.to(permit.number),
                    "CallerID": f"<{permit.caller_id}>",
                    "Context": dialplan.CONTEXT_ANSWERED,
                    "Exten": "s",
                    "Priority": "1",
                    "Timeout": str(_ORIGINATE_LIMIT_MS),
                    "Variable": f"{dialplan.VARIABLE_MESSAGE}={message}",
                    "Async": "true",
                }
            )
        except ami_link.NotSent:
            self._board.drop_call(call.channel)
            raise
        if not answer.ok:
            self._events.end_call(call.channel, HangupCause(0, None, answer.get("Message")[:80]))

    def _watch(
        self, call: CallInHand, ring_for: timedelta, minimum: timedelta, foreign_after: timedelta | None
    ) -> RingWatch:
        def give_up() -> None:
            call.ended_by_us = True
            self._tasks.spawn(self._hang_up_channel(call.channel), "give-up")

        foreign_s = None if foreign_after is None else foreign_after.total_seconds()
        return RingWatch(self._clock, ring_for.total_seconds(), minimum.total_seconds(), give_up, foreign_s)

    async def join(self, attempt: AttemptId, agent: AgentId, recording: str | None) -> None:
        call, desk = self._board.call(attempt), self._board.desk(agent)
        if call is None or desk is None or not desk.up:
            raise Refused("the call is gone" if call is None else "the agent's phone is gone")
        await _parked(call)
        call.agent, desk.call, desk.met = agent, call, False
        set_joined = _set(call.channel, dialplan.VARIABLE_JOINED, "yes")
        bridge = {"Action": "Bridge", "Channel1": call.channel, "Channel2": desk.channel, "Tone": "no"}
        actions: list[Headers] = [set_joined, bridge]
        if recording is not None:
            call.recording = True
            # the phone once it has left its dialplan, which stops what was recorded of it before
            after = self._recorders.of_phone(desk.channel, recording)
            actions = [set_joined, self._recorders.of_call(call.channel, recording), bridge, after]
        # one session carries out its actions in order, so nothing is gained by waiting between them
        answers = await asyncio.gather(*(self._link.send(action) for action in actions))
        answer = answers[actions.index(bridge)]
        if not answer.ok:
            if recording is not None:
                self._recorders.stop_phone(call)
            self._events.unjoin(call)
            if call.called_us:  # else its flow would hear that it had been answered
                await self._quietly(_set(call.channel, dialplan.VARIABLE_JOINED, ""))
            raise Refused(f"Asterisk would not bridge: {answer.get('Message')}")

    async def announce(self, attempt: AttemptId, prompt: str, recording: str) -> None:
        await self._events.announcer.speak(attempt, prompt, recording)

    async def say(self, attempt: AttemptId, prompt: str) -> None:
        await self._events.announcer.speak(attempt, prompt, None)

    def _end_in_background(self, channel: str) -> None:
        self._tasks.spawn(self._hang_up_channel(channel), "end-beside-call")

    async def tap(self, attempt: AttemptId, tap: TapId, address: str) -> None:
        await self._taps.open(attempt, tap, address)

    async def untap(self, attempt: AttemptId) -> None:
        self._taps.close(attempt)

    async def watch_air(self, attempt: AttemptId) -> None:
        await self._air.watch(attempt)

    async def unwatch_air(self, attempt: AttemptId) -> None:
        await self._air.unwatch(attempt)

    async def packets(self, attempts: Collection[AttemptId]) -> Mapping[AttemptId, Packets]:
        return await self._air.packets(attempts)

    async def pause_recording(self, attempt: AttemptId) -> None:
        await self._recorders.mute(attempt)

    async def resume_recording(self, attempt: AttemptId) -> None:
        await self._recorders.unmute(attempt)

    async def stop_recording(self, attempt: AttemptId) -> None:
        await self._recorders.stop(attempt)

    async def play_message(self, attempt: AttemptId, message: str) -> None:
        call = self._board.call(attempt)
        if call is None:
            raise Refused("the call is gone")
        await asyncio.gather(
            self._link.send(_set(call.channel, dialplan.VARIABLE_MESSAGE, message)),
            self._command(
                {
                    "Action": "Redirect",
                    "Channel": call.channel,
                    "Context": dialplan.CONTEXT_MESSAGE,
                    "Exten": "s",
                    "Priority": "1",
                }
            ),
        )

    async def send_to_flow(self, attempt: AttemptId, order: FlowOrder) -> None:
        call, told = self._board.call(attempt), variables(order)
        if call is None or not call.answered:
            raise Refused("the call is gone" if call is None else "the call is not answered")
        call.parked.clear()
        redirect = {
            "Action": "Redirect",
            "Channel": call.channel,
            "Context": dialplan.CONTEXT_IVR,
            "Exten": "s",
            "Priority": "1",
        }
        sets = [self._link.send(_set(call.channel, name, value)) for name, value in told.items()]
        await asyncio.gather(*sets, self._command(redirect))

    def sounds_foreign(self, attempt: AttemptId) -> None:
        call = self._board.call(attempt)
        if call is not None and not call.answered and call.watch is not None:
            call.watch.sounds_foreign()

    async def hang_up(self, attempt: AttemptId) -> None:
        call = self._board.call(attempt)
        if call is None:
            raise Refused("the call is gone")
        if call.called_us:
            await self._command(_redirect(call.channel, dialplan.CONTEXT_TRANSFER, dialplan.EXTENSION_LEFT))
        elif call.answered:
            call.ended_by_us = True
            await self._hang_up_channel(call.channel)
        elif call.watch is not None:
            call.watch.end_soon()

    async def _hang_up_channel(self, channel: str) -> None:
        await self._quietly({"Action": "Hangup", "Channel": channel, "Cause": "16"})

    def adopt(self, calls: Sequence[AdoptedCall]) -> None:
        for adopted in calls:
            if adopted.channel is not None:
                call = self._board.add_caller(adopted.attempt, adopted.channel)
            else:
                call = self._board.add_call(adopted.attempt)
            call.adopted = True
            call.answered = adopted.answered
            if not adopted.answered:
                call.watch = self._watch(call, adopted.ring_for, adopted.ring_for, None)
                call.watch.start()
                if adopted.rang_at is not None:
                    call.watch.signed(LineSign.RINGING)  # measured anew: longer than needed, never shorter

    def take_caller(self, attempt: AttemptId, channel: str) -> None:
        self._callers.hand_over(attempt, channel)

    def forget(self, attempt: AttemptId) -> None:
        self._board.drop_call(self._board.channel(attempt))

    # --- agents' phones ---------------------------------------------------------------------------------------------

    async def connect_desk(self, agent: AgentId, phone: str) -> None:
        channel = dialplan.desk_channel(agent, f"{self._rng.getrandbits(48):012x}")
        self._board.add_desk(agent, channel)
        answer = await self._link.send(
            {
                "Action": "Originate",
                "ActionID": channel,
                "ChannelId": channel,
                "Channel": f"PJSIP/{phone}",
                "CallerID": '"Fairdial" <0>',
                "Context": dialplan.CONTEXT_DESK,
                "Exten": "s",
                "Priority": "1",
                "Timeout": str(_DESK_RING_S * 1000),
                "Async": "true",
            }
        )
        if not answer.ok:
            self._board.drop_desk(channel)
            self._sink(DeskDown(agent, self._clock.now(), HangupCause(0, None, answer.get("Message")[:80])))

    async def disconnect_desk(self, agent: AgentId) -> None:
        if (desk := self._board.desk(agent)) is not None:
            await self._hang_up_channel(desk.channel)

    # --- the whole --------------------------------------------------------------------------------------------------

    async def census(self) -> Census:
        channels = await self._link.collect({"Action": "CoreShowChannels"})
        taken = read_census(channels, self._board)
        self._taps.take_census(channels)
        self._air.take_census(channels)
        self._events.announcer.take_census(channels)
        await self._callers.take_census(channels)
        return await self._callers.who_is_wanted(taken)

    async def calls_on_exchange(self) -> Collection[AttemptId]:
        channels = await self._link.collect({"Action": "CoreShowChannels"})
        attempts = (self._board.attempt_on(channel.get("Uniqueid")) for channel in channels)
        return {attempt for attempt in attempts if attempt is not None}

    async def end_stray(self, attempt: AttemptId) -> None:
        """A call found on the exchange that no record knows."""
        await self._hang_up_channel(self._board.channel(attempt))

    async def opt_outs(self) -> Sequence[OptedOut]:
        entries = await self._link.collect({"Action": "DBGetTree", "Family": dialplan.DB_OPT_OUTS})
        read = (read_opt_out(entry.get("Key"), entry.get("Val")) for entry in entries)
        return [each for each in read if each is not None]

    async def forget_opt_outs(self, attempts: Collection[AttemptId]) -> None:
        for attempt in attempts:
            await self._quietly(
                {"Action": "DBDel", "Family": dialplan.DB_OPT_OUTS, "Key": dialplan.call_channel(attempt)}
            )

    async def _command(self, action: Headers) -> None:
        answer = await self._link.send(action)
        if not answer.ok:
            raise Refused(f"{action['Action']}: {answer.get('Message')}")

    def _in_background(self, action: Headers) -> None:
        self._tasks.spawn(self._quietly(action), f"order-{action['Action']}")

    async def _quietly(self, action: Headers) -> None:
        """For what may be gone already: the end of a channel is seen by its own event, or by the next census."""
        try:
            await self._link.send(action)
        except LinkDown as down:
            log.info(
                "action lost",
                extra={"action": "ami.action_lost", "ami_action": action["Action"], "why": str(down)},
            )


def _redirect(channel: str, context: str, extension: str = "s") -> Headers:
    return {
        "Action": "Redirect",
        "Channel": channel,
        "Context": context,
        "Exten": extension,
        "Priority": "1",
    }


def _set(channel: str, variable: str, value: str) -> Headers:
    return {"Action": "Setvar", "Channel": channel, "Variable": variable, "Value": value}


async def _parked(call: CallInHand) -> None:
    try:
        async with asyncio.timeout(_PARK_S):
            await call.parked.wait()
    except TimeoutError:
        raise Refused("the answered call did not reach the waiting bridge") from None

"""The calls and phones this driver looks after, and what each is known to be."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from dialer.domain.ids import AgentId, AttemptId
from dialer.telephony.asterisk.dialplan import attempt_of, call_channel
from dialer.telephony.ring_watch import RingWatch


@dataclass(slots=True)
class CallInHand:
    """`parked` is set while the answered call waits in the dialplan: only then can it be bridged and come back."""

    attempt: AttemptId
    channel: str
    watch: RingWatch | None = None
    answered: bool = False
    ended_by_us: bool = False
    parked: asyncio.Event = field(default_factory=asyncio.Event)
    bridge: str = ""
    agent: AgentId | None = None
    recording: bool = False
    announcer: str = ""  # the channel that speaks into the conversation
    announced_name: str | None = None  # to record under once it is heard
    ear: str = ""  # the channel that listens, ordered or there
    ear_up: bool = False
    adopted: bool = False  # of an earlier life, of which something may be left on the exchange
    called_us: bool = False  # afterwards its flow goes on


@dataclass(slots=True)
class Desk:
    agent: AgentId
    channel: str
    up: bool = False
    bridge: str = ""
    call: CallInHand | None = None  # joined, or about to be
    met: bool = False  # the two are, or were, in one bridge


class Switchboard:
    """Look-up by channel id; holds no more than what is alive."""

    def __init__(self) -> None:
        self.calls: dict[str, CallInHand] = {}
        self.desks: dict[str, Desk] = {}
        self._desk_of: dict[AgentId, str] = {}
        self._called_us: dict[AttemptId, str] = {}  # their channels have names of the exchange's own

    def add_call(self, attempt: AttemptId) -> CallInHand:
        call = CallInHand(attempt, call_channel(attempt))
        self.calls[call.channel] = call
        return call

    def add_caller(self, attempt: AttemptId, channel: str) -> CallInHand:
        """Who called us."""
        call = self.calls[channel] = CallInHand(attempt, channel, answered=True, called_us=True)
        self._called_us[attempt] = channel
        return call

    def channel(self, attempt: AttemptId) -> str:
        """Of a call in hand or, if there is none, that of a call we made."""
        return self._called_us.get(attempt) or call_channel(attempt)

    def attempt_on(self, channel: str) -> AttemptId | None:
        """None for a channel that is not one of our calls, whatever its name."""
        call = self.calls.get(channel)
        return call.attempt if call is not None else attempt_id(channel)

    def call(self, attempt: AttemptId) -> CallInHand | None:
        return self.calls.get(self.channel(attempt))

    def drop_call(self, channel: str) -> CallInHand | None:
        call = self.calls.pop(channel, None)
        if call is not None:
            self._called_us.pop(call.attempt, None)
        if call is not None and call.watch is not None:
            call.watch.stop()
        return call

    def add_desk(self, agent: AgentId, channel: str) -> Desk:
        desk = Desk(agent, channel)
        self.desks[channel] = desk
        self._desk_of[agent] = channel
        return desk

    def desk(self, agent: AgentId) -> Desk | None:
        return self.desks.get(self._desk_of.get(agent, ""))

    def drop_desk(self, channel: str) -> Desk | None:
        desk = self.desks.pop(channel, None)
        if desk is not None and self._desk_of.get(desk.agent) == channel:
            del self._desk_of[desk.agent]
        return desk


def attempt_id(channel: str) -> AttemptId | None:
    """None for a channel that is not one of our calls, whatever its name."""
    text = attempt_of(channel)
    try:
        return AttemptId(UUID(text)) if text is not None else None
    except ValueError:
        return None

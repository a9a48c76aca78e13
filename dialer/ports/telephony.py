"""What the engine needs of a telephony driver."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from dialer.compliance.gate import DialPermit
from dialer.domain.events import OptedOut, TelephonyEvent
from dialer.domain.ids import AgentId, AttemptId, TrunkName
from dialer.ports.ears import TapId

EventSink = Callable[[TelephonyEvent], None]


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call found on the exchange. `agent` is whom it is bridged to."""

    attempt: AttemptId
    answered: bool
    agent: AgentId | None
    ringing: bool = False
    in_flow: bool = False
    wants_agent: bool = False  # a flow asked for one
    wanted: AgentId | None = None  # and for whom, where nobody else will do


@dataclass(frozen=True, slots=True)
class Census:
    """Everything of ours that is alive on the exchange. `called` are the agents whose phone rings."""

    calls: Sequence[LiveCall]
    desks: Sequence[AgentId]
    called: Sequence[AgentId] = ()


@dataclass(frozen=True, slots=True)
class AdoptedCall:
    """What a driver must know to look after a call it did not place itself. `channel`: of one that called us."""

    attempt: AttemptId
    rang_at: datetime | None
    answered: bool
    ring_for: timedelta
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Packets:
    """RTP packets that came from each side so far. They count on from before the conversation."""

    caller: int
    agent: int


@dataclass(frozen=True, slots=True)
class FlowOrder:
    """Where a call is to go: a published flow from its start, or from `entry`. `session` keeps what was entered there before.

    `caller` is the other side's number in E.164, `contact` what is known of the person.
    """

    flow: str
    session: str
    caller: str
    entry: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)


class Telephony(Protocol):
    """Commands to the exchange. Events go to the sink the driver was made with, in order.

    Every command raises `LinkDown` when it could not be sent or was not answered; what became of it is then unknown
    until the next census.
    """

    @property
    def link_up(self) -> bool: ...

    @property
    def problem(self) -> str | None:
        """Why the link is down, for people."""
        ...

    @property
    def reconnects(self) -> int: ...

    @property
    def trunks(self) -> Sequence[TrunkName]: ...

    async def originate(self, permit: DialPermit, message: str) -> None:
        """Dial. `message` is the prompt the callee hears should the service die after the answer.

        Returns when the exchange took the order; a refusal arrives as `CallEnded`. An unanswered call is given up
        `permit.ring_for` after its first ringing indication.
        """
        ...

    async def join(self, attempt: AttemptId, agent: AgentId, recording: str | None) -> None:
        """Bridge an answered call to the agent's connected phone.

        With a `recording` name both sides are written apart, to `<name>-caller.wav` and `<name>-agent.wav` in the
        landing folder, until the call leaves the agent; what comes from the phone alone may be written to
        `<name>-phone.wav`. `CallJoined` follows. Raises `Refused` when either side is gone.
        """
        ...

    async def announce(self, attempt: AttemptId, prompt: str, recording: str) -> None:
        """Play the prompt into a conversation, to both sides, and record under this name from its first word on.

        `AnnouncementStarted` and `AnnouncementEnded` follow; when it cannot be played to its end the recording is stopped.
        Raises `Refused` when the call has no agent.
        """
        ...

    async def say(self, attempt: AttemptId, prompt: str) -> None:
        """Play the prompt into a conversation, to both sides; nothing else changes. `PromptEnded` follows, unless the
        conversation ends first.

        Raises `Refused` when the call has no agent, or something is being said in it already.
        """
        ...

    async def watch_air(self, attempt: AttemptId) -> None:
        """Tell by `Spoke` who speaks in this conversation, until `unwatch_air`, or until it ends. Again: begins anew.

        The level is not told, nor whether silence is digital. Quiet when there is no such conversation. Raises `Refused` when
        the exchange cannot hear: then nothing may be concluded from nobody being heard.
        """
        ...

    async def unwatch_air(self, attempt: AttemptId) -> None:
        """Quiet when it is not watched, or gone."""
        ...

    async def packets(self, attempts: Collection[AttemptId]) -> Mapping[AttemptId, Packets]:
        """Of these conversations; one that is not there any more is left out."""
        ...

    async def pause_recording(self, attempt: AttemptId) -> None:
        """From the answer on both sides are written as silence; the file goes on. Again.

        Raises `Refused` when the exchange does not say that it did so: then it may go on listening.
        """
        ...

    async def resume_recording(self, attempt: AttemptId) -> None:
        """Raises `Refused`."""
        ...

    async def stop_recording(self, attempt: AttemptId) -> None:
        """For good, as far as this conversation goes. Raises `Refused`."""
        ...

    async def play_message(self, attempt: AttemptId, message: str) -> None:
        """Play the prompt to an answered call, then hang up.

        Until then the opt-out key may be pressed: `OptedOut` follows, and the end of the call at once.
        """
        ...

    async def send_to_flow(self, attempt: AttemptId, order: FlowOrder) -> None:
        """Send an answered call through a flow, out of a conversation or from where it waits.

        `FlowStarted` follows, with which the conversation is over, then `FlowEnded` and the end of the call, or `WantsAgent`: then
        it can be joined until the flow goes on with `FlowStarted`. Raises `Refused`, and `BadInput` for a name that is none.
        """
        ...

    def take_caller(self, attempt: AttemptId, channel: str) -> None:
        """Look after a caller who waits (`CallerWaiting`), under this attempt's id from now on: `join` and all else is for it too.

        The conversation is over, and the call is in nobody's hands, with `FlowStarted`: its flow goes on, because the agent's
        side ended, because `hang_up` was asked for, or because the caller has waited long enough. Raises `Refused` when the
        caller waits no more.
        """
        ...

    async def tap(self, attempt: AttemptId, tap: TapId, address: str) -> None:
        """Bring what the called party sends to `address` (host:port, TCP), from now until the call ends or `untap`.

        AudioSocket frames: first kind 0x01 with the 16 bytes of `tap`, then kind 0x10 with 20 ms of signed linear at
        8 kHz (320 bytes), 50 a second while the line sends anything; before the answer that is early media (183). The
        call is not touched by it, and goes on when nobody listens at the address or the connection breaks; nobody is
        told of that here. A call has one tap at most: another takes the place of the first.

        Raises `Refused` when the call is gone, and `BadInput` for what is no address.
        """
        ...

    async def untap(self, attempt: AttemptId) -> None:
        """No more sound of this call. Quiet when there is none.

        On a line that sends nothing the connection may stay, without frames, until it sends something or ends.
        """
        ...

    def sounds_foreign(self, attempt: AttemptId) -> None:
        """The ring-back tone is positively another country's: the unanswered call is ended as soon as its permit allows that.

        16 CFR 310.4(b)(4)(ii) knows no exception for people abroad, so it may be the ring minimum first, or never.
        """
        ...

    async def hang_up(self, attempt: AttemptId) -> None:
        """End the call. An unanswered one is ended only when it has rung its minimum, whoever asks. Who called us is not hung up
        on: the flow goes on."""
        ...

    async def connect_desk(self, agent: AgentId, phone: str) -> None: ...

    async def disconnect_desk(self, agent: AgentId) -> None: ...

    async def census(self) -> Census:
        """To be taken while nothing is dialled: calls that the exchange does not have are then looked after no more."""
        ...

    async def calls_on_exchange(self) -> Collection[AttemptId]:
        """Changes nothing, so it may be asked at any time."""
        ...

    async def end_stray(self, attempt: AttemptId) -> None:
        """Hang up a call of the census that no record knows, rung its minimum or not."""
        ...

    async def opt_outs(self) -> Sequence[OptedOut]:
        """Every opt-out that was not forgotten yet, also those pressed while nobody listened."""
        ...

    async def forget_opt_outs(self, attempts: Collection[AttemptId]) -> None:
        """They are on the do-not-call list for good. What cannot be forgotten now is told again."""
        ...

    def adopt(self, calls: Sequence[AdoptedCall]) -> None:
        """Look after these calls of an earlier life from now on."""
        ...

    def forget(self, attempt: AttemptId) -> None:
        """The engine has settled this call; nothing about it is of interest any more."""
        ...

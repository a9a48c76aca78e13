"""Speaks into conversations: one half of a Local channel joins their bridge, the other half plays the prompt."""

from collections.abc import Awaitable, Callable, Collection

from dialer.clock import Clock
from dialer.domain.events import AnnouncementEnded, AnnouncementStarted, PromptEnded
from dialer.domain.ids import AttemptId
from dialer.errors import LinkDown, Refused
from dialer.ports.telephony import EventSink
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.calls_in_hand import CallInHand, Switchboard

_ANNOUNCER_MS = 3000


class Announcer:
    """`command` raises `Refused`. `record` begins a recording, `stop_recording` ends it; `hang_up` ends a channel in the
    background.
    """

    def __init__(
        self,
        board: Switchboard,
        command: Callable[[Headers], Awaitable[None]],
        serial: Callable[[], str],
        sink: EventSink,
        clock: Clock,
        record: Callable[[CallInHand, str], None],
        stop_recording: Callable[[CallInHand], None],
        hang_up: Callable[[str], None],
    ) -> None:
        self._board, self._command, self._serial = board, command, serial
        self._sink, self._clock = sink, clock
        self._record, self._stop_recording, self._hang_up = record, stop_recording, hang_up

    async def speak(self, attempt: AttemptId, prompt: str, recording: str | None) -> None:
        """With a `recording` name that begins with the first word."""
        call = self._board.call(attempt)
        if call is None or call.agent is None:
            raise Refused("the call is gone" if call is None else "the call has no agent")
        if call.announcer:
            raise Refused("something is being said already")
        speaker, source = dialplan.announcer_channels(attempt, self._serial())
        call.announcer, call.announced_name = speaker, recording
        order = {
            "Action": "Originate",
            "ActionID": speaker,
            "ChannelId": speaker,
            "OtherChannelId": source,
            "Channel": f"Local/s@{dialplan.CONTEXT_ANNOUNCE}/n",
            "Application": "BridgeAdd",
            "Data": call.channel,
            "Timeout": str(_ANNOUNCER_MS),
            "Variable": f"__{dialplan.VARIABLE_MESSAGE}={prompt},__{dialplan.VARIABLE_CALL}={call.channel}",
            "Async": "true",
        }
        try:
            await self._command(order)
        except (LinkDown, Refused):
            call.announcer = ""
            raise

    def said(self, call: CallInHand, state: str) -> None:
        """What the dialplan says of a prompt: started, ended, failed or cut-short."""
        if not call.announcer:
            return  # the conversation it was meant for is over
        if state == "started":
            self._started(call)
            return
        call.announcer = ""
        now, complete = self._clock.now(), state == "ended"
        if call.announced_name is None:
            self._sink(PromptEnded(call.attempt, now, complete))
            return
        if not complete:
            self._stop_recording(call)
        self._sink(AnnouncementEnded(call.attempt, now, complete))

    def _started(self, call: CallInHand) -> None:
        if call.announced_name is not None:
            call.recording = True
            self._record(call, call.announced_name)
            self._sink(AnnouncementStarted(call.attempt, self._clock.now()))

    def never_began(self, action: str) -> None:
        for call in self._board.calls.values():
            if call.announcer == action:
                self.said(call, "failed")

    def take_census(self, channels: Collection[AmiEvent]) -> None:
        """What was being said may have ended unheard."""
        alive = {each.get("Uniqueid") for each in channels}
        for call in self._board.calls.values():
            if call.announcer not in alive:
                call.announcer = ""

    def end(self, call: CallInHand) -> None:
        """It must not go on speaking to whoever is left."""
        if call.announcer:
            self._hang_up(call.announcer)
            call.announcer = ""

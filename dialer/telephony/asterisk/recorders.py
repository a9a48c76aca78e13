"""Recording of conversations: two MixMonitors, one on the call and one on the agent's phone.

The call's writes what comes from the caller and what is sent to the caller: the agent's voice, and whatever is said into the
conversation. Debian's and Ubuntu's Asterisk (22.10.1; 2016_opus_plc.patch, which counts lost packets wherever sound is translated)
takes frames for late, and leaves them out, for up to eleven minutes once their sequence numbers go back: in up to half of the
conversations after a prompt, and with a next agent. What comes from the phone is numbered by the phone alone, and is not lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath
from typing import Final

from dialer.domain.ids import AttemptId
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.calls_in_hand import CallInHand, Switchboard

_SILENT: Final = "1"
_HEARD: Final = "0"


class Recorders:
    """`landing` is the folder as Asterisk sees it. `command` raises `Refused`; `in_background` does not wait, nor fail."""

    def __init__(
        self,
        board: Switchboard,
        landing: PurePosixPath,
        command: Callable[[Headers], Awaitable[None]],
        in_background: Callable[[Headers], None],
    ) -> None:
        self._board, self._landing = board, landing
        self._command, self._in_background = command, in_background

    def of_call(self, channel: str, name: str) -> Headers:
        """The order to record both directions of the caller's channel."""
        caller, agent = self._file(name, "caller"), self._file(name, "agent")
        return _record(channel, f"r({caller})t({agent})")

    def of_phone(self, channel: str, name: str) -> Headers:
        """The order to record what comes from the agent's phone. The phone's dialplan ends it with the conversation."""
        return _record(channel, f"r({self._file(name, 'phone')})")

    def begin(self, call: CallInHand, name: str) -> None:
        """In a conversation that goes on already."""
        self._in_background(self.of_call(call.channel, name))
        if (phone := self._phone(call)) is not None:
            self._in_background(self.of_phone(phone, name))

    async def mute(self, attempt: AttemptId) -> None:
        await self._set(attempt, _SILENT)

    async def unmute(self, attempt: AttemptId) -> None:
        await self._set(attempt, _HEARD)

    async def _set(self, attempt: AttemptId, state: str) -> None:
        """A muted MixMonitor goes on writing, and writes zeros; caller and agent hear each other as before."""
        call = self._board.call(attempt)
        phone = None if call is None else self._phone(call)
        channels = [each for each in (self._board.channel(attempt), phone) if each is not None]
        await asyncio.gather(*(self._command(_mute(each, state)) for each in channels))

    async def stop(self, attempt: AttemptId) -> None:
        if (call := self._board.call(attempt)) is not None:
            self.stop_phone(call)
        await self._command(_stop(self._board.channel(attempt)))

    def stop_call(self, channel: str) -> None:
        self._in_background(_stop(channel))

    def stop_phone(self, call: CallInHand) -> None:
        """While the conversation goes on."""
        if (phone := self._phone(call)) is not None:
            self._in_background(_stop(phone))

    def _phone(self, call: CallInHand) -> str | None:
        desk = None if call.agent is None else self._board.desk(call.agent)
        return None if desk is None else desk.channel

    def _file(self, name: str, side: str) -> PurePosixPath:
        return self._landing / f"{name}-{side}.wav"


def _record(channel: str, options: str) -> Headers:
    return {"Action": "MixMonitor", "Channel": channel, "File": "", "Options": options}


def _mute(channel: str, state: str) -> Headers:
    return {"Action": "MixMonitorMute", "Channel": channel, "Direction": "both", "State": state}


def _stop(channel: str) -> Headers:
    return {"Action": "StopMixMonitor", "Channel": channel}

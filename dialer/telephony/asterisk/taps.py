"""The tap: one more channel beside a call, which carries what the called party sends to the ears.

The call is dialled as without it. ChanSpy takes a line that still rings in band (183) as well as one in a bridge, ends
with it, and finds it by the unique id we gave it, which names exactly one channel (a name would be taken for a prefix).
The AudioSocket channel brings signed linear at 8 kHz, 50 frames a second, over a TCP connection of its own: a receiver
that refuses or stalls costs this channel, and never the call.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from dialer.domain.ids import AttemptId
from dialer.errors import BadInput, LinkDown, Refused
from dialer.ports.ears import TapId
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_frames import AmiEvent, AmiMessage
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.calls_in_hand import CallInHand, Switchboard, attempt_id
from dialer.telephony.asterisk.channel_facts import Fact, Gone, NeverBegan, Up

# u: the line's unique id; q: no beep; o: only what comes from it; E, S: end with it. Without l, its long queue: on a busy
# exchange sound is rather lost than late
_OPTIONS: Final = "uqoES"
_CONNECT_MS: Final = 3000
# in a dial string "/" and "," would begin something else
_ADDRESS: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")


class Taps:
    """`hang_up` ends a channel in the background. An ear is up when its channel was answered, which it is by itself;
    what is given up before that is ended then, because until then there is no channel to end."""

    def __init__(
        self,
        board: Switchboard,
        send: Callable[[Headers], Awaitable[AmiMessage]],
        hang_up: Callable[[str], object],
        serial: Callable[[], str],
    ) -> None:
        self._board, self._send, self._hang_up, self._serial = board, send, hang_up, serial

    async def open(self, attempt: AttemptId, tap: TapId, address: str) -> None:
        target = _target(address)
        if (call := self._board.call(attempt)) is None:
            raise Refused("the call is gone")
        self.close(attempt)
        ear = call.ear = dialplan.ear_channel(attempt, self._serial())
        order = {
            "Action": "Originate",
            "ActionID": ear,
            "ChannelId": ear,
            "Channel": f"AudioSocket/{target}/{tap}",
            "Codecs": "slin",
            "Application": "ChanSpy",
            "Data": f"{call.channel},{_OPTIONS}",
            "Timeout": str(_CONNECT_MS),
            "Async": "true",
        }
        try:
            answer = await self._send(order)
        except LinkDown:
            _forget(call, ear)
            raise
        if not answer.ok:
            _forget(call, ear)
            raise Refused(f"Originate: {answer.get('Message')}")

    def close(self, attempt: AttemptId) -> None:
        call = self._board.call(attempt)
        if call is None or not call.ear:
            return
        if call.ear_up:
            self._hang_up(call.ear)
        _forget(call, call.ear)

    def take(self, known: Fact) -> bool:
        """Whether it was about an ear: then it concerns nobody else."""
        channel = known.action_id if isinstance(known, NeverBegan) else known.channel
        if not dialplan.is_ear(channel):
            return False
        call = self._listening(channel)
        match known:
            case Up() if call is None:
                self._hang_up(channel)
            case Up() if call is not None:
                call.ear_up = True
            case Gone() | NeverBegan() if call is not None:
                _forget(call, channel)
        return True

    def take_census(self, channels: Sequence[AmiEvent]) -> None:
        """End the ears that nobody wants, those of an earlier life among them."""
        alive = {ear for channel in channels if dialplan.is_ear(ear := channel.get("Uniqueid"))}
        for ear in alive:
            if (call := self._listening(ear)) is None:
                self._hang_up(ear)
            else:
                call.ear_up = True
        for call in self._board.calls.values():
            if call.ear_up and call.ear not in alive:
                _forget(call, call.ear)

    def _listening(self, ear: str) -> CallInHand | None:
        """The call that wants this ear."""
        attempt = attempt_id(dialplan.call_of_ear(ear))
        call = self._board.call(attempt) if attempt is not None else None
        return call if call is not None and call.ear == ear else None


def _forget(call: CallInHand, ear: str) -> None:
    if call.ear == ear:
        call.ear, call.ear_up = "", False


def _target(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise BadInput(f"{address!r} is no address of the ears: it must read host:port", field="address")
    return address

"""Who speaks in a conversation, and whether packets come: asked of the exchange itself, without a tap.

TALK_DETECT listens to what comes from a channel and says when sound begins and ceases. It needs no copy of the audio
outside Asterisk: beside a recording it costs 0.6 ms of CPU for each second of a call, for both sides, where a tap of one side
costs 2 ms. It does not tell the level. Packets are counted by the RTP stack.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dialer.domain.air import Direction
from dialer.domain.events import Spoke
from dialer.domain.ids import AttemptId
from dialer.errors import LinkDown, Refused
from dialer.ports.telephony import Packets
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.channel_facts import Fact, Voiced
from dialer.telephony.asterisk.wiring import Wiring

# silence of so many milliseconds is a pause; sound is a 20 ms frame with this mean magnitude. With 128, speech is heard down
# to an active level of -35 dBm0, and steady noise up to -43 dBm0 is not taken for speech; Asterisk's own 256 is deaf to a
# quarter of speech at -38 dBm0
_DETECT: Final = "500,128"
# a session carries out its actions in order: what is urgent waits behind no more than these
_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class _Watched:
    caller: str
    agent: str


class Air:
    """Channels are named by their unique ids."""

    def __init__(self, wiring: Wiring) -> None:
        self._board, self._send = wiring.board, wiring.send
        self._sink, self._clock = wiring.sink, wiring.clock
        self._watched: dict[AttemptId, _Watched] = {}
        self._heard: dict[str, tuple[AttemptId, Direction]] = {}

    async def watch(self, attempt: AttemptId) -> None:
        if (channels := self._channels(attempt)) is None:
            return
        call, before = self._board.call(attempt), self._leave(attempt)
        if before is not None or (call is not None and call.adopted):
            await self._remove(before or channels)  # set once more it would go on, and not say who speaks now
        self._enter(attempt, channels)
        answers = await asyncio.gather(
            *(self._send(_set(channel, "set", _DETECT)) for channel in (channels.caller, channels.agent))
        )
        gone = self._channels(attempt) != channels
        if not gone and not all(answer.ok for answer in answers):
            self._leave(attempt)
            raise Refused("Asterisk has no TALK_DETECT: load func_talkdetect")

    async def unwatch(self, attempt: AttemptId) -> None:
        """Either channel may be gone; what is left of the phone's would go on into its next call."""
        if (channels := self._leave(attempt)) is not None:
            await self._remove(channels)

    async def _remove(self, channels: _Watched) -> None:
        alive = [each for each in (channels.caller, channels.agent) if self._is_free(each)]
        with suppress(LinkDown):  # it costs little, and tells nobody
            await asyncio.gather(*(self._send(_set(channel, "remove", "")) for channel in alive))

    async def packets(self, attempts: Collection[AttemptId]) -> Mapping[AttemptId, Packets]:
        there = [(each, channels) for each in attempts if (channels := self._channels(each)) is not None]
        counted = {}
        for first in range(0, len(there), _AT_ONCE):
            some = there[first : first + _AT_ONCE]
            answers = await asyncio.gather(*(self._both(channels) for _, channels in some))
            counted.update(
                {each: both for (each, _), both in zip(some, answers, strict=True) if both is not None}
            )
        return counted

    async def _both(self, channels: _Watched) -> Packets | None:
        answers = await asyncio.gather(
            *(self._send(_counter(channel)) for channel in (channels.caller, channels.agent))
        )
        caller, agent = (answer.get("Value") for answer in answers)
        return Packets(int(caller), int(agent)) if caller.isdecimal() and agent.isdecimal() else None

    def take(self, known: Fact) -> bool:
        """Whether it was about who speaks: then it concerns nobody else."""
        if not isinstance(known, Voiced):
            return False
        if (heard := self._heard.get(known.channel)) is not None:
            attempt, direction = heard
            lasted = timedelta(milliseconds=known.lasted_ms)
            self._sink(Spoke(attempt, self._clock.now(), direction, known.speaking, lasted))
        return True

    def take_census(self, channels: Collection[AmiEvent]) -> None:
        """Forget what is gone."""
        alive = {each.get("Uniqueid") for each in channels}
        for attempt in [each for each, watched in self._watched.items() if watched.caller not in alive]:
            self._leave(attempt)

    def _enter(self, attempt: AttemptId, channels: _Watched) -> None:
        self._watched[attempt] = channels
        self._heard[channels.caller] = attempt, Direction.CALLER
        self._heard[channels.agent] = attempt, Direction.AGENT

    def _leave(self, attempt: AttemptId) -> _Watched | None:
        if (channels := self._watched.pop(attempt, None)) is not None:
            for channel in (channels.caller, channels.agent):
                if self._heard.get(channel, (None,))[0] == attempt:
                    del self._heard[channel]
        return channels

    def _channels(self, attempt: AttemptId) -> _Watched | None:
        call = self._board.call(attempt)
        desk = self._board.desk(call.agent) if call is not None and call.agent is not None else None
        return None if call is None or desk is None else _Watched(call.channel, desk.channel)

    def _is_free(self, channel: str) -> bool:
        """There, and not in another conversation that is watched."""
        return channel not in self._heard and (channel in self._board.calls or channel in self._board.desks)


def _set(channel: str, what: str, value: str) -> Headers:
    return {"Action": "Setvar", "Channel": channel, "Variable": f"TALK_DETECT({what})", "Value": value}


def _counter(channel: str) -> Headers:
    """To be asked of the channel itself, never through IMPORT, by which one action could ask for many.

    IMPORT keeps the other channel locked while the counter waits for the thread of its SIP dialogue. If that thread has
    just taken a BYE, it waits for the channel: the two wait for ever, and soon the whole exchange waits for them.
    """
    return {"Action": "Getvar", "Channel": channel, "Variable": "CHANNEL(rtcp,rxcount)"}

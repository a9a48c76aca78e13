"""Callers from outside who wait in the dialplan for an agent, until they are in hand.

Their channels have ids of the exchange's own. Who waits is told by the dialplan when it begins, and stands in a variable of
the channel, from which a service that was away reads it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from dialer.domain.events import CallerLeft, CallerWaiting
from dialer.domain.ids import AgentId, AttemptId
from dialer.errors import Refused
from dialer.ports.telephony import Census
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.channel_facts import EnteredBridge, Fact, Gone, Said
from dialer.telephony.asterisk.wiring import Wiring

_HIDDEN: Final = "prohib"  # presentation of the number: what follows says who screened it
_NO_NUMBER: Final = frozenset({"anonymous", "unknown", "restricted", "unavailable"})
_LONGEST_S: Final = 86_400


@dataclass(slots=True)
class _Waiting:
    told: CallerWaiting
    parked: bool = False
    bridge: str = ""


class Callers:
    def __init__(self, wiring: Wiring) -> None:
        self._board, self._send = wiring.board, wiring.send
        self._sink, self._clock = wiring.sink, wiring.clock
        self._waiting: dict[str, _Waiting] = {}

    def take(self, known: Fact) -> bool:
        """Whether it was about a caller in nobody's hand: then it concerns nobody else."""
        match known:
            case Said(channel=channel, event=dialplan.EVENT_CALL, state="wants-agent"):
                return self._wants_agent(channel, known.caller)
            case EnteredBridge(channel=channel) if channel in self._waiting:
                one = self._waiting[channel]
                one.parked, one.bridge = entered_waiting(known.name), known.bridge
                return True
            case Gone(channel=channel) | Said(channel=channel) if channel in self._waiting:
                self._left(channel)
                return True
        return False

    def hand_over(self, attempt: AttemptId, channel: str) -> None:
        """Raises `Refused` when the caller waits no more."""
        one = self._waiting.pop(channel, None)
        if one is None:
            raise Refused("the caller is gone")
        call = self._board.add_caller(attempt, channel)
        call.bridge = one.bridge
        if one.parked:
            call.parked.set()

    async def take_census(self, channels: Sequence[AmiEvent]) -> None:
        """Tell of everyone who waits and is in nobody's hand, and of those who left unseen."""
        there = {each.get("Uniqueid"): each for each in channels if _waits(each)}
        for channel in [each for each in self._waiting if each not in there]:
            self._left(channel)
        found = [each for each in there if self._is_free(each)]
        answers = await asyncio.gather(*(self._send(_variable(channel)) for channel in found))
        for channel, answer in zip(found, answers, strict=True):
            # meanwhile somebody may have taken the caller, or the caller may have left and told so
            if answer.ok and self._is_free(channel):
                known = self._waiting.get(channel)
                told = _read(channel, answer.get("Value"), self._clock.now(), unseen=True)
                bridge = there[channel].get("BridgeId")
                self._enter(known.told if known is not None else told, bridge)

    async def who_is_wanted(self, census: Census) -> Census:
        """With the agents whom flows asked for by name on calls that are in hand."""
        waiting = [each for each in census.calls if each.wants_agent]
        answers = await asyncio.gather(
            *(self._send(_variable(self._board.channel(each.attempt))) for each in waiting)
        )
        wanted = {
            each.attempt: waits_for(answer.get("Value"))[1]
            for each, answer in zip(waiting, answers, strict=True)
            if answer.ok
        }
        return replace(
            census, calls=[replace(each, wanted=wanted.get(each.attempt)) for each in census.calls]
        )

    def _wants_agent(self, channel: str, caller: str) -> bool:
        if not self._is_free(channel):
            return False
        self._enter(_read(channel, caller, self._clock.now()))
        return True

    def _enter(self, told: CallerWaiting, bridge: str = "") -> None:
        self._waiting[told.channel] = _Waiting(told, bool(bridge), bridge)
        self._sink(told)

    def _left(self, channel: str) -> None:
        del self._waiting[channel]
        self._sink(CallerLeft(channel, self._clock.now()))

    def _is_free(self, channel: str) -> bool:
        """Not one of our calls, in hand or not."""
        return self._board.attempt_on(channel) is None


def entered_waiting(bridge: str) -> bool:
    """Being in this bridge is what parked means for whoever came out of a flow."""
    return bridge == dialplan.BRIDGE_TRANSFERS


def waits_for(waits: str) -> tuple[str, AgentId | None]:
    """The queue that somebody waits in, and the agent who alone is waited for, in the words of the dialplan."""
    given = parse_qs(waits, errors="replace")
    return given.get("queue", [""])[0], _agent(given.get("agent", [""])[0])


def _agent(text: str) -> AgentId | None:
    return AgentId(int(text)) if text.isdecimal() and text.isascii() and len(text) < 16 else None


def _waits(channel: AmiEvent) -> bool:
    return channel.get("Context") == dialplan.CONTEXT_TRANSFER and channel.get("Application") == "BridgeWait"


def _variable(channel: str) -> Headers:
    return {"Action": "Getvar", "Channel": channel, "Variable": dialplan.VARIABLE_WAITS}


def _read(channel: str, text: str, now: datetime, *, unseen: bool = False) -> CallerWaiting:
    """`text` is the variable of the dialplan. What was not seen to begin began when the dialplan says so."""
    given = {name: values[0] for name, values in parse_qs(text, errors="replace").items()}
    number, shown = given.get("number", ""), given.get("shown", "")
    hidden = shown.startswith(_HIDDEN) or number.lower() in _NO_NUMBER
    within = timedelta(seconds=min(_whole(given.get("within", "")), _LONGEST_S))
    told = CallerWaiting(
        channel,
        now,
        given.get("queue", ""),
        given.get("session", ""),
        "" if hidden else number,
        given.get("called", ""),
        max(min(_whole(given.get("priority", "")), 1000), -1000),
        within,
        _agent(given.get("agent", "")),
    )
    since = _whole(given.get("since", ""))
    if not unseen or not since:
        return told
    began = min(datetime.fromtimestamp(since, UTC), now)
    return replace(told, at=began)


def _whole(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * int(digits) if digits.isdecimal() and len(digits) < 12 else 0

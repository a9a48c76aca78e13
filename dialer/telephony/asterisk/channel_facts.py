"""AMI events as facts about one channel. Pure: one event in, at most one fact out.

Event names and headers as Asterisk 18 to 22 send them; an event that carries nothing for us gives None.
"""

from dataclasses import dataclass

from dialer.domain.disposition import HangupCause
from dialer.domain.events import LineSign
from dialer.telephony.asterisk.ami_frames import AmiEvent

WANTED = frozenset(
    {
        "DialState",
        "Newstate",
        "BridgeEnter",
        "Hangup",
        "OriginateResponse",
        "UserEvent",
        "ChannelTalkingStart",
        "ChannelTalkingStop",
    }
)

_UP = "6"  # AST_STATE_UP
_SIGNS = {"RINGING": LineSign.RINGING, "PROGRESS": LineSign.PROGRESS}


@dataclass(frozen=True, slots=True)
class Signed:
    channel: str
    sign: LineSign


@dataclass(frozen=True, slots=True)
class Up:
    channel: str


@dataclass(frozen=True, slots=True)
class EnteredBridge:
    """`name` is that of a waiting bridge of the dialplan, empty for a conversation."""

    channel: str
    bridge: str
    name: str


@dataclass(frozen=True, slots=True)
class Gone:
    channel: str
    cause: HangupCause


@dataclass(frozen=True, slots=True)
class NeverBegan:
    """Asterisk gave up an Originate. `action_id` is ours: the channel id may belong to another, living call."""

    action_id: str


@dataclass(frozen=True, slots=True)
class Said:
    """A UserEvent of our dialplan. `about` is another channel that it speaks of."""

    channel: str
    event: str
    state: str
    about: str = ""
    key: str = ""
    within_s: int = 0
    caller: str = ""  # who waits, percent-encoded


@dataclass(frozen=True, slots=True)
class Voiced:
    """Sound from this channel began, or has ceased after so many milliseconds."""

    channel: str
    speaking: bool
    lasted_ms: int = 0


Fact = Signed | Up | EnteredBridge | Gone | NeverBegan | Said | Voiced


def fact(event: AmiEvent) -> Fact | None:
    reader = _READERS.get(event.name)
    return reader(event) if reader is not None else None


def _dial_state(event: AmiEvent) -> Fact | None:
    sign = _SIGNS.get(event.get("DialStatus"))
    return Signed(event.get("DestUniqueid"), sign) if sign is not None else None


def _new_state(event: AmiEvent) -> Fact | None:
    return Up(event.get("Uniqueid")) if event.get("ChannelState") == _UP else None


def _bridge_enter(event: AmiEvent) -> Fact | None:
    return EnteredBridge(event.get("Uniqueid"), event.get("BridgeUniqueid"), _given(event.get("BridgeName")))


def _hangup(event: AmiEvent) -> Fact | None:
    return Gone(
        event.get("Uniqueid"),
        HangupCause(
            _number(event.get("Cause")), _number(event.get("TechCause")) or None, event.get("Cause-txt")[:80]
        ),
    )


def _originate_response(event: AmiEvent) -> Fact | None:
    return NeverBegan(event.get("ActionID")) if event.get("Response") == "Failure" else None


def _user_event(event: AmiEvent) -> Fact | None:
    return Said(
        event.get("Uniqueid"),
        event.get("UserEvent"),
        event.get("State"),
        event.get("Call"),
        event.get("Key"),
        _number(event.get("Within")),
        event.get("Caller"),
    )


def _talking_start(event: AmiEvent) -> Fact | None:
    return Voiced(event.get("Uniqueid"), True)


def _talking_stop(event: AmiEvent) -> Fact | None:
    duration = event.get("Duration")
    return Voiced(event.get("Uniqueid"), False, int(duration) if duration.isdecimal() else 0)


_READERS = {
    "DialState": _dial_state,
    "Newstate": _new_state,
    "BridgeEnter": _bridge_enter,
    "Hangup": _hangup,
    "OriginateResponse": _originate_response,
    "UserEvent": _user_event,
    "ChannelTalkingStart": _talking_start,
    "ChannelTalkingStop": _talking_stop,
}


def _given(text: str) -> str:
    return "" if text == "<unknown>" else text


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0

"""The names that this driver and the dialplan share; a test compares both sides."""

from typing import Final

from dialer.domain.ids import AgentId, AttemptId

CONTEXT_ANSWERED: Final = "fairdial-answered"
CONTEXT_MESSAGE: Final = "fairdial-message"
CONTEXT_DESK: Final = "fairdial-desk"
CONTEXT_ANNOUNCE: Final = "fairdial-announce"
CONTEXT_PROBE: Final = "fairdial-probe"
CONTEXT_INBOUND: Final = "fairdial-inbound"
CONTEXT_IVR: Final = "fairdial-ivr"
CONTEXT_TRANSFER: Final = "fairdial-transfer"

BRIDGE_ANSWERED: Final = "fairdial-answered"
BRIDGE_DESKS: Final = "fairdial-desks"
BRIDGE_TRANSFERS: Final = "fairdial-transfers"

EVENT_CALL: Final = "FairdialCall"
EVENT_DESK: Final = "FairdialDesk"
EVENT_ANNOUNCE: Final = "FairdialAnnounce"
EVENT_PROBE: Final = "FairdialProbe"

# where the dialplan remembers opt-outs until the service has them: /<family>/<channel> = "<seconds since the epoch> <key>"
DB_OPT_OUTS: Final = "fairdial-opt-outs"

VARIABLE_MESSAGE: Final = "FAIRDIAL_MESSAGE"
VARIABLE_WAITS: Final = "FAIRDIAL_WAITS"
VARIABLE_CALL: Final = "FAIRDIAL_CALL"
VARIABLE_JOINED: Final = "FAIRDIAL_JOINED"
VARIABLE_FLOW: Final = "FAIRDIAL_FLOW"
VARIABLE_SESSION: Final = "FAIRDIAL_SESSION"
VARIABLE_ENTRY: Final = "FAIRDIAL_ENTRY"
VARIABLE_LANGUAGE: Final = "FAIRDIAL_LANGUAGE"
VARIABLE_CONTACT: Final = "FAIRDIAL_CONTACT"
VARIABLE_CALLER: Final = "FAIRDIAL_CALLER"
VARIABLE_OUTCOME: Final = "FAIRDIAL_OUTCOME"
VARIABLE_TRIES: Final = "FAIRDIAL_TRIES"

EXTENSION_WAIT: Final = "wait"
EXTENSION_LEFT: Final = "left"

_CALL: Final = "fairdial-c-"
_ANNOUNCER: Final = "fairdial-a-"
_DESK: Final = "fairdial-d-"
_EAR: Final = "fairdial-ear-"


def call_channel(attempt: AttemptId) -> str:
    """The unique id we give to the channel of an attempt: it survives a lost link and a restart of the service."""
    return f"{_CALL}{attempt}"


def desk_channel(agent: AgentId, serial: str) -> str:
    """`serial` differs with every connection of the phone: an id still in use would be refused in silence."""
    return f"{_DESK}{agent}-{serial}"


def announcer_channels(attempt: AttemptId, serial: str) -> tuple[str, str]:
    """The two halves of the channel that speaks into a conversation."""
    return f"{_ANNOUNCER}{attempt}-{serial}-1", f"{_ANNOUNCER}{attempt}-{serial}-2"


def ear_channel(attempt: AttemptId, serial: str) -> str:
    """The channel that listens to a call. `serial` differs with every tap, as that of a desk."""
    return f"{_EAR}{attempt}-{serial}"


def is_ear(channel: str) -> bool:
    return channel.startswith(_EAR)


def call_of_ear(ear: str) -> str:
    """The call's channel."""
    return _CALL + ear.removeprefix(_EAR).rpartition("-")[0]


def attempt_of(channel: str) -> str | None:
    return channel.removeprefix(_CALL) if channel.startswith(_CALL) else None


def agent_of(channel: str) -> AgentId | None:
    if not channel.startswith(_DESK):
        return None
    number = channel.removeprefix(_DESK).partition("-")[0]
    return AgentId(int(number)) if number.isdecimal() else None

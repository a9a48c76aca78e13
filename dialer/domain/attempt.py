"""One attempt to reach a contact: from the claim to its disposition.

CLAIMED is written with the claim; DIALLING is committed before the call is sent, so that after a crash a claimed
attempt was certainly not dialled, and a dialling one may have been.
"""

from collections.abc import Mapping
from enum import StrEnum


class AttemptState(StrEnum):
    CLAIMED = "claimed"
    DIALLING = "dialling"
    RINGING = "ringing"
    WAITING = "waiting"  # answered, no agent yet
    TALKING = "talking"
    MESSAGE = "message"  # hears the abandoned-call message
    IN_FLOW = "in_flow"  # goes through a flow of the IVR
    ENDED = "ended"


class AttemptSignal(StrEnum):
    DIAL = "dial"
    REFUSE = "refuse"
    RANG = "rang"
    ANSWERED = "answered"
    JOINED = "joined"
    AGENT_LOST = "agent_lost"
    MESSAGE_STARTED = "message_started"
    FLOW_STARTED = "flow_started"  # or taken up again
    WANTS_AGENT = "wants_agent"
    ENDED = "ended"


_S, _G = AttemptState, AttemptSignal

TRANSITIONS: Mapping[tuple[AttemptState, AttemptSignal], AttemptState] = {
    (_S.CLAIMED, _G.DIAL): _S.DIALLING,
    (_S.CLAIMED, _G.REFUSE): _S.ENDED,
    (_S.DIALLING, _G.RANG): _S.RINGING,
    (_S.DIALLING, _G.ANSWERED): _S.WAITING,
    (_S.DIALLING, _G.ENDED): _S.ENDED,
    (_S.RINGING, _G.RANG): _S.RINGING,
    (_S.RINGING, _G.ANSWERED): _S.WAITING,
    (_S.RINGING, _G.ENDED): _S.ENDED,
    (_S.WAITING, _G.JOINED): _S.TALKING,
    (_S.WAITING, _G.MESSAGE_STARTED): _S.MESSAGE,
    (_S.WAITING, _G.FLOW_STARTED): _S.IN_FLOW,
    (_S.WAITING, _G.ENDED): _S.ENDED,
    (_S.TALKING, _G.AGENT_LOST): _S.WAITING,
    (_S.TALKING, _G.FLOW_STARTED): _S.IN_FLOW,
    (_S.TALKING, _G.ENDED): _S.ENDED,
    (_S.MESSAGE, _G.ENDED): _S.ENDED,
    (_S.IN_FLOW, _G.FLOW_STARTED): _S.IN_FLOW,
    (_S.IN_FLOW, _G.WANTS_AGENT): _S.WAITING,
    (_S.IN_FLOW, _G.ENDED): _S.ENDED,
}

OPEN = frozenset(AttemptState) - {AttemptState.ENDED}

"""How an attempt ended: one disposition each, from the network's cause or from what we and the agent did.

Causes are ITU-T Q.850 values; the SIP status refines them where a carrier maps several statuses to one cause
(RFC 3398 section 8.2.6.1). An unknown cause becomes FAILED with the cause kept, never nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Disposition(StrEnum):
    # nobody was reached
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    NOT_IN_SERVICE = "not_in_service"
    CONGESTION = "congestion"
    FAILED = "failed"  # the trunk or our own side could not place the call
    CANCELLED = "cancelled"  # an operator stopped it
    FOREIGN_RINGBACK = "foreign_ringback"  # the tone heard was another country's: the called person is abroad
    # what a carrier's announcement said
    POWERED_OFF = "powered_off"
    UNREACHABLE = "unreachable"  # out of coverage as well
    SUSPENDED = "suspended"  # the line is stopped: unpaid, paused
    BARRED = "barred"  # takes no incoming calls
    # somebody answered
    CONNECTED = "connected"  # talked with an agent
    ABANDONED = "abandoned"  # no agent in time: the message played, or the callee left after the limit
    HUNG_UP = "hung_up"  # the callee left before an agent had to be there
    DROPPED = "dropped"  # the agent's phone failed and no other agent was free
    PLAYED = "played"  # the message of a campaign without agents
    MESSAGE_LEFT = "message_left"  # an answering machine has the campaign's message
    FAX = "fax"
    LEFT_QUEUE = "left_queue"  # called us, and waited in vain for an agent
    # an agent's word on a connected call, in the place of CONNECTED
    MACHINE = "machine"  # or the ears', before an agent was asked for
    DEAD_AIR = "dead_air"
    ABROAD = "abroad"  # told the agent so, and when the person is back
    WRONG_NUMBER = "wrong_number"
    NOT_INTERESTED = "not_interested"  # refused the offer, without asking never to be called again
    DO_NOT_CALL = "do_not_call"
    CALLBACK = "callback"
    # nothing is known, or nothing was dialled
    LOST = (
        "lost"  # the service or the link failed in mid-call: never dialled again before the retry rule allows
    )
    REFUSED = "refused"  # the compliance gate said no


AGENT_RESULTS = frozenset(
    {
        Disposition.CONNECTED,
        Disposition.MACHINE,
        Disposition.DEAD_AIR,
        Disposition.ABROAD,
        Disposition.WRONG_NUMBER,
        Disposition.NOT_INTERESTED,
        Disposition.DO_NOT_CALL,
        Disposition.CALLBACK,
    }
)
ANSWERED = AGENT_RESULTS | {
    Disposition.ABANDONED,
    Disposition.HUNG_UP,
    Disposition.DROPPED,
    Disposition.PLAYED,
    Disposition.MESSAGE_LEFT,
    Disposition.FAX,
    Disposition.LEFT_QUEUE,
}
# 16 CFR 310.4(b)(4)(i) measures "calls answered by a person": what an agent or the ears took for a machine is none
ANSWERED_BY_PERSON = ANSWERED - {Disposition.MACHINE, Disposition.MESSAGE_LEFT, Disposition.FAX}
# an agent's word that comes with a day and time before which nobody calls
UNTIL_AGREED = frozenset({Disposition.CALLBACK, Disposition.ABROAD})


@dataclass(frozen=True, slots=True)
class HangupCause:
    """`q850` 0 means that none was given; `sip` is the final status, None when the call was not refused by SIP."""

    q850: int = 0
    sip: int | None = None
    text: str = ""


_BY_SIP: Mapping[int, Disposition] = {
    404: Disposition.NOT_IN_SERVICE,
    408: Disposition.NO_ANSWER,
    410: Disposition.NOT_IN_SERVICE,
    480: Disposition.NO_ANSWER,
    484: Disposition.NOT_IN_SERVICE,
    486: Disposition.BUSY,
    600: Disposition.BUSY,
    603: Disposition.REJECTED,
    604: Disposition.NOT_IN_SERVICE,
    607: Disposition.REJECTED,  # RFC 8197: unwanted
    608: Disposition.REJECTED,  # RFC 8688: rejected by an intermediary
    500: Disposition.CONGESTION,
    502: Disposition.CONGESTION,
    503: Disposition.CONGESTION,
    504: Disposition.CONGESTION,
}

_BY_Q850: Mapping[int, Disposition] = {
    1: Disposition.NOT_IN_SERVICE,  # unallocated number
    2: Disposition.NOT_IN_SERVICE,  # no route to transit network
    3: Disposition.NOT_IN_SERVICE,  # no route to destination
    16: Disposition.NO_ANSWER,  # normal clearing of a call that was never answered
    17: Disposition.BUSY,
    18: Disposition.NO_ANSWER,  # no user responding
    19: Disposition.NO_ANSWER,  # no answer from user (alerted)
    20: Disposition.NO_ANSWER,  # subscriber absent
    21: Disposition.REJECTED,
    22: Disposition.NOT_IN_SERVICE,  # number changed
    27: Disposition.NOT_IN_SERVICE,  # destination out of order
    28: Disposition.NOT_IN_SERVICE,  # invalid number format
    34: Disposition.CONGESTION,
    38: Disposition.CONGESTION,
    41: Disposition.CONGESTION,
    42: Disposition.CONGESTION,
    44: Disposition.CONGESTION,
    47: Disposition.CONGESTION,
}


def of_unanswered(cause: HangupCause) -> Disposition:
    """The disposition of a call that the network, not we, ended before answer."""
    if cause.sip is not None and cause.sip in _BY_SIP:
        return _BY_SIP[cause.sip]
    return _BY_Q850.get(cause.q850, Disposition.FAILED)

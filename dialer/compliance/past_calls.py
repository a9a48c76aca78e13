"""What the ledger knows of an ended or open call, as the facts that attempt caps and rests are counted by.

What is not known is taken the way that forbids more: a call that is still open has reached the number.
"""

from datetime import datetime

from dialer.compliance.call import PastCall
from dialer.domain.disposition import Disposition

_NOT_REACHED = frozenset(
    {
        Disposition.BUSY,
        Disposition.CONGESTION,
        Disposition.FAILED,
        Disposition.NOT_IN_SERVICE,
        Disposition.POWERED_OFF,
        Disposition.UNREACHABLE,
        Disposition.SUSPENDED,
        Disposition.BARRED,
    }
)
_NO_VOICE = frozenset({Disposition.MACHINE, Disposition.FAX, Disposition.DEAD_AIR})
_NOT_THE_PERSON = _NO_VOICE | {Disposition.WRONG_NUMBER}
_MACHINE = frozenset({Disposition.MACHINE, Disposition.MESSAGE_LEFT})
_SAID_NO = frozenset({Disposition.NOT_INTERESTED, Disposition.DO_NOT_CALL})


def past_call(
    at: datetime,
    disposition: Disposition | None,
    *,
    joined: bool,
    message: bool,
    same_number: bool,
    detector: bool = False,
    consented: bool = False,
    subject: str = "",
    debt: str = "",
    seller: str = "",
    caller_id: str = "",
) -> PastCall:
    """`joined`: an agent was on it; `message`: a message was played; `detector`: it was listened to for machines."""
    return PastCall(
        at=at,
        subject=subject,
        debt=debt,
        seller=seller,
        caller_id=caller_id,
        connected=disposition not in _NOT_REACHED,
        effective=(joined or message) and disposition not in _NO_VOICE,
        conversation=joined and disposition not in _NOT_THE_PERSON,
        refused=disposition in _SAID_NO,
        abandoned=disposition is Disposition.ABANDONED,
        machine_verdict=detector and disposition in _MACHINE,
        consented=consented,
        same_number=same_number,
    )

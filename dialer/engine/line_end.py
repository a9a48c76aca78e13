"""How an attempt's disposition reads to a pacer."""

from dialer.domain.disposition import Disposition
from dialer.pacing.pacer import LineEnd

_ENDS = {
    Disposition.CONGESTION: LineEnd.CARRIER_FAILED,
    Disposition.FAILED: LineEnd.CARRIER_FAILED,
    Disposition.ABANDONED: LineEnd.ABANDONED,
    Disposition.MACHINE: LineEnd.MACHINE,
    Disposition.MESSAGE_LEFT: LineEnd.MACHINE,
    Disposition.FAX: LineEnd.MACHINE,
    Disposition.LOST: LineEnd.UNKNOWN,
    Disposition.CANCELLED: LineEnd.UNKNOWN,
    Disposition.REFUSED: LineEnd.UNKNOWN,
    Disposition.BUSY: LineEnd.NOT_ANSWERED,
    Disposition.NO_ANSWER: LineEnd.NOT_ANSWERED,
    Disposition.REJECTED: LineEnd.NOT_ANSWERED,
    Disposition.NOT_IN_SERVICE: LineEnd.NOT_ANSWERED,
    Disposition.FOREIGN_RINGBACK: LineEnd.NOT_ANSWERED,
    Disposition.POWERED_OFF: LineEnd.NOT_ANSWERED,
    Disposition.UNREACHABLE: LineEnd.NOT_ANSWERED,
    Disposition.SUSPENDED: LineEnd.NOT_ANSWERED,
    Disposition.BARRED: LineEnd.NOT_ANSWERED,
}


def line_end(disposition: Disposition) -> LineEnd:
    """Whatever is not listed was answered by a person, and an agent was there or did not have to be."""
    return _ENDS.get(disposition, LineEnd.PERSON)

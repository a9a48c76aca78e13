"""What is written down of calls while they go on, and when they are over."""

import logging
from collections import Counter

from dialer.clock import Clock
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.events import CallEnded
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.ledger_writer import LedgerWriter
from dialer.engine.live_call import LiveCall, settle
from dialer.engine.queue_book import QueueBook
from dialer.ports.storage import TimelineEntry

log = logging.getLogger(__name__)


class CallBooks:
    """`totals` counts what calls came to since the start, by campaign."""

    def __init__(self, ledger: LedgerWriter, floor: FloorReporter, queues: QueueBook, clock: Clock) -> None:
        self._ledger, self._floor, self._queues, self._clock = ledger, floor, queues, clock
        self.totals: Counter[tuple[str, Disposition]] = Counter()

    def note(self, call: LiveCall, kind: str, detail: str = "") -> None:
        """On the call's timeline."""
        self._ledger.note(TimelineEntry(call.id, self._clock.now(), kind, detail))

    def keep(self, call: LiveCall, kind: str, detail: str = "") -> None:
        """What the call has come to, and on its timeline."""
        self._ledger.progress(call.progress())
        self.note(call, kind, detail)

    def settle(
        self, call: LiveCall, disposition: Disposition, because: str, event: CallEnded, *, dialled: bool
    ) -> None:
        """It is over. Not `dialled`: the order never went out."""
        _log_end(call, disposition, because, event.cause)
        self.totals[call.plan.name, disposition] += 1
        self._floor.ended(call, disposition, dialled)
        self._ledger.settle(
            settle(
                call.claimed,
                call.plan,
                disposition,
                because,
                event,
                dialled=dialled and not call.inbound,
                announced=call.announced(disposition),
            )
        )
        if disposition is Disposition.LEFT_QUEUE:
            self._queues.left(call)


def _log_end(call: LiveCall, disposition: Disposition, because: str, cause: HangupCause) -> None:
    if not log.isEnabledFor(logging.INFO):
        return
    log.info(
        "call ended",
        extra={
            "action": "call.ended",
            "attempt_id": str(call.id),
            "campaign": call.plan.name,
            "disposition": disposition.value,
            "because": because,
            "q850": cause.q850,
            "sip": cause.sip,
        },
    )

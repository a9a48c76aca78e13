"""Keys pressed during the message: onto the do-not-call list before anything else is dialled, and never lost.

The exchange remembers a press until it is told that the number is on the list for good. So a press survives the death of
this service between hearing of it and storing it, and also a press that nobody heard.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from dialer.domain.events import OptedOut
from dialer.domain.ids import AttemptId
from dialer.errors import LinkDown, StorageDown
from dialer.ports.ledger import OptOut
from dialer.ports.telephony import Telephony

log = logging.getLogger(__name__)

_FIRST_RETRY_S = 0.2
_LONGEST_RETRY_S = 5.0


class OptOutStore(Protocol):
    async def record_opt_outs(self, opt_outs: Sequence[OptOut]) -> frozenset[AttemptId]: ...


class OptOutKeeper:
    """`on_stored` is called when dialling may go on."""

    def __init__(self, store: OptOutStore, telephony: Telephony, on_stored: Callable[[], None]) -> None:
        self._store, self._telephony, self._on_stored = store, telephony, on_stored
        self._pending: dict[AttemptId, OptOut] = {}
        self._bell = asyncio.Event()

    @property
    def pending(self) -> bool:
        """Somebody pressed the key and is not on the list yet: until then nothing is dialled."""
        return bool(self._pending)

    def take(self, event: OptedOut) -> None:
        self._pending.setdefault(event.attempt, OptOut(event.attempt, event.at, event.key))
        self._bell.set()

    async def catch_up(self) -> None:
        """Take up what was pressed while nobody listened. Raises `LinkDown`."""
        for event in await self._telephony.opt_outs():
            self.take(event)

    async def run(self) -> None:
        pause = _FIRST_RETRY_S
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                await self._keep()
                pause = _FIRST_RETRY_S
            except StorageDown as down:
                log.warning("opt-outs wait", extra={"action": "opt_out.waiting", "why": str(down)})
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_RETRY_S)
                self._bell.set()

    async def _keep(self) -> None:
        opt_outs = list(self._pending.values())
        if not opt_outs:
            return
        known = await self._store.record_opt_outs(opt_outs)
        for each in opt_outs:
            del self._pending[each.attempt]
            if each.attempt not in known:
                # its row is gone, and with it the number: the exchange goes on remembering the press
                log.error(
                    "opt-out of an unknown call",
                    extra={"action": "opt_out.unknown", "attempt_id": str(each.attempt)},
                )
        if not self._pending:
            self._on_stored()
        await self._forget(known)

    async def _forget(self, known: Collection[AttemptId]) -> None:
        # else told again after the reconnect, and stored again, which changes nothing
        with contextlib.suppress(LinkDown):
            await self._telephony.forget_opt_outs(known)

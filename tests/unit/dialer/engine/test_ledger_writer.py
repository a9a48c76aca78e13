"""What is written together, and that nothing learned on the way is lost by it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, ContactId, NumberId
from dialer.engine.ledger_writer import HeardStore, LedgerWriter
from dialer.ports.storage import (
    AgentChange,
    AgentStore,
    AttemptStore,
    Progress,
    RecordingIndex,
    Settlement,
    TimelineEntry,
)

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 5, 15, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


class _Store:
    def __init__(self) -> None:
        self.written: list[tuple[str, Sequence[Any], Sequence[TimelineEntry]]] = []

    async def record(self, progress: Sequence[Progress], timeline: Sequence[TimelineEntry]) -> None:
        self.written.append(("record", progress, timeline))

    async def settle(self, ends: Sequence[Settlement], timeline: Sequence[TimelineEntry]) -> None:
        self.written.append(("settle", ends, timeline))

    async def record_states(self, changes: Sequence[AgentChange]) -> None:
        raise AssertionError("no agent did anything")


def _end(attempt: AttemptId) -> Settlement:
    return Settlement(
        attempt=attempt,
        contact=ContactId(1),
        number_id=NumberId(1),
        disposition=Disposition.CONNECTED,
        because="",
        ended_at=LATER,
        cause=HangupCause(16),
        ended_by_us=False,
        dialled=True,
        contact_state=ContactState.DONE,
        due_at=None,
        contact_because="",
        number_is_dead=False,
    )


async def test_a_call_that_ends_within_a_batch_is_one_statement_with_all_its_times() -> None:
    store, attempt, other = _Store(), AttemptId(uuid4()), AttemptId(uuid4())
    ledger = LedgerWriter(
        cast(AttemptStore, store), cast(AgentStore, store), cast(RecordingIndex, None), cast(HeardStore, None)
    )
    ledger.progress(Progress(attempt, AttemptState.TALKING, answered_at=NOW, joined_at=NOW, agent=AgentId(7)))
    ledger.note(TimelineEntry(attempt, NOW, "joined"))
    # the agent's phone was lost meanwhile: who it was must not be lost
    ledger.progress(Progress(attempt, AttemptState.WAITING, answered_at=NOW, joined_at=NOW))
    ledger.note(TimelineEntry(other, NOW, "dialled"))
    ledger.settle(_end(attempt))
    writing = asyncio.ensure_future(ledger.run())
    async with asyncio.timeout(5):
        await ledger.drained()
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing

    (first, progress, notes), (second, ends, story) = store.written
    assert (first, second) == ("record", "settle")
    assert (progress, [note.kind for note in notes]) == ([], ["dialled"])
    assert [note.kind for note in story] == ["joined"]
    assert ends[0].progress == Progress(
        attempt, AttemptState.WAITING, answered_at=NOW, joined_at=NOW, agent=AgentId(7)
    )

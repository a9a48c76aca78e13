"""Our own do-not-call list, asked for many numbers at once."""

from datetime import UTC, datetime

import pytest

from dialer.domain.phone_number import PhoneNumber
from dialer.ports.storage import DoNotCallEntry
from dialer.storage.postgres.store import PostgresStore

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 1, 5, 15, tzinfo=UTC)


async def test_only_numbers_with_entries_come_back(store: PostgresStore) -> None:
    numbers = [PhoneNumber(f"+120255501{nth:02}") for nth in range(4)]
    entry = DoNotCallEntry(numbers[1], None, "cli", "letter", NOW)
    await store.do_not_call.add_do_not_call([entry])
    assert await store.do_not_call.do_not_call_among(numbers) == {numbers[1].e164: [entry]}
    assert await store.do_not_call.do_not_call_among([]) == {}

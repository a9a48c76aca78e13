"""Whether every call came to its end, and whether the carrier tells the same story."""

from collections.abc import Mapping
from dataclasses import dataclass

from dialer.storage.postgres.store import PostgresStore

_OUTCOMES = """
select coalesce(disposition, 'open: ' || state) as outcome, count(*) as calls, count(answered_at) as answered
from attempts
group by 1
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    calls: int = 0
    answered: int = 0


async def outcomes(store: PostgresStore) -> dict[str, Outcome]:
    """By disposition; an attempt without one is under `open: <state>`."""
    rows = await store.pool.fetch(_OUTCOMES)
    return {row["outcome"]: Outcome(row["calls"], row["answered"]) for row in rows}


def agrees(sipp: Mapping[str, int], *, invites: int, byes: int, cancels: int) -> bool:
    """`byes` are those of the carrier: it ends every answered call."""
    expected = {"INVITE received": invites, "BYE sent": byes, "CANCEL received": cancels}
    return all(sipp.get(name, 0) == count for name, count in expected.items())

"""The engine's hot path. Each method is one statement, so that it is one round trip and one transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from dialer.compliance.gate import DialPermit
from dialer.domain.attempt import AttemptState
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, NumberId, RunnerId, TrunkName
from dialer.domain.phone_number import PhoneNumber, possible_zones
from dialer.domain.queued_caller import QueuedCaller
from dialer.errors import Conflict
from dialer.ports.callers import TakenCaller
from dialer.ports.dialling import DialFacts, FactsWanted, Judge, RefusedClaim
from dialer.ports.storage import ClaimedContact, OpenAttempt, Progress, Settlement, TimelineEntry
from dialer.storage.postgres.columns import columns as columns
from dialer.storage.postgres.day_counts import STILL_GOOD, DayCounts
from dialer.storage.postgres.gate import grant, read_facts, refuse
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_CLAIM = named("claim_contacts")
_RELEASE = named("release_claims")
_PUT_BACK = named("put_back_unsent")
_ENTER = named("enter_the_gate")
_RECORD = named("record_progress")
_SETTLE = named("settle_attempts")
_ADOPT = named("adopt_open_attempts")
_TAKE_CALLER = named("take_caller")


class PostgresAttempts:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._day_counts = DayCounts()

    async def claim(
        self, campaign: CampaignId, runner: RunnerId, most: int, now: datetime
    ) -> Sequence[ClaimedContact]:
        return [_claimed(row) for row in await self._database.rows(_CLAIM, campaign, runner, most, now)]

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        await self._database.rows(_RELEASE, list(attempts))

    async def put_back_unsent(self, runner: RunnerId, known: Collection[AttemptId]) -> int:
        return len(await self._database.rows(_PUT_BACK, runner, list(known)))

    async def facts(self, claimed: Sequence[ClaimedContact], wanted: FactsWanted) -> Sequence[DialFacts]:
        chosen = [(each.contact, each.number_id) for each in claimed]

        async def read(connection: asyncpg.Connection) -> Sequence[DialFacts]:
            return await read_facts(connection, chosen, wanted, self._day_counts)

        return await self._database.connected(read)

    async def begin_dialling(
        self, attempts: Sequence[AttemptId], runner: RunnerId, wanted: FactsWanted, judge: Judge
    ) -> Sequence[DialPermit]:
        async def begin(connection: asyncpg.Connection) -> Sequence[DialPermit]:
            held = await connection.fetch(_ENTER.sql, list(attempts), runner)
            attempt_of = {row["contact_id"]: AttemptId(row["id"]) for row in held}
            chosen = [(ContactId(row["contact_id"]), NumberId(row["number_id"])) for row in held]
            facts = await read_facts(connection, chosen, wanted, self._day_counts, STILL_GOOD)
            verdicts = [judge(attempt_of[each.contact], each) for each in facts]
            permits = [each for each in verdicts if isinstance(each, DialPermit)]
            granted = await grant(connection, permits, runner, wanted.now)
            await refuse(
                connection, [each for each in verdicts if isinstance(each, RefusedClaim)], wanted.now
            )
            return [each for each in permits if each.attempt in granted]

        return await self._database.transaction(begin)

    async def refuse(self, refused: Sequence[RefusedClaim], now: datetime) -> None:
        async def store(connection: asyncpg.Connection) -> None:
            await refuse(connection, refused, now)

        await self._database.connected(store)

    async def record(self, progress: Sequence[Progress], timeline: Sequence[TimelineEntry]) -> None:
        moves = columns(
            ((each.attempt, each.state.value, *_moments(each)) for each in _latest(progress)),
            8,
        )
        await self._database.rows(_RECORD, *moves, *_timeline(timeline))

    async def settle(self, settlements: Sequence[Settlement], timeline: Sequence[TimelineEntry]) -> None:
        once = {each.attempt: each for each in reversed(settlements)}.values()
        ends = columns((_settlement(each) for each in once), 19)
        await self._database.rows(_SETTLE, *ends, *_timeline(timeline))

    async def open_attempts(self, except_runner: RunnerId) -> Sequence[OpenAttempt]:
        return [_open(row) for row in await self._database.rows(_ADOPT, except_runner)]

    async def take_caller(
        self, queue: CampaignId, number: PhoneNumber, caller: QueuedCaller, runner: RunnerId, at: datetime
    ) -> TakenCaller:
        zones = list(possible_zones(number)) if number.e164 else []
        given = (queue, number.e164, zones, runner, caller.channel, caller.session, caller.priority, at)
        try:
            (row,) = await self._database.rows(_TAKE_CALLER, *given)
        except Conflict:  # somebody else called from the same new number in the same moment
            (row,) = await self._database.rows(_TAKE_CALLER, *given)
        return TakenCaller(_claimed(row), _caller(row, caller.channel, caller.session, caller.priority))


def _latest(progress: Sequence[Progress]) -> Iterable[Progress]:
    """One entry for each attempt: an update that meets a row twice would apply either of the two."""
    merged: dict[AttemptId, Progress] = {}
    for each in progress:
        before = merged.get(each.attempt)
        merged[each.attempt] = each if before is None else before.followed_by(each)
    return merged.values()


def _moments(progress: Progress) -> tuple[Any, ...]:
    return (
        progress.rang_at,
        progress.answered_at,
        progress.joined_at,
        progress.left_at,
        progress.message_at,
        progress.agent,
    )


_NOTHING_NEW = (None,) * 6


def _settlement(end: Settlement) -> tuple[Any, ...]:
    return (
        end.attempt,
        end.disposition.value,
        end.because,
        end.ended_at,
        end.cause.q850 or None,
        end.cause.sip,
        end.cause.text,
        end.ended_by_us,
        *(_NOTHING_NEW if end.progress is None else _moments(end.progress)),
        end.dialled,
        end.contact_state.value,
        end.due_at,
        end.contact_because,
        end.number_is_dead,
    )


def _timeline(timeline: Sequence[TimelineEntry]) -> list[list[Any]]:
    return columns(((entry.attempt, entry.at, entry.kind, entry.detail) for entry in timeline), 4)


def _claimed(row: asyncpg.Record) -> ClaimedContact:
    return ClaimedContact(
        attempt=AttemptId(row["attempt_id"]),
        campaign=CampaignId(row["campaign_id"]),
        contact=ContactId(row["contact_id"]),
        number_id=NumberId(row["number_id"]),
        number=PhoneNumber(row["e164"]),
        zones=tuple(row["zones"]),
        attempts=row["attempts"],
        tally=row["tally"],
        other_numbers=row["other_numbers"],
        list_name=row["list_name"] or "",
        imported_at=row["imported_at"],
    )


def _caller(row: asyncpg.Record, channel: str, session: str, priority: int) -> QueuedCaller:
    entered = row["entered"] or {}
    return QueuedCaller(
        channel,
        session,
        priority,
        row["called"] or "",
        row["language"] or "",
        entered.get("flow", ""),
        entered.get("variables", {}),
        entered.get("answers", {}),
    )


def _open(row: asyncpg.Record) -> OpenAttempt:
    inbound = row["direction"] == "inbound"
    return OpenAttempt(
        claimed=_claimed(row),
        state=AttemptState(row["state"]),
        trunk=row["trunk"] and TrunkName(row["trunk"]),
        agent=row["agent_id"] and AgentId(row["agent_id"]),
        dialled_at=row["dialled_at"],
        rang_at=row["rang_at"],
        answered_at=row["answered_at"],
        joined_at=row["joined_at"],
        message_at=row["message_at"],
        parts=row["parts"],
        attributes=row["attributes"],
        caller=_caller(row, row["channel"], row["session"] or "", row["priority"] or 0) if inbound else None,
    )

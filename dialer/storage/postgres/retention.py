"""Records by age, for the purge."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

from dialer.domain.ids import AttemptId, CampaignId
from dialer.ports.privacy import (
    AudioOnFile,
    CallOnFile,
    ConsentOnFile,
    FlowCallOnFile,
    FlowRequestOnFile,
    RequestOnFile,
    RetentionRun,
)
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_AUDIO = named("recordings_by_age")
_CALLS = named("attempts_by_age")
_DELETE_CALLS = named("delete_attempts")
_DELETE_TIMELINES = named("delete_call_events")
_DELETE_REFUSALS = named("delete_refusals_by_age")
_COUNT_REFUSALS = named("count_refusals_by_age")
_CONSENTS = named("consents_by_age")
_REQUESTS = named("do_not_call_by_age")
_FLOW_CALLS = named("flow_calls_by_age")
_DELETE_FLOW_CALLS = named("delete_flow_calls")
_FLOW_REQUESTS = named("flow_requests_by_age")
_DELETE_FLOW_REQUESTS = named("delete_flow_requests")
_BEGIN = named("begin_retention_run")
_END = named("end_retention_run")
_RUNS = named("last_retention_runs")

_AT_ONCE = 10_000  # refusals of one campaign may be millions: no statement shall take long
_FIRST = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


class PostgresRetention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def audio_by_age(
        self, before: datetime, after: tuple[datetime, UUID] | None, most: int, today: date
    ) -> Sequence[tuple[AudioOnFile, CallOnFile, datetime]]:
        rows = await self._database.rows(_AUDIO, before, *(after or _FIRST), most, today)
        return [
            (
                AudioOnFile(row["id"], AttemptId(row["attempt_id"]), row["name"], "stored"),
                _call(row, AttemptId(row["attempt_id"])),
                row["started_at"],
            )
            for row in rows
        ]

    async def calls_by_age(
        self, campaign: CampaignId, before: datetime, after: CallOnFile | None, most: int, today: date
    ) -> Sequence[CallOnFile]:
        last = _FIRST if after is None else (after.at, after.attempt)
        rows = await self._database.rows(_CALLS, campaign, before, *last, most, today)
        return [_call(row, AttemptId(row["id"])) for row in rows]

    async def delete_calls(self, attempts: Sequence[AttemptId]) -> int:
        return len(await self._database.rows(_DELETE_CALLS, list(attempts)))

    async def delete_timelines(self, attempts: Sequence[AttemptId]) -> int:
        rows = await self._database.rows(_DELETE_TIMELINES, list(attempts))
        return len({row["attempt_id"] for row in rows})

    async def delete_refusals(self, before: datetime, today: date) -> int:
        gone = 0
        while deleted := len(await self._database.rows(_DELETE_REFUSALS, before, today, _AT_ONCE)):
            gone += deleted
        return gone

    async def count_refusals(self, before: datetime, today: date) -> int:
        return int(await self._database.value(_COUNT_REFUSALS, before, today))

    async def consents_by_age(
        self, before: datetime, after: int, most: int, now: datetime, today: date
    ) -> Sequence[ConsentOnFile]:
        rows = await self._database.rows(_CONSENTS, before, after, most, now, today)
        return [
            ConsentOnFile(row["id"], row["e164"], row["given_at"], row["last_used_at"], row["held"] or "")
            for row in rows
        ]

    async def requests_by_age(
        self, before: datetime, after: int, most: int, today: date
    ) -> Sequence[RequestOnFile]:
        rows = await self._database.rows(_REQUESTS, before, after, most, today)
        return [
            RequestOnFile("do_not_call", row["id"], row["e164"], row["added_at"], row["held"] or "")
            for row in rows
        ]

    async def flow_calls_by_age(
        self, before: datetime, after: FlowCallOnFile | None, most: int, today: date
    ) -> Sequence[FlowCallOnFile]:
        last = (_FIRST[0], "") if after is None else (after.at, after.call)
        rows = await self._database.rows(_FLOW_CALLS, before, *last, most, today)
        return [
            FlowCallOnFile(
                row["call"],
                row["e164"] or "",
                row["started_at"],
                True,
                row["consent"],
                tuple(row["clips"]),
                row["held"] or "",
            )
            for row in rows
        ]

    async def delete_flow_calls(self, calls: Sequence[str]) -> int:
        return len(await self._database.rows(_DELETE_FLOW_CALLS, list(calls)))

    async def flow_requests_by_age(
        self, before: datetime, after: int, most: int, today: date
    ) -> Sequence[FlowRequestOnFile]:
        return [
            FlowRequestOnFile(
                row["id"],
                row["reference"],
                row["kind"],
                row["e164"] or "",
                row["requested_at"],
                row["clip"],
                row["call"] or "",
                row["held"] or "",
            )
            for row in await self._database.rows(_FLOW_REQUESTS, before, after, most, today)
        ]

    async def delete_flow_requests(self, requests: Sequence[int]) -> int:
        return len(await self._database.rows(_DELETE_FLOW_REQUESTS, list(requests)))

    async def begin_run(self, by: str, now: datetime) -> int:
        return int(await self._database.value(_BEGIN, by, now))

    async def end_run(
        self, run: int, purged: Mapping[str, int], kept: Mapping[str, int], problem: str, now: datetime
    ) -> None:
        await self._database.rows(_END, run, dict(purged), dict(kept), problem, now)

    async def runs(self, most: int) -> Sequence[RetentionRun]:
        return [RetentionRun(**dict(row)) for row in await self._database.rows(_RUNS, most)]


def _call(row: asyncpg.Record, attempt: AttemptId) -> CallOnFile:
    return CallOnFile(
        attempt,
        CampaignId(row["campaign_id"]),
        row["e164"],
        row["claimed_at"],
        row["last_call_at"] or row["claimed_at"],
        None if row["profiles"] is None else tuple(row["profiles"]),
        row["held"] or "",
    )

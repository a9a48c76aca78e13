"""Finished days, read to be played again."""

from collections.abc import Sequence
from datetime import datetime

from dialer.domain.agent import AgentState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.replay import RecordedAttempt, RecordedState, ReplayReader
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_LAST = named("last_dial_of_campaign")
_ATTEMPTS = named("recorded_attempts")
_STATES = named("recorded_states")
_OTHERS = named("others_dialled")


class PostgresReplay:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_dial(self, campaign: CampaignId) -> datetime | None:
        row = await self._database.row(_LAST, campaign)
        return None if row is None else row["dialled_at"]

    async def attempts(
        self, campaign: CampaignId, since: datetime, until: datetime
    ) -> Sequence[RecordedAttempt]:
        return [
            RecordedAttempt(
                AttemptId(row["id"]),
                ContactId(row["contact_id"]),
                PhoneNumber(row["e164"]),
                tuple(row["zones"]),
                Disposition(row["disposition"]),
                row["dialled_at"],
                row["rang_at"],
                row["answered_at"],
                row["joined_at"],
                row["left_at"],
                row["ended_at"],
            )
            for row in await self._database.rows(_ATTEMPTS, campaign, since, until)
        ]

    async def states(self, since: datetime, until: datetime) -> Sequence[RecordedState]:
        return [
            RecordedState(
                AgentId(row["agent_id"]),
                AgentState(row["state"]),
                row["at"],
                row["attempt_id"] and AttemptId(row["attempt_id"]),
            )
            for row in await self._database.rows(_STATES, since, until)
        ]

    async def others_dialled(self, campaign: CampaignId, since: datetime, until: datetime) -> bool:
        return bool(await self._database.value(_OTHERS, campaign, since, until))


_kept: type[ReplayReader] = PostgresReplay  # the type checker proves that the contract is kept

"""Campaigns and the counts that pacing and people read."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import asyncpg

from dialer.domain.campaign import TRANSITIONS, Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import CampaignId
from dialer.domain.plan_document import plan_from_json, plan_to_json
from dialer.domain.transitions import IllegalTransition, following
from dialer.errors import Conflict, NotFound
from dialer.ports.storage import Abandonment, ContactCounts
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ALL = named("all_campaigns")
_BY_ID = named("campaign_by_id")
_BY_NAME = named("campaign_by_name")
_CREATE = named("create_campaign")
_CHANGE = named("change_plan")
_LOCK = named("lock_campaign")
_MOVE = named("move_campaign")
_CONTACTS = named("count_contacts")
_EXHAUSTED = named("campaign_is_exhausted")
_OUTCOMES = named("count_outcomes")
_WINDOWS = named("count_windows")

_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


class PostgresCampaigns:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def campaigns(self) -> Sequence[Campaign]:
        return [_campaign(row) for row in await self._database.rows(_ALL)]

    async def campaign(self, campaign: CampaignId) -> Campaign:
        row = await self._database.row(_BY_ID, campaign)
        if row is None:
            raise _missing(campaign)
        return _campaign(row)

    async def campaign_named(self, name: str) -> Campaign:
        row = await self._database.row(_BY_NAME, name)
        if row is None:
            raise NotFound(f"there is no campaign named {name!r}")
        return _campaign(row)

    async def create_campaign(self, plan: CampaignPlan, now: datetime) -> CampaignId:
        new = await self._database.value(_CREATE, plan.name, plan_to_json(plan), now)
        if new is None:
            raise _taken(plan)
        return CampaignId(new)

    async def change_plan(self, campaign: CampaignId, plan: CampaignPlan) -> None:
        async def change(connection: asyncpg.Connection) -> None:
            try:
                changed = await connection.fetchval(_CHANGE.sql, campaign, plan.name, plan_to_json(plan))
            except asyncpg.UniqueViolationError:
                raise _taken(plan) from None
            if changed is None:
                raise _missing(campaign)

        await self._database.transaction(change)

    async def move_campaign(
        self, campaign: CampaignId, signal: CampaignSignal, now: datetime
    ) -> CampaignState:
        async def move(connection: asyncpg.Connection) -> CampaignState:
            state = await connection.fetchval(_LOCK.sql, campaign)
            if state is None:
                raise _missing(campaign)
            after = _following(CampaignState(state), signal)
            await connection.execute(_MOVE.sql, campaign, after.value, now)
            return after

        return await self._database.transaction(move)

    async def is_exhausted(self, campaign: CampaignId) -> bool:
        return bool(await self._database.value(_EXHAUSTED, campaign))

    async def contact_counts(self, campaign: CampaignId, now: datetime) -> ContactCounts:
        rows = await self._database.rows(_CONTACTS, campaign, now)
        return ContactCounts(
            by_state={row["state"]: row["contacts"] for row in rows},
            due_now=sum(row["due_now"] for row in rows),
            next_due_at=next((row["next_due_at"] for row in rows if row["next_due_at"] is not None), None),
        )

    async def outcomes(self, campaign: CampaignId) -> Mapping[Disposition, int]:
        rows = await self._database.rows(_OUTCOMES, campaign)
        return {Disposition(row["disposition"]): row["attempts"] for row in rows}

    async def abandonment(self, campaign: CampaignId, since: datetime) -> Abandonment:
        (row,) = await self._database.rows(_WINDOWS, campaign, [since], [_FOREVER])
        return Abandonment(since, row["answered"], row["abandoned"])


def _campaign(row: asyncpg.Record) -> Campaign:
    plan = plan_from_json(row["plan"])
    return Campaign(CampaignId(row["id"]), CampaignState(row["state"]), plan, row["started_at"])


def _following(state: CampaignState, signal: CampaignSignal) -> CampaignState:
    try:
        return following(TRANSITIONS, state, signal)
    except IllegalTransition as illegal:
        raise Conflict(f"the campaign is {state}: {illegal}") from None


def _missing(campaign: CampaignId) -> NotFound:
    return NotFound(f"there is no campaign {campaign}")


def _taken(plan: CampaignPlan) -> Conflict:
    return Conflict(f"there is a campaign named {plan.name!r} already: choose another name")

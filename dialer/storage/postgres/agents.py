"""Agents: what they ask for, and the states the engine brings them to."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dialer.domain.agent import AgentState
from dialer.domain.ids import AgentId
from dialer.errors import BadInput, Conflict, NotFound
from dialer.ports.storage import AgentChange, AgentWish, TimeInState
from dialer.storage.postgres.attempts import columns
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ALL = named("all_agents")
_ADD = named("add_agent")
_WISH = named("wish_agent")
_RECORD = named("record_agent_states")
_TIMES = named("agent_time_in_states")

_WISHES = (AgentState.LOGGED_OUT, AgentState.READY, AgentState.PAUSED)


class PostgresAgents:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def agents(self) -> Sequence[AgentWish]:
        return [_agent(row) for row in await self._database.rows(_ALL)]

    async def add_agent(self, name: str, phone: str, now: datetime) -> AgentId:
        async def add(connection: asyncpg.Connection) -> AgentId:
            try:
                return AgentId(await connection.fetchval(_ADD.sql, name, phone, now))
            except asyncpg.UniqueViolationError as taken:
                what = f"the phone {phone!r}" if "phone" in taken.constraint_name else f"the name {name!r}"
                raise Conflict(f"{what} belongs to another agent already") from None
            except asyncpg.CheckViolationError as wrong:
                raise _malformed(wrong.constraint_name) from None

        return await self._database.transaction(add)

    async def wish(self, agent: AgentId, wish: AgentState, reason: str, now: datetime) -> None:
        if wish not in _WISHES:
            raise BadInput(f"an agent can ask for {', '.join(_WISHES)}, not for {wish}", "wish")
        if await self._database.value(_WISH, agent, wish.value, reason, now) is None:
            raise NotFound(f"there is no agent {agent}")

    async def record_states(self, changes: Sequence[AgentChange]) -> None:
        rows = ((each.agent, each.state.value, each.reason, each.at, each.attempt) for each in changes)
        await self._database.rows(_RECORD, *columns(rows, 5))

    async def time_in_states(self, since: datetime, until: datetime) -> Sequence[TimeInState]:
        rows = await self._database.rows(_TIMES, since, until)
        return [
            TimeInState(AgentId(row["agent_id"]), AgentState(row["state"]), row["seconds"], row["times"])
            for row in rows
        ]


def _malformed(rule: str) -> BadInput:
    if "phone" in rule:
        return BadInput("a phone is 1 to 40 of A-Z a-z 0-9 _ . + -", "phone")
    return BadInput("a name is 1 to 80 characters on one line", "name")


def _agent(row: asyncpg.Record) -> AgentWish:
    return AgentWish(
        id=AgentId(row["id"]),
        name=row["name"],
        phone=row["phone"],
        state=AgentState(row["state"]),
        reason=row["reason"],
        since=row["since"],
        wish=AgentState(row["wish"]),
        wish_reason=row["wish_reason"],
        wished_at=row["wished_at"],
    )

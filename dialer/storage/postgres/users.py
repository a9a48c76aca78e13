"""Users, their tokens, and the record of what they did."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from dialer.domain.ids import AgentId
from dialer.errors import BadInput, Conflict, NotFound
from dialer.ports.storage import Caller
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ADD = named("add_user")
_PASSWORD = named("password_of_user")
_ADD_TOKEN = named("add_token")
_REVOKE = named("revoke_token")
_OF_TOKEN = named("caller_of_token")
_AUDIT = named("audit")

ROLES = ("admin", "supervisor", "agent", "read_only")


class PostgresUsers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_user(
        self, name: str, role: str, password_hash: str | None, agent: AgentId | None, now: datetime
    ) -> int:
        if role not in ROLES:
            raise BadInput(f"role: must be one of {', '.join(ROLES)}", "role")
        if not 1 <= len(name) <= 80 or not name.isprintable():
            raise BadInput("name: must be 1 to 80 characters on one line", "name")
        new = await self._database.value(_ADD, name, role, password_hash, agent, now)
        if new is None:
            raise Conflict(f"there is a user named {name!r} already: choose another name")
        return int(new)

    async def password_hash(self, name: str) -> tuple[Caller, str] | None:
        row = await self._database.row(_PASSWORD, name)
        return None if row is None else (_caller(row), row["password_hash"])

    async def add_token(
        self, user: str, label: str, sha256: str, expires_at: datetime | None, now: datetime
    ) -> int:
        new = await self._database.value(_ADD_TOKEN, user, label, sha256, expires_at, now)
        if new is None:
            raise NotFound(f"there is no active user named {user!r}")
        return int(new)

    async def revoke_token(self, token: int, now: datetime) -> None:
        if await self._database.value(_REVOKE, token, now) is None:
            raise NotFound(f"there is no token {token}")

    async def caller_of_token(self, sha256: str, now: datetime) -> Caller | None:
        row = await self._database.row(_OF_TOKEN, sha256, now)
        return None if row is None else _caller(row)

    async def audit(
        self, actor: str, action: str, subject: str, detail: Mapping[str, object], now: datetime
    ) -> None:
        await self._database.rows(_AUDIT, actor, action, subject, detail, now)


def _caller(row: asyncpg.Record) -> Caller:
    agent = None if row["agent_id"] is None else AgentId(row["agent_id"])
    return Caller(row["id"], row["name"], row["role"], agent)

"""Who may use the API and the command line, and the record of what they changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.ids import AgentId


@dataclass(frozen=True, slots=True)
class Caller:
    """Who uses the API or the command line."""

    user_id: int
    name: str
    role: str  # admin, supervisor, agent, read_only
    agent: AgentId | None


class UserStore(Protocol):
    async def add_user(
        self, name: str, role: str, password_hash: str | None, agent: AgentId | None, now: datetime
    ) -> int: ...

    async def password_hash(self, name: str) -> tuple[Caller, str] | None:
        """None for unknown, disabled or token-only users."""
        ...

    async def add_token(
        self, user: str, label: str, sha256: str, expires_at: datetime | None, now: datetime
    ) -> int: ...

    async def revoke_token(self, token: int, now: datetime) -> None: ...

    async def caller_of_token(self, sha256: str, now: datetime) -> Caller | None: ...

    async def audit(
        self, actor: str, action: str, subject: str, detail: Mapping[str, object], now: datetime
    ) -> None: ...

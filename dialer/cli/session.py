"""What a command works with: the settings, the store, the time, and who is typing."""

import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from dialer.cli import console
from dialer.clock import Clock, SystemClock
from dialer.compliance.rulebook import Rulebook
from dialer.domain.campaign import Campaign
from dialer.domain.ids import CampaignId
from dialer.domain.phone_number import BadNumber, PhoneNumber, parse_number
from dialer.errors import BadInput, NotFound
from dialer.ports.storage import AgentWish
from dialer.rulebook.load import load_rules
from dialer.settings import Settings
from dialer.web.deps import Store

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Session:
    settings: Settings
    store: Store
    clock: Clock

    async def campaign(self, which: str) -> Campaign:
        """By name, or by id when no campaign has that name."""
        try:
            return await self.store.campaigns.campaign_named(which)
        except NotFound:
            if not (which.isascii() and which.isdigit() and len(which) <= 18):
                raise
            return await self.store.campaigns.campaign(CampaignId(int(which)))

    async def agent(self, which: str) -> AgentWish:
        agents = await self.store.agents.agents()
        for agent in agents:
            if agent.name == which:
                return agent
        for agent in agents:
            if which in (str(agent.id), agent.phone):
                return agent
        raise NotFound(f"there is no agent {which!r}; `fairdial agents list` shows all")

    def number(self, written: str) -> PhoneNumber:
        try:
            return parse_number(written, self.settings.default_region)
        except BadNumber as wrong:
            raise BadInput(f"{written}: {wrong}", "number") from None

    def rulebook(self) -> Rulebook:
        """The product's rules with the operator's own. Raises `BadInput` with file and line."""
        return load_rules(self.settings.rules.file).book

    @property
    def actor(self) -> str:
        """Who is typing, as the audit trail names them."""
        return f"cli:{_who()}"

    async def audit(self, action: str, subject: str, **detail: object) -> None:
        await self.store.users.audit(self.actor, action, subject, detail, self.clock.now())


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@asynccontextmanager
async def opened() -> AsyncIterator[Session]:
    """Raises `StorageDown`, `SchemaMismatch`, `Misconfigured`."""
    # the driver is slow to import: only when needed
    from dialer.storage.postgres.migrate import check_current
    from dialer.storage.postgres.store import PostgresStore

    settings, clock = console.settings(), SystemClock()
    url = settings.database_url.get_secret_value()
    store = await PostgresStore.open(url, 2, clock, settings.default_region)
    try:
        await check_current(store.pool)
        yield Session(settings, store, clock)
    finally:
        await store.close()


def with_session(work: Callable[[Session], Awaitable[Result]]) -> Result:
    """Run `work` with an open store."""

    async def whole() -> Result:
        async with opened() as session:
            return await work(session)

    return console.run(whole())

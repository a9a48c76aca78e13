"""A store with one running campaign, and short words for what the tests do to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan, CampaignSignal
from dialer.domain.contact import ContactState
from dialer.domain.contact_rows import NewContact, RefusedRow
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, CampaignId, RunnerId, TrunkName
from dialer.domain.number_reader import NewNumber
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.storage import ClaimedContact, DoNotCallEntry, Progress, Settlement
from dialer.storage.postgres.store import PostgresStore
from tests.support.gate import judge_for, wanted_at

NOW = datetime(2026, 1, 5, 15, tzinfo=UTC)
TRUNK = TrunkName("main")
NEW_YORK = ("America/New_York",)


def number(nth: int) -> PhoneNumber:
    return PhoneNumber(f"+1202{5_000_000 + nth}")


def person(line: int, *numbers: int, **more: Any) -> NewContact:
    chosen = numbers or (line,)
    return NewContact(line, tuple(NewNumber(number(nth), NEW_YORK) for nth in chosen), **more)


@dataclass(frozen=True, slots=True)
class Rig:
    store: PostgresStore
    campaign: CampaignId
    runner: RunnerId

    @classmethod
    async def set_up(cls, store: PostgresStore, name: str = "spring") -> Self:
        campaign = await store.campaigns.create_campaign(CampaignPlan(name, TRUNK), NOW)
        await store.campaigns.move_campaign(campaign, CampaignSignal.START, NOW)
        return cls(store, campaign, RunnerId(uuid4()))

    async def add(self, *people: NewContact) -> Sequence[RefusedRow]:
        list_id = await self.store.contacts.begin_list(self.campaign, "test", NOW)
        return await self.store.contacts.add_contacts(self.campaign, list_id, people, NOW)

    async def claim(self, most: int = 1, now: datetime = NOW) -> Sequence[ClaimedContact]:
        return await self.store.attempts.claim(self.campaign, self.runner, most, now)

    async def claim_one(self) -> ClaimedContact:
        (claimed,) = await self.claim()
        return claimed

    async def begin(self, *claimed: ClaimedContact, now: datetime = NOW) -> frozenset[AttemptId]:
        asked, campaign = (
            [each.attempt for each in claimed],
            await self.store.campaigns.campaign(self.campaign),
        )
        permits = await self.store.attempts.begin_dialling(
            asked, self.runner, wanted_at(now), judge_for(campaign, now)
        )
        return frozenset(each.attempt for each in permits)

    async def dial(self) -> ClaimedContact:
        """A contact that is being dialled."""
        claimed = await self.claim_one()
        assert await self.begin(claimed) == {claimed.attempt}
        return claimed

    async def talk(self, agent: AgentId) -> ClaimedContact:
        """A contact that talks with the agent."""
        dialled = await self.dial()
        move = Progress(
            dialled.attempt, AttemptState.TALKING, rang_at=NOW, answered_at=NOW, joined_at=NOW, agent=agent
        )
        await self.store.attempts.record([move], [])
        return dialled

    async def all(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.store.pool.fetch(sql)]


def ended(claimed: ClaimedContact, disposition: Disposition = Disposition.BUSY, **more: Any) -> Settlement:
    """A settlement after which the contact is due again in ten minutes."""
    plain = Settlement(
        attempt=claimed.attempt,
        contact=claimed.contact,
        number_id=claimed.number_id,
        disposition=disposition,
        because="the network said so",
        ended_at=NOW,
        cause=HangupCause(17, 486, "Busy Here"),
        ended_by_us=False,
        dialled=True,
        contact_state=ContactState.READY,
        due_at=NOW + timedelta(minutes=10),
        contact_because="again in ten minutes",
        number_is_dead=False,
    )
    return replace(plain, **more)


def forbidden(nth: int, **more: Any) -> DoNotCallEntry:
    return replace(DoNotCallEntry(number(nth), None, "test", "asked", NOW), **more)

"""A gate on the real database: claims are decided by the whole rulebook, at a time that the test says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dialer.clock import SystemClock
from dialer.compliance.call_rules import CallRulesBook
from dialer.compliance.gate import DialPermit, review
from dialer.compliance.holiday_calendars import FixedHolidays, HolidayBook
from dialer.compliance.refusal import RefusalReason
from dialer.compliance.rulebook import Rulebook
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign
from dialer.domain.campaign_rules import CampaignRules
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId, ContactId
from dialer.domain.number_reader import NewNumber
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.gatekeeper import Gatekeeper
from dialer.engine.originator import put_back
from dialer.ports.dialling import DialFacts, FactsWanted, RefusedClaim
from dialer.ports.registries import RegistryBook
from dialer.ports.storage import ClaimedContact, Progress
from dialer.rulebook.load import load_rules
from dialer.simulation.lawless import NoRegistries
from dialer.storage.postgres.store import PostgresStore
from tests.integration.storage.rig import NOW, Rig, ended

SHOWN = "+12025550100"
INFORM = CampaignRules(purposes=frozenset({"informational"}), seller="Acme", subject="news")  # type: ignore[arg-type]


PARISIAN = NewNumber(PhoneNumber("+33142685300"), ("Europe/Paris",))


class ToldClock(SystemClock):
    """Goes on as the test says."""

    passed = timedelta(0)
    set_by = timedelta(0)  # the wall clock alone

    def now(self) -> datetime:
        return NOW + self.passed + self.set_by

    def monotonic(self) -> float:
        return self.passed.total_seconds()


@dataclass
class Gate:
    """A running campaign whose dials are decided by the whole rulebook."""

    rig: Rig
    keeper: Gatekeeper
    said: dict[AttemptId, str]
    clock: ToldClock
    shown: str = SHOWN

    async def campaign(self) -> Campaign:
        return await self.rig.store.campaigns.campaign(self.rig.campaign)

    def wanted(self, campaign: Campaign, at: timedelta = timedelta(0)) -> FactsWanted:
        return self.keeper.wanted(campaign, self.shown, NOW + at)

    async def begin(
        self, *claimed: ClaimedContact, store: PostgresStore | None = None, at: timedelta = timedelta(0)
    ) -> Sequence[DialPermit]:
        self.clock.passed = at
        campaign, by_attempt = await self.campaign(), {each.attempt: each for each in claimed}

        def judge(attempt: AttemptId, facts: DialFacts) -> DialPermit | RefusedClaim | None:
            verdict = review(self.keeper.case(campaign, self.shown, facts, NOW + at, attempt))
            if isinstance(verdict, DialPermit):
                return verdict
            self.said[attempt] = verdict.reason
            if verdict.reason is RefusalReason.CAMPAIGN_NOT_RUNNING:
                return None  # its owner releases it
            return put_back(by_attempt[attempt], campaign.plan, verdict, NOW + at)

        attempts = (store or self.rig.store).attempts
        return await attempts.begin_dialling(
            list(by_attempt), self.rig.runner, self.wanted(campaign, at), judge
        )


async def gate_with(
    rig: Rig,
    rules: CampaignRules = INFORM,
    book: Rulebook | None = None,
    registries: RegistryBook | None = None,
    holidays: HolidayBook | None = None,
    shown: str = SHOWN,
) -> Gate:
    campaign = await rig.store.campaigns.campaign(rig.campaign)
    await rig.store.campaigns.change_plan(rig.campaign, replace(campaign.plan, rules=rules))
    clock = ToldClock()
    keeper = Gatekeeper(
        CallRulesBook(book or load_rules().book),
        registries or NoRegistries(),
        holidays or FixedHolidays(()),
        clock,
    )
    return Gate(rig, keeper, {}, clock, shown)


async def refusals(gate: Gate, contact: ContactId) -> list[tuple[str, int]]:
    return [(each.reason, each.times) for each in await gate.rig.store.gate.refusals(contact, 10)]


async def reached(
    rig: Rig, claimed: ClaimedContact, disposition: Disposition = Disposition.CONNECTED, at: datetime = NOW
) -> None:
    """A call that was begun reaches an agent, who says what came of it; the contact is due again at once."""
    agent = await rig.store.agents.add_agent(f"Ana {claimed.attempt}", claimed.attempt.hex[:12], at)
    move = Progress(
        claimed.attempt, AttemptState.TALKING, rang_at=at, answered_at=at, joined_at=at, agent=agent
    )
    await rig.store.attempts.record([move], [])
    await rig.store.attempts.settle([ended(claimed, disposition, ended_at=at, due_at=NOW)], [])

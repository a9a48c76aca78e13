"""Calls of the days before the demonstration: committed by the gate and settled by the store, under clocks of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import uuid4

from dialer.compliance.gate import DialPermit, Refusal, review
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CallingHours, Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.contact import ContactState
from dialer.domain.contact_rows import NewContact
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AttemptId, RunnerId, TrunkName
from dialer.domain.number_reader import NumberReader
from dialer.engine.gatekeeper import ClockWatch, Gatekeeper
from dialer.errors import FairdialError
from dialer.ports.dialling import DialFacts
from dialer.ports.storage import ClaimedContact, Progress, Settlement
from dialer.storage.postgres.store import PostgresStore

_RANG = timedelta(seconds=16)
_NO_ANSWER, _NORMAL = 19, 16  # Q.850


@dataclass(frozen=True, slots=True)
class _Standing:
    """The clock of one past moment."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class EarlierCalls:
    store: PostgresStore
    gatekeeper: Gatekeeper
    trunk: str
    caller_id: str

    async def write(self, number: str, outcome: Disposition, moments: Sequence[datetime]) -> None:
        """One campaign that called one person at these moments, oldest first, always with the same outcome."""
        campaign = await self._campaign(number, moments[0])
        runner = RunnerId(uuid4())
        for at, next_at in zip(moments, [*moments[1:], None], strict=True):
            (claimed,) = await self.store.attempts.claim(campaign.id, runner, 1, at)
            await self._dial(campaign, claimed, runner, at)
            await self.store.attempts.settle([_end(claimed, outcome, at, next_at)], [])
        await self.store.campaigns.move_campaign(campaign.id, CampaignSignal.EXHAUSTED, moments[-1])

    async def _campaign(self, number: str, at: datetime) -> Campaign:
        plan = CampaignPlan(
            f"demo-earlier {number}",
            TrunkName(self.trunk),
            hours=CallingHours(time(0), time.max),
            rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL})),
        )
        store = self.store
        campaign = await store.campaigns.create_campaign(plan, at)
        list_id = await store.contacts.begin_list(campaign, "earlier", at)
        person = NewContact(1, (NumberReader("US").read(number),))
        await store.contacts.add_contacts(campaign, list_id, [person], at)
        await store.campaigns.move_campaign(campaign, CampaignSignal.START, at)
        return Campaign(campaign, CampaignState.RUNNING, plan)

    async def _dial(
        self, campaign: Campaign, claimed: ClaimedContact, runner: RunnerId, at: datetime
    ) -> None:
        clock = _Standing(at)
        keeper = replace(self.gatekeeper, clock=clock)
        keeper.watch = ClockWatch(clock)

        def judge(attempt: AttemptId, facts: DialFacts) -> DialPermit:
            verdict = review(keeper.case(campaign, self.caller_id, facts, at, attempt))
            if isinstance(verdict, Refusal):
                raise FairdialError(f"the earlier call to {claimed.number} was refused: {verdict.because}")
            return verdict

        wanted = keeper.wanted(campaign, self.caller_id, at)
        await self.store.attempts.begin_dialling([claimed.attempt], runner, wanted, judge)


def _end(claimed: ClaimedContact, outcome: Disposition, at: datetime, next_at: datetime | None) -> Settlement:
    answered = outcome is Disposition.ABANDONED
    rang, ended = at + timedelta(seconds=1), at + _RANG
    return Settlement(
        attempt=claimed.attempt,
        contact=claimed.contact,
        number_id=claimed.number_id,
        disposition=outcome,
        because="before the demonstration",
        ended_at=ended,
        cause=HangupCause(q850=_NORMAL if answered else _NO_ANSWER),
        ended_by_us=not answered,
        dialled=True,
        contact_state=ContactState.EXHAUSTED if next_at is None else ContactState.READY,
        due_at=next_at,
        contact_because="",
        number_is_dead=False,
        progress=Progress(
            claimed.attempt, AttemptState.ENDED, rang_at=rang, answered_at=ended if answered else None
        ),
    )

"""Brings the ledger's word on abandonment to the pacer: at the start, every minute, and whenever it may have changed.

The ledger is the truth. What the pacer adds up from events in between is an estimate: an agent may have said "machine"
since, another engine may have been at work, the clock may have been set.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dialer.clock import Clock
from dialer.compliance.abandonment_windows import windows
from dialer.domain.abandonment import AbandonmentWindow, WindowCount
from dialer.domain.campaign import CallingHours, Campaign, CampaignState
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.engine.campaign_law import CampaignLaw
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.ledger_writer import LedgerWriter
from dialer.errors import StorageDown
from dialer.ports.pacing import PacingStore

log = logging.getLogger(__name__)

EVERY_S = 60.0
_LOOK_S = 1.0
_LATEST_S = 5.0  # pacers keep what happened since a reading, but not for long
UNREAD = "the abandonment ledger has not been read yet"

# what windows are made of besides the time
_Terms = tuple[PacingPlan, CallingHours, datetime | None]


@dataclass(slots=True)
class _Read:
    """Of one campaign: when, on which terms, and what."""

    at: float
    terms: _Terms
    bounds: Sequence[tuple[datetime, datetime | None]]
    counts: Sequence[WindowCount]


class BudgetKeeper:
    """`zone` is the service's: its midnight begins the day. `on_read` is called after every reading.

    Beside the operator's own caps every window counts that the `law` of a campaign asks for.
    """

    def __init__(
        self,
        store: PacingStore,
        floor: FloorReporter,
        ledger: LedgerWriter,
        clock: Clock,
        zone: ZoneInfo,
        campaigns: Callable[[], Mapping[CampaignId, Campaign]],
        on_read: Callable[[], None],
        law: CampaignLaw,
    ) -> None:
        self._store, self._floor, self._ledger, self._clock = store, floor, ledger, clock
        self._zone, self._campaigns, self._on_read, self._law = zone, campaigns, on_read, law
        self._read: dict[CampaignId, _Read] = {}
        self._stale = asyncio.Event()

    def obstacle(self, campaign: Campaign) -> str | None:
        """A predictive campaign does not dial on an allowance nobody knows."""
        predictive = campaign.plan.pacing.mode is PacingMode.PREDICTIVE
        return UNREAD if predictive and campaign.id not in self._read else None

    def counts(self, campaign: CampaignId) -> Sequence[WindowCount]:
        """As last read; () before."""
        return self._read[campaign].counts if campaign in self._read else ()

    def mark_stale(self) -> None:
        """The ledger was out of reach, or changed otherwise than by us: read everything again."""
        for read in self._read.values():
            read.at = float("-inf")
        self._stale.set()

    def look(self) -> None:
        """Campaigns may have begun or changed."""
        self._stale.set()

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._stale.wait()
            except TimeoutError:
                pass
            self._stale.clear()
            try:
                await self.read_due()
            except StorageDown as down:
                log.info("allowance not read", extra={"action": "pacing.budget_waits", "why": str(down)})
                self.mark_stale()
                await asyncio.sleep(_LOOK_S)

    async def read_due(self) -> None:
        """Raises `StorageDown`."""
        running = [each for each in self._campaigns().values() if each.state is CampaignState.RUNNING]
        self._read = {each.id: self._read[each.id] for each in running if each.id in self._read}
        self._law.forget_all_but([each.id for each in running])
        now = self._clock.now()
        due = [each for each in running if self._is_due(each, now)]
        if not due:
            return
        as_of = await self._stored_until()
        for campaign in due:
            await self._read_one(campaign, as_of)
        self._on_read()

    async def _stored_until(self) -> datetime:
        """A moment not long ago before which everything that happened is in the store."""
        while True:
            as_of, begun = self._clock.now(), self._clock.monotonic()
            await self._ledger.drained()
            if self._clock.monotonic() - begun < _LATEST_S:
                return as_of

    async def _read_one(self, campaign: Campaign, as_of: datetime) -> None:
        await self._law.profiles(campaign)
        asked = self._windows(campaign, as_of)
        counts = await self._store.window_counts(campaign.id, asked, as_of)
        self._read[campaign.id] = _Read(self._clock.monotonic(), _terms(campaign), _bounds(asked), counts)
        self._floor.counted(campaign.id, counts)

    def _is_due(self, campaign: Campaign, now: datetime) -> bool:
        read = self._read.get(campaign.id)
        if read is None or self._clock.monotonic() - read.at >= EVERY_S or read.terms != _terms(campaign):
            return True
        if all(begins <= now and (ends is None or now < ends) for begins, ends in read.bounds):
            return False  # the usual case, without working out the windows
        return read.bounds != _bounds(self._windows(campaign, now))

    def _windows(self, campaign: Campaign, now: datetime) -> list[AbandonmentWindow]:
        plan = campaign.plan
        law = self._law.known(campaign)
        return windows(plan.pacing, plan.hours, campaign.started_at or now, self._zone, now, law)


def _terms(campaign: Campaign) -> _Terms:
    return campaign.plan.pacing, campaign.plan.hours, campaign.started_at


def _bounds(asked: Sequence[AbandonmentWindow]) -> list[tuple[datetime, datetime | None]]:
    """Of those that do not roll."""
    return [(each.begins, each.ends) for each in asked if each.ends is not None]

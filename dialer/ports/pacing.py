"""What pacing asks of the ledger, and what it leaves there: counts of abandonment windows, lessons, decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.abandonment import AbandonmentWindow, WindowCount
from dialer.domain.ids import CampaignId
from dialer.pacing.decision import PacingDecision
from dialer.pacing.pacer import Lesson


@dataclass(frozen=True, slots=True)
class DecisionSample:
    """One decision as it was, kept to answer for it later. `decisions` is how many it stands for, itself included."""

    campaign: CampaignId
    at: datetime
    decision: PacingDecision
    decisions: int


class PacingStore(Protocol):
    """Raises `StorageDown`, as every store; a campaign that is not there has empty windows and no samples."""

    async def window_counts(
        self, campaign: CampaignId, windows: Sequence[AbandonmentWindow], now: datetime
    ) -> Sequence[WindowCount]:
        """One count for each window, in their order, with `as_of` the moment counted to.

        A call belongs to the window of the moment it was answered; a window that rolls ends at `now`. The clock may
        have been set back: a window that begins after `now` has nothing in it and is no error.
        """
        ...

    async def lessons(self) -> Sequence[Lesson]:
        """The last one kept of each campaign."""
        ...

    async def lesson(self, campaign: CampaignId) -> Lesson | None:
        """The last one kept of this campaign."""
        ...

    async def keep_lessons(self, lessons: Sequence[Lesson], now: datetime) -> None:
        """Each replaces what was kept of its campaign; those of campaigns that are gone are dropped."""
        ...

    async def keep_decisions(self, samples: Sequence[DecisionSample]) -> None: ...

    async def decisions(
        self, campaign: CampaignId, since: datetime, until: datetime, most: int
    ) -> Sequence[DecisionSample]:
        """Those of `since <= at < until`, the latest `most` of them, oldest first."""
        ...

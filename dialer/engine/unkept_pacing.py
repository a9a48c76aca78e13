"""A pacing store for an engine without a ledger: nothing was answered yet, and nothing is kept."""

from collections.abc import Sequence
from datetime import datetime

from dialer.domain.abandonment import AbandonmentWindow, WindowCount
from dialer.domain.ids import CampaignId
from dialer.pacing.pacer import Lesson
from dialer.ports.pacing import DecisionSample


class UnkeptPacing:
    async def window_counts(
        self, campaign: CampaignId, windows: Sequence[AbandonmentWindow], now: datetime
    ) -> Sequence[WindowCount]:
        return [WindowCount(window, 0, 0, now) for window in windows]

    async def lessons(self) -> Sequence[Lesson]:
        return ()

    async def keep_lessons(self, lessons: Sequence[Lesson], now: datetime) -> None: ...

    async def keep_decisions(self, samples: Sequence[DecisionSample]) -> None: ...

    async def decisions(
        self, campaign: CampaignId, since: datetime, until: datetime, most: int
    ) -> Sequence[DecisionSample]:
        return ()

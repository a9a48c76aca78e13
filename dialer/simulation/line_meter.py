"""How many lines are in use at once: ringing, waiting and talking. The 99th percentile sizes a trunk."""

from collections import Counter
from datetime import datetime
from typing import Any

from dialer.domain.ids import CampaignId
from dialer.pacing.pacer import ContactFeatures, Line, LineEnd, Pacer


class LineMeter:
    """Put between a floor and its pacer; every other call goes straight through."""

    def __init__(self, pacer: Pacer, since: float) -> None:
        self._pacer, self._begins = pacer, since
        self._lines: set[Line] = set()
        self._since = 0.0
        self._seconds: Counter[int] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pacer, name)

    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None:
        self._pass(now)
        self._lines.add(line)
        self._pacer.dialled(line, campaign, contact, now, wall)

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        self._pass(now)
        self._lines.discard(line)
        self._pacer.ended(line, end, now, wall)

    def quantile(self, share: float) -> float:
        """So many lines are enough for that share of the time."""
        left = share * sum(self._seconds.values())
        for lines, seconds in sorted(self._seconds.items()):
            left -= seconds
            if left <= 0:
                return float(lines)
        return 0.0

    def _pass(self, now: float) -> None:
        since = max(self._since, self._begins)
        if now > since:
            self._seconds[len(self._lines)] += now - since  # type: ignore[assignment]
        self._since = now

"""Every pacing decision of the last while in memory, and samples of them in the store: why was it (not) dialling?"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.clock import Clock
from dialer.domain.ids import CampaignId
from dialer.errors import StorageDown
from dialer.pacing.decision import Binding, PacingDecision
from dialer.ports.pacing import DecisionSample, PacingStore

log = logging.getLogger(__name__)

KEPT = 10_000
SAMPLE_S = 10.0
_CHANGE_S = (
    1.0  # what keeps a floor from dialling may change with every call: not every change is worth a row
)
_MOST_UNWRITTEN = 2_000
_WRITE_S = 5.0


@dataclass(slots=True)
class Decided:
    """A decision, or a run of decisions not to dial for the same reason; then the last of them."""

    campaign: CampaignId
    nth: int
    at: datetime
    decision: PacingDecision
    target_lines: int
    decisions: int = 1


@dataclass(slots=True)
class _Sampled:
    at: float
    binding: Binding
    since: int = 0  # decisions


class DecisionLog:
    def __init__(self, store: PacingStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._ring: deque[Decided] = deque(maxlen=KEPT)
        self._last: dict[CampaignId, Decided] = {}
        self._sampled: dict[CampaignId, _Sampled] = {}
        self._unwritten: deque[DecisionSample] = deque(maxlen=_MOST_UNWRITTEN)
        self._made = 0

    def note(self, campaign: CampaignId, decision: PacingDecision, ringing: int) -> None:
        """`ringing` lines of the campaign are out without an answer."""
        now = self._clock.now()
        self._keep(campaign, decision, ringing + decision.dial, now)
        self._sample(campaign, decision, now)

    def _keep(self, campaign: CampaignId, decision: PacingDecision, target: int, now: datetime) -> None:
        last = self._last.get(campaign)
        if (
            last is not None
            and decision.dial <= 0
            and last.decision.dial <= 0
            and last.decision.binding is decision.binding
            and last.nth >= self._ring[0].nth
        ):
            last.at, last.decision, last.target_lines = now, decision, target
            last.decisions += 1
            return
        self._made += 1
        self._last[campaign] = Decided(campaign, self._made, now, decision, target)
        self._ring.append(self._last[campaign])

    def _sample(self, campaign: CampaignId, decision: PacingDecision, now: datetime) -> None:
        moment = self._clock.monotonic()
        sampled = self._sampled.get(campaign)
        if sampled is None:
            sampled = self._sampled[campaign] = _Sampled(float("-inf"), decision.binding)
        sampled.since += 1
        age = moment - sampled.at
        if age >= SAMPLE_S or (decision.binding is not sampled.binding and age >= _CHANGE_S):
            self._unwritten.append(DecisionSample(campaign, now, decision, sampled.since))
            self._sampled[campaign] = _Sampled(moment, decision.binding)

    def latest(self, campaign: CampaignId) -> Decided | None:
        return self._last.get(campaign)

    def recent(self, campaign: CampaignId, most: int) -> list[DecisionSample]:
        """The latest in memory, oldest first."""
        found: list[DecisionSample] = []
        for each in reversed(self._ring):
            if len(found) >= most:
                break
            if each.campaign == campaign:
                found.append(DecisionSample(campaign, each.at, each.decision, each.decisions))
        return sorted(found, key=lambda sample: sample.at)

    def forget_all_but(self, campaigns: Sequence[CampaignId]) -> None:
        for known in (self._last, self._sampled):
            for campaign in known.keys() - set(campaigns):
                del known[campaign]

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_WRITE_S)
            await self.write()

    async def write(self) -> None:
        """What cannot be written waits, the oldest are given up first. Nothing here stops dialling."""
        samples = list(self._unwritten)
        if not samples:
            return
        self._unwritten.clear()
        try:
            await self._store.keep_decisions(samples)
        except StorageDown as down:
            waiting = [*samples, *self._unwritten]
            self._unwritten.clear()
            self._unwritten.extend(waiting)
            log.info("decisions wait", extra={"action": "pacing.decisions_wait", "why": str(down)})
        except Exception:
            log.exception("decisions not kept", extra={"action": "pacing.decisions_refused"})

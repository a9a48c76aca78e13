"""How the queues of callers do: who waits, how long, and how many were served in time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dialer.domain.attempt import AttemptState
from dialer.domain.ids import CampaignId
from dialer.engine.live_call import LiveCall


@dataclass(frozen=True, slots=True)
class QueueNow:
    """Of one queue: callers who wait, since when the first of them, and what became of the others since the service started.

    `in_time` are those answered within the goal of their queue, the plan's `answer_within`.
    """

    waiting: int = 0
    waiting_since: datetime | None = None
    answered: int = 0
    in_time: int = 0
    left: int = 0


class QueueBook:
    def __init__(self) -> None:
        self._answered: Counter[CampaignId] = Counter()
        self._in_time: Counter[CampaignId] = Counter()
        self._left: Counter[CampaignId] = Counter()

    def answered(self, call: LiveCall) -> None:
        """Joined to an agent for the first time."""
        waited = call.waited()
        self._answered[call.campaign.id] += 1
        self._in_time[call.campaign.id] += waited is not None and waited <= call.plan.answer_within

    def left(self, call: LiveCall) -> None:
        self._left[call.campaign.id] += 1

    def of(self, queue: CampaignId, calls: Iterable[LiveCall]) -> QueueNow:
        waiting = [
            call.answered_at
            for call in calls
            if call.campaign.id == queue
            and call.state is AttemptState.WAITING
            and call.inbound
            and call.answered_at is not None
        ]
        return QueueNow(
            len(waiting),
            min(waiting, default=None),
            self._answered[queue],
            self._in_time[queue],
            self._left[queue],
        )

"""Callers from outside who wait in a queue: each is kept as an attempt, taken in hand, and brought to an agent.

Whoever has waited is on record, also when the database was away meanwhile: then the caller is taken when it is back.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

from dialer.clock import Clock
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.events import CallerLeft, CallerWaiting
from dialer.domain.ids import CampaignId, RunnerId, TrunkName
from dialer.domain.phone_number import WITHHELD, BadNumber, PhoneNumber, parse_number
from dialer.domain.queued_caller import QueuedCaller
from dialer.engine.call_supervisor import CallSupervisor
from dialer.engine.live_call import LiveCall
from dialer.errors import Refused, StorageDown
from dialer.ports.callers import CallerStore, TakenCaller
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

NO_TRUNK = TrunkName("")  # which one a caller came in by is not known
_AGAIN_S = 1.0
# no agent is sought in the last moment before the flow goes on: the two would be joined in the middle of its words
_MARGIN = timedelta(seconds=0.5)


class QueueDesk:
    """`campaigns` are those the engine knows; a queue is a running one of the mode inbound. `region`: of numbers without a
    country code."""

    def __init__(
        self,
        telephony: Telephony,
        store: CallerStore,
        supervisor: CallSupervisor,
        campaigns: Callable[[], Mapping[CampaignId, Campaign]],
        runner: RunnerId,
        clock: Clock,
        tasks: TaskOwner,
        region: str,
    ) -> None:
        self._telephony, self._store, self._supervisor = telephony, store, supervisor
        self._campaigns, self._runner, self._clock, self._tasks = campaigns, runner, clock, tasks
        self._region = region
        self._there: dict[str, bool] = {}  # who is being taken, by channel: whether still waiting

    def take(self, event: CallerWaiting | CallerLeft) -> None:
        if isinstance(event, CallerLeft):
            if event.channel in self._there:
                self._there[event.channel] = False
        elif event.channel not in self._there:
            self._there[event.channel] = True
            self._tasks.spawn(self._receive(event), f"caller-{event.channel}")

    async def _receive(self, event: CallerWaiting) -> None:
        try:
            queue = self._queue(event.queue)
            if queue is not None:
                taken = await self._kept(event, queue)
                self._hand_over(event, queue, taken, self._there[event.channel])
        finally:
            del self._there[event.channel]

    def _queue(self, name: str) -> Campaign | None:
        for campaign in self._campaigns().values():
            if campaign.plan.name == name and campaign.plan.inbound:
                if campaign.state is not CampaignState.RUNNING:
                    log.warning("queue not open", extra={"action": "queue.not_open", "queue": name})
                return campaign
        log.error(
            "a caller waits in a queue that does not exist: create a campaign of the mode inbound with its name",
            extra={"action": "queue.unknown", "queue": name},
        )
        return None

    async def _kept(self, event: CallerWaiting, queue: Campaign) -> TakenCaller:
        caller = QueuedCaller(event.channel, event.session, event.priority, event.called)
        told = False
        while True:
            try:
                return await self._store.take_caller(
                    queue.id, self._number(event), caller, self._runner, event.at
                )
            except StorageDown as down:
                if not told:
                    log.warning("caller not stored", extra={"action": "queue.no_database", "why": str(down)})
                told = True
            await asyncio.sleep(_AGAIN_S)

    def _number(self, event: CallerWaiting) -> PhoneNumber:
        """What is no telephone number is kept as one that is not shown."""
        try:
            return parse_number(event.number, self._region) if event.number else WITHHELD
        except BadNumber:
            return WITHHELD

    def _hand_over(self, event: CallerWaiting, queue: Campaign, taken: TakenCaller, there: bool) -> None:
        call = LiveCall(
            taken.claimed,
            queue,
            NO_TRUNK,
            AttemptState.WAITING,
            event.at,
            answered_at=event.at,
            caller=taken.caller,
            wanted_until=event.at + max(event.within - _MARGIN, event.within / 2),
            wanted_agent=event.agent,
        )
        try:
            if not there:
                raise Refused("the caller is gone")
            self._telephony.take_caller(call.id, event.channel)
        except Refused:
            self._supervisor.called_in_vain(call)
        else:
            self._supervisor.called_us(call)

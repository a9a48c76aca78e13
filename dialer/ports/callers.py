"""What the engine needs of the store for callers who wait in a queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.ids import CampaignId, RunnerId
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.queued_caller import QueuedCaller
from dialer.ports.storage import ClaimedContact


@dataclass(frozen=True, slots=True)
class TakenCaller:
    """A caller with the contact and the open attempt that are kept of the call."""

    claimed: ClaimedContact
    caller: QueuedCaller


class CallerStore(Protocol):
    async def take_caller(
        self, queue: CampaignId, number: PhoneNumber, caller: QueuedCaller, runner: RunnerId, at: datetime
    ) -> TakenCaller:
        """Keep a caller who waits since `at`: an inbound attempt in state waiting, linked to the flow's session.

        The contact is the one that has the number in this queue, made when it is new; a caller who shows no number
        (`WITHHELD`) is a contact without a number each time, so that two strangers are never taken for one. Again: the
        same channel and moment give the same attempt. The answer knows what was entered in the flow. May raise
        `StorageDown`.
        """
        ...

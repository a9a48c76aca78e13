"""The compliance gate: the only place that can say that a number may be dialled now.

`review` is pure. It either mints a `DialPermit`, which is all that telephony's `originate` accepts, or says why not and
when the answer may change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from dialer.compliance.calling_hours import next_opening, open_everywhere
from dialer.domain.campaign import RING_MINIMUM, Campaign, CampaignState
from dialer.domain.ids import AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber


class RefusalReason(StrEnum):
    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    DO_NOT_CALL = "do_not_call"
    OUTSIDE_CALLING_HOURS = "outside_calling_hours"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    TOO_MANY_ATTEMPTS = "too_many_attempts"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`until` is when the answer may change; None when only a change of data can change it."""

    reason: RefusalReason
    until: datetime | None
    because: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claimed contact and the number chosen for it. `zones` are all IANA zones the person may be in."""

    attempt: AttemptId
    contact: ContactId
    number: PhoneNumber
    zones: Sequence[str]
    attempts: int
    on_do_not_call: bool


class DialPermit:
    """Leave to dial one number once. Made by `review` only."""

    __slots__ = ("attempt", "caller_id", "campaign", "contact", "number", "ring_for", "ring_minimum", "trunk")
    _seal: ClassVar[object] = object()

    def __init__(
        self, seal: object, candidate: Candidate, campaign: Campaign, caller_id: str, ring_minimum: timedelta
    ) -> None:
        if seal is not DialPermit._seal:
            raise TypeError("only the compliance gate makes permits")
        self.attempt: AttemptId = candidate.attempt
        self.contact: ContactId = candidate.contact
        self.number: PhoneNumber = candidate.number
        self.campaign: CampaignId = campaign.id
        self.trunk: TrunkName = campaign.plan.trunk
        self.caller_id = caller_id
        self.ring_for: timedelta = max(campaign.plan.ring_for, ring_minimum)
        self.ring_minimum: timedelta = ring_minimum

    def __repr__(self) -> str:
        return f"DialPermit(attempt={self.attempt}, number={self.number!r})"


def review(candidate: Candidate, campaign: Campaign, caller_id: str, now: datetime) -> DialPermit | Refusal:
    """Check every rule for one dial at `now` (aware). Refuses in the order in which an operator can act."""
    if campaign.state is not CampaignState.RUNNING:
        return Refusal(RefusalReason.CAMPAIGN_NOT_RUNNING, None, f"the campaign is {campaign.state}")
    if candidate.on_do_not_call:
        return Refusal(RefusalReason.DO_NOT_CALL, None, "the number is on a do-not-call list")
    if candidate.attempts >= campaign.plan.most_attempts:
        return Refusal(RefusalReason.TOO_MANY_ATTEMPTS, None, f"{candidate.attempts} attempts were made")
    if not candidate.zones:
        return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, "no time zone is known for the number")
    if not open_everywhere(campaign.plan.hours, candidate.zones, now):
        until = next_opening(campaign.plan.hours, candidate.zones, now)
        zones = ", ".join(candidate.zones[:3])
        return Refusal(RefusalReason.OUTSIDE_CALLING_HOURS, until, f"it is outside calling hours in {zones}")
    return DialPermit(DialPermit._seal, candidate, campaign, caller_id, RING_MINIMUM)

"""What a campaign says of itself that rules depend on: who calls, why, in whose name, and under which rules at home."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class CallPurpose(StrEnum):
    SALES = "sales"
    COLLECTION = "collection"
    RESEARCH = "research"
    INFORMATIONAL = "informational"
    INSURANCE = "insurance"  # rules for sales apply as well
    HEALTH_CARE = "health_care"


@dataclass(frozen=True, slots=True)
class RuleOverride:
    """A rule loosened on purpose: by whom, why, since when. Kept in the audit trail and in every explanation."""

    profile: str
    field: str
    value: str
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """`home` names profiles that apply wherever the called party is. `subject` is what attempt caps per subject count by.

    `closing_guard`: no call begins so shortly before closing that it would ring on beyond it. `revoke_all`: who takes back
    consent on one topic is not called on any. `seller` in whose name the calls are made, and `seller_phone` is where that
    name can be reached. `detector`: calls are listened to for machines.
    """

    purposes: frozenset[CallPurpose] = frozenset({CallPurpose.SALES})
    home: frozenset[str] = frozenset()
    subject: str = ""
    seller: str = ""
    seller_phone: str = ""
    closing_guard: timedelta = timedelta(minutes=2)
    revoke_all: bool = True
    detector: bool = False
    overrides: tuple[RuleOverride, ...] = ()
    languages: Mapping[str, str] = field(
        default_factory=dict
    )  # prompt of the abandoned-call message by language

    def __post_init__(self) -> None:
        if not self.purposes:
            raise ValueError("purposes must name at least one purpose of the calls")
        if not timedelta(0) <= self.closing_guard <= timedelta(hours=1):
            raise ValueError("closing_guard must be from 0 to 3600 s")

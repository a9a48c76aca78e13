"""Why a number may not be dialled now, which rule says so, and when the answer may change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RefusalReason(StrEnum):
    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    CLOCK = "clock"  # it was set, or lies: no rule of time can be kept by it
    # lists
    INTERNAL_DNC = "internal_dnc"
    REGISTRY_LISTED = "registry_listed"
    REGISTRY_STALE = "registry_stale"  # too old, missing or unreadable: every number that needs it is refused
    BLOCKED_PREFIX = "blocked_prefix"
    COMPLAINT = "complaint"  # the number complained before
    SENSITIVE = "sensitive"  # a sensitive customer who prefers another channel
    REVOKED = "revoked"
    CONSENT_MISSING = "consent_missing"
    RND_YES = "rnd_yes"
    RND_NO_DATA = "rnd_no_data"
    # time
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    UNKNOWN_PLACE = "unknown_place"  # no rules are known for where the number is
    OUTSIDE_HOURS = "outside_hours"
    NO_CALL_DAY = "no_call_day"
    HOLIDAY = "holiday"
    GUARD = "guard"  # lawful, but it would still ring at closing time: our own policy
    # earlier calls
    TOO_MANY_ATTEMPTS = "too_many_attempts"  # the campaign's own limit
    ATTEMPT_CAP = "attempt_cap"
    CONVERSATION_COOLDOWN = "conversation_cooldown"
    REFUSAL_COOLING = "refusal_cooling"
    COOLING_72H = "cooling_72h"
    AMD_SAME_DAY = "amd_same_day"
    # the call itself
    CALLER_ID_WITHHELD = "caller_id_withheld"
    CALLER_ID_NOT_ALLOWED = "caller_id_not_allowed"
    DID_PROOF_MISSING = "did_proof_missing"
    SHORT_CALLS = "short_calls"
    RULES_UNREADABLE = "rules_unreadable"  # the safe side


@dataclass(frozen=True, slots=True)
class Refusal:
    """`until` is when the answer may change; None when only a change of data can change it.

    `profile` and `citation` name the rule; both empty where no profile but the campaign or this product says no.
    """

    reason: RefusalReason
    until: datetime | None
    because: str
    profile: str = ""
    citation: str = ""

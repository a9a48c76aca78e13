"""Consent to be called, and its end: records of who said yes or no to what, when, and where the evidence lies."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dialer.domain.ids import AttemptId
from dialer.domain.phone_number import PhoneNumber

EVERY = ""  # as a topic: all topics; as the seller of a revocation: all sellers


class GivenKind(StrEnum):
    """`WRITTEN` is signed, on paper or electronically (47 CFR 64.1200(f)(9)); it is express consent as well."""

    EXPRESS = "express"
    WRITTEN = "written"


class RevokedBy(StrEnum):
    """How somebody took consent back."""

    KEY_PRESS = "key_press"
    AGENT = "agent"
    API = "api"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Consent:
    """One grant. `seller` "" is the house's own; `topic` "" covers every topic of this seller.

    `wording` is what the person agreed to, word for word, and `proof` says where the evidence of it lies.
    """

    number: PhoneNumber
    kind: GivenKind
    given_at: datetime
    source: str
    seller: str = ""
    topic: str = EVERY
    wording: str = ""
    proof: str = ""
    lifts_hours: bool = False
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: RevokedBy | None = None
    last_used_at: datetime | None = None
    id: int | None = None

    def for_audit(self) -> dict[str, str]:
        """What the audit trail says of its entry; the number is the subject."""
        return {
            "seller": self.seller,
            "topic": self.topic,
            "kind": self.kind.value,
            "given_at": self.given_at.isoformat(),
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Revocation:
    """`topic` "" is of all topics, `seller` "" of all sellers."""

    number: PhoneNumber
    at: datetime
    how: RevokedBy
    seller: str = EVERY
    topic: str = EVERY
    detail: str = ""
    attempt: AttemptId | None = None
    id: int | None = None


class Reassigned(StrEnum):
    """What the Reassigned Numbers Database says (47 CFR 64.1200(m))."""

    YES = "yes"
    NO = "no"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class ReassignedAnswer:
    """`consent_on` is the date that was asked about."""

    number: PhoneNumber
    answer: Reassigned
    asked_at: datetime
    consent_on: date

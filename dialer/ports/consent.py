"""What is kept of consent: records of it, its revocation, and what the Reassigned Numbers Database answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.compliance.call import ConsentStanding
from dialer.domain.consent import Consent, ReassignedAnswer, Revocation
from dialer.domain.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class NumberStanding:
    """For one number: the consent that stands, and the answer of the Reassigned Numbers Database, None when unasked."""

    consent: ConsentStanding
    reassigned: str | None = None


class ConsentStore(Protocol):
    """Consents and their end. Every method may raise `StorageDown`; then nothing, or all of it, happened."""

    async def add_consents(self, consents: Sequence[Consent], by: str, now: datetime) -> int:
        """How many were new: the same grant twice is one. In one transaction. Again."""
        ...

    async def record_revocations(self, revocations: Sequence[Revocation], by: str, now: datetime) -> int:
        """Note them and end the consents they speak of, in one transaction. How many were new. Again.

        Does not touch the do-not-call list: who asked never to be called again belongs there as well.
        """
        ...

    async def consents(self, number: PhoneNumber) -> Sequence[Consent]:
        """All that was ever recorded, oldest first."""
        ...

    async def revocations(self, number: PhoneNumber) -> Sequence[Revocation]: ...

    async def add_reassigned_answers(self, answers: Sequence[ReassignedAnswer], by: str) -> None: ...

    async def reassigned_answers(self, number: PhoneNumber) -> Sequence[ReassignedAnswer]: ...

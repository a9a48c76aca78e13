"""Consents and revocations in memory, under the same rules as in the database."""

from collections.abc import Sequence
from datetime import datetime

from dialer.domain.consent import Consent, ReassignedAnswer, Revocation
from dialer.domain.phone_number import PhoneNumber


class MemoryConsent:
    def __init__(self) -> None:
        self.given: list[Consent] = []
        self.taken_back: list[Revocation] = []
        self.answers: list[ReassignedAnswer] = []

    async def add_consents(self, consents: Sequence[Consent], by: str, now: datetime) -> int:
        new = [each for each in consents if each not in self.given]
        self.given += new
        return len(new)

    async def record_revocations(self, revocations: Sequence[Revocation], by: str, now: datetime) -> int:
        new = [each for each in revocations if each not in self.taken_back]
        self.taken_back += new
        return len(new)

    async def consents(self, number: PhoneNumber) -> Sequence[Consent]:
        return [each for each in self.given if each.number == number]

    async def revocations(self, number: PhoneNumber) -> Sequence[Revocation]:
        return [each for each in self.taken_back if each.number == number]

    async def add_reassigned_answers(self, answers: Sequence[ReassignedAnswer], by: str) -> None:
        self.answers += answers

    async def reassigned_answers(self, number: PhoneNumber) -> Sequence[ReassignedAnswer]:
        return [each for each in self.answers if each.number == number]

"""Consents and revocations in memory, under the same rules as in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dialer.compliance.consent import reassigned_answer, standing
from dialer.domain.consent import Consent, ReassignedAnswer, Revocation
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.consent import NumberStanding


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

    async def consent_standing(
        self, numbers: Sequence[PhoneNumber], seller: str, subject: str, now: datetime
    ) -> Mapping[str, NumberStanding]:
        found = {}
        for number in numbers:
            consent = standing(
                await self.consents(number), await self.revocations(number), seller, subject, now
            )
            answers = await self.reassigned_answers(number)
            found[number.e164] = NumberStanding(consent, reassigned_answer(answers, consent.given_at))
        return found

    async def use_consents(self, consents: Sequence[int], now: datetime) -> None: ...

    async def consents(self, number: PhoneNumber) -> Sequence[Consent]:
        return [each for each in self.given if each.number == number]

    async def revocations(self, number: PhoneNumber) -> Sequence[Revocation]:
        return [each for each in self.taken_back if each.number == number]

    async def add_reassigned_answers(self, answers: Sequence[ReassignedAnswer], by: str) -> None:
        self.answers += answers

    async def reassigned_answers(self, number: PhoneNumber) -> Sequence[ReassignedAnswer]:
        return [each for each in self.answers if each.number == number]

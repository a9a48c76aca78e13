"""What the gate decided, for tests of the web and the command line."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dialer.domain.ids import AttemptId, CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.dialling import (
    AttemptGrounds,
    CallerIdEntry,
    DialFacts,
    FactsWanted,
    RefusalCount,
    StoredRefusal,
)


class FakeGate:
    def __init__(self) -> None:
        self.facts: dict[ContactId, DialFacts] = {}
        self.kept_grounds: dict[AttemptId, AttemptGrounds] = {}
        self.kept_refusals: list[StoredRefusal] = []
        self.shown: dict[str, CallerIdEntry] = {}

    async def facts_of(
        self, contacts: Sequence[ContactId], wanted: FactsWanted
    ) -> Mapping[ContactId, DialFacts]:
        return {each: self.facts[each] for each in contacts if each in self.facts}

    async def grounds(self, attempt: AttemptId) -> AttemptGrounds | None:
        return self.kept_grounds.get(attempt)

    async def refusals(self, contact: ContactId, most: int) -> Sequence[StoredRefusal]:
        return [each for each in self.kept_refusals if each.contact == contact][:most]

    async def refusal_counts(self, campaign: CampaignId, since: datetime) -> Sequence[RefusalCount]:
        last = {each.contact: each for each in self.kept_refusals if each.last_at >= since}
        reasons = {(each.reason, each.profile, each.citation): each for each in last.values()}
        return [
            RefusalCount(
                *key, sum((one.reason, one.profile, one.citation) == key for one in last.values()), each.until
            )
            for key, each in reasons.items()
        ]

    async def contacts_with(self, number: PhoneNumber) -> Sequence[ContactId]:
        return [each for each, facts in self.facts.items() if facts.number == number]

    async def caller_ids(self) -> Sequence[CallerIdEntry]:
        return [self.shown[number] for number in sorted(self.shown)]

    async def allow_caller_id(self, entry: CallerIdEntry) -> None:
        self.shown[entry.number.e164] = entry

    async def disallow_caller_id(self, number: PhoneNumber) -> bool:
        return self.shown.pop(number.e164, None) is not None

"""The law at work: two small campaigns whose people must not be called now, beside the demonstration's own."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dialer.bootstrap import gatekeeper
from dialer.clock import SystemClock
from dialer.compliance.refusal import RefusalReason
from dialer.domain.disposition import Disposition
from dialer.domain.ids import CampaignId
from dialer.lab.demo.api import Api
from dialer.lab.demo.earlier_calls import EarlierCalls
from dialer.lab.demo.salted_list import BLOCKED_PREFIX, NOTICES, SALES, Salted, salted, write_salted
from dialer.lab.world.call_records import CallRecord
from dialer.registries.book import Registries
from dialer.registries.importer import import_registry
from dialer.registries.order import ImportOrder
from dialer.settings import RegistriesSection, Settings
from dialer.storage.postgres.store import PostgresStore
from dialer.words import Language

REGISTRY = "us_national"
OTHER_CLOCK = "uk_ofcom_2017"
REPORTED_UNDER = ("us_ftc_tsr", OTHER_CLOCK)

_LISTS = {  # whatever the list is asked for beside the number
    RefusalReason.INTERNAL_DNC: {"kind": "number"},
    RefusalReason.BLOCKED_PREFIX: {"kind": "prefix"},
    RefusalReason.COMPLAINT: {"kind": "complaint"},
    RefusalReason.SENSITIVE: {"kind": "sensitive", "channel": "letter"},
}
_EARLIER: Mapping[RefusalReason, tuple[Disposition, tuple[timedelta, ...]]] = {
    # 47 CFR 64.1200(a)(3): three within 30 days
    RefusalReason.ATTEMPT_CAP: (Disposition.NO_ANSWER, tuple(timedelta(days=days) for days in (9, 6, 3))),
    # Ofcom: 72 hours
    RefusalReason.COOLING_72H: (Disposition.ABANDONED, (timedelta(hours=20),)),
}
_PACING = {
    # asks the gate for all at once; the agents are the other campaign's
    SALES: {"mode": "power", "lines_per_agent": 4, "weight": 0.01},
    NOTICES: {"mode": "agentless"},
}
_RULES = {
    SALES: {"purposes": ["sales"], "seller": "Acme Windows"},
    NOTICES: {"purposes": ["informational"], "home": ["uk_ofcom_2017"]},
}
_REFUSED_WITHIN_S, _LOOK_S = 15.0, 0.2


@dataclass(frozen=True, slots=True)
class NotDialled:
    """`reason` is the stored refusal, `explained` what the explanation comes to now; "" where there is none."""

    number: str
    name: str
    place: str
    campaign: str
    contact: int
    expected: str
    by_law: bool
    reason: str
    profile: str
    citation: str
    because: str
    until: str | None
    explained: str
    explained_citation: str
    calls_by_carrier: int

    @property
    def as_it_should_be(self) -> bool:
        cited = bool(self.citation and self.explained_citation) or not self.by_law
        return self.reason == self.explained == self.expected and cited and not self.calls_by_carrier


@dataclass(frozen=True, slots=True)
class LawFigures:
    """`abandonment` holds windows of the demonstration's own campaign, as the API reports them."""

    not_dialled: Sequence[NotDialled]
    carrier_calls: int
    abandonment: Sequence[Mapping[str, Any]]

    @property
    def kept(self) -> bool:
        return bool(self.not_dialled) and all(each.as_it_should_be for each in self.not_dialled)


class LawAtWork:
    def __init__(self, folder: Path, language: Language, now: datetime) -> None:
        self._folder, self._language, self._now = folder, language, now
        self.people = salted(now)
        self._campaigns: dict[str, CampaignId] = {}

    def settings(self, settings: Settings) -> Settings:
        """With a registry of the whole country, which lists one of the salted numbers."""
        registries = RegistriesSection(folder=self._folder / "registries")
        shutil.rmtree(registries.folder, ignore_errors=True)
        listed = [each.number for each in self._for(RefusalReason.REGISTRY_LISTED)]
        file = self._folder / "registry.txt"
        file.write_text("".join(f"{number}\n" for number in ("+12125550199", *listed)), "utf-8")
        yesterday = (self._now.astimezone(UTC) - timedelta(days=1)).date()
        import_registry(registries.folder, ImportOrder(REGISTRY, yesterday, (file,)), SystemClock())
        return settings.model_copy(update={"registries": registries})

    def _for(self, reason: RefusalReason) -> list[Salted]:
        return [each for each in self.people if each.reason is reason]

    async def write_history(self, store: PostgresStore, settings: Settings) -> None:
        clock = SystemClock()
        keeper = gatekeeper(settings, Registries(settings.registries.folder, clock), clock)
        ((name, trunk),) = settings.trunks.items()
        earlier = EarlierCalls(store, keeper, name, trunk.caller_id)
        for reason, (outcome, ago) in _EARLIER.items():
            for each in self._for(reason):
                await earlier.write(each.number, outcome, [self._now - before for before in ago])

    async def start(self, api: Api) -> None:
        for each in self.people:
            if (entry := _LISTS.get(each.reason)) is not None:
                number = BLOCKED_PREFIX if each.reason is RefusalReason.BLOCKED_PREFIX else each.number
                await api.post("/api/v1/do-not-call", {"number": number, "reason": "demo", **entry})
            if each.reason is RefusalReason.REVOKED:
                await api.post("/api/v1/revocations", {"number": each.number, "reason": "demo"})
        for name in (SALES, NOTICES):
            await self._start_campaign(api, name)

    async def _all_refused(self, store: PostgresStore) -> None:
        """As far as the other campaign left agents free for it, that was long ago."""
        for _ in range(int(_REFUSED_WITHIN_S / _LOOK_S)):
            if await self._refused(store) >= len(self.people):
                return
            await asyncio.sleep(_LOOK_S)

    async def _refused(self, store: PostgresStore) -> int:
        counts = [
            await store.gate.refusal_counts(campaign, self._now) for campaign in self._campaigns.values()
        ]
        return sum(each.contacts for of_campaign in counts for each in of_campaign)

    async def _start_campaign(self, api: Api, name: str) -> None:
        """At any hour that the law allows."""
        plan = {
            "name": name,
            "trunk": "carrier",
            "hours": {"start": "00:00", "end": "24:00", "weekdays": list(range(7))},
            "pacing": _PACING[name],
            "rules": _RULES[name],
        }
        created = await api.post("/api/v1/campaigns", plan)
        self._campaigns[name] = CampaignId(created["id"])
        file = self._folder / f"{name}.csv"
        write_salted(file, [each for each in self.people if each.campaign == name], self._language)
        await api.upload(f"/api/v1/campaigns/{created['id']}/lists?source={file.name}", file)
        await api.post(f"/api/v1/campaigns/{created['id']}/start")

    async def result(
        self, store: PostgresStore, api: Api, demo: CampaignId, records: Sequence[CallRecord]
    ) -> LawFigures:
        """While these campaigns run: a campaign that is stopped refuses for that reason."""
        await self._all_refused(store)
        contacts = [
            contact
            for campaign in self._campaigns.values()
            for contact in await store.contacts.contacts(campaign, None, 1000)
        ]
        dialled = [record.number.removeprefix("+") for record in records]
        told = {
            contact.numbers[0].e164: (
                contact.name,
                await api.get(f"/api/v1/contacts/{contact.id}/explanation"),
            )
            for contact in contacts
        }
        return LawFigures(
            [
                _not_dialled(each, *told[each.number], dialled.count(each.number.removeprefix("+")))
                for each in self.people
            ],
            len(records),
            await self._abandonment(api, demo),
        )

    async def _abandonment(self, api: Api, demo: CampaignId) -> list[Mapping[str, Any]]:
        report = await api.get(f"/api/v1/campaigns/{demo}/abandonment", profile=",".join(REPORTED_UNDER))
        return [
            window
            for window in report["windows"]
            if window["profile"] in REPORTED_UNDER and not window["guard"]
        ]


def _not_dialled(each: Salted, name: str, told: Mapping[str, Any], calls: int) -> NotDialled:
    stored: Mapping[str, Any] = next(iter(told["refusals"]), {})
    verdict: Mapping[str, Any] = (told["verdict"] or {}).get("refusal") or {}
    return NotDialled(
        number=each.number,
        name=name,
        place=each.place,
        campaign=each.campaign,
        contact=told["contact"],
        expected=each.reason.value,
        by_law=each.by_law,
        reason=stored.get("reason", ""),
        profile=stored.get("profile", ""),
        citation=stored.get("citation", ""),
        because=stored.get("because", ""),
        until=stored.get("until"),
        explained=verdict.get("reason", ""),
        explained_citation=verdict.get("citation", ""),
        calls_by_carrier=calls,
    )

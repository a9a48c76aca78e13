"""Flows at work beside the demonstration's campaign: a service line, a do-not-call line, a survey, reminders of appointments, and an
offer to who agreed in writing."""

import asyncio
import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dialer.clock import SystemClock
from dialer.domain.campaign import RecordingAnnouncement
from dialer.domain.consent import Consent, GivenKind
from dialer.domain.disposition import Disposition
from dialer.domain.ids import CampaignId
from dialer.domain.inbound import Route
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.survey import Interview
from dialer.flows import publish_flow, questionnaire_of
from dialer.lab.centre import CallCentre
from dialer.lab.demo.api import Api
from dialer.lab.demo.flow_callers import CALLED, CALLERS, QUEUE, ROUTES, WALKERS, Walker, call_in
from dialer.lab.demo.plan import HELD_TO, PRERECORDED, loosen_rules
from dialer.lab.world.call_records import CallRecord
from dialer.storage.postgres.store import PostgresStore
from dialer.words import Language
from ivr.flow.model import Flow

SENT_ON: Final = "sent on"
_BY: Final = "demo"
_APART_S, _LOOK_S = 1.0, 0.5
_TALKS_S: Final = 2.5
_LONGEST_S: Final = 90.0  # beyond the end of the demonstration's own campaign: an offer that leaves nothing out takes a minute
_OFFER: Final = "sales-consent"


@dataclass(frozen=True, slots=True)
class Walked:
    """`result` is empty for a walk that was not finished."""

    number: str
    flow: str
    expected: str
    result: str

    @property
    def kept(self) -> bool:
        return self.result == self.expected


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """`answers`: the survey's questions and how often each answer was given. `landed`: opt-outs that are on the list now."""

    walks: Sequence[Walked]
    titles: Mapping[str, str]
    calls_by_flow: Mapping[str, int]
    results: Mapping[str, Mapping[str, int]]
    answers: Sequence[tuple[str, Mapping[str, int]]]
    opt_outs: int
    opt_outs_landed: int
    joined: int
    sent_on: int

    @property
    def kept(self) -> bool:
        wanted = sum(bool(walker.entry) for walker in WALKERS)
        return (
            all(each.kept for each in self.walks)
            and self.opt_outs_landed == self.opt_outs
            and self.joined >= wanted
            and self.sent_on == wanted
            and bool(self.answers)
        )


class FlowsAtWork:
    def __init__(self, centre: CallCentre, flows: Sequence[Flow], language: Language) -> None:
        self._centre, self._language, self._clock = centre, language, SystemClock()
        self._flows = {flow.name: flow for flow in flows}
        self._queue = CampaignId(0)
        self._began: datetime = self._clock.now()
        self._sent_on = 0

    async def set_up(self, store: PostgresStore) -> None:
        """Before the service starts."""
        now = self._clock.now()
        for flow in self._flows.values():
            await publish_flow(store.ivr_flows, flow, now, _BY)
        for number, name in ROUTES.items():
            await store.inbound.set_route(Route(number, name, "UTC"), now, _BY)
        # to prerecorded calls, in writing: 47 CFR 64.1200(a)(2)
        yesterday = now - timedelta(days=1)
        agreed = [
            Consent(PhoneNumber(walker.number), GivenKind.WRITTEN, yesterday, _BY, wording="You may call me.")
            for people in CALLED.values()
            for walker in people
        ]
        await store.consent.add_consents(agreed, _BY, now)

    async def start(self, store: PostgresStore, api: Api) -> None:
        """The queue and the campaigns; the callers come one after the other."""
        self._began = self._clock.now()
        self._queue = await self._campaign(api, QUEUE, {"pacing": {"mode": "inbound"}, **_UNANNOUNCED})
        for name, people in CALLED.items():
            purpose = "sales" if name == _OFFER else "informational"
            plan = {"pacing": {"mode": "agentless"}, "flow": name}
            campaign = await self._campaign(api, name, plan, purpose)
            held_to = (HELD_TO, PRERECORDED[purpose])
            await loosen_rules(store, campaign, "demo admin", self._clock.now(), held_to)
            flow = self._flows[name]
            known = [str(value) for value in flow.head.contact_fields.values()]
            file = self._centre.folder / f"{name}.csv"
            with file.open("w", encoding="utf-8", newline="") as out:
                rows = csv.writer(out)
                rows.writerow(("external_id", "phone", *flow.head.contact_fields))
                rows.writerows((f"F{nth}", each.number, *known) for nth, each in enumerate(people))
            await api.upload(f"/api/v1/campaigns/{campaign}/lists?source={file.name}", file)
            await api.post(f"/api/v1/campaigns/{campaign}/start")
        await api.post(f"/api/v1/campaigns/{self._queue}/start")

    async def callers(self) -> None:
        for caller in CALLERS:
            await asyncio.to_thread(call_in, self._centre.carrier, caller)
            await asyncio.sleep(_APART_S)

    async def _campaign(
        self, api: Api, name: str, more: Mapping[str, Any], purpose: str = "informational"
    ) -> CampaignId:
        plan = {
            "name": name,
            "trunk": "carrier",
            "hours": {"start": "00:00", "end": "24:00", "weekdays": list(range(7))},
            "wrap_up_s": 1,
            "rules": {"purposes": [purpose], "home": [HELD_TO]},
            **more,
        }
        return CampaignId((await api.post("/api/v1/campaigns", plan))["id"])

    # --- at the desks -------------------------------------------------------------------------------------------------

    async def talk(self, api: Api, attempt: str, number: str) -> bool:
        """What an agent does with somebody who came out of a flow; False for everybody else."""
        walker = next((each for each in WALKERS if each.number == number), None)
        if walker is None:
            return False
        await asyncio.sleep(_TALKS_S)
        if walker.entry:
            await api.post(f"/api/v1/calls/{attempt}/flow", {"flow": walker.flow, "entry": walker.entry})
            self._sent_on += 1
        else:
            await api.post(f"/api/v1/calls/{attempt}/hangup")
        return True

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def ours(self, record: CallRecord) -> bool:
        """Of this side of the demonstration. Calls that the carrier's callers made name no number that was called."""
        return not record.number or f"+{record.number.removeprefix('+')}" in {
            walker.number for walker in WALKERS
        }

    async def result(self, store: PostgresStore) -> FlowFigures:
        """Waits for those who are still on their way."""
        for _ in range(int(_LONGEST_S / _LOOK_S)):
            found = await self._figures(store)
            if found.kept:
                break
            await asyncio.sleep(_LOOK_S)
        return await self._figures(store)

    async def _figures(self, store: PostgresStore) -> FlowFigures:
        calls = {name: await self._calls(store, name) for name in self._flows}
        attempts = await store.history.attempts(self._queue, None, 1000)
        opted_out = [PhoneNumber(walker.number) for walker in WALKERS if walker.opts_out]
        return FlowFigures(
            walks=[_walked(walker, calls[walker.flow]) for walker in WALKERS],
            titles={name: flow.head.title[self._language] for name, flow in self._flows.items()},
            calls_by_flow={name: len(found) for name, found in calls.items() if found},
            results={
                name: dict(Counter(self._ended(call, name) for call in found))
                for name, found in calls.items()
                if found
            },
            answers=self._answers(calls["survey"]),
            opt_outs=len(opted_out),
            opt_outs_landed=sum([bool(await store.do_not_call.do_not_call(number)) for number in opted_out]),
            joined=sum(each.disposition is Disposition.CONNECTED for each in attempts),
            sent_on=self._sent_on,
        )

    def _ended(self, call: Interview, flow: str) -> str:
        """An agent who sends a caller into another flow ends nothing in the one before."""
        elsewhere = any(each.number == call.caller and each.flow != flow for each in WALKERS)
        return call.result or (SENT_ON if elsewhere else "")

    async def _calls(self, store: PostgresStore, flow: str) -> list[Interview]:
        until = self._clock.now() + timedelta(minutes=1)
        return [each async for each in store.ivr_calls.interviews(flow, "", self._began, until)]

    def _answers(self, calls: Sequence[Interview]) -> Sequence[tuple[str, Mapping[str, int]]]:
        """In the operator's words; what was said in own words is left out."""
        found = []
        for question in questionnaire_of(self._flows["survey"]).questions:
            labels = {one.code: one.labels.get(self._language, one.code) for one in question.options}
            replies = [call.replies.get(question.name) for call in calls]
            given = Counter(
                labels.get(str(value), str(value))
                for reply in replies
                if reply is not None and reply.status == "answered" and question.kind != "record"
                for value in (reply.value if isinstance(reply.value, list) else [reply.value])
            )
            if given:
                found.append((question.label(self._language), dict(given)))
        return found


_UNANNOUNCED: Final = {
    "announce_recording": RecordingAnnouncement.NEVER.value,
    "announce_why": "the flow has said so",
}


def _walked(walker: Walker, calls: Sequence[Interview]) -> Walked:
    own = [call.result or "" for call in calls if call.caller == walker.number]
    return Walked(walker.number, walker.flow, walker.result, own[-1] if own else "")

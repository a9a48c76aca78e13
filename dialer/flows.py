"""Flows as the rest of the dialler sees them: read out of the database, as scripts and as questionnaires.

Besides the composition root the only part of the dialler that knows `ivr`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from dialer.clock import Clock
from dialer.compliance.holiday_calendars import PublicHolidays
from dialer.domain.inbound import ANY_NUMBER, Holidays, Reached, reached
from dialer.domain.survey import Option, Question, Questionnaire
from dialer.engine.callback_spool import SpoolWatch
from dialer.errors import BadInput, NotFound
from dialer.ports.ivr import FlowPublication, InboundRoutes, IvrFlows
from dialer.settings import Settings
from dialer.storage.postgres.ivr_numbers import e164_of
from dialer.storage.postgres.ivr_requests import (
    PostgresCallbacks,
    PostgresOptOuts,
    PostgresTextMessages,
    PostgresVoicemails,
)
from dialer.storage.postgres.ivr_sessions import PostgresIvrAnswers, PostgresIvrSessions
from dialer.storage.postgres.store import PostgresStore
from dialer.web.deps import FlowEntries, FlowEntry
from ivr import ports
from ivr.errors import NotPublished
from ivr.flow import nodes
from ivr.flow.model import Flow
from ivr.flow.reader import canonical
from ivr.lookups import HttpLookups, LookupRules
from ivr.publishing import fetch
from ivr.script import script_of
from ivr.words import Language


class KeptFlows:
    """`ivr.ports.FlowStore` on the dialler's database."""

    def __init__(self, flows: IvrFlows) -> None:
        self._flows = flows

    async def publish(self, publication: ports.Publication, document: bytes) -> bool:
        kept = FlowPublication(publication.flow, publication.version, publication.at, publication.by)
        return await self._flows.publish(kept, document)

    async def document(self, flow: str, version: str | None = None) -> bytes:
        try:
            return await self._flows.document(flow, version)
        except NotFound as missing:
            raise NotPublished(str(missing)) from None

    async def history(self, flow: str) -> Sequence[ports.Publication]:
        return [
            ports.Publication(each.flow, each.version, each.at, each.by)
            for each in await self._flows.history(flow)
        ]

    async def flows(self) -> Sequence[str]:
        return [each.flow for each in await self._flows.published()]


async def publish_flow(flows: IvrFlows, flow: Flow, at: datetime, by: str) -> bool:
    """Whether this version is new to the database."""
    return await flows.publish(FlowPublication(flow.name, flow.version, at, by), canonical(flow.document))


class FlowShelf:
    """Published flows, read once each: a version never changes."""

    def __init__(self, flows: IvrFlows, most: int = 64) -> None:
        self._flows, self._most = flows, most
        self._read: dict[tuple[str, str], Flow] = {}

    async def flow(self, name: str, version: str | None = None) -> Flow:
        """Raises `NotFound`. `version` is the beginning of a hash; None is the current one."""
        if version is None:
            history = await self._flows.history(name)
            version = history[-1].version if history else None
        known = self._read.get((name, version or ""))
        if known is not None:
            return known
        try:
            flow = await fetch(KeptFlows(self._flows), name, version)
        except NotPublished as missing:
            raise NotFound(str(missing)) from None
        while len(self._read) >= self._most:
            self._read.pop(next(iter(self._read)))
        self._read[name, flow.version] = flow
        return flow

    async def script(self, name: str, version: str | None, language: str) -> Mapping[str, Any]:
        """What an agent reads. Raises `NotFound`, `BadInput` for a language the flow does not speak."""
        flow = await self.flow(name, version)
        known = [spoken for spoken in flow.head.languages if spoken in ("en", "zh")]
        if language not in known:
            raise BadInput(f"language: {name} speaks {', '.join(known)}", "language")
        spoken: Language = "zh" if language == "zh" else "en"
        made: dict[str, Any] = orjson.loads(orjson.dumps(script_of(flow, spoken).as_json()))
        return made

    async def questionnaire(self, name: str, version: str | None = None) -> Questionnaire:
        """Raises `NotFound`."""
        return questionnaire_of(await self.flow(name, version))

    async def entries(self, name: str, version: str | None = None) -> FlowEntries:
        """Where agents can send callers to. Raises `NotFound`."""
        flow = await self.flow(name, version)
        found = [
            FlowEntry(entry, node, dict(flow.nodes[node].label or {}))
            for entry, node in flow.head.entry_points.items()
        ]
        return FlowEntries(flow.name, flow.version, dict(flow.head.title), tuple(found))


def questionnaire_of(flow: Flow) -> Questionnaire:
    """Every question that is stored, in the order in which a conversation comes to them."""
    order = [step.name for step in script_of(flow, "en").steps]
    questions = []
    for name in order:
        node = flow.nodes[name]
        if isinstance(node, nodes.Question):
            questions.append(_question(name, node))
    return Questionnaire(
        flow.name, flow.version, dict(flow.head.title), tuple(questions), tuple(flow.head.contact_fields)
    )


def _question(name: str, node: nodes.Question) -> Question:
    options = tuple(Option(option.code, dict(option.label or {})) for option in node.options)
    ranged = node.kind in ("number", "rating")
    return Question(
        name,
        node.kind,
        dict(node.label or {}),
        options,
        node.min if ranged else None,
        node.max if ranged else None,
    )


class InboundDesk:
    """`ivr.ports.Routes`: which flow answers, by the table of routes and the public holidays."""

    def __init__(self, routes: InboundRoutes, holidays: Holidays, region: str) -> None:
        self._routes, self._holidays, self._region = routes, holidays, region

    async def flow(self, called: str, at: datetime) -> str | None:
        return (await self.reached(called, at)).flow

    async def reached(self, called: str, at: datetime) -> Reached:
        """With the reason. What is no telephone number has only the routes of any number."""
        number = e164_of(called, self._region) or ANY_NUMBER
        return reached(number, at, await self._routes.routes_of(number), self._holidays)


def public_holidays(calendar: str, day: date) -> bool:
    """Also the days kept in place of holidays on a weekend; a weekend that is worked is none."""
    return PublicHolidays().holiday(calendar, day, observed=True)


@dataclass(frozen=True, slots=True)
class FlowPorts:
    """What flows need of the world, on the dialler's database: each field fulfils a port of `ivr.ports`."""

    flows: KeptFlows
    sessions: PostgresIvrSessions
    answers: PostgresIvrAnswers
    opt_outs: PostgresOptOuts[ports.Registered]
    callbacks: PostgresCallbacks[ports.Registered]
    voicemails: PostgresVoicemails[ports.Registered]
    messages: PostgresTextMessages[ports.Registered]
    clock: Clock


def opened_lookups(settings: Settings) -> HttpLookups:
    """Close it when the service ends."""
    ours = settings.ivr
    return HttpLookups(LookupRules(frozenset(ours.http_hosts), frozenset(ours.http_plain), ours.http_private))


def spool_watch(settings: Settings, store: PostgresStore) -> SpoolWatch:
    """Its `run` takes over, once a minute, what the fallback left."""
    return SpoolWatch(settings.ivr.spool, store.ivr_requests)


def flow_ports(store: PostgresStore, clock: Clock) -> FlowPorts:
    desk = store.ivr_requests
    return FlowPorts(
        KeptFlows(store.ivr_flows),
        store.ivr_calls,
        PostgresIvrAnswers(store.ivr_calls),
        PostgresOptOuts(desk, ports.Registered),
        PostgresCallbacks(desk, ports.Registered),
        PostgresVoicemails(desk, ports.Registered),
        PostgresTextMessages(desk, ports.Registered),
        clock,
    )


_ports: tuple[
    type[ports.FlowStore],
    type[ports.SessionStore],
    type[ports.Answers],
    type[ports.OptOuts],
    type[ports.Callbacks],
    type[ports.Voicemails],
    type[ports.TextMessages],
    type[ports.Routes],
] = (
    KeptFlows,
    PostgresIvrSessions,
    PostgresIvrAnswers,
    PostgresOptOuts[ports.Registered],
    PostgresCallbacks[ports.Registered],
    PostgresVoicemails[ports.Registered],
    PostgresTextMessages[ports.Registered],
    InboundDesk,
)

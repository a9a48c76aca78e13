"""The IVR's memory without a database, for tests of the web and the command line."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dialer.domain.inbound import ANY_NUMBER, Route
from dialer.domain.survey import Interview, Reply
from dialer.errors import NotFound
from dialer.flows import FlowShelf
from dialer.ports.ivr import (
    CallerRequest,
    FlowPublication,
    IvrCall,
    PublishedFlow,
    RequestKind,
    RequestState,
    SpooledCallback,
    StoredAnswer,
)
from ivr.samples import sample


@dataclass
class MemoryFlows:
    kept: dict[str, dict[str, bytes]] = field(default_factory=dict)
    log: list[FlowPublication] = field(default_factory=list)

    async def publish(self, publication: FlowPublication, document: bytes) -> bool:
        versions = self.kept.setdefault(publication.flow, {})
        new = publication.version not in versions
        versions[publication.version] = document
        self.log.append(publication)
        return new

    async def history(self, flow: str) -> Sequence[FlowPublication]:
        return [each for each in self.log if each.flow == flow]

    async def published(self) -> Sequence[PublishedFlow]:
        latest = {each.flow: each for each in self.log}
        return [
            PublishedFlow(one.flow, one.version, one.at, one.by, len(self.kept[one.flow]), 0, 0, None)
            for _, one in sorted(latest.items())
        ]

    async def document(self, flow: str, version: str | None = None) -> bytes:
        history = await self.history(flow)
        if not history:
            raise NotFound(f"no flow {flow!r} has been published")
        found = [
            kept for name, kept in self.kept[flow].items() if name.startswith(version or history[-1].version)
        ]
        if len(found) != 1:
            raise NotFound(f"{flow}: no version begins with {version}")
        return found[0]

    @property
    def shelf(self) -> FlowShelf:
        return FlowShelf(self)


@dataclass
class MemoryCalls:
    calls: dict[str, IvrCall] = field(default_factory=dict)
    rows: list[Interview] = field(default_factory=list)
    asked: list[tuple[str, str, datetime, datetime]] = field(default_factory=list)

    async def session(self, call: str) -> IvrCall:
        if call not in self.calls:
            raise NotFound(f"there is no call {call!r} in the IVR's records")
        return self.calls[call]

    async def interviews(
        self, flow: str, version: str, since: datetime, until: datetime
    ) -> AsyncIterator[Interview]:
        self.asked.append((flow, version, since, until))
        for row in self.rows:
            if row.version.startswith(version) and since <= row.started_at < until:
                yield row


@dataclass
class MemoryRequests:
    rows: list[CallerRequest] = field(default_factory=list)
    spooled: dict[Any, SpooledCallback] = field(default_factory=dict)

    async def requests(
        self, kind: RequestKind | None, state: RequestState | None, most: int
    ) -> Sequence[CallerRequest]:
        return [row for row in self.rows if kind in (None, row.kind) and state in (None, row.state)][:most]

    async def settle(self, reference: str, state: RequestState, by: str, problem: str, now: datetime) -> bool:
        for nth, row in enumerate(self.rows):
            if row.reference == reference and row.state is RequestState.OPEN:
                self.rows[nth] = replace(row, state=state, settled_by=by, problem=problem, settled_at=now)
                return True
        return False

    async def take_spooled(self, callback: SpooledCallback) -> bool:
        new = callback.id not in self.spooled
        self.spooled[callback.id] = callback
        return new


@dataclass
class MemoryRoutes:
    rows: dict[int, Route] = field(default_factory=dict)

    async def routes(self) -> Sequence[Route]:
        return list(self.rows.values())

    async def routes_of(self, number: str) -> Sequence[Route]:
        return [row for row in self.rows.values() if row.number in (number, ANY_NUMBER)]

    async def set_route(self, route: Route, now: datetime, by: str) -> tuple[int, bool]:
        for known, row in self.rows.items():
            if (row.number, row.closed, row.priority) == (route.number, route.closed, route.priority):
                self.rows[known] = replace(route, id=known)
                return known, False
        new = len(self.rows) + 1
        self.rows[new] = replace(route, id=new)
        return new, True

    async def remove_route(self, route: int) -> bool:
        return self.rows.pop(route, None) is not None


SURVEY = sample("survey").version
BEGUN = datetime(2026, 3, 2, 12, tzinfo=UTC)


def reply(value: Any, status: str = "answered", clip: str = "", **more: Any) -> Reply:
    return Reply(status, value, clip, "zh", BEGUN, 5.0, False, **more)


def interview(nth: int, **more: Any) -> Interview:
    """A call of the survey that was answered to its end."""
    replies = {
        "q1": reply("county_town"),
        "q7": reply(["cheap_local", "more_data"]),
        "q6.price": reply(None, "not_asked"),
        "remarks": reply(f"call-{nth}-9.wav", clip=f"call-{nth}-9.wav"),
    }
    plain = Interview(
        f"call-{nth}",
        SURVEY,
        "zh",
        "+12025550100",
        None,
        BEGUN + timedelta(minutes=nth),
        BEGUN + timedelta(minutes=nth + 3),
        "completed",
        {},
        {"name": "王女士", "place": "古蔺县"},
        replies,
    )
    return replace(plain, **more)


def ivr_call(call: str) -> IvrCall:
    answer = StoredAnswer("q1", "answered", "county_town", {}, "", "zh", BEGUN, 5.0, False, "")
    return IvrCall(
        call, "survey", SURVEY, "zh", "+12025550100", "+12025550199", None, "q2", 4, BEGUN, BEGUN, None, None, {},
        {"retries": 1}, (answer,),
    )  # fmt: skip

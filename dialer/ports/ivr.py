"""The IVR's memory as people look at it: calls, answers, requests, and which flow answers which number.

What the flows themselves need is in `ivr.ports`; the same store keeps both. Every method may raise `StorageDown`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from dialer.domain.inbound import Route
from dialer.domain.survey import (
    CrossTable,
    Dimension,
    FreeAnswer,
    Interview,
    Questionnaire,
    Results,
)


class RequestKind(StrEnum):
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    OPT_OUT = "opt_out"
    SMS = "sms"


class RequestState(StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FlowPublication:
    """One version becomes current. `version` is the SHA-256 of its document."""

    flow: str
    version: str
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class PublishedFlow:
    """The current version of a flow, and what became of it: all its calls, whatever their version."""

    flow: str
    version: str
    at: datetime
    by: str
    versions: int
    calls: int
    open: int
    last_call_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`offset_s` into the call, where it is heard in its recording; `clip` the caller's own words."""

    question: str
    status: str
    value: Any
    facts: Mapping[str, bool]
    clip: str
    language: str
    at: datetime
    offset_s: float
    consent: bool
    said: str


@dataclass(frozen=True, slots=True)
class IvrCall:
    """`variables` are what the caller entered; of an erased call there are none."""

    call: str
    flow: str
    version: str
    language: str
    caller: str
    called: str
    attempt: UUID | None
    node: str
    revision: int
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    result: str | None
    checks: Mapping[str, bool]
    variables: Mapping[str, Any]
    answers: tuple[StoredAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class CallerRequest:
    """`about` of a call-back, `box`, `clip` and `seconds` of a voicemail, `words` of a text message, `scope` of an opt-out."""

    reference: str
    kind: RequestKind
    source: str
    call: str
    number: str
    state: RequestState
    requested_at: datetime
    due_at: datetime | None = None
    settled_at: datetime | None = None
    settled_by: str = ""
    problem: str = ""
    queue: str = ""
    about: str = ""
    box: str = ""
    clip: str = ""
    seconds: float | None = None
    words: str = ""
    scope: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpooledCallback:
    """What the fallback noted while the service was away. `id` is its own, so that it is taken once."""

    id: UUID
    at: datetime
    number: str
    caller: str
    called: str
    language: str
    uniqueid: str


class IvrFlows(Protocol):
    async def published(self) -> Sequence[PublishedFlow]: ...

    async def publish(self, publication: FlowPublication, document: bytes) -> bool:
        """It is current from now on. False when the version was there already."""
        ...

    async def history(self, flow: str) -> Sequence[FlowPublication]:
        """In the order they became current."""
        ...

    async def document(self, flow: str, version: str | None = None) -> bytes:
        """Raises `NotFound`."""
        ...


class IvrCalls(Protocol):
    async def session(self, call: str) -> IvrCall:
        """Raises `NotFound`."""
        ...

    def interviews(
        self, flow: str, version: str, since: datetime, until: datetime
    ) -> AsyncIterator[Interview]:
        """By their beginning; `version` is the beginning of a hash, empty for all."""
        ...


class Surveys(Protocol):
    """What was answered in a flow, counted where it lies. `version` is the beginning of a hash, empty for all; `until` is
    not included."""

    async def count(self, book: Questionnaire, version: str, since: datetime, until: datetime) -> Results: ...

    async def free_answers(
        self, book: Questionnaire, version: str, since: datetime, until: datetime, most: int
    ) -> tuple[Sequence[FreeAnswer], int]:
        """What was said in own words, by the calls' beginning and the order of the questions; and how many there are in all."""
        ...

    async def cross(
        self,
        book: Questionnaire,
        version: str,
        since: datetime,
        until: datetime,
        row: Dimension,
        column: Dimension,
        zone: ZoneInfo,
    ) -> CrossTable:
        """Of the calls in which something was answered."""
        ...


class CallerRequests(Protocol):
    async def requests(
        self, kind: RequestKind | None, state: RequestState | None, most: int
    ) -> Sequence[CallerRequest]: ...

    async def settle(self, reference: str, state: RequestState, by: str, problem: str, now: datetime) -> bool:
        """False when there is no open one."""
        ...

    async def take_spooled(self, callback: SpooledCallback) -> bool:
        """False when it was taken before."""
        ...


class InboundRoutes(Protocol):
    async def routes(self) -> Sequence[Route]: ...

    async def routes_of(self, number: str) -> Sequence[Route]:
        """Of a number, and of any number."""
        ...

    async def set_route(self, route: Route, now: datetime, by: str) -> tuple[int, bool]:
        """Its id, and whether it is new: one of the same number and priority is replaced."""
        ...

    async def remove_route(self, route: int) -> bool: ...

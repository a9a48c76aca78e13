"""Flows: what is published, what agents read, what callers answered and asked for."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from aiohttp import web
from pydantic import Field, JsonValue

from dialer.errors import NotFound
from dialer.ports.ivr import RequestKind, RequestState
from dialer.web.models import In, Line, Out
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role
from dialer.web.survey import (
    CrossQuery,
    CrossTableOut,
    SurveyQuery,
    SurveyResults,
    cross_table,
    results_of,
    span,
)
from dialer.web.survey_export import as_csv, as_json
from dialer.words import Language


class FlowOut(Out):
    flow: str
    version: str
    at: datetime
    by: str
    versions: int
    calls: int
    open: int
    last_call_at: datetime | None


class FlowList(Out):
    flows: list[FlowOut]


class ScriptQuery(In):
    language: Language = "en"
    version: str = Field(default="", pattern=r"^([0-9a-f]{6,64})?$")


class ScriptOut(Out):
    """As `ivr.script` makes it: steps in the order of a conversation, with what to read and where each answer leads."""

    flow: str
    version: str
    language: str
    title: str
    start: str
    steps: list[dict[str, JsonValue]]
    fields: list[str]
    checks: dict[str, str]


class EntryQuery(In):
    version: str = Field(default="", pattern=r"^([0-9a-f]{6,64})?$")


class EntryOut(Out):
    entry: str
    node: str
    label: dict[str, str]


class EntryList(Out):
    flow: str
    version: str
    title: dict[str, str]
    entries: list[EntryOut]


class ExportQuery(SurveyQuery):
    format: Literal["csv", "json"] = "csv"


class AnswerOut(Out):
    question: str
    status: str
    value: JsonValue
    facts: dict[str, bool]
    clip: str
    language: str
    at: datetime
    offset_s: float
    consent: bool
    said: str


class IvrCallOut(Out):
    call: str
    flow: str
    version: str
    language: str
    caller: str
    called: str
    attempt: str | None
    node: str
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    result: str | None
    checks: dict[str, bool]
    variables: dict[str, JsonValue]
    answers: list[AnswerOut]


class RequestQuery(In):
    kind: RequestKind | None = None
    state: RequestState | None = RequestState.OPEN
    limit: int = Field(default=100, ge=1, le=1000)


class RequestOut(Out):
    reference: str
    kind: RequestKind
    source: str
    call: str
    number: str
    state: RequestState
    requested_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    settled_by: str
    problem: str
    queue: str
    about: str
    box: str
    clip: str
    seconds: float | None
    words: str
    scope: str | None


class RequestList(Out):
    requests: list[RequestOut]


class Settled(In):
    state: Literal[RequestState.DONE, RequestState.FAILED] = RequestState.DONE
    problem: Line = ""


async def list_flows(call: Call) -> FlowList:
    published = await call.deps.store.ivr_flows.published()
    return FlowList(flows=[FlowOut.model_validate(each) for each in published])


async def flow_script(call: Call) -> ScriptOut:
    asked = call.query(ScriptQuery)
    script = await call.deps.flows.script(call.text_in_path("flow"), asked.version or None, asked.language)
    return ScriptOut.model_validate(script)


async def flow_entries(call: Call) -> EntryList:
    asked = call.query(EntryQuery)
    found = await call.deps.flows.entries(call.text_in_path("flow"), asked.version or None)
    return EntryList.model_validate(found)


async def flow_results(call: Call) -> SurveyResults:
    asked, deps = call.query(SurveyQuery), call.deps
    flow, now = call.text_in_path("flow"), deps.clock.now()
    shown = await results_of(deps.store.surveys, deps.flows, flow, asked, now)
    if Role(call.caller.role).covers(Role.SUPERVISOR):
        return shown
    # which call said it is not for those who may only look at figures
    return shown.model_copy(
        update={
            "free_answers": [],
            "more_free_answers": len(shown.free_answers) + shown.more_free_answers,
        }
    )


async def flow_crosstab(call: Call) -> CrossTableOut:
    asked, deps = call.query(CrossQuery), call.deps
    flow, now = call.text_in_path("flow"), deps.clock.now()
    return await cross_table(deps.store.surveys, deps.flows, flow, asked, now, deps.zone)


async def export_answers(call: Call) -> web.StreamResponse:
    asked, deps, flow = call.query(ExportQuery), call.deps, call.text_in_path("flow")
    book = await deps.flows.questionnaire(flow, asked.version or None)
    found = deps.store.ivr_calls.interviews(flow, asked.version, *span(asked, deps.clock.now()))
    await call.audit("survey.export", flow, format=asked.format, version=asked.version)
    if asked.format == "json":
        return await _streamed(call.request, as_json(found, book), "application/json", f"{flow}.json")
    pieces = as_csv(found, book, deps.zone, asked.language)
    return await _streamed(call.request, pieces, "text/csv; charset=utf-8", f"{flow}.csv")


async def _streamed(
    request: web.Request, pieces: AsyncIterator[bytes], kind: str, name: str
) -> web.StreamResponse:
    """The first piece before the head: a store that is away is a problem document, not a file cut short."""
    first = await anext(pieces)
    answer = web.StreamResponse(
        headers={
            "Content-Type": kind,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    await answer.write(first)
    waiting = bytearray()
    async for piece in pieces:
        waiting += piece
        if len(waiting) >= _PIECE:
            await answer.write(bytes(waiting))
            waiting.clear()
    await answer.write(bytes(waiting))
    await answer.write_eof()
    return answer


_PIECE = 64 * 1024


async def ivr_session(call: Call) -> IvrCallOut:
    found = await call.deps.store.ivr_calls.session(call.text_in_path("call"))
    fields: dict[str, Any] = {name: getattr(found, name) for name in IvrCallOut.model_fields}
    attempt = None if found.attempt is None else str(found.attempt)
    answers = [AnswerOut.model_validate(each) for each in found.answers]
    return IvrCallOut(**{**fields, "attempt": attempt, "answers": answers})


async def list_requests(call: Call) -> RequestList:
    asked = call.query(RequestQuery)
    rows = await call.deps.store.ivr_requests.requests(asked.kind, asked.state, asked.limit)
    return RequestList(requests=[RequestOut.model_validate(row) for row in rows])


async def settle_request(call: Call) -> None:
    word, reference = await call.body(Settled), call.text_in_path("reference")
    by, now = f"user: {call.caller.name}", call.deps.clock.now()
    if not await call.deps.store.ivr_requests.settle(reference, word.state, by, word.problem, now):
        raise NotFound(f"there is no open request {reference}")
    await call.audit("ivr.request", reference, state=word.state.value)


FLOW = "/api/v1/ivr/flows/{flow}"
OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/ivr/flows",
        Role.READ_ONLY,
        "Published flows, each with its current version and its calls",
        list_flows,
        response=FlowList,
    ),
    Operation(
        "GET",
        FLOW + "/script",
        Role.AGENT,
        "The flow as an agent reads it aloud; answers are posted in the same codes as the keypad gives",
        flow_script,
        query=ScriptQuery,
        response=ScriptOut,
    ),
    Operation(
        "GET",
        FLOW + "/entries",
        Role.AGENT,
        "Where a caller can be sent to",
        flow_entries,
        query=EntryQuery,
        response=EntryList,
    ),
    Operation(
        "GET",
        FLOW + "/results",
        Role.READ_ONLY,
        "Counts per question and option; answers in own words for supervisors only",
        flow_results,
        query=SurveyQuery,
        response=SurveyResults,
    ),
    Operation(
        "GET",
        FLOW + "/crosstab",
        Role.SUPERVISOR,
        "Two questions, or a question and a property of calls, against each other",
        flow_crosstab,
        query=CrossQuery,
        response=CrossTableOut,
    ),
    Operation(
        "GET",
        FLOW + "/answers",
        Role.SUPERVISOR,
        "Every call with its answers, one row each, as a file",
        export_answers,
        query=ExportQuery,
        sends="text/csv",
    ),
    Operation(
        "GET",
        "/api/v1/ivr/sessions/{call}",
        Role.SUPERVISOR,
        "One call in the IVR: where it is or how it ended, what was entered and answered",
        ivr_session,
        response=IvrCallOut,
    ),
    Operation(
        "GET",
        "/api/v1/ivr/requests",
        Role.AGENT,
        "What callers asked for, the one due first at the beginning",
        list_requests,
        query=RequestQuery,
        response=RequestList,
    ),
    Operation(
        "POST",
        "/api/v1/ivr/requests/{reference}/settle",
        Role.AGENT,
        "A request was carried out, or cannot be",
        settle_request,
        request=Settled,
        status=204,
    ),
)

"""Attempts: what happened on each call, hanging up, and the agent's word afterwards."""

from contextlib import suppress

from dialer.domain.disposition import Disposition
from dialer.domain.flow_session import flow_session
from dialer.domain.ids import AttemptId, CampaignId, ContactId
from dialer.errors import BadInput, NotFound
from dialer.ports.floor import FlowPlace
from dialer.web.models import (
    AttemptDetail,
    AttemptOut,
    AttemptPage,
    AttemptQuery,
    FlowWanted,
    ResultNoted,
    TimelineOut,
    WrapUpResult,
)
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role
from dialer.web.wrap_up import AgentWord, note_result


def _id(call: Call) -> AttemptId:
    return AttemptId(call.uuid_in_path("attempt"))


async def list_attempts(call: Call) -> AttemptPage:
    asked = call.query(AttemptQuery)
    campaign = CampaignId(asked.campaign) if asked.campaign is not None else None
    contact = ContactId(asked.contact) if asked.contact is not None else None
    rows = await call.deps.store.history.attempts(campaign, asked.before, asked.limit, contact)
    return AttemptPage(
        attempts=[AttemptOut.model_validate(row) for row in rows],
        next_before=rows[-1].claimed_at if len(rows) == asked.limit else None,
    )


async def get_attempt(call: Call) -> AttemptDetail:
    history = call.deps.store.history
    attempt = await history.attempt(_id(call))
    call.only_own(attempt.agent)
    timeline = await history.timeline(_id(call))
    return AttemptDetail(
        attempt=AttemptOut.model_validate(attempt),
        timeline=[TimelineOut.model_validate(entry) for entry in timeline],
    )


async def hang_up(call: Call) -> None:
    await _own_call(call)
    await call.deps.floor.hang_up(_id(call))
    await call.audit("call.hang_up", str(_id(call)))


async def send_to_flow(call: Call) -> None:
    wanted = await call.body(FlowWanted)
    await _own_call(call)
    place = await _place(call, wanted)
    await call.deps.floor.send_to_flow(_id(call), place, call.caller.name)
    await call.audit("call.send_to_flow", str(_id(call)), flow=wanted.flow, entry=wanted.entry)


async def _place(call: Call, wanted: FlowWanted) -> FlowPlace:
    """With the session in which the caller went through this flow already, which stays on its version."""
    store, version, session = call.deps.store, None, None
    attempt = await store.history.attempt(_id(call))
    for known in (attempt.session, flow_session(_id(call), wanted.flow)):
        with suppress(NotFound):
            found = await store.ivr_calls.session(known or "")
            if found.flow == wanted.flow:
                version, session = found.version, found.call
                break
    flow = await call.deps.flows.entries(wanted.flow, version)
    entries = [each.entry for each in flow.entries]
    if wanted.entry not in entries:
        there_are = ", ".join(entries) or "none: the flow names no entry_points"
        raise BadInput(
            f"entry: {wanted.flow} has no entry point {wanted.entry!r}; there are {there_are}", "entry"
        )
    return FlowPlace(wanted.flow, wanted.entry, session)


async def pause_recording(call: Call) -> None:
    await _own_call(call)
    await call.audit("recording.pause", str(_id(call)))  # asked for, whatever comes of it
    await call.deps.floor.pause_recording(_id(call), call.caller.name)


async def resume_recording(call: Call) -> None:
    await _own_call(call)
    await call.deps.floor.resume_recording(_id(call), call.caller.name)
    await call.audit("recording.resume", str(_id(call)))


async def _own_call(call: Call) -> None:
    if not Role(call.caller.role).covers(Role.SUPERVISOR):
        call.only_own((await call.deps.store.history.attempt(_id(call))).agent)


async def note_attempt(call: Call) -> ResultNoted:
    word = await call.body(WrapUpResult)
    store = call.deps.store
    attempt = await store.history.attempt(_id(call))
    call.only_own(attempt.agent)
    said = AgentWord(Disposition(word.result), word.note, word.callback_at)
    noted = await note_result(store, attempt, said, call.caller.name, call.deps.clock.now())
    await call.audit("attempt.result", str(_id(call)), result=word.result)
    return ResultNoted.model_validate(noted)


ONE = "/api/v1/attempts/{attempt}"
OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/attempts",
        Role.SUPERVISOR,
        "Attempts, newest first",
        list_attempts,
        query=AttemptQuery,
        response=AttemptPage,
    ),
    Operation(
        "GET",
        ONE,
        Role.AGENT,
        "One attempt with its timeline; agents see their own",
        get_attempt,
        response=AttemptDetail,
    ),
    Operation(
        "POST",
        ONE + "/result",
        Role.AGENT,
        "The agent's word on a call that has ended",
        note_attempt,
        request=WrapUpResult,
        response=ResultNoted,
    ),
    Operation(
        "POST",
        "/api/v1/calls/{attempt}/hangup",
        Role.AGENT,
        "End a live call; agents their own",
        hang_up,
        status=204,
    ),
    Operation(
        "POST",
        "/api/v1/calls/{attempt}/flow",
        Role.AGENT,
        "Send the caller of a conversation to an entry point of a flow; agents their own. The agent wraps up at once",
        send_to_flow,
        request=FlowWanted,
        status=204,
    ),
    Operation(
        "POST",
        "/api/v1/calls/{attempt}/recording/pause",
        Role.AGENT,
        "Silence in the recording from now on, for card data; agents their own calls. 409: not acknowledged, the recording ended",
        pause_recording,
        status=204,
    ),
    Operation(
        "POST",
        "/api/v1/calls/{attempt}/recording/resume",
        Role.AGENT,
        "Record again; agents their own calls",
        resume_recording,
        status=204,
    ),
)

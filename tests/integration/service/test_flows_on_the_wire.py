"""Flows on a real exchange with the real service: callers from the outside, campaigns, and back from an agent."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.consent import Consent, GivenKind
from dialer.domain.disposition import Disposition
from dialer.domain.flow_session import flow_session
from dialer.domain.inbound import Route
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.phone_number import PhoneNumber, parse_number
from dialer.flows import publish_flow
from dialer.lab.centre import CALLER_ID
from dialer.lab.demo.api import Api, ApiRefused
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.dialling import CallerIdEntry
from dialer.ports.ivr import IvrCall
from dialer.web.auth import digest, new_token
from ivr.flow.model import Flow
from ivr.flow.reader import from_text
from ivr.samples import sample
from tests.support.service import Hall

pytestmark = pytest.mark.asterisk

CALLER = "+12025550143"


async def publish(floor: Hall, flow: Flow) -> None:
    await publish_flow(floor.store.ivr_flows, flow, SystemClock().now(), "test")


def call_in(floor: Hall, name: str, *steps: str) -> None:
    """A call from the carrier's side, on which the caller does this."""
    carrier = floor.centre.carrier
    for priority, application in enumerate([*steps, "Hangup()"], start=1):
        carrier.cli(f"dialplan add extension {name},{priority},{application} into callers replace")
    carrier.cli(f"channel originate PJSIP/{CALLER_ID}@pbx extension {name}@callers")


async def sessions(floor: Hall) -> Sequence[str]:
    rows = await floor.store.pool.fetch("select call from ivr_sessions order by started_at")
    return [row["call"] for row in rows]


async def test_a_caller_from_outside_reaches_the_flow_of_the_number(floor: Hall) -> None:
    await publish(floor, sample("opt-out"))
    await floor.store.inbound.set_route(Route("*", "opt-out", "UTC"), SystemClock().now(), "test")
    await floor.start()
    english, no_calls_at_all, right = "SendDTMF(2,,100)", "SendDTMF(8,,100)", "SendDTMF(1,,100)"
    entered = f"SendDTMF({CALLER.removeprefix('+1')}#,100,100)"
    call_in(
        floor,
        "withheld",
        "Wait(1)",
        english,
        "Wait(1)",
        no_calls_at_all,
        "Wait(1)",
        entered,
        "Wait(1)",
        right,
        "Wait(3)",
    )

    async def ended() -> Sequence[str]:
        rows = await floor.store.pool.fetch("select call from ivr_sessions where ended_at is not null")
        return [row["call"] for row in rows]

    (which,) = await floor.wait_for(ended, "the caller went through the flow to its end")
    found = await floor.store.ivr_calls.session(which)
    assert (found.flow, found.language, found.result) == ("opt-out", "en", "done")
    assert await floor.store.do_not_call.do_not_call(parse_number(CALLER, "US"))


PRESS_ONE = from_text("""
flow: press-one
title: Press one
languages: [en]
start: offer
entry_points: {rate: rate}
contact_fields: {company: Acme}
variables: {choice: "''", rating: "''"}
prompts:
  offer: {en: "{contact.company} has news. For an agent press 1, to hear no more press 9."}
  rate: {en: "How was it?"}
  thanks: {en: Thank you.}
nodes:
  offer: {type: menu, prompt: offer, timeout: 8 s, into: choice, choices: {"1": agent, "9": stop}}
  agent: {type: transfer, queue: sales, timeout: 20 s, next: thanks, on_no_answer: thanks}
  stop: {type: opt_out, scope: marketing, next: thanks}
  rate: {type: gather, prompt: rate, into: rating, max: 1, timeout: 2 s, tries: 1, next: thanks, on_failure: thanks}
  thanks: {type: hang_up, prompt: thanks, result: thanked}
""")

CAMPAIGN: dict[str, Any] = {"pacing": PacingPlan(PacingMode.AGENTLESS), "flow": "press-one"}


async def agree(floor: Hall, *numbers: str) -> None:
    """To prerecorded calls, in writing: 47 CFR 64.1200(a)(2)."""
    now = SystemClock().now()
    given = [
        Consent(PhoneNumber(each), GivenKind.WRITTEN, now - timedelta(days=1), "test", wording="Call me.")
        for each in numbers
    ]
    await floor.store.consent.add_consents(given, "test", now)


@asynccontextmanager
async def api(floor: Hall) -> AsyncIterator[Api]:
    token, now, http = new_token(), SystemClock().now(), floor.settings.http
    await floor.store.users.add_user("boss", "supervisor", None, None, now)
    await floor.store.users.add_token("boss", "test", digest(token), None, now)
    async with aiohttp.ClientSession() as session:
        yield Api(session, f"http://{http.host}:{http.port}", token)


async def session_of(floor: Hall, called: str) -> IvrCall:
    attempt = await floor.of(called)
    assert attempt is not None
    return await floor.store.ivr_calls.session(flow_session(attempt.id, "press-one"))


async def test_a_campaign_takes_people_through_a_flow_and_to_agents(floor: Hall) -> None:
    wants, stops = number(Behaviour.PRESSES_ONE), number(Behaviour.PRESSES_NINE, 2)
    await publish(floor, PRESS_ONE)
    await agree(floor, wants, stops)
    ours = CallerIdEntry(PhoneNumber(CALLER_ID), "the carrier's letter", "", "test", SystemClock().now())
    await floor.store.gate.allow_caller_id(ours)
    await floor.log_in("tone-101")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(wants, stops, **CAMPAIGN)

    end = await floor.wait_ended(stops)
    assert (end.disposition, end.because) == (Disposition.PLAYED, "the flow came to its end: thanked")
    assert await floor.store.do_not_call.do_not_call(PhoneNumber(stops))
    left = await session_of(floor, stops)
    assert (left.attempt, left.caller, left.result) == (end.id, stops, "thanked")

    talks = await floor.wait_state(wants, AttemptState.TALKING)
    assert (await session_of(floor, wants)).result is None
    async with api(floor) as boss:
        there = await boss.get("/api/v1/ivr/flows/press-one/entries")
        assert [each["entry"] for each in there["entries"]] == ["rate"]
        with pytest.raises(ApiRefused, match="there are rate"):
            await boss.post(f"/api/v1/calls/{talks.id}/flow", {"flow": "press-one", "entry": "menu"})
        await boss.post(f"/api/v1/calls/{talks.id}/flow", {"flow": "press-one", "entry": "rate"})
    await floor.wait_agents(AgentState.READY)
    end = await floor.wait_ended(wants)
    assert end.disposition is Disposition.CONNECTED
    returned = await session_of(floor, wants)
    assert (returned.result, returned.variables["choice"]) == ("thanked", "1")
    (recording,) = await floor.wait_stored()
    assert (recording.attempt, recording.state) == (end.id, "stored")


TWO_QUESTIONS = from_text("""
flow: two-questions
title: Two questions
languages: [en]
start: order
variables: {order: "''"}
prompts: {order: {en: order}, sure: {en: sure}}
nodes:
  order: {type: gather, prompt: order, into: order, max: 1, timeout: 30 s, next: sure}
  sure: {type: menu, prompt: sure, timeout: 30 s, choices: {"1": done, "7": sure}}
  done: {type: hang_up, result: served}
""")


async def test_after_a_crash_a_caller_goes_on_where_they_were_in_the_flow(floor: Hall) -> None:
    await publish(floor, TWO_QUESTIONS)
    await floor.store.inbound.set_route(Route("*", "two-questions", "UTC"), SystemClock().now(), "test")
    await floor.start()
    floor.centre.carrier.cli("dialplan set global PRESSED 7")
    call_in(floor, "stays", "Wait(1)", "SendDTMF(${PRESSED})", "Goto(1)")

    async def at(node: str, result: str | None) -> IvrCall | None:
        for each in await sessions(floor):
            found = await floor.store.ivr_calls.session(each)
            if (found.node, found.result) == (node, result):
                return found
        return None

    await floor.wait_for(lambda: at("sure", None), "the first question is answered")
    (line,) = floor.centre.pbx.cli("core show channels concise").splitlines()
    # the dialplan's patience is eight seconds; a busy machine may take longer to start the service
    floor.centre.pbx.cli(f"dialplan set chanvar {line.partition('!')[0]} FAIRDIAL_TRIES -100")
    floor.service.kill()
    await floor.start()
    floor.centre.carrier.cli("dialplan set global PRESSED 1")
    ended = await floor.wait_for(lambda: at("done", "served"), "the second question is answered")
    assert ended.variables["order"] == "7"

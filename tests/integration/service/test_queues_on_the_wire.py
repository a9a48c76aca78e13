"""Callers of a real exchange, out of a published flow into a queue, to an agent of the real service, and back into the flow."""

import asyncio
import math
import wave
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import RecordingAnnouncement
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId
from dialer.domain.inbound import Route
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.flows import publish_flow
from dialer.lab.centre import CALLER_ID, CallCentre
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.storage import AttemptView
from dialer.settings import SmsSection
from dialer.web.auth import digest, new_token
from ivr.flow.model import Flow
from ivr.flow.reader import from_text
from tests.support.service import Hall, hall
from tests.support.tones import hears, sides

pytestmark = pytest.mark.asterisk

CALLER = "+12025550143"
CALLER_HZ, AGENT_HZ = 697, 440
HOTLINE = from_text("""
flow: hotline
title: Hotline
languages: [en]
start: menu
variables: {order: "''"}
entry_points: {again: menu}
prompts: {menu: {en: menu}, order: {en: order}, wait: {en: wait}, score: {en: score}, bye: {en: bye}}
nodes:
  menu: {type: menu, prompt: menu, timeout: 20 s, choices: {"1": order, "2": lost}}
  order: {type: gather, prompt: order, into: order, max: 4, timeout: 20 s, next: agent}
  agent: {type: transfer, queue: service, prompt: wait, timeout: 60 s, priority: 2, next: score, on_no_answer: bye}
  lost: {type: transfer, queue: nowhere, timeout: 60 s, next: score, on_failure: refused}
  refused: {type: hang_up, prompt: bye, result: refused}
  score: {type: question, kind: rating, prompt: score, keys_prompt: [], timeout: 20 s, next: bye}
  bye: {type: hang_up, prompt: bye, result: served}
""")

COMPLAINTS = from_text("""
flow: complaints
title: Complaints
languages: [en]
start: agent
entry_points: {agent: agent}
nodes:
  agent: {type: transfer, queue: service, timeout: 60 s}
""")


async def opened(floor: Hall, *phones: str, flow: Flow = HOTLINE) -> None:
    """The service with agents, a queue, and a flow that leads into it."""
    now = SystemClock().now()
    await publish_flow(floor.store.ivr_flows, flow, now, "test")
    await floor.store.inbound.set_route(Route("*", "hotline", "UTC"), now, "test")
    await floor.dial(
        name="service",
        pacing=PacingPlan(PacingMode.INBOUND),
        announce_recording=RecordingAnnouncement.NEVER,
        announce_why="a test",
    )
    if phones:
        await floor.log_in(*phones)
    await floor.start()
    if phones:
        await floor.wait_agents()


def call_in(floor: Hall, name: str, *steps: str, shown: str = CALLER) -> None:
    """A call from the carrier's side, on which the caller does this."""
    carrier = floor.centre.carrier
    dials = (f"Set(CALLERID(num)={shown})", f"Dial(PJSIP/{CALLER_ID}@pbx)")
    for extension, applications in ((name, [*steps, "Hangup()"]), (f"{name}-dials", dials)):
        for priority, application in enumerate(applications, start=1):
            carrier.cli(f"dialplan add extension {extension},{priority},{application} into callers replace")
    carrier.cli(f"channel originate Local/{name}-dials@callers extension {name}@callers")


async def callers(floor: Hall, *states: AttemptState, count: int = 1) -> list[AttemptView]:
    """So many calls in these states, in the order of their coming."""

    async def there() -> list[AttemptView]:
        found = [each for each in await floor.attempts() if each.state in states]
        return found[::-1] if len(found) == count else []

    return await floor.wait_for(there, f"{count} callers are {' or '.join(states)}")


async def token(floor: Hall) -> str:
    now, secret = SystemClock().now(), new_token()
    await floor.store.users.add_user("boss", "supervisor", None, None, now)
    await floor.store.users.add_token("boss", "", digest(secret), None, now)
    return secret


async def ask(floor: Hall, method: str, path: str, secret: str, body: Mapping[str, str] | None = None) -> Any:
    http = floor.settings.http
    address, headers = f"http://{http.host}:{http.port}/api/v1/{path}", {"Authorization": f"Bearer {secret}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, address, headers=headers, json=body) as answer,
    ):
        assert answer.status in (200, 204), await answer.text()
        return await answer.json() if answer.status == 200 else None


async def hang_up(floor: Hall, attempt: AttemptId, secret: str) -> None:
    await ask(floor, "POST", f"calls/{attempt}/hangup", secret)


async def ended_sessions(floor: Hall, count: int) -> Sequence[str]:
    async def there() -> Sequence[str]:
        rows = await floor.store.pool.fetch(
            "select call from ivr_sessions where ended_at is not null order by started_at"
        )
        return [row["call"] for row in rows] if len(rows) == count else []

    return await floor.wait_for(there, f"{count} flows came to their end")


ENTERS = ("Wait(1.5)", "SendDTMF(1,,100)", "Wait(1.5)", "SendDTMF(4711,100,100)", "Wait(1)")


async def test_a_caller_waits_is_joined_recorded_and_asked_afterwards(floor: Hall) -> None:
    await opened(floor, "tone-101")
    secret = await token(floor)
    call_in(floor, "keeps-busy", *ENTERS, "Playtones(941)", "Wait(60)")
    (first,) = await callers(floor, AttemptState.TALKING)
    call_in(
        floor, "waits", *ENTERS, f"Playtones({CALLER_HZ})", "Wait(15)", "SendDTMF(9#,100,100)", "Wait(5)",
        shown="+12025550144",
    )  # fmt: skip
    (second,) = await callers(floor, AttemptState.WAITING)
    assert (second.number.e164, second.inbound, second.dialled_at) == ("+12025550144", True, None)
    await asyncio.sleep(2)
    await hang_up(floor, first.id, secret)
    await callers(floor, AttemptState.ENDED)
    (talks,) = await callers(floor, AttemptState.TALKING)
    assert talks.id == second.id
    await asyncio.sleep(4)
    await hang_up(floor, second.id, secret)

    attempts = await callers(floor, AttemptState.ENDED, count=2)
    assert [each.disposition for each in attempts] == [Disposition.CONNECTED] * 2
    (agent,) = await floor.store.agents.agents()
    assert [state for state, _ in await floor.agent_log(agent.id)].count("on_call") == 2

    recordings = {each.attempt: each for each in await floor.wait_stored()}
    recording = recordings[second.id]
    assert recording.state == "stored", recording.problem
    left, right, rate = sides(floor.settings.recordings.folder / recording.name[:2] / recording.name)
    assert (hears(left, rate, CALLER_HZ), hears(left, rate, AGENT_HZ)) == (True, False)
    assert (hears(right, rate, AGENT_HZ), hears(right, rate, CALLER_HZ)) == (True, False)

    async def answered() -> bool:
        assert second.session is not None
        return bool((await floor.store.ivr_calls.session(second.session)).answers)

    await floor.wait_for(answered, "the caller has answered the question after the conversation")
    assert second.session is not None
    session = await floor.store.ivr_calls.session(second.session)
    assert session.attempt == second.id
    assert session.variables["order"] == "4711"
    assert [(answer.question, answer.value) for answer in session.answers] == [("score", 9)]
    counted = await floor.store.campaigns.abandonment(floor.campaign, first.claimed_at)
    assert (counted.answered, counted.abandoned) == (0, 0)


async def test_an_agent_sees_what_was_entered_and_sends_the_caller_back_into_the_flow(floor: Hall) -> None:
    await opened(floor, "tone-101")
    secret = await token(floor)
    again = ("SendDTMF(1,,100)", "Wait(2)", "SendDTMF(4712,100,100)", "Wait(90)")
    call_in(floor, "comes-back", *ENTERS, "Wait(8)", *again)
    (first,) = await callers(floor, AttemptState.TALKING)
    (agent,) = await floor.store.agents.agents()
    shown = await ask(floor, "GET", f"agents/{agent.id}/call", secret)
    assert (shown["attempt"], shown["number"], shown["queue"]) == (str(first.id), CALLER, "service")
    assert (shown["entered"], shown["session"]) == ({"order": "4711"}, first.session)
    await ask(floor, "POST", f"calls/{first.id}/flow", secret, {"flow": "hotline", "entry": "again"})
    (ended,) = await callers(floor, AttemptState.ENDED)
    assert ended.disposition is Disposition.CONNECTED
    (second,) = await callers(floor, AttemptState.TALKING)
    assert (second.contact, second.session) == (first.contact, first.session)
    shown = await ask(floor, "GET", f"agents/{agent.id}/call", secret)
    assert (shown["attempt"], shown["entered"]) == (str(second.id), {"order": "4712"})

    await publish_flow(floor.store.ivr_flows, COMPLAINTS, SystemClock().now(), "test")
    await ask(floor, "POST", f"calls/{second.id}/flow", secret, {"flow": "complaints", "entry": "agent"})
    await callers(floor, AttemptState.ENDED, count=2)
    (third,) = await callers(floor, AttemptState.TALKING)
    assert third.contact == first.contact
    assert third.session == f"{second.id}.complaints"


async def test_a_queue_that_does_not_exist_sends_the_flow_on_its_way_for_failures(floor: Hall) -> None:
    await opened(floor)
    call_in(floor, "goes-astray", "Wait(1.5)", "SendDTMF(2,,100)", "Wait(10)")
    (which,) = await ended_sessions(floor, 1)
    assert (await floor.store.ivr_calls.session(which)).result == "refused"
    assert await floor.attempts() == []
    assert "ivr.no_queue" in floor.service.log.read_text()


def direct(carrier: str) -> Flow:
    """Key 1 leads to the agent of the second phone, others to SIP addresses at the carrier and elsewhere, or to nobody."""
    talks, busy = number(Behaviour.TONE, 7), number(Behaviour.BUSY, 8)
    return from_text(f"""
flow: hotline
title: Hotline
languages: [en]
start: menu
variables: {{choice: "''"}}
prompts: {{menu: {{en: menu}}, bye: {{en: bye}}}}
nodes:
  menu: {{type: menu, prompt: menu, timeout: 20 s, into: choice, choices: {{"1": ana, "2": far, "3": busy, "4": away, "5": bob}}}}
  ana: {{type: transfer, agent: Tone-102, timeout: 8 s, next: served, on_busy: engaged, on_failure: refused}}
  bob: {{type: transfer, agent: Bob, next: served, on_failure: refused}}
  far: {{type: transfer, sip: "sip:{talks}@{carrier}", next: text, on_failure: refused}}
  text: {{type: sms, text: bye, next: served}}
  busy: {{type: transfer, sip: "sip:{busy}@{carrier}", next: served, on_busy: engaged, on_failure: refused}}
  away: {{type: transfer, sip: "sip:{talks}@192.0.2.7", next: served, on_failure: refused}}
  served: {{type: hang_up, result: served}}
  engaged: {{type: hang_up, result: engaged}}
  refused: {{type: hang_up, result: refused}}
""")


async def test_callers_are_put_through_to_one_agent_and_to_sip_addresses_and_get_a_text_message(
    prepared_centre: CallCentre, tmp_path: Path
) -> None:
    ivr = prepared_centre.settings.ivr.model_copy(
        update={"sip_trunk": "carrier", "sip_hosts": ("127.0.0.1",)}
    )
    carrier = prepared_centre.settings.trunks["carrier"].address
    texts: list[Mapping[str, str]] = []
    async with (
        gateway(texts) as url,
        hall(prepared_centre, tmp_path, ivr=ivr, sms=SmsSection(url=url, sender="Acme")) as floor,
    ):
        await opened(floor, "tone-101", "tone-102", flow=direct(carrier))
        call_in(floor, "wants-ana", "Wait(1.5)", "SendDTMF(1,,100)", "Goto(1)")
        (first,) = await callers(floor, AttemptState.TALKING)
        heard = tmp_path / "heard.wav"
        for key in "12345":
            listens = f"MixMonitor({tmp_path}/both.wav,r({heard}))" if key == "1" else "NoOp()"
            presses = (listens, "Wait(1.5)", f"SendDTMF({key},,100)", "Goto(2)")
            call_in(floor, f"presses-{key}", *presses, shown=f"+1202555015{key}")

        async def results() -> Mapping[str, str]:
            rows = await floor.store.pool.fetch(
                "select state->'variables'->>'choice' choice, result from ivr_sessions where ended_at is not null"
            )
            return {row["choice"]: row["result"] for row in rows} if len(rows) == 5 else {}

        ended = await floor.wait_for(results, "all but the one who talks have come to the end of their flows")
        assert ended == {"1": "engaged", "2": "served", "3": "engaged", "4": "refused", "5": "refused"}
        names = {agent.id: (agent.name, agent.state) for agent in await floor.store.agents.agents()}
        assert first.agent is not None
        assert names[first.agent] == ("tone-102", AgentState.ON_CALL)
        assert [each for each in names.values() if each[0] == "tone-101"] == [("tone-101", AgentState.READY)]
        said = floor.service.log.read_text()
        assert "192.0.2.7 is none of" in said
        assert "no such agent" in said

        async def written() -> bool:
            return bool(texts)

        await floor.wait_for(written, "the message that the flow promised is at the gateway")
        assert [(each["to"], each["from"], each["text"]) for each in texts] == [
            ("+12025550152", "Acme", "bye")
        ]

        async def loud() -> bool:
            return loudness(heard) > 200

        await floor.wait_for(loud, "who waited has heard music, when the recording of it is closed")


@asynccontextmanager
async def gateway(taken: list[Mapping[str, str]]) -> AsyncIterator[str]:
    """Takes text messages; gives its address."""

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.json())
        return web.json_response({"id": f"SM-{len(taken)}"})

    app = web.Application()
    app.router.add_post("/messages", take)
    async with TestServer(app) as server:
        yield str(server.make_url("/messages"))


def loudness(file: Path) -> float:
    """Root mean square of the loudest second of a WAV file; 0 while it is not there, or still open."""
    try:
        with wave.open(str(file)) as sound:
            rate, samples = sound.getframerate(), array("h", sound.readframes(sound.getnframes()))
    except (FileNotFoundError, EOFError, wave.Error):
        return 0.0
    seconds = [samples[at : at + rate] for at in range(0, len(samples), rate)]
    return max(
        (math.sqrt(sum(each * each for each in second) / len(second)) for second in seconds), default=0.0
    )


async def test_after_a_crash_who_waits_and_who_talks_is_taken_up_again(floor: Hall) -> None:
    await opened(floor, "tone-101")
    secret = await token(floor)
    call_in(floor, "talks-on", *ENTERS, "Playtones(941)", "Wait(90)")
    (first,) = await callers(floor, AttemptState.TALKING)
    call_in(floor, "waits-on", *ENTERS, f"Playtones({CALLER_HZ})", "Wait(90)", shown="anonymous")
    (second,) = await callers(floor, AttemptState.WAITING)
    assert second.number.e164 == "", "a number that is not shown is not kept"
    call_in(floor, "gives-up", *ENTERS, "Wait(4)")
    await callers(floor, AttemptState.WAITING, count=2)
    floor.service.kill()
    await asyncio.sleep(8)
    await floor.start()

    (third,) = await callers(floor, AttemptState.ENDED)
    assert third.disposition is Disposition.LEFT_QUEUE
    (still,) = await callers(floor, AttemptState.TALKING)
    assert still.id == first.id
    await hang_up(floor, first.id, secret)
    await callers(floor, AttemptState.ENDED, count=2)
    (now,) = await callers(floor, AttemptState.TALKING)
    assert now.id == second.id
    await hang_up(floor, second.id, secret)
    ended = await callers(floor, AttemptState.ENDED, count=3)
    assert {each.id: each.disposition for each in ended} == {
        first.id: Disposition.CONNECTED,
        second.id: Disposition.CONNECTED,
        third.id: Disposition.LEFT_QUEUE,
    }

"""The outbox of text messages: one hand at a time, lists at the moment of sending, and retries by hand."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.domain.phone_number import PhoneNumber
from dialer.engine.text_sender import TextRules, TextSender
from dialer.flows import FlowPorts, flow_ports
from dialer.ports.storage import DoNotCallEntry, ListKind
from dialer.ports.texts import TextInHand, TextState
from dialer.storage.postgres.ivr_requests import PostgresTextMessages, RequestDesk
from dialer.storage.postgres.store import PostgresStore
from dialer.texting.http_gateway import HttpGatewayPlace, HttpTextGateway
from ivr.engine import begin
from ivr.ports import Registered
from ivr.samples import sample
from tests.integration.storage.rig import NOW

pytestmark = pytest.mark.postgres

ASKED_BY, OTHER = "+12025550143", "+12025550144"
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)


class Clock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return NOW.timestamp()


@pytest.fixture
def ports(store: PostgresStore) -> FlowPorts:
    """With a desk whose requests are made at `NOW`."""
    desk = RequestDesk(store.database, Clock(), "US")
    return replace(flow_ports(store, Clock()), messages=PostgresTextMessages(desk, Registered))


async def asked(ports: FlowPorts, *numbers: str, call: str = "call-1") -> list[str]:
    return [
        (await ports.messages.send(call, number, f"Hello {nth}")).reference
        for nth, number in enumerate(numbers)
    ]


async def take(store: PostgresStore, now: datetime = NOW, most: int = 10) -> list[TextInHand]:
    return list(await store.texts.take(now, now + timedelta(minutes=1), most))


async def test_each_message_is_in_one_hand(ports: FlowPorts, store: PostgresStore) -> None:
    references = await asked(ports, *[f"+1202555{nth:04}" for nth in range(100, 140)])
    taken = await asyncio.gather(*(take(store) for _ in range(6)))
    found = [text.reference for each in taken for text in each]
    assert sorted(found) == sorted(references)
    assert await take(store) == []
    assert (await store.texts.waiting()).count == 40


async def test_who_died_loses_the_message_and_who_was_too_slow_settles_nothing(
    ports: FlowPorts, store: PostgresStore
) -> None:
    await asked(ports, ASKED_BY)
    (slow,) = await take(store)
    assert await take(store, NOW + timedelta(seconds=59)) == []
    (second,) = await take(store, SOON)
    assert (slow.tries, second.tries) == (1, 2)
    assert not await store.texts.failed(slow, "too slow", SOON)
    assert await store.texts.sent(second, "SM-1", SOON)
    assert not await store.texts.sent(second, "SM-2", SOON)
    (kept,) = await store.texts.texts(TextState.SENT, 10)
    assert (kept.gateway_id, kept.tries, kept.settled_at) == ("SM-1", 2, SOON)
    assert (await store.texts.waiting()).count == 0


async def test_what_is_put_off_is_due_then_and_what_failed_is_queued_again_by_hand(
    ports: FlowPorts, store: PostgresStore
) -> None:
    (first, _second) = await asked(ports, ASKED_BY, "nonsense")
    (text, nonsense) = await take(store)
    assert nonsense.number is None
    assert await store.texts.failed(nonsense, "not a telephone number", NOW)
    assert await store.texts.put_off(text, "HTTP 503", LATER)
    assert await take(store, LATER - timedelta(seconds=1)) == []
    (again,) = await take(store, LATER)
    assert await store.texts.failed(again, "HTTP 400", LATER)
    assert await store.texts.retry([], NOW + timedelta(seconds=1), LATER, LATER) == [], "asked for before"
    assert await store.texts.retry([], NOW, LATER, LATER + timedelta(hours=6)) == [first]
    (fresh,) = await take(store, LATER)
    assert (fresh.tries, fresh.send_by) == (1, LATER + timedelta(hours=6))
    assert await store.texts.retry([first], NOW, LATER, LATER) == [], "not failed any more"


class Later(Clock):
    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.now().timestamp()


async def test_through_a_gateway_that_is_busy_at_first(ports: FlowPorts, store: PostgresStore) -> None:
    seen: list[tuple[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.headers["Idempotency-Key"], (await request.json())["to"]))
        return web.json_response({"id": "SM-1"}, status=503 if len(seen) == 1 else 200)

    app = web.Application()
    app.router.add_post("/messages", answer)
    (reference,) = await asked(ports, ASKED_BY)
    async with TestServer(app) as server:
        gateway, clock = HttpTextGateway(HttpGatewayPlace(str(server.make_url("/messages")))), Later()
        sender = TextSender(store.texts, gateway, TextRules(), clock, lambda: 0.0)
        for passed_s in (0, 9, 11, 60):
            clock.passed_s = passed_s
            await sender.look()
        await sender.close()
    assert seen == [(reference, ASKED_BY)] * 2
    (kept,) = await store.texts.texts(TextState.SENT, 10)
    assert (kept.tries, kept.gateway_id, kept.problem) == (2, "SM-1", "")
    assert (sender.figures.sent, sender.figures.put_off, sender.figures.waiting) == (1, 1, 0)


async def session(ports: FlowPorts, call: str, caller: str) -> None:
    at = NOW.timestamp()
    state = begin(sample("survey"), call, caller=caller, called="95000", contact={"name": "Kim"}).to_json()
    started: dict[str, Any] = {"started": at, "at": at, "node": "permission", "wait": "keys", "turn": 1}
    assert await ports.sessions.save(call, {**state, **started}, 0)


def entry(number: str, added: datetime, kind: str = "number", **more: Any) -> DoNotCallEntry:
    return DoNotCallEntry(PhoneNumber(number), None, "test", "", added, kind=ListKind(kind), **more)


BEFORE, DURING = NOW - timedelta(days=1), NOW + timedelta(seconds=20)


@pytest.mark.parametrize(
    ("to", "added", "kind", "why"),
    [
        (ASKED_BY, BEFORE, "number", None),  # listed, then called us and asked for it
        (ASKED_BY, DURING, "number", "number"),  # opted out in the call
        (ASKED_BY, BEFORE, "complaint", "complaint"),
        (ASKED_BY, BEFORE, "sensitive", "sensitive"),
        (OTHER, BEFORE, "number", "number"),  # somebody else asked for it
    ],
)
async def test_the_list_is_asked_at_the_moment_of_sending(
    ports: FlowPorts, store: PostgresStore, to: str, added: datetime, kind: str, why: str | None
) -> None:
    await session(ports, "call-1", ASKED_BY)
    await asked(ports, to)
    (text,) = await take(store)
    assert await store.texts.listed(text, SOON) is None
    await store.do_not_call.add_do_not_call([entry(to, added, kind)])
    assert await store.texts.listed(text, SOON) == why


async def test_prefixes_and_what_has_expired(ports: FlowPorts, store: PostgresStore) -> None:
    await asked(ports, ASKED_BY, OTHER)
    (by_prefix, expired) = await take(store)
    await store.do_not_call.add_do_not_call(
        [
            entry("+1202555014", BEFORE, "prefix", expires_at=NOW + timedelta(seconds=30)),
        ]
    )
    assert await store.texts.listed(by_prefix, NOW) == "prefix"
    assert await store.texts.listed(expired, SOON) is None

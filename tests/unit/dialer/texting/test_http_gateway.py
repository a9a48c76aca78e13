"""The HTTP gateway against a real server: what it is sent, and what becomes of each kind of answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.domain.phone_number import PhoneNumber
from dialer.ports.texts import Handed
from dialer.texting.http_gateway import HttpGatewayPlace, HttpTextGateway

pytestmark = pytest.mark.unit

TO = PhoneNumber("+12025550143")
Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def gateway(answers: Answers, **place: Any) -> AsyncIterator[HttpTextGateway]:
    app = web.Application()
    app.router.add_post("/messages", answers)
    app.router.add_post("/elsewhere", answers)
    async with TestServer(app) as server:
        made = HttpTextGateway(HttpGatewayPlace(str(server.make_url("/messages")), **place))
        try:
            yield made
        finally:
            await made.close()


async def handed(status: int, body: str = "", **headers: str) -> Handed:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers)

    async with gateway(answer) as there:
        return await there.hand_over(TO, "Hello", "481203")


async def test_what_is_sent() -> None:
    seen: list[tuple[Any, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(
            (await request.json(), request.headers["Idempotency-Key"], request.headers["Authorization"])
        )
        return web.json_response({"id": "SM-1"}, status=202)

    async with gateway(answer, token="secret", sender="Acme") as there:
        assert await there.hand_over(TO, "您的号码是17。", "481203") == Handed(True, "SM-1")
    body = {"to": TO.e164, "from": "Acme", "text": "您的号码是17。", "reference": "481203"}
    assert seen == [(body, "481203", "Bearer secret")]


@pytest.mark.parametrize(
    ("body", "known"),
    [('{"message_id": 17}', "17"), ("", ""), ("queued", ""), ("[1]", ""), ('{"id": {"a": 1}}', "")],
)
async def test_what_the_gateway_calls_it_is_kept_where_it_says_so(body: str, known: str) -> None:
    assert await handed(200, body) == Handed(True, known)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_for_later(status: int) -> None:
    assert await handed(status, "busy") == Handed(False, problem=f"HTTP {status}")


async def test_the_gateways_wish_for_later_is_heard() -> None:
    assert (await handed(429, **{"Retry-After": "120"})).again_after_s == 120.0
    assert (await handed(429, **{"Retry-After": "Fri, 07 Nov 2036 23:59:59 GMT"})).again_after_s == 0.0


async def test_a_refusal_is_for_good_in_the_gateways_words_without_the_number() -> None:
    refused = await handed(400, "bad\r\nrecipient +12025550143")
    assert refused == Handed(False, problem="HTTP 400: bad recipient +…", refused=True)
    assert (await handed(401)).refused


async def test_the_token_follows_no_redirect() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with gateway(answer, token="secret") as there:
        assert (await there.hand_over(TO, "Hello", "1")).refused
    assert asked == ["/messages"]


async def test_who_does_not_answer_or_is_not_there_is_asked_again_later() -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked.set()
        await release.wait()
        return web.Response()

    async with gateway(answer, timeout_s=0.3) as there:
        slow = await there.hand_over(TO, "Hello", "1")
        release.set()
    assert slow == Handed(False, problem="no answer within 0.3 s")
    gone = HttpTextGateway(HttpGatewayPlace("http://127.0.0.1:9/messages"))
    nobody = await gone.hand_over(TO, "Hello", "1")
    await gone.close()
    assert (nobody.taken, nobody.refused) == (False, False)
    assert nobody.problem.startswith("not reached")

"""Another system on a real socket, and everything that is not done or not taken."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from ivr.lookups import HttpLookups, LookupRules, Told, public
from ivr.lookups.asking import MOST_BYTES

pytestmark = pytest.mark.unit


@dataclass
class House:
    """A server at crm.test, which only its own resolver knows."""

    server: BaseTestServer
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    replies: list[web.Response] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    addresses: Sequence[str] = ("127.0.0.1",)

    @property
    def host(self) -> str:
        return f"crm.test:{self.server.port}"

    def url(self, path: str = "/order") -> str:
        return f"http://{self.host}{path}"

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.addresses

    async def sleep(self, seconds: float) -> None:
        self.paused.append(seconds)

    def lookups(self, **rules: Any) -> HttpLookups:
        plain = {"hosts": frozenset({self.host}), "plain": frozenset({self.host}), "private": True}
        return HttpLookups(
            LookupRules(**{**plain, **rules}),
            resolve=self.resolve,
            sleep=self.sleep,
            report=self.told.append,
        )

    @property
    def problem(self) -> str:
        return self.told[-1].problem


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async def handle(request: web.Request) -> web.StreamResponse:
        there.seen.append(request)
        there.bodies.append(await request.read())
        if request.path == "/slow":
            await asyncio.sleep(5)
        return there.replies.pop(0) if there.replies else web.json_response({"state": "sent"})

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", handle)
    async with TestServer(app) as server:
        there = House(server)
        yield there


async def ask(
    house: House,
    method: str = "GET",
    url: str | None = None,
    body: Any = None,
    within_s: float = 20,
    **rules: Any,
) -> Any:
    async with house.lookups(**rules) as lookups:
        answer = await lookups.ask(method, url or house.url(), body, within_s)
    return answer.status, answer.body


async def look_up(house: House, method: str = "GET", retries: int = 3, **more: Any) -> Any:
    async with house.lookups() as lookups:
        answer = await lookups.look_up(
            method, house.url(), None, timeout_s=20, retries=retries, hosts=more.get("hosts", (house.host,))
        )
    return answer.status, answer.body


async def test_json_is_asked_for_and_taken(house: House) -> None:
    assert await ask(house, "POST", body={"number": "+12025550100", "name": "王女士"}) == (
        200,
        {"state": "sent"},
    )
    (request,) = house.seen
    assert (request.method, request.host, request.content_type) == ("POST", house.host, "application/json")
    assert house.bodies == ['{"number": "+12025550100", "name": "王女士"}'.encode()]
    assert house.told == [Told("POST", house.host, 200, "")]


async def test_the_address_that_was_looked_at_is_the_one_connected_to(house: House) -> None:
    assert (await ask(house))[0] == 200
    assert house.asked == ["crm.test"]  # once, by us; no other resolver knows the name


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_refused(house: House, inside: str) -> None:
    assert not public(inside)
    house.addresses = ["93.184.216.34", inside]
    assert await ask(house, private=False) == (0, None)
    assert house.problem == "crm.test leads to an address that is not public"
    assert house.seen == []


@pytest.mark.parametrize("outside", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_public_addresses(outside: str) -> None:
    assert public(outside)


async def test_an_address_in_place_of_a_name_is_refused(house: House) -> None:
    host = f"127.0.0.1:{house.server.port}"
    rules: dict[str, Any] = {"hosts": frozenset({host}), "plain": frozenset({host})}
    assert await ask(house, url=f"http://{host}/", **rules, private=False) == (0, None)
    assert "not public" in house.problem
    assert await ask(house, url=f"http://{host}/", **rules) == (200, {"state": "sent"})


@pytest.mark.parametrize("written", ["127.1", "2130706433", "0x7f.1", "017700000001"])
async def test_an_address_in_disguise_is_refused(written: str) -> None:
    """As the system's own resolver reads it."""
    rules = LookupRules(hosts=frozenset({written}))
    told: list[Told] = []
    async with HttpLookups(rules, report=told.append) as lookups:
        assert (await lookups.ask("GET", f"https://{written}/", None, 2)).status == 0
    assert "not public" in told[0].problem or told[0].problem == "InvalidUrlClientError"


async def test_only_hosts_on_both_lists(house: House) -> None:
    assert await ask(house, hosts=frozenset()) == (0, None)
    assert "installation's list" in house.problem
    assert await look_up(house, hosts=("other.test",)) == (0, None)
    assert "flow's list" in house.problem
    assert house.paused == []  # a refusal is not tried again
    assert house.seen == []


def test_all_hosts_below_a_name() -> None:
    rules = LookupRules(frozenset({"*.example.com", "one.test:8443"}))
    assert rules.allows("a.example.com")
    assert rules.allows("a.b.example.com")
    assert rules.allows("one.test:8443")
    for other in (
        "example.com",
        "example.com.evil.test",
        "evilexample.com",
        "one.test",
        "a.example.com:8443",
    ):
        assert not rules.allows(other)


async def test_https_unless_the_installation_says_otherwise(house: House) -> None:
    assert await ask(house, plain=frozenset()) == (0, None)
    assert house.problem.endswith("only https is asked")


@pytest.mark.parametrize(
    "path",
    [" ", "/a b", "/a\r\nHost: evil.test", "/\x00", "/\x7f", "/价", "\\@evil.test/", "@evil.test/"],
)
async def test_addresses_that_are_no_addresses(house: House, path: str) -> None:
    assert await ask(house, url=house.url(path)) == (0, None)
    assert house.seen == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "GET\r\nX: 1", "get"])
async def test_methods_that_are_not_sent(house: House, method: str) -> None:
    assert await ask(house, method) == (0, None)
    assert house.seen == []


class TestRedirects:
    async def test_on_the_same_host_they_are_followed(self, house: House) -> None:
        house.replies = [web.Response(status=302, headers={"Location": "/elsewhere"})]
        assert await ask(house) == (200, {"state": "sent"})
        assert [one.path for one in house.seen] == ["/order", "/elsewhere"]

    @pytest.mark.parametrize(
        "location", ["http://evil.test/", "//evil.test/", "https://crm.test/", "ftp://crm.test/", "http://x@crm.test/"]
    )  # fmt: skip
    async def test_to_another_host_they_are_not(self, house: House, location: str) -> None:
        house.replies = [web.Response(status=302, headers={"Location": location})]
        assert await ask(house) == (0, None)
        assert len(house.seen) == 1

    async def test_in_circles_they_end(self, house: House) -> None:
        house.replies = [web.Response(status=302, headers={"Location": "/again"}) for _ in range(9)]
        assert await ask(house) == (0, None)
        assert len(house.seen) == 4

    async def test_what_was_sent_is_not_sent_on(self, house: House) -> None:
        house.replies = [web.Response(status=307, headers={"Location": "/elsewhere"})]
        assert await ask(house, "POST", body={"a": 1}) == (0, None)
        assert len(house.seen) == 1


class TestAnswers:
    @pytest.mark.parametrize(
        ("reply", "why"),
        [
            ({"text": "{}", "content_type": "text/html"}, "not JSON"),
            ({"body": b"\xff{}", "content_type": "application/json"}, "no JSON"),
            ({"body": b"{", "content_type": "application/json"}, "no JSON"),
            ({"body": b"NaN", "content_type": "application/json"}, "no JSON"),
            ({"body": b"[" * 60_000, "content_type": "application/json"}, "no JSON"),
            ({"body": b'"' + b"a" * MOST_BYTES + b'"', "content_type": "application/json"}, "more than"),
            ({"body": b'{"a": "\\u001b[2J"}', "content_type": "application/json"}, "control characters"),
            ({"body": b'{"\\u0000": 1}', "content_type": "application/json"}, "control characters"),
        ],
    )
    async def test_what_is_not_taken(self, house: House, reply: dict[str, Any], why: str) -> None:
        house.replies = [web.Response(**reply)]
        assert await ask(house) == (0, None)
        assert why in house.problem

    async def test_an_endless_answer_ends(self, house: House) -> None:
        async def endless(request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse(headers={"Content-Type": "application/json"})
            await answer.prepare(request)
            for _ in range(1000):
                await answer.write(b" " * 4096)
            return answer

        app = web.Application()
        app.router.add_get("/order", endless)
        async with TestServer(app) as server:
            other = House(server)
            assert await ask(other) == (0, None)
            assert "more than" in other.problem

    async def test_what_unpacks_itself_is_not_unpacked(self, house: House) -> None:
        packed = gzip.compress(b" " * 10_000_000)
        house.replies = [
            web.Response(
                body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
            )
        ]
        assert await ask(house) == (0, None)
        assert "compressed" in house.problem

    async def test_line_breaks_become_spaces(self, house: House) -> None:
        house.replies = [web.json_response({"a": ["x\r\ny"]})]
        assert await ask(house) == (200, {"a": ["x y"]})

    @pytest.mark.parametrize("status", [204, 404, 500])
    async def test_the_body_of_anything_but_a_success_does_not_count(self, house: House, status: int) -> None:
        house.replies = [web.Response(status=status, text="no" if status != 204 else None)]
        assert await ask(house) == (status, None)

    async def test_an_answer_that_does_not_come(self, house: House) -> None:
        assert await ask(house, url=house.url("/slow"), within_s=0.5) == (0, None)
        assert house.problem == "no answer within 0.5 s"

    async def test_nobody_listens(self, house: House) -> None:
        url, host = house.url(), house.host
        await house.server.close()
        async with house.lookups() as lookups:
            answer = await lookups.ask("GET", url, None, 1)
        assert (answer.status, house.told[0].host) == (0, host)


class TestAgain:
    async def test_what_may_pass_is_asked_again_after_growing_pauses(self, house: House) -> None:
        house.replies = [web.Response(status=503), web.Response(status=429), web.Response(status=500)]
        assert await look_up(house) == (200, {"state": "sent"})
        assert house.paused == [0.2, 0.4, 0.8]

    async def test_no_more_often_than_the_flow_says(self, house: House) -> None:
        house.replies = [web.Response(status=503) for _ in range(9)]
        assert await look_up(house, retries=2) == (503, None)
        assert len(house.seen) == 3

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    async def test_what_may_have_been_done_is_not_done_twice(self, house: House, method: str) -> None:
        house.replies = [web.Response(status=503) for _ in range(9)]
        assert await look_up(house, method) == (503, None)
        assert len(house.seen) == 1

    @pytest.mark.parametrize("status", [400, 401, 404, 409])
    async def test_what_will_not_pass_is_not_asked_again(self, house: House, status: int) -> None:
        house.replies = [web.Response(status=status)]
        assert await look_up(house) == (status, None)
        assert house.paused == []

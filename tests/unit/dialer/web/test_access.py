"""Every operation against every role, and tokens that must not open anything."""

from datetime import timedelta

import pytest

from dialer.web.app import OPERATIONS
from dialer.web.auth import digest, new_token
from dialer.web.operations import Operation
from dialer.web.roles import Role
from tests.support.fake_floor import LIVE_CALL, NOON
from tests.unit.dialer.web.conftest import ENDED_CALL, QUICK_HASHER, RECORDING, Served

pytestmark = pytest.mark.unit

OPEN = {"process_is_up", "all_parts_are_up", "sign_in"}
IN_PATH = {
    "campaign": "1",
    "contact": "1",
    "agent": "1",
    "attempt": str(ENDED_CALL),
    "recording": str(RECORDING),
    "flow": "survey",
    "call": "call-1",
    "reference": "000018",
    "route": "1",
}
ENDLESS = {"live_stream"}


def path_of(operation: Operation) -> str:
    return operation.path.format(**{name: IN_PATH[name] for name in operation.parameters})


def test_only_health_and_signing_in_are_open_to_everyone() -> None:
    assert {operation.name for operation in OPERATIONS if operation.role is None} == OPEN


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.role is not None], ids=lambda o: o.name
)
async def test_nothing_opens_without_a_token(served: Served, operation: Operation) -> None:
    async with served.client.request(operation.method, path_of(operation)) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await answer.json(content_type=None))["error_id"] == "not-signed-in"


@pytest.mark.parametrize("role", list(Role))
async def test_each_operation_opens_for_its_role_and_those_above_only(served: Served, role: Role) -> None:
    headers = served.as_role(role, agent=1)
    for operation in OPERATIONS:
        if operation.role is None or operation.name in ENDLESS:
            continue
        async with served.client.request(operation.method, path_of(operation), headers=headers) as answer:
            refused = answer.status == 403
            assert answer.status not in (401, 405, 500), operation.name
        assert refused is not role.covers(operation.role), (operation.name, role)


@pytest.mark.parametrize("verb", ["login", "logout", "pause", "resume", "done"])
async def test_an_agent_cannot_act_on_another_agent(served: Served, verb: str) -> None:
    status, problem = await served.post(f"/api/v1/agents/1/{verb}", {}, role="agent", agent=2)
    assert (status, problem["error_id"]) == (403, "forbidden")
    assert served.store.users.audited == []


async def test_an_agent_acts_on_its_own_calls_only(served: Served) -> None:
    for method, path in (
        ("GET", f"/api/v1/attempts/{ENDED_CALL}"),
        ("POST", f"/api/v1/attempts/{ENDED_CALL}/result"),
        ("POST", f"/api/v1/calls/{LIVE_CALL}/hangup"),
        ("POST", f"/api/v1/calls/{LIVE_CALL}/flow"),
        ("POST", f"/api/v1/calls/{LIVE_CALL}/recording/pause"),
        ("POST", f"/api/v1/calls/{LIVE_CALL}/recording/resume"),
    ):
        headers = served.as_role("agent", agent=2)
        body = {"flow": "main-menu", "entry": "menu"} if path.endswith("/flow") else {"result": "machine"}
        async with served.client.request(method, path, json=body, headers=headers) as answer:
            assert answer.status == 403, path
    assert served.floor.hung_up == []
    assert (served.floor.paused, served.floor.sent) == ([], [])


async def test_an_agent_role_without_an_agent_acts_on_nobody(served: Served) -> None:
    status, _ = await served.post("/api/v1/agents/1/login", {}, role="agent")
    assert status == 403


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer fd_short",
        f"Bearer fd_{'x' * 43}",
        f"Bearer fd_{'x' * 44}",
    ],
)
async def test_a_token_that_is_none_opens_nothing(served: Served, header: str) -> None:
    async with served.client.get("/api/v1/me", headers={"Authorization": header}) as answer:
        assert answer.status == 401


async def test_an_expired_token_opens_nothing(served: Served) -> None:
    token = served.store.users.token_for("admin", expires_at=NOON + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    async with served.client.get("/api/v1/me", headers=headers) as answer:
        assert answer.status == 200
    served.clock.go_on(3601)
    async with served.client.get("/api/v1/me", headers=headers) as answer:
        assert answer.status == 401


async def test_polling_asks_the_store_once_in_five_seconds(served: Served) -> None:
    headers = served.as_role("read_only")
    for _ in range(20):
        async with served.client.get("/api/v1/stats", headers=headers) as answer:
            assert answer.status == 200
    assert served.store.users.look_ups == 1
    served.clock.go_on(5)
    async with served.client.get("/api/v1/stats", headers=headers) as answer:
        assert answer.status == 200
    assert served.store.users.look_ups == 2


def test_a_token_has_256_random_bits_and_only_its_digest_is_kept() -> None:
    token = new_token()
    assert token.startswith("fd_")
    assert len(token) == 46
    assert token not in digest(token)


class TestSigningIn:
    async def _user(self, served: Served) -> None:
        await served.store.users.add_user("ana", "supervisor", QUICK_HASHER.hash("right one"), None, NOON)

    async def _try(self, served: Served, name: str, password: str) -> int:
        async with served.client.post("/api/v1/login", json={"name": name, "password": password}) as answer:
            return answer.status

    async def test_gives_a_token_for_one_shift(self, served: Served) -> None:
        await self._user(served)
        async with served.client.post(
            "/api/v1/login", json={"name": "ana", "password": "right one"}
        ) as answer:
            session = await answer.json()
        assert session["role"] == "supervisor"
        assert session["expires_at"] == "2026-03-03T03:00:00Z"
        headers = {"Authorization": f"Bearer {session['token']}"}
        async with served.client.get("/api/v1/me", headers=headers) as answer:
            assert (await answer.json())["name"] == "ana"

    async def test_wrong_passwords_and_unknown_names_look_the_same(self, served: Served) -> None:
        await self._user(served)
        answers = []
        for name in ("ana", "nobody"):
            async with served.client.post("/api/v1/login", json={"name": name, "password": "x"}) as answer:
                answers.append((answer.status, await answer.read()))
        assert answers[0] == answers[1]
        assert answers[0][0] == 401

    async def test_guessing_is_slowed_down_and_the_right_one_waits_too(self, served: Served) -> None:
        await self._user(served)
        assert [await self._try(served, "ana", "wrong") for _ in range(6)] == [401] * 5 + [429]
        assert await self._try(served, "ana", "right one") == 429
        served.clock.go_on(61)
        assert await self._try(served, "ana", "right one") == 200

    async def test_guessing_many_names_from_one_address_is_slowed_down(self, served: Served) -> None:
        statuses = [await self._try(served, f"user {number}", "x") for number in range(31)]
        assert statuses[-1] == 429

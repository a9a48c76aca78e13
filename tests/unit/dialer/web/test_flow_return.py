"""An agent sends the caller back into a flow."""

from dataclasses import replace

import pytest

from dialer.domain.flow_session import flow_session
from dialer.flows import publish_flow
from dialer.ports.floor import FlowPlace
from ivr.flow.reader import from_text
from ivr.samples import sample, text
from tests.support.fake_floor import LIVE_CALL, NOON
from tests.support.memory_ivr import ivr_call
from tests.unit.dialer.web.conftest import Served

pytestmark = pytest.mark.unit

BACK = f"/api/v1/calls/{LIVE_CALL}/flow"
MENU = sample("main-menu")
ENTRY = next(iter(MENU.head.entry_points))


@pytest.fixture
async def with_menu(served: Served) -> Served:
    await publish_flow(served.store.ivr_flows, MENU, NOON, "ana")
    return served


async def test_where_a_caller_can_be_sent_is_listed(with_menu: Served) -> None:
    status, found = await with_menu.get("/api/v1/ivr/flows/main-menu/entries", "agent")
    assert (status, found["version"], found["title"]) == (200, MENU.version, MENU.head.title)
    assert {each["entry"]: each["node"] for each in found["entries"]} == MENU.head.entry_points
    assert (await with_menu.get("/api/v1/ivr/flows/nowhere/entries"))[0] == 404


async def test_an_agent_sends_the_own_caller_back(with_menu: Served) -> None:
    status, _ = await with_menu.post(BACK, {"flow": "main-menu", "entry": ENTRY}, role="agent", agent=1)
    assert status == 204
    ((attempt, place, _by),) = with_menu.floor.sent
    assert (attempt, place) == (LIVE_CALL, FlowPlace("main-menu", ENTRY, None))
    assert with_menu.store.users.audited[-1].action == "call.send_to_flow"


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({"flow": "main-menu", "entry": "nowhere"}, 422, ENTRY),
        ({"flow": "nothing", "entry": "menu"}, 404, "nothing"),
        ({"flow": "survey", "entry": "menu"}, 422, "there are"),
        ({"flow": "main-menu"}, 422, "entry"),
    ],
)
async def test_what_is_wrong_is_said(
    with_menu: Served, wanted: dict[str, str], status: int, said: str
) -> None:
    found, problem = await with_menu.post(BACK, wanted)
    assert found == status
    assert said in str(problem)
    assert with_menu.floor.sent == []


@pytest.mark.parametrize("came_in", [False, True], ids=["by our call", "by theirs"])
async def test_the_session_they_came_with_goes_on_in_its_version(with_menu: Served, came_in: bool) -> None:
    store = with_menu.store
    newer = from_text(text("main-menu").replace("entry_points: {", "entry_points: {brand_new: menu, "))
    await publish_flow(store.ivr_flows, newer, NOON, "ana")
    session = "fairdial-1.2" if came_in else flow_session(LIVE_CALL, "main-menu")
    store.ivr_calls.calls[session] = replace(ivr_call(session), flow="main-menu", version=MENU.version)
    if came_in:
        store.history.rows[LIVE_CALL] = replace(store.history.rows[LIVE_CALL], session=session)
    status, problem = await with_menu.post(BACK, {"flow": "main-menu", "entry": "brand_new"})
    assert (status, "brand_new" in problem["detail"]) == (422, True)
    assert (await with_menu.post(BACK, {"flow": "main-menu", "entry": ENTRY}))[0] == 204
    assert [place.session for _, place, _ in with_menu.floor.sent] == [session]

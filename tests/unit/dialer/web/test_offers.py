"""The agent's desk in preview: what is offered, and what the agent decides."""

from dataclasses import replace

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.ids import AgentId, AttemptId, ContactId
from dialer.ports.floor import OfferOnFloor
from tests.support.fake_floor import OFFER, OFFERED, afternoon, later
from tests.unit.dialer.web.conftest import ENDED_CALL, NUMBER, Served

pytestmark = pytest.mark.unit

MINE = "/api/v1/agents/1/offer"


async def test_an_agent_sees_the_contact_offered_to_them(served: Served) -> None:
    async with served.client.get(MINE, headers=served.as_role("agent", agent=1)) as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {
                "attempt": str(OFFERED),
                "campaign": 1,
                "contact": 1,
                "number": NUMBER.e164,
                "offered_at": "2026-03-02T15:00:00Z",
                "expires_at": "2026-03-02T15:00:30Z",
            },
        )


@pytest.mark.parametrize("verb", ["accept", "skip"])
async def test_the_decision_reaches_the_floor_and_the_audit(served: Served, verb: str) -> None:
    assert await served.post(f"{MINE}/{OFFERED}/{verb}", role="agent", agent=1) == (204, None)
    assert served.floor.decided == [(verb, OFFERED, AgentId(1))]
    line = served.store.users.audited[-1]
    assert (line.action, line.subject, line.detail) == (f"offer.{verb}", str(OFFERED), {"agent": 1})


@pytest.mark.parametrize("verb", ["accept", "skip"])
async def test_an_offer_that_is_over_is_a_conflict_with_its_reason(served: Served, verb: str) -> None:
    served.floor.refuses = "this contact may not be dialled: it is outside calling hours"
    status, problem = await served.post(f"{MINE}/{OFFERED}/{verb}", role="agent", agent=1)
    assert (status, problem["error_id"], problem["detail"]) == (409, "conflict", served.floor.refuses)
    assert served.store.users.audited == []


async def test_what_is_not_offered_is_not_found(served: Served) -> None:
    for path in (f"{MINE}/{ENDED_CALL}/accept", f"{MINE}/{ENDED_CALL}/skip", f"{MINE}/1/skip"):
        assert (await served.post(path, role="agent", agent=1))[0] == 404, path
    served.floor.offers.clear()
    status, problem = await served.get(MINE, role="supervisor")
    assert (status, problem["error_id"]) == (404, "not-found")
    assert served.floor.decided == []


async def test_agents_decide_for_themselves_only_and_supervisors_for_everyone(served: Served) -> None:
    headers = served.as_role("agent", agent=2)
    async with served.client.get(MINE, headers=headers) as answer:
        assert answer.status == 403
    for verb in ("accept", "skip"):
        assert (await served.post(f"{MINE}/{OFFERED}/{verb}", role="agent", agent=2))[0] == 403
    assert served.floor.decided == []
    assert (await served.post(f"{MINE}/{OFFERED}/skip", role="supervisor"))[0] == 204


class TestTheContactAtHand:
    async def _read(self, served: Served, contact: int, agent: int | None) -> int:
        headers = served.as_role("agent", agent=agent)
        async with served.client.get(f"/api/v1/contacts/{contact}", headers=headers) as answer:
            return answer.status

    async def test_the_one_offered_is_read_by_its_agent_alone(self, served: Served) -> None:
        assert await self._read(served, 1, agent=1) == 200
        assert await self._read(served, 2, agent=1) == 403
        assert await self._read(served, 1, agent=2) == 403
        assert await self._read(served, 1, agent=None) == 403

    async def test_the_one_on_the_line_is_read_too(self, served: Served) -> None:
        served.floor.offers.clear()
        assert await self._read(served, 1, agent=1) == 200, "on a call with contact 1"
        row = served.store.history.rows[next(iter(served.store.history.rows))]
        for attempt in served.store.history.rows:
            served.store.history.rows[attempt] = replace(row, contact=ContactId(9))
        assert await self._read(served, 1, agent=1) == 403

    async def test_an_offered_attempt_that_is_gone_opens_nothing(self, served: Served) -> None:
        served.floor.offers.clear()
        agents = [replace(each, attempt=AttemptId(OFFERED)) for each in served.floor.latest.agents]
        served.floor.latest = replace(served.floor.latest, agents=agents)
        assert await self._read(served, 1, agent=1) == 403


async def test_the_live_figures_show_the_offer_without_the_number(served: Served) -> None:
    shown = OfferOnFloor(OFFER.campaign, OFFER.contact, OFFER.expires_at)
    floor = later(afternoon(), 1)
    first, *others = floor.agents
    preview = replace(first, state=AgentState.PREVIEW, attempt=OFFERED, offer=shown)
    served.floor.latest = replace(floor, agents=(preview, *others))
    async with served.client.get("/api/v1/stats", headers=served.as_role("read_only")) as answer:
        words, stats = await answer.text(), await answer.json()
    agent = stats["agents"]["list"][0]
    assert agent["offer"] == {"campaign": 1, "contact": 1, "expires_at": "2026-03-02T15:00:30Z"}
    assert stats["agents"]["by_state"]["preview"] == 1
    assert stats["agents"]["list"][1]["offer"] is None
    assert NUMBER.e164 not in words

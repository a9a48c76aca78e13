"""Queues of callers on the API: what agents are shown of a caller, what everyone is shown of a queue."""

from dataclasses import replace

import pytest

from dialer.domain.ids import AgentId
from dialer.ports.floor import CallerOnFloor
from tests.support.fake_floor import CALL, LIVE_CALL, QUEUE, later
from tests.unit.dialer.web.conftest import Served

pytestmark = pytest.mark.unit

MINE = "/api/v1/agents/1/call"


async def test_an_agent_sees_who_calls_and_what_was_entered_before(served: Served) -> None:
    async with served.client.get(MINE, headers=served.as_role("agent", agent=1)) as answer:
        assert (answer.status, await answer.json()) == (
            200,
            {
                "attempt": str(LIVE_CALL),
                "state": "talking",
                "campaign": 5,
                "contact": 7,
                "number": "+12025550144",
                "joined_at": "2026-03-02T15:00:00Z",
                "inbound": True,
                "queue": "service",
                "waited_s": 17.5,
                "called": "+12025550100",
                "language": "en",
                "session": "1700000000.1",
                "entered": {"order": "4711"},
                "answers": {"q1": {"value": "b"}},
            },
        )


async def test_a_number_that_is_not_shown_is_none(served: Served) -> None:
    served.floor.calls[AgentId(1)] = replace(CALL, number=None)
    async with served.client.get(MINE, headers=served.as_role("agent", agent=1)) as answer:
        assert (await answer.json())["number"] is None


async def test_nobody_elses_call_is_shown_and_no_call_is_none(served: Served) -> None:
    async with served.client.get("/api/v1/agents/2/call", headers=served.as_role("agent", agent=1)) as answer:
        assert answer.status == 403
    async with served.client.get("/api/v1/agents/2/call", headers=served.as_role("supervisor")) as answer:
        assert answer.status == 404


async def test_the_figures_tell_of_queues_and_never_a_callers_number(served: Served) -> None:
    snapshot = served.floor.latest
    first = replace(snapshot.agents[0], caller=CallerOnFloor("service", 17.5))
    await served.floor.publish(replace(later(snapshot, 1), agents=(first, *snapshot.agents[1:])))
    async with served.client.get("/api/v1/stats", headers=served.as_role("read_only")) as answer:
        text = await answer.text()
        stats = await answer.json()
    (queue,) = stats["queues"]
    assert (queue["name"], queue["waiting"], queue["longest_wait_s"]) == ("service", 2, 34.0)
    assert (queue["answered"], queue["in_time"], queue["left"]) == (QUEUE.answered, QUEUE.in_time, QUEUE.left)
    assert stats["agents"]["list"][0]["caller"] == {"queue": "service", "waited_s": 17.5}
    assert "+12025550144" not in text


async def test_metrics_tell_of_queues(served: Served) -> None:
    async with served.client.get("/metrics", headers=served.as_role("read_only")) as answer:
        text = await answer.text()
    for line in (
        'dialer_queue_waiting{queue="service"} 2.0',
        'dialer_queue_longest_wait_seconds{queue="service"} 34.0',
        'dialer_queue_answered_total{queue="service"} 40.0',
        'dialer_queue_answered_in_time_total{queue="service"} 31.0',
        'dialer_queue_left_total{queue="service"} 3.0',
    ):
        assert line in text

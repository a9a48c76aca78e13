"""Many viewers, one serialisation; nobody waits for a slow one."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientResponse

from dialer.ports.floor import PartHealth
from dialer.web.live import BROADCAST, FEED, Broadcast, event
from dialer.web.stats import StatsFeed
from tests.support.fake_floor import NOON, FakeFloor, afternoon, later
from tests.support.fake_store import FakeClock
from tests.unit.dialer.web.conftest import Served, until

pytestmark = pytest.mark.unit


async def next_event(stream: ClientResponse) -> str:
    lines: list[str] = []
    async with asyncio.timeout(5):
        while (line := (await stream.content.readline()).decode().rstrip("\n")) or not lines:
            lines.append(line)
    return "\n".join(lines)


async def watch(served: Served) -> ClientResponse:
    stream = await served.client.get("/api/v1/stats/stream", headers=served.as_role("read_only"))
    assert stream.status == 200
    assert stream.content_type == "text/event-stream"
    assert (await next_event(stream)) == "retry: 2000"
    return stream


async def test_a_viewer_sees_the_figures_at_once_and_each_new_snapshot(served: Served) -> None:
    stream = await watch(served)
    first = await next_event(stream)
    assert first.startswith("event: stats\ndata: ")
    assert json.loads(first.split("data: ")[1])["at"] == "2026-03-02T15:00:00Z"
    await until(lambda: served.app[BROADCAST].viewers == 1)
    await served.floor.publish(later(served.floor.latest, 1))
    seen = [await next_event(stream)]
    while "15:00:01Z" not in seen[-1]:
        seen.append(await next_event(stream))
    assert len(seen) <= 2
    stream.close()


async def test_fifty_viewers_share_one_serialisation_of_each_snapshot(served: Served) -> None:
    streams = [await watch(served) for _ in range(50)]
    await until(lambda: served.app[BROADCAST].viewers == 50)
    before = served.app[FEED].serialisations
    for second in range(1, 4):
        await served.floor.publish(later(afternoon(), second))
        await asyncio.gather(*(_until_at(stream, f"15:00:0{second}Z") for stream in streams))
    assert served.app[FEED].serialisations == before + 3
    for stream in streams:
        stream.close()


async def _until_at(stream: ClientResponse, at: str) -> None:
    while at not in await next_event(stream):
        pass


async def test_a_viewer_who_has_gone_is_forgotten(served: Served) -> None:
    stream = await watch(served)
    await until(lambda: served.app[BROADCAST].viewers == 1)
    stream.close()
    await asyncio.sleep(0.05)
    await served.floor.publish(later(afternoon(), 1))
    await until(lambda: served.app[BROADCAST].viewers == 0)


async def test_a_viewer_who_does_not_read_is_dropped_and_others_go_on(served: Served) -> None:
    lazy, eager = await watch(served), await watch(served)
    await until(lambda: served.app[BROADCAST].viewers == 2)
    reading = asyncio.create_task(_read_all(eager))
    big = event(b"x" * 500_000)
    for _ in range(200):
        served.app[BROADCAST].send(b"%x\r\n%b\r\n" % (len(big), big))
        await asyncio.sleep(0.005)
        if served.app[BROADCAST].dropped:
            break
    assert served.app[BROADCAST].dropped == 1
    assert served.app[BROADCAST].viewers == 1
    reading.cancel()
    lazy.close()
    eager.close()


async def _read_all(stream: ClientResponse) -> None:
    async for _ in stream.content.iter_any():
        pass


async def test_too_many_viewers_are_told_so(served: Served) -> None:
    served.app[BROADCAST]._most_viewers = 0
    status, problem = await served.get("/api/v1/stats/stream")
    assert (status, problem["error_id"]) == (503, "too-many-viewers")


async def test_a_revoked_token_ends_the_stream_at_the_next_heartbeat(served: Served) -> None:
    served.app[BROADCAST]._heartbeat_s = 0.02
    stream = await watch(served)
    await next_event(stream)
    while (await next_event(stream)) != ": still here":
        pass
    served.store.users.tokens.clear()
    served.clock.go_on(6)
    async with asyncio.timeout(5):
        await stream.read()


async def test_the_same_snapshot_is_never_serialised_twice() -> None:
    floor = FakeFloor(afternoon())
    feed = StatsFeed(floor)
    assert feed.current() is feed.current()
    assert feed.serialisations == 1
    floor.health = (PartHealth("database", False, "gone"),)
    assert b'"gone"' in feed.current()
    assert feed.serialisations == 2


async def test_a_failing_floor_does_not_end_the_broadcast() -> None:
    floor = FakeFloor(afternoon())
    broadcast = Broadcast(floor, StatsFeed(floor), FakeClock())
    task = asyncio.create_task(broadcast.run())
    await asyncio.sleep(0.01)
    await floor.publish(later(afternoon(), 1))
    await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()


async def test_the_rate_is_null_while_nobody_has_answered(served: Served) -> None:
    _, stats = await served.get("/api/v1/stats", role="read_only")
    by_name = {campaign["name"]: campaign for campaign in stats["campaigns"]}
    assert by_name["Survey"]["abandonment"]["today"]["rate"] is None
    today = by_name["Spring renewal"]["abandonment"]["today"]
    assert (today["answered"], today["abandoned"]) == (612, 11)
    assert today["rate"] == pytest.approx(11 / 612)
    assert stats["agents"]["by_state"]["on_call"] == 5
    assert len(stats["agents"]["list"]) == 12


async def test_ready_is_503_when_a_part_is_not_and_tells_strangers_no_details(served: Served) -> None:
    async with served.client.get("/readyz") as answer:
        assert answer.status == 200
    served.floor.health = (PartHealth("database", False, "10.0.0.7 refused"),)
    async with served.client.get("/readyz") as answer:
        assert answer.status == 503
        assert await answer.json() == {"ok": False, "parts": {"database": False}}
    async with served.client.get("/healthz") as answer:
        assert answer.status == 200


async def test_metrics_name_no_person_and_no_number(served: Served) -> None:
    async with served.client.get("/metrics", headers=served.as_role("read_only")) as answer:
        text = await answer.text()
    for line in (
        'dialer_calls_total{campaign="spring",result="busy"} 7.0',
        'dialer_agents{state="on_call"} 5.0',
        "dialer_ami_up 1.0",
        'dialer_air_troubles_total{kind="no_rtp"} 2.0',
        'dialer_air_troubles_total{kind="dead_air"} 0.0',
        "dialer_ami_reconnects_total 2.0",
        "dialer_originate_inflight 3.0",
        'dialer_call_setup_seconds_bucket{le="2.0"} 1.0',
        "dialer_call_setup_seconds_count 3.0",
        'dialer_leads{state="exhausted"} 176.0',
    ):
        assert line in text
    assert "Ana" not in text


async def test_metrics_say_how_each_campaign_is_paced(served: Served) -> None:
    async with served.client.get("/metrics", headers=served.as_role("read_only")) as answer:
        text = await answer.text()
    paced = [line for line in text.splitlines() if line.startswith("fairdial_pacing_") and "Spring" in line]
    name = 'campaign="Spring renewal"'
    day = f'{{{name},profile="",window="day"}}'
    assert [line for line in paced if "binding" not in line] == [
        f"fairdial_pacing_lines_wanted{{{name}}} 3.0",
        f"fairdial_pacing_risk{{{name}}} 0.125",
        f"fairdial_pacing_accepted_risk{{{name}}} 0.14",
        f"fairdial_pacing_answer_probability{{{name}}} 0.25",
        f"fairdial_pacing_window_rate{day} {11 / 612}",
        f"fairdial_pacing_window_cap{day} 0.03",
        f'fairdial_pacing_window_cap{{{name},profile="",window="half_hour"}} 0.05',
        f"fairdial_pacing_window_allowed_rate{day} 0.04",
    ]
    bound = [line for line in paced if "binding" in line and line.endswith(" 1.0")]
    assert bound == [f'fairdial_pacing_binding{{binding="risk",{name}}} 1.0']
    assert 'fairdial_pacing_risk{campaign="Survey"}' not in text


async def test_the_live_figures_tell_the_latest_decision(served: Served) -> None:
    _, stats = await served.get("/api/v1/stats")
    spring, *_, survey = stats["campaigns"]
    decision = spring["decision"]
    assert (decision["mode"], decision["binding"], decision["target_lines"]) == ("predictive", "risk", 3)
    assert [window["rate"] for window in decision["windows"]] == [0.04, None]
    assert survey["decision"] is None


async def test_histograms_grow_by_what_is_new_only(served: Served) -> None:
    for _ in range(3):
        async with served.client.get("/metrics", headers=served.as_role("read_only")) as answer:
            text = await answer.text()
    assert "dialer_answer_to_join_seconds_count 2.0" in text


async def test_snapshots_between_two_looks_are_skipped_not_queued() -> None:
    floor = FakeFloor(afternoon())
    await floor.publish(replace(floor.latest, at=NOON + timedelta(seconds=5)))
    assert (await floor.wait_snapshot(NOON)).at == NOON + timedelta(seconds=5)

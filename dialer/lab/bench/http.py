"""How fast the live figures leave the service, beside a handler of aiohttp that does nothing at all.

The server runs here, the load comes from another process. The two handlers take turns, and the middle of the ratios
counts: another program's load on the machine then falls on both.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import web

from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, TrunkName
from dialer.errors import NotFound
from dialer.ports.floor import (
    AgentOnFloor,
    CampaignOnFloor,
    CurrentCall,
    FlowPlace,
    Gauges,
    Offer,
    PartHealth,
    Snapshot,
    TrunkOnFloor,
)
from dialer.ports.pacing import DecisionSample
from dialer.ports.storage import Abandonment, Caller, ContactCounts
from dialer.web.app import build_app
from dialer.web.auth import new_token
from dialer.web.deps import ListIntake, RecordingFiles, Store, WebDeps
from dialer.web.live import BROADCAST, FEED

ROUNDS = 15
ROUND_S = 0.7
CONNECTIONS = 16
VIEWERS = 400
RATES = (2, 5, 10, 15, 20, 30, 50)  # snapshots a second; the service itself makes one
HELD = 0.9  # of what was offered

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class _Floor:
    """50 agents in 5 campaigns; a new snapshot as often as the benchmark wants."""

    def __init__(self) -> None:
        self._latest = _snapshot()
        self.every_s = 3600.0
        self._due = time.perf_counter()

    def snapshot(self) -> Snapshot:
        return self._latest

    def parts(self) -> Sequence[PartHealth]:
        return _PARTS

    def decisions(self, campaign: CampaignId, most: int) -> Sequence[DecisionSample]:
        return ()

    def gauges(self) -> Gauges:
        return Gauges({}, 0, 0, (), ())

    async def wait_snapshot(self, after: datetime | None) -> Snapshot:
        now = time.perf_counter()
        self._due = max(self._due + self.every_s, now - self.every_s)  # on time again after a slow one
        await asyncio.sleep(max(0.0, self._due - now))
        self._latest = replace(self._latest, at=self._latest.at + timedelta(microseconds=1000))
        return self._latest

    async def hang_up(self, attempt: AttemptId) -> None:
        raise NotFound("a benchmark has no calls")

    async def send_to_flow(self, attempt: AttemptId, place: FlowPlace, by: str) -> None:
        raise NotFound("a benchmark has no calls")

    async def pause_recording(self, attempt: AttemptId, by: str) -> None:
        raise NotFound("a benchmark has no calls")

    async def resume_recording(self, attempt: AttemptId, by: str) -> None:
        raise NotFound("a benchmark has no calls")

    def current_call(self, agent: AgentId) -> CurrentCall:
        raise NotFound("a benchmark has no calls")

    def offer(self, agent: AgentId) -> Offer:
        raise NotFound("nothing is offered here")

    async def accept_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        raise NotFound("nothing is offered here")

    async def skip_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        raise NotFound("nothing is offered here")

    async def end_wrap_up(self, agent: AgentId) -> None:
        raise NotFound("a benchmark has no agents")


_PARTS = tuple(PartHealth(name, True, "") for name in ("database", "telephony", "schema", "engine"))


def _snapshot() -> Snapshot:
    return Snapshot(
        _NOW,
        tuple(_campaign(number) for number in range(1, 6)),
        tuple(
            AgentOnFloor(AgentId(number), f"Agent {number}", AgentState.READY, "", _NOW, None)
            for number in range(50)
        ),
        (TrunkOnFloor(TrunkName("main"), 20, 60, 5.0, 4),),
    )


def _campaign(number: int) -> CampaignOnFloor:
    return CampaignOnFloor(
        CampaignId(number),
        f"Campaign {number}",
        CampaignState.RUNNING,
        {AttemptState.RINGING: 9, AttemptState.TALKING: 7, AttemptState.WAITING: 1},
        ContactCounts({"ready": 40_000, "claimed": 17, "done": 9_000}, 12_000, None),
        dict.fromkeys(Disposition, 250),
        {window: Abandonment(_NOW, 2_500, 40) for window in ("today", "30_days")},
        "10 agents ready, 9 calls ringing: dial 1",
    )


class _Users:
    async def caller_of_token(self, sha256: str, now: datetime) -> Caller | None:
        return Caller(1, "wallboard", "read_only", None)


def _app(floor: _Floor) -> web.Application:
    store = cast(Store, SimpleNamespace(users=_Users()))
    nothing = SimpleNamespace()
    files, lists = cast(RecordingFiles, nothing), cast(ListIntake, nothing)
    return build_app(WebDeps(store, floor, SystemClock(), files, lists))


async def _nothing(_request: web.Request) -> web.Response:
    return web.Response(body=b"{}", content_type="application/json")


def _empty_app() -> web.Application:
    app = web.Application()
    app.router.add_get("/api/v1/stats", _nothing)
    return app


@asynccontextmanager
async def _serving(app: web.Application) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=VIEWERS * 2).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _request(path: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {new_token()}")
    return "\r\n".join((*lines, "", "")).encode()


async def _load(what: str, port: int, path: str, connections: int, seconds: float) -> Mapping[str, float]:
    loader = Path(__file__).with_name("http_load.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(loader), what, str(port), str(connections), str(seconds)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(_request(path))
    figures: Mapping[str, float] = json.loads(out)
    return figures


async def run() -> dict[str, Any]:
    """Requests a second of both handlers, and events a second to 400 viewers."""
    return {**await requests(), **await streams()}


async def requests(rounds: int = ROUNDS) -> dict[str, Any]:
    floor = _Floor()
    app = _app(floor)
    stats, empty = [], []
    async with _serving(app) as port, _serving(_empty_app()) as empty_port:
        for _ in range(rounds):
            empty.append(await _round(empty_port))
            stats.append(await _round(port))
    pairs = list(zip(stats, empty, strict=True))
    return {
        "stats_bytes": len(app[FEED].current()),
        "stats_requests_per_s": round(statistics.median(one.per_s for one in stats)),
        "empty_requests_per_s": round(statistics.median(one.per_s for one in empty)),
        "stats_of_empty": round(statistics.median(a.per_s / b.per_s for a, b in pairs), 3),
        "stats_of_empty_by_cpu": round(statistics.median(b.cpu_us / a.cpu_us for a, b in pairs), 3),
        "stats_cpu_us": round(statistics.median(one.cpu_us for one in stats), 1),
        "empty_cpu_us": round(statistics.median(one.cpu_us for one in empty), 1),
    }


@dataclass(frozen=True, slots=True)
class _Round:
    per_s: float
    cpu_us: float  # of this process for each request: other programs do not change it


async def _round(port: int) -> _Round:
    before = time.process_time()
    got = await _load("ask", port, "/api/v1/stats", CONNECTIONS, ROUND_S)
    return _Round(got["per_s"], 1e6 * (time.process_time() - before) / got["all"])


async def streams() -> dict[str, Any]:
    """Faster and faster, until the viewers no longer get what was made."""
    best: dict[str, Any] = {}
    for rate in RATES:
        floor = _Floor()
        floor.every_s = 1 / rate
        app = _app(floor)
        async with _serving(app) as port:
            got = await _load("watch", port, "/api/v1/stats/stream", VIEWERS, ROUND_S * 3)
        if got["lost"] or got["per_s"] < HELD * rate * VIEWERS:
            break
        best = _stream_figures(got, app)
    return best


def _stream_figures(got: Mapping[str, float], app: web.Application) -> dict[str, Any]:
    return {
        "sse_viewers": VIEWERS,
        "sse_messages_per_s": round(got["per_s"]),
        "sse_snapshots_per_s_for_each": round(got["least"], 1),
        "sse_viewers_dropped": app[BROADCAST].dropped,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run()), indent=2))

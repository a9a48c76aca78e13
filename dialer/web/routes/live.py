"""Health, live figures, metrics, and the description of this API."""

import orjson
from aiohttp import hdrs, web

from dialer.web.auth import GATE
from dialer.web.figures import Health, Stats
from dialer.web.live import BROADCAST, FEED
from dialer.web.metrics import METRICS, OPENMETRICS_TYPE
from dialer.web.openapi import DOCUMENT
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role

_JSON = {hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"}


async def process_is_up(_call: Call) -> Health:
    return Health(ok=True)


async def all_parts_are_up(call: Call) -> web.Response:
    """Names only: the details are for those who are signed in, in the figures."""
    parts = call.deps.floor.parts()
    health = Health(
        ok=all(part.ok or not part.needed for part in parts), parts={part.name: part.ok for part in parts}
    )
    return web.Response(
        body=health.model_dump_json().encode(),
        status=200 if health.ok else 503,
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )


async def live_figures(call: Call) -> web.Response:
    return web.Response(body=call.app[FEED].current(), headers=_JSON)


async def live_stream(call: Call) -> web.StreamResponse:
    return await call.app[BROADCAST].serve(call.request, lambda: call.app[GATE].caller(call.request))


async def metrics(call: Call) -> web.Response:
    exposed = call.app[METRICS].exposed(call.deps.floor)
    return web.Response(body=exposed, headers={hdrs.CONTENT_TYPE: OPENMETRICS_TYPE})


async def openapi_document(call: Call) -> web.Response:
    document = orjson.dumps(call.app[DOCUMENT], option=orjson.OPT_INDENT_2)
    return web.Response(body=document, content_type="application/json")


OPERATIONS = (
    Operation("GET", "/healthz", None, "The process is up", process_is_up, response=Health),
    Operation(
        "GET",
        "/readyz",
        None,
        "Every part that is needed works; 503 when one does not",
        all_parts_are_up,
        response=Health,
    ),
    Operation(
        "GET",
        "/metrics",
        Role.READ_ONLY,
        "Metrics for Prometheus",
        metrics,
        sends="text/plain",
    ),
    Operation(
        "GET",
        "/api/v1/stats",
        Role.READ_ONLY,
        "The live figures, new every second",
        live_figures,
        response=Stats,
    ),
    Operation(
        "GET",
        "/api/v1/stats/stream",
        Role.READ_ONLY,
        "The live figures as server-sent events named `stats`",
        live_stream,
        sends="text/event-stream",
    ),
    Operation(
        "GET",
        "/api/v1/openapi.json",
        Role.READ_ONLY,
        "This API in OpenAPI 3.1",
        openapi_document,
        sends="application/json",
    ),
)

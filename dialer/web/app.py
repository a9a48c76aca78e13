"""Puts the web application together from its parts."""

from aiohttp import web
from argon2 import PasswordHasher

from dialer import __version__
from dialer.web import openapi, page
from dialer.web.auth import DOOR, GATE, Gate, PasswordDoor
from dialer.web.deps import WebDeps
from dialer.web.errors import unmatched
from dialer.web.live import BROADCAST, FEED, Broadcast, broadcasting, end_streams
from dialer.web.metrics import METRICS, FloorMetrics
from dialer.web.operations import Operation, route_of
from dialer.web.routes import (
    abandonment,
    agents,
    attempts,
    campaigns,
    consents,
    contacts,
    do_not_call,
    explanations,
    inbound,
    ivr,
    live,
    offers,
    pacing,
    recordings,
    session,
)
from dialer.web.stats import StatsFeed

MOST_BODY = 1 << 20

OPERATIONS: tuple[Operation, ...] = (
    *live.OPERATIONS,
    *session.OPERATIONS,
    *campaigns.OPERATIONS,
    *pacing.OPERATIONS,
    *abandonment.OPERATIONS,
    *contacts.OPERATIONS,
    *explanations.OPERATIONS,
    *agents.OPERATIONS,
    *offers.OPERATIONS,
    *attempts.OPERATIONS,
    *recordings.OPERATIONS,
    *do_not_call.OPERATIONS,
    *consents.OPERATIONS,
    *ivr.OPERATIONS,
    *inbound.OPERATIONS,
)


def build_app(deps: WebDeps, *, hasher: PasswordHasher | None = None) -> web.Application:
    """Serve it with `access_log=None`: the log would hold every address that is asked for."""
    app = web.Application(client_max_size=MOST_BODY)
    app[GATE] = Gate(deps.store.users, deps.clock)
    app[DOOR] = PasswordDoor(deps.store.users, deps.clock, hasher)
    app[FEED] = StatsFeed(deps.floor)
    app[BROADCAST] = Broadcast(deps.floor, app[FEED], deps.clock)
    app[METRICS] = FloorMetrics()
    app[openapi.DOCUMENT] = openapi.document(OPERATIONS, __version__)
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.route, route_of(operation, app, deps))
    app.add_routes(page.routes())
    app.router.add_route("*", "/{anything:.*}", unmatched)
    app.cleanup_ctx.append(broadcasting)
    app.on_shutdown.append(end_streams)
    return app


def runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(app, access_log=None, shutdown_timeout=5.0, handle_signals=False)

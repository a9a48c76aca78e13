"""Which flow answers which number. Numbers are sent in bodies: addresses end up in the logs of proxies."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from dialer.compliance.holiday_calendars import exists
from dialer.domain.inbound import (
    ANY_NUMBER,
    BadRoute,
    OnHoliday,
    Reached,
    Route,
    Why,
    checked,
    reached,
    read_hours,
    read_weekdays,
    write_weekdays,
)
from dialer.domain.phone_number import BadNumber, parse_number
from dialer.errors import BadInput, NotFound
from dialer.web.deps import Store
from dialer.web.models import Changed, In, Line, Out, Time
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


class InboundRouteNew(In):
    """Takes the place of the route of the same number and priority. `closed` answers when no other route of the number does."""

    number: str = Field(min_length=1, max_length=40, description="a number, or * for those without routes")
    flow: str = Field(min_length=1, max_length=64)
    priority: int = Field(default=0, ge=-1000, le=1000, description="the highest that fits answers")
    closed: bool = False
    zone: str = Field(default="", max_length=60, description="of the tz database; empty: the operator's")
    weekdays: str = Field(default="", max_length=60, description="mon-fri or sat,sun; empty: every day")
    hours: list[str] = Field(default=[], max_length=20, description="09:00-18:00; empty: all day")
    calendar: str = Field(default="", max_length=20, description="whose public holidays: US, US-LA, CN")
    on_holiday: OnHoliday = OnHoliday.ANY
    first_day: date | None = None
    last_day: date | None = None
    note: Line = ""


class InboundRouteOut(Out):
    id: int
    number: str
    flow: str
    priority: int
    closed: bool
    zone: str
    weekdays: str
    hours: list[str]
    calendar: str
    on_holiday: OnHoliday
    first_day: date | None
    last_day: date | None
    note: str


class InboundRouteList(Out):
    routes: list[InboundRouteOut]


class InboundRouteSet(Out):
    id: int
    new: bool


class InboundQuestion(In):
    number: str = Field(min_length=1, max_length=40)
    at: Time | None = Field(default=None, description="default: now")


class PassedOut(Out):
    route: int | None
    flow: str
    priority: int
    why: Why


class ReachedOut(Out):
    """`flow` null: nobody answers. `opens`: when an open route will, within a week."""

    number: str
    flow: str | None
    why: Why
    closed: bool
    route: int | None
    local: datetime
    passed: list[PassedOut]
    opens: datetime | None


def route_of(wanted: InboundRouteNew, region: str, zone: str) -> Route:
    """Raises `BadInput`; that the flow is published is for the caller to see."""
    named = wanted.zone or zone
    try:
        ZoneInfo(named)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"zone: {named!r} is not a zone such as America/New_York", "zone") from None
    if wanted.calendar and not _calendar(wanted.calendar):
        raise BadInput(
            f"calendar: there is none called {wanted.calendar!r}; such as US, US-LA, CN", "calendar"
        )
    try:
        return checked(
            Route(
                number=number_of(wanted.number, region),
                flow=wanted.flow,
                zone=named,
                priority=wanted.priority,
                closed=wanted.closed,
                weekdays=read_weekdays(wanted.weekdays),
                hours=read_hours(wanted.hours),
                calendar=wanted.calendar,
                on_holiday=wanted.on_holiday,
                first_day=wanted.first_day,
                last_day=wanted.last_day,
                note=wanted.note,
            )
        )
    except BadRoute as wrong:
        raise BadInput(str(wrong), wrong.field) from None


def _calendar(name: str) -> bool:
    return name.isascii() and name.replace("-", "").isalnum() and exists(name)


def number_of(written: str, region: str) -> str:
    """E.164, or `*`. Raises `BadInput`."""
    if written.strip() == ANY_NUMBER:
        return ANY_NUMBER
    try:
        return parse_number(written, region).e164
    except BadNumber as wrong:
        raise BadInput(f"number: {written}: {wrong}", "number") from None


async def see_published(store: Store, flow: str) -> None:
    """Raises `BadInput`: a route to a flow that is not there would answer nobody."""
    published = [each.flow for each in await store.ivr_flows.published()]
    if flow not in published:
        there = ", ".join(published) or "none"
        raise BadInput(
            f"flow: {flow!r} has not been published; there are: {there} (`fairdial ivr deploy`)", "flow"
        )


def route_out(route: Route) -> InboundRouteOut:
    fields = {name: getattr(route, name) for name in InboundRouteOut.model_fields}
    return InboundRouteOut(
        **{
            **fields,
            "id": route.id or 0,
            "weekdays": write_weekdays(route.weekdays),
            "hours": [str(span) for span in route.hours],
        }
    )


def reached_out(number: str, found: Reached) -> ReachedOut:
    return ReachedOut(
        number=number,
        flow=found.flow,
        why=found.why,
        closed=found.route is not None and found.route.closed,
        route=None if found.route is None else found.route.id,
        local=found.local,
        passed=[
            PassedOut(route=each.route.id, flow=each.route.flow, priority=each.route.priority, why=each.why)
            for each in found.passed
        ],
        opens=found.opens,
    )


async def list_inbound_routes(call: Call) -> InboundRouteList:
    return InboundRouteList(routes=[route_out(each) for each in await call.deps.store.inbound.routes()])


async def set_inbound_route(call: Call) -> InboundRouteSet:
    deps = call.deps
    route = route_of(await call.body(InboundRouteNew), deps.region, str(deps.zone))
    await see_published(deps.store, route.flow)
    by = f"user: {call.caller.name}"
    made, new = await deps.store.inbound.set_route(route, deps.clock.now(), by)
    await call.audit("inbound.set", route.number, route=made, flow=route.flow, priority=route.priority)
    return InboundRouteSet(id=made, new=new)


async def remove_inbound_route(call: Call) -> Changed:
    which = call.number_in_path("route")
    if not await call.deps.store.inbound.remove_route(which):
        raise NotFound(f"there is no route {which}")
    await call.audit("inbound.remove", str(which))
    return Changed(changed=True)


async def try_inbound(call: Call) -> ReachedOut:
    asked, deps = await call.body(InboundQuestion), call.deps
    number = number_of(asked.number, deps.region)
    routes = await deps.store.inbound.routes_of(number)
    return reached_out(number, reached(number, asked.at or deps.clock.now(), routes, deps.holidays))


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/inbound/routes",
        Role.READ_ONLY,
        "Which flow answers which number, and when",
        list_inbound_routes,
        response=InboundRouteList,
    ),
    Operation(
        "POST",
        "/api/v1/inbound/routes",
        Role.SUPERVISOR,
        "Have a flow answer a number; it counts for the next call",
        set_inbound_route,
        request=InboundRouteNew,
        response=InboundRouteSet,
    ),
    Operation(
        "DELETE",
        "/api/v1/inbound/routes/{route}",
        Role.SUPERVISOR,
        "Take a route away",
        remove_inbound_route,
        response=Changed,
    ),
    Operation(
        "POST",
        "/api/v1/inbound/test",
        Role.READ_ONLY,
        "What would answer a number at a moment, and why",
        try_inbound,
        request=InboundQuestion,
        response=ReachedOut,
    ),
)

"""fairdial inbound …: which flow answers which number, and what callers asked for."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.domain.inbound import OnHoliday, Reached, Route, Why, reached, write_weekdays
from dialer.engine.callback_spool import SpoolReport, import_spool
from dialer.errors import BadInput, NotFound
from dialer.flows import public_holidays
from dialer.ports.ivr import RequestKind, RequestState
from dialer.web.routes.inbound import (
    InboundRouteNew,
    number_of,
    reached_out,
    route_of,
    route_out,
    see_published,
)
from dialer.words import name_of, say

commands = console.group("Which flow answers which number, and when.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Number = Annotated[
    str, typer.Argument(help="As in the settings' region, with +country, or * for any number.")
]


@commands.command("list")
def list_routes(as_json: Json = False) -> None:
    """Every route, in the order in which they are tried."""
    routes = with_session(lambda session: session.store.inbound.routes())
    if as_json:
        console.show_json([route_out(each).model_dump(mode="json") for each in routes])
        return
    console.show(
        (
            "id",
            "number",
            "priority",
            "flow",
            "weekdays",
            "span",
            "zone",
            "calendar",
            "begins",
            "ends",
            "note",
        ),
        [_row(each) for each in routes],
    )


def _row(route: Route) -> tuple[object, ...]:
    language = console.language()
    holidays = (
        ""
        if route.on_holiday is OnHoliday.ANY
        else f"{route.calendar} {name_of('on_holiday', route.on_holiday, language)}"
    )
    return (
        route.id,
        route.number,
        "–" if route.closed else route.priority,
        route.flow,
        write_weekdays(route.weekdays),
        " ".join(str(span) for span in route.hours),
        route.zone,
        holidays,
        route.first_day,
        route.last_day,
        route.note,
    )


@commands.command("set")
def set_route(
    number: Number,
    flow: Annotated[str, typer.Argument(help="A published flow.")],
    priority: Annotated[int, typer.Option(help="The highest that fits answers.")] = 0,
    closed: Annotated[
        bool, typer.Option("--closed", help="Answers when no other route of the number does.")
    ] = False,
    weekdays: Annotated[str, typer.Option(help="mon-fri, or sat,sun; default: every day.")] = "",
    hours: Annotated[
        list[str] | None,
        typer.Option(help="09:00-18:00; may be given again. 22:00-06:00 goes on into the next day."),
    ] = None,
    zone: Annotated[str, typer.Option(help="Of these times; default: the settings' time_zone.")] = "",
    calendar: Annotated[str, typer.Option(help="Whose public holidays: US, US-LA, CN.")] = "",
    on_holiday: Annotated[OnHoliday, typer.Option(help="On these: only, never, or any day.")] = OnHoliday.ANY,
    first: Annotated[str | None, typer.Option(help="The first day, 2026-02-16.")] = None,
    last: Annotated[str | None, typer.Option(help="The last day.")] = None,
    note: Annotated[str, typer.Option(help="For the record.")] = "",
) -> None:
    """Have a flow answer a number; takes the place of the route of the same number and priority."""
    try:
        wanted = InboundRouteNew(
            number=number,
            flow=flow,
            priority=priority,
            closed=closed,
            zone=zone,
            weekdays=weekdays,
            hours=hours or [],
            calendar=calendar,
            on_holiday=on_holiday,
            first_day=_day(first, "first"),
            last_day=_day(last, "last"),
            note=note,
        )
    except ValidationError as wrong:
        one = wrong.errors()[0]
        raise BadInput(f"{'.'.join(map(str, one['loc']))}: {one['msg']}") from None
    made, new, route = with_session(lambda session: _set(session, wanted))
    console.tell(
        "inbound.set_new" if new else "inbound.set_changed", id=made, number=route.number, flow=route.flow
    )


def _day(written: str | None, option: str) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"--{option} {written}: must be a day such as 2026-02-16", option) from None


async def _set(session: Session, wanted: InboundRouteNew) -> tuple[int, bool, Route]:
    route = route_of(wanted, session.settings.default_region, session.settings.time_zone)
    await see_published(session.store, route.flow)
    made, new = await session.store.inbound.set_route(route, session.clock.now(), session.actor)
    await session.audit("inbound.set", route.number, route=made, flow=route.flow, priority=route.priority)
    return made, new, route


@commands.command()
def remove(route: Annotated[int, typer.Argument(help="Its id; `fairdial inbound list` shows it.")]) -> None:
    """Take a route away."""
    with_session(lambda session: _remove(session, route))
    console.tell("inbound.removed", id=route)


async def _remove(session: Session, route: int) -> None:
    if not await session.store.inbound.remove_route(route):
        raise NotFound(f"there is no route {route}; `fairdial inbound list` shows all")
    await session.audit("inbound.remove", str(route))


@commands.command("test")
def who_answers(
    number: Number,
    at: Annotated[
        str | None,
        typer.Option(help="2026-02-17T09:30, in the settings' time_zone unless it says otherwise."),
    ] = None,
    as_json: Json = False,
) -> None:
    """What would answer, and why."""
    wanted, found = with_session(lambda session: _test(session, number, at))
    if as_json:
        console.show_json(reached_out(wanted, found).model_dump(mode="json"))
        return
    local = found.local.strftime("%Y-%m-%d %H:%M %Z")
    route = found.route
    if route is None:
        console.tell("inbound.nobody", number=wanted, local=local, why=_why(found.why, found.local))
    elif route.closed:
        console.tell(
            "inbound.answers_closed",
            number=wanted,
            local=local,
            flow=route.flow,
            why=_why(found.why, found.local),
        )
    else:
        console.tell(
            "inbound.answers",
            number=wanted,
            local=local,
            flow=route.flow,
            route=route.id,
            priority=route.priority,
        )
    if found.opens is not None:
        console.tell("inbound.opens", opens=found.opens.strftime("%Y-%m-%d %H:%M %Z"))
    for passed in found.passed:
        there = found.local.astimezone(ZoneInfo(passed.route.zone))
        console.tell(
            "inbound.passed",
            route=passed.route.id,
            flow=passed.route.flow,
            priority=passed.route.priority,
            why=_why(passed.why, there),
        )


def _why(why: Why, local: datetime) -> str:
    language = console.language()
    values = {
        Why.WEEKDAY: {"weekday": say(f"weekday.{local.weekday()}", language)},
        Why.HOURS: {"time": f"{local:%H:%M}"},
    }
    return say(f"inbound.why.{why}", language, **values.get(why, {}))


async def _test(session: Session, number: str, at: str | None) -> tuple[str, Reached]:
    wanted = number_of(number, session.settings.default_region)
    moment = session.clock.now() if at is None else _moment(at, session.settings.time_zone)
    routes = await session.store.inbound.routes_of(wanted)
    return wanted, reached(wanted, moment, routes, public_holidays)


def _moment(written: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise BadInput(f"--at {written}: must be a moment such as 2026-02-17T09:30", "at") from None
    if not 1970 <= at.year <= 2200:
        raise BadInput(f"--at {written}: the year must lie between 1970 and 2200", "at")
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))


# --- what callers asked for ---------------------------------------------------------------------------------------------


@commands.command("import-spool")
def import_callbacks(
    folder: Annotated[Path | None, typer.Argument(help="Default: the settings' ivr.spool.")] = None,
) -> None:
    """Take over call-backs that callers left while the service was away. Status 1 when a line could not be read."""
    where = folder or console.settings().ivr.spool
    report = with_session(lambda session: _import(session, where))
    for problem in report.problems:
        line = console.words("inbound.spool_bad", file=problem.file, line=problem.line, why=problem.why)
        typer.echo(line, err=True)
    console.tell("inbound.spool_done", taken=report.taken, known=report.known, bad=len(report.problems))
    if report.problems:
        raise typer.Exit(1)


async def _import(session: Session, folder: Path) -> SpoolReport:
    report = await import_spool(folder, session.store.ivr_requests)
    if report.files:
        await session.audit(
            "inbound.import_spool",
            str(folder),
            taken=report.taken,
            known=report.known,
            bad=len(report.problems),
        )
    return report


@commands.command()
def requests(
    kind: Annotated[RequestKind | None, typer.Option(help="Only these.")] = None,
    state: Annotated[RequestState | None, typer.Option(help="Default: open ones.")] = RequestState.OPEN,
    most: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: Json = False,
) -> None:
    """Call-backs, voicemails, opt-outs and text messages that callers asked for."""
    found = with_session(lambda session: session.store.ivr_requests.requests(kind, state, most))
    if as_json:
        console.show_json(found)
        return
    words = console.language()
    console.show(
        ("reference", "kind", "number", "time", "due", "queue", "about", "clip", "state"),
        [
            (
                each.reference,
                name_of("request", each.kind, words),
                each.number,
                each.requested_at,
                each.due_at,
                each.queue or each.box,
                each.about or each.words or each.scope,
                each.clip,
                name_of("request_state", each.state, words),
            )
            for each in found
        ],
    )


@commands.command()
def settle(
    reference: Annotated[str, typer.Argument(help="What the caller was told.")],
    state: Annotated[Literal["done", "failed"], typer.Option(help="What became of it.")] = "done",
    problem: Annotated[str, typer.Option(help="Why it cannot be done.")] = "",
) -> None:
    """A request was carried out, or cannot be."""
    became = RequestState(state)
    with_session(lambda session: _settle(session, reference, became, problem))
    console.tell(
        "inbound.settled", reference=reference, state=name_of("request_state", became, console.language())
    )


async def _settle(session: Session, reference: str, state: RequestState, problem: str) -> None:
    now = session.clock.now()
    if not await session.store.ivr_requests.settle(reference, state, session.actor, problem, now):
        raise NotFound(f"there is no open request {reference}; `fairdial inbound requests` shows all")
    await session.audit("ivr.request", reference, state=state.value)

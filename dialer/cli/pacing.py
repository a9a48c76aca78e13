"""fairdial pacing …: what the pacer does and why."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dialer.cli import console
from dialer.cli.pacing_answers import tell_answers
from dialer.cli.session import Session, with_session
from dialer.domain.abandonment import WindowKind
from dialer.domain.campaign import CampaignState
from dialer.errors import BadInput
from dialer.web.abandonment import held_to
from dialer.web.pacing import DecisionOut, InputsOut, Look, PacingOut, WindowOut, report
from dialer.words import name_of

commands = console.group("Tell how campaigns are paced, and why.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

_MOST = 10_000
_STATUS_BACK = timedelta(minutes=5)
_CHANGES = 20
_PICTURES = (".png", ".svg")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SHARES = frozenset({"answer_probability", "risk", "accepted_risk"})


@commands.command()
def explain(
    campaign: Annotated[str, typer.Option(help="Name or id.")],
    since: Annotated[str, typer.Option(help="How far back: 90s, 30m, 1h, 2d.")] = "1h",
    as_json: Json = False,
    plot: Annotated[Path | None, typer.Option(help="Draw a chart into this .png or .svg file.")] = None,
) -> None:
    """What a campaign's pacer does now and why, its abandonment windows, what it did before, and who answers."""
    if plot is not None and plot.suffix.lower() not in _PICTURES:
        raise BadInput(f"{plot}: the chart's name must end in {' or '.join(_PICTURES)}", "plot")
    back = _duration(since)
    told = with_session(lambda session: _report(session, campaign, back))
    if plot is not None:
        _draw(told, plot)
    if as_json:
        console.show_json(told.model_dump(mode="json"))
    else:
        _tell(told, since)
    if plot is not None:
        typer.echo(console.words("cli.chart_written", file=plot), err=as_json)


def _duration(written: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([smhd])", written)
    if match is None or int(match[1]) == 0:
        raise BadInput(f"since: {written!r} is no length of time such as 90s, 30m, 1h or 2d", "since")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


async def _report(session: Session, which: str, back: timedelta) -> PacingOut:
    campaign, look = await session.campaign(which), _look(session, back, _MOST)
    today = look.now.astimezone(look.zone).date()
    law = await held_to(session.store, session.rulebook(), campaign, today, loosen=True)
    return await report(session.store.pacing, campaign, replace(look, profiles=law))


def _look(session: Session, back: timedelta, most: int) -> Look:
    now = session.clock.now()
    return Look(ZoneInfo(session.settings.time_zone), now, now - back, most)


def _draw(told: PacingOut, file: Path) -> None:
    if not any(sample.inputs for sample in told.samples):
        raise BadInput(console.words("cli.pacing_no_chart", name=told.name), "plot")
    # drawing is slow to import: only when needed
    from dialer.cli import pacing_chart

    zone = ZoneInfo(console.settings().time_zone)
    try:
        pacing_chart.draw(told, file, zone, console.language())
    except OSError as unwritable:
        raise BadInput(f"cannot write {file}: {unwritable.strerror}") from None


# --- in words ---------------------------------------------------------------------------------------------------------


def _tell(told: PacingOut, since: str) -> None:
    words = console.language()
    state, mode = name_of("campaign", told.state, words), name_of("mode", told.mode, words)
    typer.echo(f"{told.name}: {state} · {mode}")
    if told.latest is None:
        console.tell("cli.pacing_none", since=since)
    else:
        _tell_latest(told.latest)
    if told.windows:
        console.show(_WINDOW_COLUMNS, [_window_row(window) for window in told.windows])
    if told.samples:
        console.show(("time", "dial", "binding", "because"), _changes(told.samples))
    if told.answers is not None:
        tell_answers(told.answers)


def _tell_latest(latest: DecisionOut) -> None:
    console.tell("cli.pacing_now", time=console.moment(latest.at), dial=latest.dial, binding=_binding(latest))
    typer.echo(f"  {latest.because}")
    if latest.inputs is not None:
        console.show(("figure", "value"), _inputs(latest.inputs))


def _inputs(inputs: InputsOut) -> list[tuple[str, str]]:
    words = console.language()
    return [
        (name_of("pacing", name, words), _share(value) if name in _SHARES else _number(value))
        for name, value in inputs
        if name != "windows"
    ]


_WINDOW_COLUMNS = (
    "window", "begins", "ends", "answered", "abandoned", "rate", "cap", "left", "forecast", "allowed"
)  # fmt: skip


def _window_row(window: WindowOut) -> tuple[object, ...]:
    words = console.language()
    judged = window.answered >= window.least_answers
    return (
        " ".join(filter(None, (name_of("window", window.kind, words), window.profile))),
        window.begins,
        window.ends or "",
        window.answered,
        window.abandoned,
        _share(window.rate),
        _share(window.cap),
        window.left if judged else console.words("cli.too_few_answers", least=window.least_answers),
        _number(window.forecast),
        _share(window.allowed_rate),
    )


def _changes(samples: list[DecisionOut]) -> list[tuple[object, ...]]:
    """The latest samples at which another thing began to bind, oldest first."""
    changed = [
        sample
        for before, sample in zip([None, *samples], samples, strict=False)
        if before is None or before.binding is not sample.binding
    ]
    return [(each.at, each.dial, _binding(each), each.because) for each in changed[-_CHANGES:]]


def _binding(decision: DecisionOut) -> str:
    return name_of("binding", decision.binding, console.language())


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


# --- every running campaign -------------------------------------------------------------------------------------------


@commands.command()
def status(as_json: Json = False) -> None:
    """Every running campaign: what its pacer does now, and today's abandonment."""
    reports = with_session(_reports)
    if as_json:
        console.show_json([told.model_dump(mode="json") for told in reports])
        return
    if not reports:
        console.tell("cli.pacing_nothing_runs")
        return
    console.show(_STATUS_COLUMNS, [_status_row(told) for told in reports])


async def _reports(session: Session) -> list[PacingOut]:
    running = [
        each for each in await session.store.campaigns.campaigns() if each.state is CampaignState.RUNNING
    ]
    look = _look(session, _STATUS_BACK, 1)
    return [await report(session.store.pacing, each, look) for each in running]


_STATUS_COLUMNS = (
    "campaign", "mode", "time", "binding", "dial", "ringing", "waiting", "risk", "accepted_risk", "abandonment", "left"
)  # fmt: skip


def _status_row(told: PacingOut) -> tuple[object, ...]:
    latest = told.latest
    inputs = None if latest is None else latest.inputs
    today = next((window for window in told.windows if window.kind is WindowKind.DAY), None)
    return (
        told.name,
        name_of("mode", told.mode, console.language()),
        "" if latest is None else latest.at,
        console.words("cli.pacing_silent") if latest is None else _binding(latest),
        "" if latest is None else latest.dial,
        *(("", "", "", "") if inputs is None else _floor_cells(inputs)),
        "" if today is None else f"{today.abandoned} / {today.answered} ({_share(today.rate)})",
        "" if today is None else today.left,
    )


def _floor_cells(inputs: InputsOut) -> tuple[object, ...]:
    return inputs.ringing, inputs.waiting, _share(inputs.risk), _share(inputs.accepted_risk)

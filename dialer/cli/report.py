"""fairdial report …: abandonment as each regulator counts it, evidence for them, and reviews by ear."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from dialer.cli import console
from dialer.cli.evidence import Evidence
from dialer.cli.session import Session, with_session
from dialer.compliance.abandonment_classes import AnsweredBy, Classified
from dialer.compliance.profile import RateUnit
from dialer.domain.ids import AttemptId
from dialer.errors import BadInput
from dialer.ports.ledger import LedgerEntry, ToReview
from dialer.web.abandonment import AbandonmentReport, AbandonmentWindowOut, Asked, Witness, report
from dialer.words import name_of

commands = console.group("Report abandonment, and hear whom a detector took for a machine.")

_MOST_WINDOWS = 40  # of one rule, for people; files and JSON have all


@commands.command()
def abandonment(
    campaign: Annotated[str, typer.Option(help="Name or id.")],
    profile: Annotated[
        list[str] | None,
        typer.Option(help="Count under this profile; may be repeated. Default: all the campaign is held to."),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="A day, 2026-03-01; default: the first start.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="The last day; default: today.")] = None,
    rules_as_of: Annotated[
        str | None, typer.Option(help="Judge all of it by the law of this day, 2026-03-01.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every live answer into this .csv file.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write windows and live answers into this .json file.")] = None,
) -> None:  # fmt: skip
    """A, H, rate, limit and verdict of every window under every profile, and what may still be lost."""
    zone = ZoneInfo(console.settings().time_zone)
    asked = Asked(
        since=_midnight(since, zone, "from"),
        until=_midnight(until, zone, "to", after=timedelta(days=1)),
        profiles=tuple(profile or ()),
        rules_as_of=None if rules_as_of is None else _day(rules_as_of, "rules-as-of"),
    )
    files = [_named(file, suffix) for file, suffix in ((csv, ".csv"), (json, ".json")) if file is not None]
    told = with_session(lambda session: _report(session, campaign, zone, asked, files))
    _tell(told)
    for file in files:
        console.tell("report.written", file=file, answers=told.live_answers)


def _named(file: Path, suffix: str) -> Path:
    if file.suffix.lower() != suffix:
        raise BadInput(f"{file}: the file's name must end in {suffix}", suffix.removeprefix("."))
    return file


def _day(written: str, option: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"--{option} {written}: must be a day such as 2026-03-01", option) from None


def _midnight(
    written: str | None, zone: ZoneInfo, option: str, after: timedelta = timedelta(0)
) -> datetime | None:
    if written is None:
        return None
    return datetime.combine(_day(written, option) + after, time(), zone).astimezone(UTC)


async def _report(
    session: Session, which: str, zone: ZoneInfo, asked: Asked, files: Sequence[Path]
) -> AbandonmentReport:
    book, campaign, now = session.rulebook(), await session.campaign(which), session.clock.now()
    written: list[Evidence] = []

    def witness(profiles: Sequence[str]) -> Witness:
        written.extend(Evidence(file, profiles, zone, console.language()) for file in files)
        return _everywhere(written)

    told = await report(session.store, book, campaign, zone, now, asked, witness)
    for each in written:
        seal = each.finish(told)
        await session.audit(
            "report.evidence", str(campaign.id), answers=told.live_answers, file=each.file.name, sha256=seal
        )
    return told


def _everywhere(written: Sequence[Evidence]) -> Witness:
    def take(entry: LedgerEntry, found: Sequence[Classified]) -> None:
        for each in written:
            each.take(entry, found)

    return take


# --- in words ---------------------------------------------------------------------------------------------------------


def _tell(told: AbandonmentReport) -> None:
    words = console.language()
    console.tell(
        "report.head",
        name=told.name,
        since=console.moment(told.since),
        until=console.moment(told.until),
        answers=told.live_answers,
        verdict=name_of("rate_verdict", told.verdict, words),
    )
    sample = told.false_positives
    if sample.reviewed:
        console.tell(
            "report.sample",
            reviewed=sample.reviewed,
            people=sample.people,
            low=f"{sample.low:.1%}",
            high=f"{sample.high:.1%}",
        )
    shown, left_out = _latest(told.windows)
    console.show(_COLUMNS, [_row(window) for window in shown])
    if left_out:
        console.tell("report.left_out", count=left_out)
    for window in shown:
        _tell_wrong(window)
    console.tell("report.rulebook", fingerprint=told.rulebook[:16])


_COLUMNS = (
    "profile", "window", "begins", "ends", "abandoned", "answered", "rate", "limit", "verdict", "left", "source",
)  # fmt: skip


def _latest(windows: list[AbandonmentWindowOut]) -> tuple[list[AbandonmentWindowOut], int]:
    """The latest windows of each rule; a campaign of years has a thousand days."""
    shown = []
    for which in dict.fromkeys((each.profile, each.rule, each.unit) for each in windows):
        of_rule = [each for each in windows if (each.profile, each.rule, each.unit) == which]
        shown += of_rule[-_MOST_WINDOWS:]
    return shown, len(windows) - len(shown)


def _row(window: AbandonmentWindowOut) -> tuple[object, ...]:
    words = console.language()
    verdict = name_of("rate_verdict", window.verdict, words)
    if window.action == "alarm":
        verdict = f"{verdict} ({name_of('rate_action', window.action, words)})"
    return (
        name_of("profile", window.profile, words)
        + (f" ({console.words('report.guard')})" if window.guard else "")
        + (f" ({console.words('report.call_centre')})" if window.unit is RateUnit.PER_CALL_CENTRE else ""),
        window.window,
        window.begins,
        window.ends,
        _figure(window.abandoned, window.judged_abandoned),
        _figure(window.answered, window.judged_answered),
        _percent(window.rate),
        f"{window.limit} %",
        verdict,
        window.left if window.open else "",
        " ".join(filter(None, (window.citation, f"[{window.evidence}]" if window.citation else ""))),
    )


def _figure(counted: int, judged: float) -> str:
    """Counted, and in brackets what is judged where estimates are in it."""
    return str(counted) if counted == judged else f"{counted} ({judged:.2f})"


def _percent(shown: str) -> str:
    return f"{shown} %" if shown[:1].isdigit() else console.words("report.no_data")


def _tell_wrong(window: AbandonmentWindowOut) -> None:
    """Violations, and where pacing's quick view says something else than the events."""
    for violation, times in sorted(window.violations.items()):
        console.tell(
            "report.violation",
            profile=window.profile,
            window=window.window,
            violation=name_of("violation", violation, console.language()),
            times=times,
        )
    counted = (window.answered, window.abandoned)
    if window.stored_answered is not None and counted != (window.stored_answered, window.stored_abandoned):
        console.tell(
            "report.differs",
            window=window.window,
            answered=window.stored_answered,
            abandoned=window.stored_abandoned,
        )


# --- reviews ------------------------------------------------------------------------------------------------------------


@commands.command()
def review(
    campaign: Annotated[str | None, typer.Option(help="Name or id: list calls to be heard.")] = None,
    attempt: Annotated[UUID | None, typer.Option(help="The call that was heard.")] = None,
    heard: Annotated[AnsweredBy | None, typer.Option(help="Who answered.")] = None,
    note: Annotated[str, typer.Option(help="For the record.")] = "",
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many to list.")] = 20,
) -> None:
    """List machine verdicts to be heard, or say who was heard: the evidence for the estimate of false positives."""
    if attempt is not None and heard is not None:
        with_session(lambda session: _review(session, AttemptId(attempt), heard, note))
        console.tell("report.reviewed")
        return
    if campaign is None or attempt is not None or heard is not None:
        raise BadInput(console.words("report.review_usage"))
    found = with_session(lambda session: _to_review(session, campaign, most))
    rows = [(one.attempt, one.number, one.answered_at, " ".join(one.recordings)) for one in found]
    console.show(("attempt", "number", "time", "recording"), rows)


async def _to_review(session: Session, which: str, most: int) -> list[ToReview]:
    return list(await session.store.ledger.to_review((await session.campaign(which)).id, most))


async def _review(session: Session, attempt: AttemptId, heard: AnsweredBy, note: str) -> None:
    await session.store.ledger.review(attempt, heard, session.actor, note, session.clock.now())
    await session.audit("ledger.review", str(attempt), answered_by=heard.value)

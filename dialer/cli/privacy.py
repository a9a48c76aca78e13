"""fairdial privacy, fairdial retention, fairdial hold: what is held of a person, and for how long."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.compliance.retention import Fate
from dialer.domain.ids import AttemptId
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.erasure import Erased, ErasurePlan
from dialer.engine.personal_file import PersonalFile, write_personal_file
from dialer.engine.retention_report import RetentionReport
from dialer.errors import BadInput, Misconfigured, NotFound
from dialer.ports.privacy import ClipStore, Hold, RetentionRun
from dialer.words import name_of

if TYPE_CHECKING:
    from dialer.record_keeping import RecordKeeping

privacy_commands = console.group("Hand over, or destroy, what is held of a person.")
retention_commands = console.group("How long records are kept.")
hold_commands = console.group("Legal holds: what they are on is not destroyed.")

Number = Annotated[
    str, typer.Option("--number", help="As written in the settings' region, or with +country.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def _keeping(session: Session) -> "RecordKeeping":
    from dialer.bootstrap import opened_recordings  # brings every driver with it
    from dialer.record_keeping import RecordKeeping

    return RecordKeeping(
        session.settings,
        session.store,
        opened_recordings(session.settings),
        session.clock,
        session.actor,
        session.rulebook(),
    )


# --- privacy ------------------------------------------------------------------------------------------------------------


@privacy_commands.command()
def export(
    number: Number,
    file: Annotated[
        Path | None, typer.Option(help="The zip file to write; default: named after today.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write everything that is held about a number into one zip file, recordings included."""
    made = with_session(lambda session: _export(session, number, file))
    if as_json:
        console.show_json(made)
        return
    console.tell("cli.exported", file=made.path, recordings=made.recordings)
    console.show(("what", "count"), made.documents.items())
    if made.missing:
        console.tell("cli.export_missing", count=len(made.missing))


async def _export(session: Session, written: str, file: Path | None) -> PersonalFile:
    number, now = session.number(written), session.clock.now()
    keeping = _keeping(session)
    documents = await session.store.privacy.file_on_number(number)
    audio = [
        (each.name, keeping.audio.path(each.name))
        for each in await session.store.privacy.audio_on_file(number)
    ]
    audio += await _said_in_flows(session, number, keeping.clips)
    target = file or Path(f"personal-data-{now:%Y%m%d-%H%M%S}.zip")
    try:
        made = write_personal_file(target, number.e164, documents, audio, now)
    except OSError as unwritable:
        raise BadInput(f"cannot write {target}: {unwritable.strerror or unwritable}") from None
    await session.audit("privacy.export", number.masked, recordings=made.recordings, sha256=made.sha256)
    return made


async def _said_in_flows(
    session: Session, number: PhoneNumber, clips: ClipStore
) -> list[tuple[str, Path | None]]:
    calls = await session.store.privacy.flow_calls_on_file(number, session.clock.now().date())
    if not calls:
        return []
    try:
        there = clips.of_calls([each.call for each in calls])
    except OSError as away:  # a file without them would pass for everything that is held
        raise Misconfigured(f"ivr.clips: {away}; mount it, or create it where there never was one") from None
    names = sorted({name for each in calls for name in (*each.clips, *there.get(each.call, ()))})
    return [(f"flows/{name}", clips.path(name)) for name in names]


@privacy_commands.command()
def erase(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a person: destroy what need not be kept, and never call or import the number again.

    Without --yes nothing changes, and what would go or stay is shown with the reason. Broken off, it goes on when it is called
    again, or in the night; what must be kept goes when its time has come.
    """
    plan, done = with_session(lambda session: _erase(session, number, yes))
    if as_json:
        console.show_json({"plan": plan, "done": done})
        _tell_stuck(done.stuck if done is not None else ())
        return
    _show_plan(plan)
    if done is None:
        console.tell("cli.erase_dry")
    elif done.done:
        console.tell("cli.erased")
    else:
        console.tell("cli.erased_in_part", day=done.next_on or console.words("cli.when_released"))
    if done is not None:
        console.tell("cli.answer_by", day=done.answer_by)
        _tell_stuck(done.stuck)


def _tell_stuck(stuck: Sequence[str]) -> None:
    """Status 1: somebody has to mend a folder."""
    if stuck:
        for each in stuck:
            typer.echo(f"fairdial: {each}", err=True)
        console.refuse(console.words("cli.clips_stuck", count=len(stuck)))


async def _erase(session: Session, written: str, yes: bool) -> tuple[ErasurePlan, Erased | None]:
    number = session.number(written)
    eraser = await _keeping(session).eraser()
    plan = await eraser.plan(number)
    return plan, (await eraser.erase(number, session.actor)) if yes else None


def _show_plan(plan: ErasurePlan) -> None:
    words = console.language()
    rows = [
        (
            name_of("record", what, words),
            count,
            console.words("record.kept" if fate.kept else "record.goes"),
            _until(fate),
            fate.because or name_of("ground", fate.ground, words),
        )
        for what, fate, count in plan.summary()
    ]
    console.show(("what", "count", "verdict_kept", "until", "because"), rows)
    others = sorted({other for contact in plan.contacts for other in contact.others})
    if others:
        console.tell("cli.other_numbers", numbers=", ".join(others))
    if plan.busy:
        console.tell("cli.erase_busy", count=plan.busy)


def _until(fate: Fate) -> str:
    if not fate.kept:
        return ""
    return fate.next_on.isoformat() if fate.next_on is not None else console.words("cli.no_end")


# --- retention ----------------------------------------------------------------------------------------------------------


@retention_commands.command("show")
def show_retention(as_json: Json = False) -> None:
    """After which age records go, what the law keeps longer, and what the last runs did."""
    ages = console.settings().retention.model_dump(exclude={"at"})
    runs = with_session(lambda session: session.store.retention.runs(10))
    if as_json:
        console.show_json({"days": ages, "runs": runs})
        return
    words = console.language()
    rows = [
        (name_of("record", name.removesuffix("_days"), words), days or console.words("cli.never"))
        for name, days in ages.items()
    ]
    console.show(("what", "days"), rows)
    console.show(("started", "who", "purged", "kept", "problem"), [_run_row(run) for run in runs])


def _run_row(run: RetentionRun) -> tuple[object, ...]:
    purged = ", ".join(f"{count} {what}" for what, count in run.purged.items() if count)
    kept = ", ".join(f"{count} {what}" for what, count in run.kept.items() if count)
    return run.started_at, run.run_by, purged, kept, run.problem


@retention_commands.command("run")
def run_retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Destroy what is older than it is kept; the service does the same each night."""
    report = with_session(lambda session: _run(session, dry_run))
    kept = [(what, because, count) for (what, because), count in report.kept.items()]
    if as_json:
        console.show_json(
            {
                "purged": dict(report.purged),
                "kept": kept,
                "erasures": report.erasures,
                "stuck": report.stuck,
            }
        )
        _tell_stuck(report.stuck)
        return
    words = console.language()
    console.tell("cli.would_purge" if dry_run else "cli.purged")
    rows = [(name_of("record", what, words), count, "") for what, count in report.purged.items()]
    rows += [
        (name_of("record", what, words), count, console.words("cli.kept_because", because=because))
        for what, because, count in kept
    ]
    console.show(("what", "count", "because"), rows)
    _tell_stuck(report.stuck)


async def _run(session: Session, dry: bool) -> RetentionReport:
    report = await _keeping(session).purge().run(session.actor, dry=dry)
    if not dry:
        await session.audit(
            "retention.run",
            "",
            purged=dict(report.purged),
            kept=report.kept_by_class(),
            erasures=report.erasures,
            stuck=len(report.stuck),
        )
    return report


# --- holds --------------------------------------------------------------------------------------------------------------


@hold_commands.command("add")
def add_hold(
    why: Annotated[str, typer.Option(help="The reason, for the record: a case, a letter.")],
    number: Annotated[str | None, typer.Option(help="All that is held of this number.")] = None,
    attempt: Annotated[UUID | None, typer.Option(help="One call.")] = None,
    campaign: Annotated[str | None, typer.Option(help="All calls of this campaign.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day, such as 2027-12-31.")] = None,
) -> None:
    """Keep something, whatever else asks for its destruction."""
    if sum(each is not None for each in (number, attempt, campaign)) != 1:
        raise BadInput("say one of --number, --attempt and --campaign")
    if not why.strip():
        raise BadInput("why: say why it is held", "why")
    made = with_session(lambda session: _add_hold(session, why.strip(), number, attempt, campaign, until))
    console.tell("cli.hold_added", id=made)


async def _add_hold(
    session: Session,
    why: str,
    number: str | None,
    attempt: UUID | None,
    campaign: str | None,
    until: str | None,
) -> int:
    if attempt is not None:
        await session.store.history.attempt(AttemptId(attempt))
    hold = Hold(
        why,
        session.number(number) if number is not None else None,
        AttemptId(attempt) if attempt is not None else None,
        (await session.campaign(campaign)).id if campaign is not None else None,
        _day(until),
    )
    made = await session.store.privacy.add_hold(hold, session.actor, session.clock.now())
    subject = hold.number.masked if hold.number is not None else str(hold.attempt or hold.campaign)
    await session.audit("hold.add", subject, hold=made, why=why, until=until)
    return made


def _day(written: str | None) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"until: {written!r} is no date such as 2027-12-31", "until") from None


@hold_commands.command("list")
def list_holds(as_json: Json = False) -> None:
    """Every hold, those in force first."""
    holds = with_session(lambda session: session.store.privacy.holds())
    if as_json:
        console.show_json(holds)
        return
    rows = [
        (
            each.id,
            each.number or each.attempt or each.campaign,
            each.why,
            each.begun_by,
            each.begun_at,
            each.until,
            each.released_at,
        )
        for each in holds
    ]
    console.show(("id", "what", "because", "who", "since", "until", "released"), rows)


@hold_commands.command("release")
def release_hold(hold: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """From now on the usual rules apply again."""
    with_session(lambda session: _release(session, hold))
    console.tell("cli.hold_released", id=hold)


async def _release(session: Session, hold: int) -> None:
    if not await session.store.privacy.release_hold(hold, session.actor, session.clock.now()):
        raise NotFound(f"there is no hold {hold} in force; `fairdial hold list` shows all")
    await session.audit("hold.release", str(hold))

"""fairdial consent …"""

from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dialer.cli import console, import_report
from dialer.cli.session import Session, with_session
from dialer.domain.consent import (
    Consent,
    GivenKind,
    Reassigned,
    ReassignedAnswer,
    Revocation,
    RevokedBy,
)
from dialer.domain.consent_rows import RowRules, consent_of
from dialer.engine import consent_lists
from dialer.errors import BadInput
from dialer.ports.storage import DoNotCallEntry
from dialer.words import name_of

commands = console.group("Keep records of consent, and of consent that was taken back.")

Number = Annotated[str, typer.Argument(help="As written in the settings' region, or with +country.")]
Seller = Annotated[str, typer.Option(help="In whose name calls are made; default: the house's own.")]
Topic = Annotated[str, typer.Option(help="What calls are about; default: every topic.")]
Kind = Annotated[GivenKind, typer.Option(help="written: signed, on paper or electronically.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def _rules(session: Session, **usual: str | None) -> RowRules:
    settings = session.settings
    given = {name: value for name, value in usual.items() if value}
    return RowRules(settings.default_region, ZoneInfo(settings.time_zone), session.clock.now(), given)


@commands.command()
def add(
    number: Number,
    given: Annotated[str, typer.Option(help="When, such as 2026-03-31 or 2026-03-31T09:30.")],
    source: Annotated[str, typer.Option(help="Where it was given: a form, a shop, a call.")],
    kind: Kind = GivenKind.EXPRESS,
    seller: Seller = "",
    topic: Topic = "",
    wording: Annotated[str, typer.Option(help="What the person agreed to, word for word.")] = "",
    proof: Annotated[str, typer.Option(help="Where the evidence lies.")] = "",
    lifts_hours: Annotated[
        bool, typer.Option("--lifts-hours", help="Asked to be called at such hours.")
    ] = False,
    expires: Annotated[str, typer.Option(help="From then on it counts no more.")] = "",
) -> None:
    """Record that somebody agreed to be called."""
    written = {
        "number": number,
        "given_at": given,
        "source": source,
        "kind": kind.value,
        "seller": seller,
        "topic": topic,
        "wording": wording,
        "proof": proof,
        "lifts_hours": "yes" if lifts_hours else "no",
        "expires_at": expires,
    }
    with_session(lambda session: _add(session, written))


async def _add(session: Session, written: dict[str, str]) -> None:
    consent = consent_of(written, _rules(session))
    new = await session.store.consent.add_consents([consent], "cli", session.clock.now())
    await session.audit("consent.add", consent.number.masked, **consent.for_audit())
    console.tell("cli.consent_added" if new else "cli.consent_known")


@commands.command("import")
def import_consents(
    file: Annotated[Path, typer.Argument(help="CSV with a header: number, given_at, source, seller, …")],
    source: Annotated[str, typer.Option(help="Where the file does not say it.")] = "",
    kind: Kind = GivenKind.EXPRESS,
    seller: Seller = "",
    topic: Topic = "",
    report: Annotated[Path | None, typer.Option(help="Write all refused rows to this CSV file.")] = None,
    as_json: Json = False,
) -> None:
    """Take in many consents; rows that cannot be taken are shown with the reason, the rest is in."""
    done = with_session(
        lambda session: _import(
            session, file, _rules(session, source=source, kind=kind.value, seller=seller, topic=topic)
        )
    )
    _show(done, report, as_json)


async def _import(session: Session, file: Path, rules: RowRules) -> consent_lists.ConsentListReport:
    with import_report.bar(_existing(file).name) as progress:
        done = await consent_lists.import_consents(
            session.store.consent, file, rules, f"file: {file.name}", progress
        )
    await session.audit("consent.import", file.name, new=done.new, refused=done.refused)
    return done


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise BadInput(f"there is no file {file}")
    return file


def _show(done: consent_lists.ConsentListReport, report: Path | None, as_json: bool) -> None:
    if report is not None:
        import_report.write(report, done.rows)
    if as_json:
        console.show_json(done)
        return
    import_report.show(done, report)
    console.tell("cli.consents_new", count=done.new)


@commands.command()
def revoke(
    number: Annotated[str | None, typer.Argument(help="The number; or --list.")] = None,
    from_list: Annotated[
        Path | None, typer.Option("--list", help="CSV with a header: number, at, seller, topic, detail.")
    ] = None,
    seller: Annotated[str, typer.Option(help="Only of this seller; default: of all.")] = "",
    topic: Annotated[str, typer.Option(help="Only on this topic; default: on all.")] = "",
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
    never_again: Annotated[
        bool, typer.Option("--never-again", help="Put the number on the do-not-call list as well.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Record that consent was taken back; it counts for the next call."""
    if (number is None) == (from_list is None):
        raise BadInput("say a number or --list FILE, one of them", "number")
    if from_list is not None:
        path = from_list
        done = with_session(
            lambda session: _revoke_list(
                session, path, _rules(session, seller=seller, topic=topic, detail=reason)
            )
        )
        _show(done, None, as_json)
        return
    with_session(lambda session: _revoke(session, number or "", seller, topic, reason, never_again))


async def _revoke_list(session: Session, file: Path, rules: RowRules) -> consent_lists.ConsentListReport:
    with import_report.bar(_existing(file).name) as progress:
        done = await consent_lists.import_revocations(
            session.store.consent, file, rules, f"file: {file.name}", progress
        )
    await session.audit("consent.revoke_list", file.name, new=done.new, refused=done.refused)
    return done


async def _revoke(
    session: Session, written: str, seller: str, topic: str, reason: str, never_again: bool
) -> None:
    number, now = session.number(written), session.clock.now()
    revocation = Revocation(number, now, RevokedBy.API, seller, topic, reason)
    if never_again:
        entry = DoNotCallEntry(number, None, "cli", reason or "took consent back", now)
        await session.store.do_not_call.add_do_not_call([entry])
    await session.store.consent.record_revocations([revocation], "cli", now)
    await session.audit("consent.revoke", number.masked, seller=seller, topic=topic, never_again=never_again)
    console.tell("cli.consent_revoked")


@commands.command("list")
def list_consents(
    number: Annotated[str, typer.Option(help="Of this number.")], as_json: Json = False
) -> None:
    """Every consent of a number, what was taken back, and what the Reassigned Numbers Database said."""
    consents, revocations, answers = with_session(lambda session: _listed(session, number))
    if as_json:
        console.show_json({"consents": consents, "revocations": revocations, "reassigned": answers})
        return
    words = console.language()
    rows: list[tuple[object, ...]] = [
        (
            each.given_at,
            name_of("consent", each.kind, words),
            each.seller,
            each.topic,
            each.source,
            each.expires_at,
            each.revoked_at,
        )
        for each in consents
    ]
    rows += [
        (
            each.at,
            console.words("consent.revocation"),
            each.seller,
            each.topic,
            each.detail or each.how,
            None,
            None,
        )
        for each in revocations
    ]
    rows += [
        (each.asked_at, console.words("consent.reassigned"), "", "", each.answer.value, None, None)
        for each in answers
    ]
    console.show(("time", "kind", "seller", "topic", "source", "expires", "revoked"), rows)


async def _listed(
    session: Session, written: str
) -> tuple[list[Consent], list[Revocation], list[ReassignedAnswer]]:
    number, store = session.number(written), session.store.consent
    return (
        list(await store.consents(number)),
        list(await store.revocations(number)),
        list(await store.reassigned_answers(number)),
    )


@commands.command()
def reassigned(
    number: Number,
    answer: Annotated[Reassigned, typer.Argument(help="What the database said.")],
    since: Annotated[str, typer.Option(help="The date that was asked about, such as 2026-03-31.")],
) -> None:
    """Record an answer of the Reassigned Numbers Database (47 CFR 64.1200(m))."""
    try:
        asked_about = date.fromisoformat(since)
    except ValueError:
        raise BadInput(f"since: {since!r} is no date such as 2026-03-31", "since") from None
    with_session(lambda session: _reassigned(session, number, answer, asked_about))


async def _reassigned(session: Session, written: str, answer: Reassigned, since: date) -> None:
    number = session.number(written)
    said = ReassignedAnswer(number, answer, session.clock.now(), since)
    await session.store.consent.add_reassigned_answers([said], "cli")
    await session.audit("consent.reassigned", number.masked, answer=answer.value, since=since.isoformat())
    console.tell("cli.reassigned_noted")

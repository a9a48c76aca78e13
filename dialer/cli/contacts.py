"""fairdial contacts …"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dialer.cli import console, import_report
from dialer.cli.session import Session, with_session
from dialer.clock import SystemClock
from dialer.domain.contact import ContactSignal, ContactState
from dialer.domain.ids import ContactId
from dialer.engine import lists
from dialer.engine.registry_tally import RegistryTally
from dialer.errors import BadInput
from dialer.ports.storage import ContactView
from dialer.words import name_of

commands = console.group("Import contact lists, and look at contacts.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Which = Annotated[int, typer.Argument(metavar="CONTACT", help="The contact's id.")]


@commands.command("import")
def import_list(
    campaign: Annotated[str, typer.Argument(help="Name or id.")],
    file: Annotated[Path, typer.Argument(help="CSV with a header line.")],
    report: Annotated[Path | None, typer.Option(help="Write all refused rows to this CSV file.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="COLUMN=FIELD, for headings that are not recognised.")
    ] = None,
    scrub: Annotated[
        list[str] | None,
        typer.Option(help="Count the numbers on this registry; may be given again. Default: every registry."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Import a list; rows that cannot be taken are shown with the reason, the rest is in.

    Numbers on a do-not-call registry go in and are counted: whether one may be called is decided for every call.
    """
    mapping = mapping_of(column or [])
    tally = _tally(scrub or [])
    done = with_session(lambda session: _import(session, campaign, file, mapping, tally))
    if report is not None:
        import_report.write(report, done.rows)
    if as_json:
        console.show_json({**asdict(done), "on_registries": tally.counts})
    else:
        import_report.show(done, report)
        _show_tally(tally)


def _tally(wanted: Sequence[str]) -> RegistryTally:
    """Refused before anything is imported: a registry that is named must be there and readable."""
    from dialer.registries.book import Registries  # brings numpy with it

    return RegistryTally(Registries(console.settings().registries.folder, SystemClock()), wanted)


def _show_tally(tally: RegistryTally) -> None:
    for registry, count in tally.counts.items():
        console.tell("cli.import_listed", count=count, registry=registry)


def mapping_of(columns: Sequence[str]) -> Mapping[str, str] | None:
    pairs = dict(pair.rsplit("=", 1) for pair in columns if "=" in pair)
    if len(pairs) != len(columns):
        raise BadInput("--column is written COLUMN=FIELD", "column")
    return pairs or None


async def _import(
    session: Session, which: str, file: Path, mapping: Mapping[str, str] | None, tally: RegistryTally
) -> lists.ImportReport:
    campaign = await session.campaign(which)
    if not file.is_file():  # noqa: ASYNC240 - nothing else runs in this program
        raise BadInput(f"there is no file {file}")
    with import_report.bar(file.name) as progress:
        done = await lists.import_file(
            session.store.contacts,
            campaign.id,
            file,
            session.settings.default_region,
            session.clock,
            mapping=mapping,
            progress=progress,
            taken=tally.count,
        )
    detail = {"source": file.name, "taken": done.taken, "refused": done.refused}
    await session.audit("list.import", str(campaign.id), **detail)
    return done


@commands.command("list")
def list_contacts(
    campaign: Annotated[str, typer.Argument(help="Name or id.")],
    state: Annotated[ContactState | None, typer.Option(help="Only in this state.")] = None,
    after: Annotated[int | None, typer.Option(help="Only with a higher id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    as_json: Json = False,
) -> None:
    """Contacts of a campaign in the order of their ids."""
    found = with_session(lambda session: _list(session, campaign, after, limit, state))
    if as_json:
        console.show_json(found)
    else:
        _show(found)


async def _list(
    session: Session, which: str, after: int | None, most: int, state: ContactState | None
) -> Sequence[ContactView]:
    campaign = await session.campaign(which)
    first = ContactId(after) if after is not None else None
    return await session.store.contacts.contacts(campaign.id, first, most, state)


def _show(found: Sequence[ContactView]) -> None:
    words = console.language()
    rows = [
        (
            one.id,
            one.name,
            name_of("contact", one.state, words),
            one.due_at,
            one.attempts,
            " ".join(number.e164 for number in one.numbers),
            one.because,
        )
        for one in found
    ]
    console.show(("id", "name", "state", "due", "attempts", "numbers", "because"), rows)


@commands.command()
def show(which: Which, as_json: Json = False) -> None:
    """One contact; `fairdial explain contact` tells its whole story."""
    contact = with_session(lambda session: session.store.contacts.contact(ContactId(which)))
    if as_json:
        console.show_json(contact)
    else:
        _show([contact])


@commands.command()
def block(which: Which, because: Annotated[str, typer.Option()] = "blocked by an operator") -> None:
    """Never call this contact again."""
    with_session(lambda session: _move(session, which, ContactSignal.BLOCK, None, because))


@commands.command()
def reopen(
    which: Which,
    due: Annotated[datetime | None, typer.Option(help="When, in UTC; default: now.")] = None,
    because: Annotated[str, typer.Option()] = "reopened by an operator",
) -> None:
    """Put a finished contact back to be called."""
    due_at = due.replace(tzinfo=UTC) if due is not None else None
    with_session(lambda session: _move(session, which, ContactSignal.REOPEN, due_at, because))


async def _move(
    session: Session, which: int, signal: ContactSignal, due_at: datetime | None, because: str
) -> None:
    if signal is ContactSignal.REOPEN and due_at is None:
        due_at = session.clock.now()
    state = await session.store.contacts.move_contact(ContactId(which), signal, due_at, because)
    await session.audit(f"contact.{signal}", str(which), because=because)
    console.tell("cli.contact_moved", id=which, state=name_of("contact", state, console.language()))

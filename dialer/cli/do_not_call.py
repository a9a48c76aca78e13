"""fairdial dnc …"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dialer.cli import console, registries, scrub
from dialer.cli.session import Session, with_session
from dialer.domain.ids import CampaignId
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import BadInput
from dialer.ports.storage import DoNotCallEntry, ListKind
from dialer.registries.layout import Wish
from dialer.registries.order import ImportOrder
from dialer.words import name_of

commands = console.group("Keep the do-not-call list.")

Number = Annotated[str, typer.Argument(help="As written in the settings' region, or with +country.")]
In = Annotated[str | None, typer.Option("--campaign", help="Only for this campaign; default: for all.")]

_BATCH = 1000

commands.command("registries")(registries.show_registries)
commands.command()(registries.verify)
commands.command()(registries.lookup)
commands.command()(scrub.scrub)


async def _campaign(session: Session, which: str | None) -> CampaignId | None:
    return (await session.campaign(which)).id if which is not None else None


Kind = Annotated[
    ListKind, typer.Option("--kind", help="Why it is not called; a prefix is the beginning of numbers.")
]


@commands.command()
def add(
    number: Number,
    campaign: In = None,
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
    kind: Kind = ListKind.NUMBER,
    channel: Annotated[str, typer.Option(help="How a sensitive customer wishes to be reached.")] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it ends; default: never.")
    ] = None,
) -> None:
    """Never call a number again, or those that begin with a prefix."""
    if channel and kind is not ListKind.SENSITIVE:
        raise BadInput("--channel is of --kind sensitive", "channel")
    with_session(lambda session: _add(session, number, campaign, reason, kind, channel, until))


async def _add(
    session: Session,
    number: str,
    campaign: str | None,
    reason: str,
    kind: ListKind,
    channel: str,
    until: datetime | None,
) -> None:
    wanted, only = _wanted(session, number, kind), await _campaign(session, campaign)
    ends = until.replace(tzinfo=ZoneInfo(session.settings.time_zone)) if until is not None else None
    entry = DoNotCallEntry(wanted, only, "cli", reason, session.clock.now(), ends, kind, channel)
    new = await session.store.do_not_call.add_do_not_call([entry])
    await session.audit("do_not_call.add", wanted.masked, campaign=only, kind=kind)
    console.tell("cli.dnc_added", count=new)


def _wanted(session: Session, written: str, kind: ListKind) -> PhoneNumber:
    if kind is not ListKind.PREFIX:
        return session.number(written)
    digits = written.replace(" ", "").replace("-", "")
    if not re.fullmatch(r"\+[1-9][0-9]{0,14}", digits):
        raise BadInput(
            f"{written}: a prefix is a plus and the first digits of numbers, such as +1900", "number"
        )
    return PhoneNumber(digits)


@commands.command()
def remove(number: Number, campaign: In = None, kind: Kind = ListKind.NUMBER) -> None:
    """Take a number off the list."""
    with_session(lambda session: _remove(session, number, campaign, kind))


async def _remove(session: Session, number: str, campaign: str | None, kind: ListKind) -> None:
    wanted, only = _wanted(session, number, kind), await _campaign(session, campaign)
    gone = await session.store.do_not_call.remove_do_not_call(wanted, only, kind)
    await session.audit("do_not_call.remove", wanted.masked, campaign=only, kind=kind, was_listed=gone)
    console.tell("cli.dnc_removed" if gone else "cli.dnc_absent")


@commands.command("list")
def list_entries(
    kind: Kind = ListKind.NUMBER,
    after: Annotated[str | None, typer.Option(help="Only numbers after this one.")] = None,
    most: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Entries of one kind, by number."""
    begin = PhoneNumber(after) if after is not None else None
    entries = with_session(lambda it: it.store.do_not_call.do_not_call_of_kind(kind, begin, most))
    if as_json:
        console.show_json(entries)
        return
    _show(entries)


@commands.command()
def check(number: Number, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Say whether a number is on the list, and since when."""
    entries = with_session(lambda session: session.store.do_not_call.do_not_call(session.number(number)))
    if as_json:
        console.show_json(entries)
        return
    console.tell("cli.dnc_present" if entries else "cli.dnc_absent")
    if entries:
        _show(entries)


def _show(entries: Sequence[DoNotCallEntry]) -> None:
    words = console.language()
    rows = [
        (
            one.number,
            name_of("list_kind", one.kind, words),
            one.channel,
            one.campaign,
            one.source,
            one.reason,
            one.added_at,
            one.expires_at,
        )
        for one in entries
    ]
    console.show(("number", "kind", "channel", "campaign", "source", "reason", "added", "expires"), rows)


@commands.command("import")
def import_numbers(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="One number on each line. For a registry also CSV, gz, zip and folders of files.",
            show_default=False,
        ),
    ] = None,
    campaign: In = None,
    registry: Annotated[
        str | None,
        typer.Option(help="Import a registry of a whole country, such as us_national, not our own list."),
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which the copy was obtained.")
    ] = None,
    delta: Annotated[
        bool, typer.Option("--delta", help="The files are changes: added numbers, or lines with A and D.")
    ] = False,
    delete: Annotated[
        list[Path] | None, typer.Option(help="Numbers to be taken off the registry; may be given again.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Whose numbers; default: the settings' region.")] = None,
    column: Annotated[
        str, typer.Option(help="The number's column: its heading, or counted from 1. With --fixed: places.")
    ] = "",
    change_column: Annotated[str, typer.Option(help="The same of the column that says A or D.")] = "",
    fixed: Annotated[
        bool, typer.Option("--fixed", help="Fixed width: --column 1-10 are the places of the number.")
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Take a copy that is older, or lost more than half of its numbers."),
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Throw an interrupted import away and begin anew.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON; for a registry.")] = False,
) -> None:
    """Add many numbers to our own list or, with --registry, make a new version of a registry.

    Lines that are no numbers are shown, the rest is added. An interrupted import of a registry goes on when the same
    command is given again; the version in use stays in use until the new one is whole.
    """
    if registry is None:
        if not files:
            raise BadInput("name a file", "files")
        for file in files:
            with_session(partial(_import, file=file, campaign=campaign))
        return
    if campaign is not None:
        raise BadInput("a registry holds for every campaign: leave --campaign away", "campaign")
    if as_of is None:
        raise BadInput(
            "say with --as-of on which day the copy was obtained: its age counts from there", "as_of"
        )
    registries.import_registry(
        ImportOrder(
            registry=registry,
            as_of=as_of.date(),
            files=tuple(files or ()),
            deletes=tuple(delete or ()),
            delta=delta or bool(delete),
            region=region or console.settings().default_region,
            wish=Wish(column, change_column, fixed),
            accept=accept,
            restart=restart,
        ),
        as_json,
    )


async def _import(session: Session, file: Path, campaign: str | None) -> None:
    only, now = await _campaign(session, campaign), session.clock.now()
    added, entries = 0, _entries(session, file, only)
    while batch := list(islice(entries, _BATCH)):
        added += await session.store.do_not_call.add_do_not_call(batch)
    await session.audit("do_not_call.import", file.name, added=added, at=now.isoformat())
    console.tell("cli.dnc_added", count=added)


def _entries(session: Session, file: Path, only: CampaignId | None) -> Iterator[DoNotCallEntry]:
    now = session.clock.now()
    for line, written in _numbers(file):
        try:
            yield DoNotCallEntry(session.number(written), only, f"file: {file.name}", "", now)
        except BadInput as wrong:
            typer.echo(f"fairdial: line {line}: {wrong}", err=True)


def _numbers(file: Path) -> Iterator[tuple[int, str]]:
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            for line, text in enumerate(lines, 1):
                written = text.replace(";", ",").split(",")[0].strip().strip('"')
                if any(char.isdigit() for char in written):
                    yield line, written
    except OSError as unreadable:
        raise BadInput(f"cannot read {file}: {unreadable.strerror}") from None

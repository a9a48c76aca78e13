"""fairdial dnc import --registry | registries | verify | lookup: the registries of whole countries."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.clock import Clock, SystemClock
from dialer.domain.phone_number import BadNumber, PhoneNumber, parse_number
from dialer.domain.registry import RegistryVersion
from dialer.errors import BadInput, NotFound, SchemaMismatch, StorageDown
from dialer.registries.order import ImportOrder, ImportReport
from dialer.registries.order import Progress as ImportProgress

if TYPE_CHECKING:
    from dialer.registries.book import Registries
    from dialer.registries.shelf import RegistryFolder

OLDEST_DAYS = 31
"""Of a copy that may be used in the United States and Canada; 28 in the United Kingdom."""

_SHOWN_REJECTED = 20

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def book(clock: Clock) -> "Registries":
    from dialer.registries.book import Registries  # brings numpy with it

    return Registries(console.settings().registries.folder, clock)


def import_registry(order: ImportOrder, as_json: bool) -> None:
    from dialer.registries import importer

    places = console.settings().registries
    with bar(order.registry) as watch:
        try:
            done = importer.import_registry(
                places.folder, order, SystemClock(), keep=places.keep, watch=watch
            )
        except KeyboardInterrupt:
            typer.echo(f"fairdial: {console.words('cli.registry_interrupted')}", err=True)
            raise typer.Exit(130) from None
    _audit(done)
    if as_json:
        console.show_json(done)
    else:
        _show(done)


def _audit(done: ImportReport) -> None:
    """The import stands without the database; its record there is then missing, and that is said."""
    detail = {
        "version": done.version,
        "as_of": done.as_of.isoformat(),
        "numbers": done.numbers,
        "rejected": done.rejected,
    }

    async def write(session: Session) -> None:
        await session.audit("registry.import", done.registry, **detail)

    try:
        with_session(write)
    except (StorageDown, SchemaMismatch) as away:
        typer.echo(f"fairdial: {console.words('cli.registry_no_audit', why=away)}", err=True)


def _show(done: ImportReport) -> None:
    if done.resumed:
        console.tell("cli.registry_resumed")
    console.tell(
        "cli.registry_imported",
        registry=done.registry,
        version=done.version,
        numbers=f"{done.numbers:,}",
        change=f"{done.numbers - done.previous_numbers:+,}",
    )
    console.tell(
        "cli.registry_read",
        lines=f"{done.lines:,}",
        read=f"{done.read:,}",
        rejected=f"{done.rejected:,}",
    )
    if done.rejected_file is not None:
        shown = done.first_rejected[:_SHOWN_REJECTED]
        console.show(("file", "line", "because"), [(row.file, row.line, row.because) for row in shown])
        console.tell("cli.registry_rejected_file", file=done.rejected_file)


@contextmanager
def bar(name: str) -> Iterator[Callable[[ImportProgress], None] | None]:
    """On stderr; nothing without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(console.words("cli.importing", name=name), total=None)

        def advance(now: ImportProgress) -> None:
            text = (
                console.words("cli.registry_writing")
                if now.phase == "writing"
                else console.words("cli.registry_progress", file=now.file, numbers=f"{now.numbers:,}")
            )
            progress.update(task, completed=now.done, total=now.size, description=text)

        yield advance


def show_registries(as_json: Json = False) -> None:
    """The registries in use: version, age, size; a copy too old for most rules is marked."""
    clock = SystemClock()
    found, today = book(clock).registries(), clock.now().date()
    if as_json:
        console.show_json([asdict(each) | {"age_days": each.age_days(today)} for each in found])
        return
    rows = [
        (
            each.registry,
            each.version,
            each.as_of,
            each.age_days(today),
            f"{each.numbers:,}",
            f"{each.bytes / 1e6:,.0f} MB",
            _state(each, today),
        )
        for each in found
    ]
    console.show(("registry", "version", "as_of", "age_days", "numbers", "size", "state"), rows)


def _state(version: RegistryVersion, today: date) -> str:
    if not version.readable:
        return console.words("cli.registry_unreadable", problem=version.problem)
    age = version.age_days(today)
    if age is not None and age > OLDEST_DAYS:
        return console.words("cli.registry_old", limit=OLDEST_DAYS)
    return console.words("cli.registry_good")


def verify(
    registry: Annotated[str | None, typer.Argument(help="Default: all.")] = None,
    all_versions: Annotated[
        bool, typer.Option("--all", help="The versions kept for proofs as well.")
    ] = False,
) -> None:
    """Read the index files and compare their checksums; status 1 when one is damaged."""
    from dialer.registries.shelf import RegistryFolder, registry_names

    folder = console.settings().registries.folder
    names = [registry] if registry is not None else registry_names(folder)
    if sum(_damaged(RegistryFolder(folder, name), all_versions) for name in names):
        raise typer.Exit(1)


def _damaged(place: "RegistryFolder", all_versions: bool) -> int:
    from dialer.registries.index import DamagedIndex, RegistryIndex

    damaged = 0
    for version in _versions(place, all_versions):
        try:
            index = RegistryIndex(place.index(version))
            index.verify()
        except (DamagedIndex, OSError) as wrong:
            damaged += 1
            typer.echo(f"{place.registry} {version}: {wrong}", err=True)
        else:
            console.tell(
                "cli.registry_whole",
                registry=place.registry,
                version=version,
                numbers=f"{len(index):,}",
            )
    return damaged


def _versions(place: "RegistryFolder", all_versions: bool) -> Sequence[str]:
    try:
        current = place.current()
    except OSError as wrong:
        raise BadInput(f"{place.registry}: {wrong}") from None
    return sorted({*place.kept(), current}) if all_versions else [current]


def lookup(
    number: Annotated[str, typer.Argument(help="As written in the settings' region, or with +country.")],
    as_json: Json = False,
) -> None:
    """Say which registries list a number, in which version and of what age."""
    clock = SystemClock()
    wanted, today = _number(number), clock.now().date()
    registries = book(clock)
    found = registries.listings(wanted)
    if as_json:
        console.show_json([asdict(each) for each in found])
        return
    if not found:
        raise NotFound(
            f"there are no registries in {console.settings().registries.folder}: "
            "`fairdial dnc import FILE --registry NAME --as-of DATE` brings one in"
        )
    ages = {each.registry: each.age_days(today) for each in registries.registries()}
    rows = [
        (
            each.registry,
            console.words(_answer(each.listed, each.readable)),
            each.version,
            each.as_of,
            ages[each.registry],
        )
        for each in found
    ]
    console.show(("registry", "state", "version", "as_of", "age_days"), rows)


def _answer(listed: bool, readable: bool) -> str:
    if not readable:
        return "cli.registry_unknown"
    return "cli.registry_listed" if listed else "cli.registry_not_listed"


def _number(written: str) -> PhoneNumber:
    try:
        return parse_number(written, console.settings().default_region)
    except BadNumber as wrong:
        raise BadInput(f"{written}: {wrong}", "number") from None

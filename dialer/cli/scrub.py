"""fairdial dnc scrub: take out of a list what may not be called, before it is used."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dialer.cli import console
from dialer.cli.contacts import mapping_of
from dialer.cli.registries import Json, book
from dialer.cli.session import Session, with_session
from dialer.clock import SystemClock
from dialer.domain.ids import CampaignId
from dialer.engine.scrub import OWN_LIST, ScrubOrder, ScrubReport, scrub_file
from dialer.engine.scrub import Progress as Watch
from dialer.errors import BadInput
from dialer.ports.storage import DoNotCallStore


def scrub(
    file: Annotated[Path, typer.Argument(help="CSV with a header line, as for `fairdial contacts import`.")],
    registry: Annotated[
        list[str] | None, typer.Option(help="Only this registry; may be given again. Default: all.")
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(help="Also what is on our own list for this campaign alone.")
    ] = None,
    clean: Annotated[Path | None, typer.Option(help="Default: NAME.clean.csv beside the file.")] = None,
    removed: Annotated[Path | None, typer.Option(help="Default: NAME.removed.csv beside the file.")] = None,
    own_list: Annotated[
        bool, typer.Option("--own-list/--no-own-list", help="Our own list needs the database.")
    ] = True,
    column: Annotated[
        list[str] | None, typer.Option(help="COLUMN=FIELD, for headings that are not recognised.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a list without the numbers that are on a registry or our own list, and another with them and the reasons."""
    if not file.is_file():
        raise BadInput(f"there is no file {file}")
    if campaign is not None and not own_list:
        raise BadInput("--campaign is about our own list: leave --no-own-list away")
    settings = console.settings()
    order = ScrubOrder(
        file=file,
        clean=clean or file.with_suffix(f".clean{file.suffix}"),
        removed=removed or file.with_suffix(f".removed{file.suffix}"),
        registries=tuple(registry or ()),
        region=settings.default_region,
        now=SystemClock().now(),
        mapping=mapping_of(column or []),
    )
    if len({path.resolve() for path in (file, order.clean, order.removed)}) < 3:
        raise BadInput("the list, the cleaned list and the removed rows must be three files")
    done = (
        with_session(lambda session: _with_own_list(session, order, campaign))
        if own_list
        else console.run(_scrub(order, None))
    )
    if as_json:
        shown = asdict(done) | {"registries": [asdict(each) for each in done.registries]}
        console.show_json(shown)
    else:
        _show(done)


async def _with_own_list(session: Session, order: ScrubOrder, campaign: str | None) -> ScrubReport:
    only: CampaignId | None = (await session.campaign(campaign)).id if campaign is not None else None
    done = await _scrub(order.for_campaign(only), session.store.do_not_call)
    versions = [each.version for each in done.registries]
    await session.audit(
        "list.scrub", order.file.name, rows=done.rows, removed=done.removed, versions=versions
    )
    return done


async def _scrub(order: ScrubOrder, own: DoNotCallStore | None) -> ScrubReport:
    with _bar(order.file.name) as progress:
        return await scrub_file(order, book(SystemClock()), own, progress)


@contextmanager
def _bar(name: str) -> Iterator[Watch | None]:
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(console.words("cli.scrubbing", name=name), total=None)

        def advance(done: int, size: int, clean: int, removed: int) -> None:
            progress.update(task, completed=done, total=size)

        yield advance


def _show(done: ScrubReport) -> None:
    console.tell("cli.scrubbed", rows=done.rows, clean=done.clean, removed=done.removed, blanked=done.blanked)
    about = {each.registry: each for each in done.registries}
    rows = [
        (
            console.words("cli.own_list") if name == OWN_LIST else name,
            count,
            about[name].version if name in about else "",
            about[name].as_of if name in about else "",
        )
        for name, count in done.listed.items()
    ]
    console.show(("list", "numbers", "version", "as_of"), rows)
    console.tell("cli.scrub_files", clean=done.clean_file, removed=done.removed_file)

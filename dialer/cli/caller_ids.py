"""fairdial caller-id …: the numbers that may be shown to the called, and the evidence of the right to them."""

from typing import Annotated

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.ports.dialling import CallerIdEntry

commands = console.group("Keep the numbers that may be shown as caller ID.")

Number = Annotated[str, typer.Argument(help="As written in the settings' region, or with +country.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@commands.command()
def add(
    number: Number,
    proof: Annotated[
        str, typer.Option(help="Where the evidence of the right to use it lies; sales in the US need it.")
    ] = "",
    note: Annotated[str, typer.Option(help="For the record.")] = "",
) -> None:
    """Allow a number to be shown; what was known of it is replaced."""
    with_session(lambda session: _add(session, number, proof.strip(), note))


async def _add(session: Session, written: str, proof: str, note: str) -> None:
    number = session.number(written)
    entry = CallerIdEntry(number, proof, note, session.actor, session.clock.now())
    await session.store.gate.allow_caller_id(entry)
    await session.audit("caller_id.add", number.e164, proof=proof, note=note)
    console.tell("cli.caller_id_added" if proof else "cli.caller_id_added_bare", number=number.e164)


@commands.command("list")
def list_all(as_json: Json = False) -> None:
    """Every number that may be shown; a trunk's own is allowed by the settings."""
    entries = with_session(lambda session: session.store.gate.caller_ids())
    if as_json:
        console.show_json(entries)
        return
    rows = [(each.number, each.proof, each.note, each.added_by, each.added_at) for each in entries]
    console.show(("number", "proof", "note", "by", "added"), rows)


@commands.command()
def remove(number: Number) -> None:
    """A number may not be shown any more."""
    with_session(lambda session: _remove(session, number))


async def _remove(session: Session, written: str) -> None:
    number = session.number(written)
    gone = await session.store.gate.disallow_caller_id(number)
    await session.audit("caller_id.remove", number.e164, was_listed=gone)
    console.tell("cli.caller_id_removed" if gone else "cli.caller_id_absent", number=number.e164)

"""fairdial explain …: what happened to a call or a contact, in order."""

from typing import Annotated
from uuid import UUID

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.domain.ids import AttemptId, ContactId
from dialer.ports.storage import AttemptView, ContactView, TimelineEntry
from dialer.words import name_of

commands = console.group("Tell the story of an attempt or a contact.")

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@commands.command()
def attempt(attempt_id: UUID, as_json: Json = False) -> None:
    """One attempt with everything that happened on it."""
    view, timeline = with_session(lambda session: _attempt(session, AttemptId(attempt_id)))
    if as_json:
        console.show_json({"attempt": view, "timeline": timeline})
        return
    typer.echo(_headline(view))
    entries = [(entry.at, entry.kind, entry.detail) for entry in timeline]
    console.show(("time", "event", "detail"), entries)


async def _attempt(session: Session, which: AttemptId) -> tuple[AttemptView, list[TimelineEntry]]:
    view = await session.store.history.attempt(which)
    return view, list(await session.store.history.timeline(which))


def _headline(view: AttemptView) -> str:
    words = console.language()
    result = (
        name_of("disposition", view.disposition, words)
        if view.disposition is not None
        else name_of("attempt", view.state, words)
    )
    because = f" ({view.because})" if view.because else ""
    cause = f" · Q.850 {view.cause.q850}" if view.cause.q850 else ""
    sip = f" · SIP {view.cause.sip}" if view.cause.sip else ""
    return f"{view.number.e164}: {result}{because}{cause}{sip}"


@commands.command()
def contact(contact_id: int, as_json: Json = False) -> None:
    """One contact with all attempts, newest first."""
    view, attempts = with_session(lambda session: _contact(session, ContactId(contact_id)))
    if as_json:
        console.show_json({"contact": view, "attempts": attempts})
        return
    words = console.language()
    due = f" · {console.moment(view.due_at)}" if view.due_at is not None else ""
    because = f" ({view.because})" if view.because else ""
    typer.echo(f"{view.name or view.id}: {name_of('contact', view.state, words)}{because}{due}")
    rows = [(one.id, one.claimed_at, _headline(one)) for one in attempts]
    console.show(("attempt", "time", "result"), rows)


async def _contact(session: Session, which: ContactId) -> tuple[ContactView, list[AttemptView]]:
    view = await session.store.contacts.contact(which)
    return view, list(await session.store.history.attempts(view.campaign, None, 1000, which))

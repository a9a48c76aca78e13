"""fairdial sms …: text messages that flows promised, and what became of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.errors import BadInput, NotFound
from dialer.ports.texts import TextState
from dialer.words import name_of

commands = console.group("Text messages that callers asked for.")


@commands.command("list")
def list_texts(
    state: Annotated[TextState | None, typer.Option(help="Only these.")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The newest first: queued, sent (the gateway has taken it) or failed, and why."""
    found = with_session(lambda session: session.store.texts.texts(state, most))
    if as_json:
        console.show_json(found)
        return
    language = console.language()
    console.show(
        ("reference", "number", "time", "state", "tries", "next_try", "problem", "words"),
        [
            (
                each.reference,
                each.number,
                each.requested_at,
                name_of("text", each.state, language),
                each.tries,
                each.next_try_at,
                each.problem,
                each.words,
            )
            for each in found
        ],
    )


@commands.command()
def retry(
    references: Annotated[list[str] | None, typer.Argument(help="What the callers were told.")] = None,
    all_failed: Annotated[
        bool, typer.Option("--all", help="All failed ones, of the last days (--days).")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=30)] = 1,
) -> None:
    """Queue failed messages again. The lists are asked again, too."""
    if bool(references) == all_failed:
        raise BadInput("name references, or --all", "references")
    queued = with_session(lambda session: _retry(session, references or [], days))
    console.tell("sms.queued_again", count=len(queued), references=", ".join(queued) or "–")


async def _retry(session: Session, references: Sequence[str], days: int) -> Sequence[str]:
    now, within = session.clock.now(), timedelta(hours=session.settings.sms.hours)
    queued = await session.store.texts.retry(references, now - timedelta(days=days), now, now + within)
    if missing := sorted(set(references) - set(queued)):
        raise NotFound(
            f"no failed message with a telephone number: {', '.join(missing)}; `fairdial sms list` shows all"
        )
    for reference in queued:
        await session.audit("sms.retry", reference)
    return queued

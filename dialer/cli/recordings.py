"""fairdial recordings …"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.domain.ids import AttemptId
from dialer.errors import NotFound
from dialer.ports.storage import RecordingView
from dialer.words import name_of

commands = console.group("Find and verify recordings.")

In = Annotated[str | None, typer.Option("--campaign", help="Only of this campaign.")]
Most = Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, newest first.")]


async def _found(
    session: Session, campaign: str | None, attempt: UUID | None, most: int
) -> Sequence[RecordingView]:
    only = (await session.campaign(campaign)).id if campaign is not None else None
    of = AttemptId(attempt) if attempt is not None else None
    return await session.store.recordings.recordings(only, of, most)


@commands.command("list")
def list_recordings(
    campaign: In = None,
    attempt: Annotated[UUID | None, typer.Option(help="Only of this attempt.")] = None,
    limit: Most = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Recordings, newest first."""
    found = with_session(lambda session: _found(session, campaign, attempt, limit))
    if as_json:
        console.show_json(found)
        return
    words = console.language()
    rows = [
        (
            one.id,
            one.attempt,
            one.part,
            name_of("recording", one.state, words),
            one.started_at,
            one.duration,
            one.problem,
        )
        for one in found
    ]
    console.show(("id", "attempt", "part", "state", "started", "duration", "problem"), rows)


@commands.command()
def path(recording: UUID) -> None:
    """Print where the audio lies."""
    view = with_session(lambda session: session.store.recordings.recording(recording))
    place = _places()(view.name)
    if place is None:
        raise NotFound(
            f"there is no file for recording {recording} in {console.settings().recordings.folder}"
        )
    typer.echo(place)


def _places() -> Callable[[str], Path | None]:
    from dialer.recordings.local import LocalRecordings  # brings audio libraries with it

    places = console.settings().recordings
    return LocalRecordings(places.folder, places.landing, 1).path


@commands.command()
def verify(campaign: In = None, limit: Most = 100_000) -> None:
    """Compare size and SHA-256 of stored recordings with the index; status 1 when one differs."""
    found = with_session(lambda session: _found(session, campaign, None, limit))
    stored = [one for one in found if one.state == "stored"]
    place = _places()
    wrong = 0
    for one in stored:
        if problem := _problem(place(one.name), one):
            wrong += 1
            typer.echo(f"{one.id}: {problem}", err=True)
    console.tell("cli.recordings_verified", good=len(stored) - wrong, bad=wrong)
    if wrong:
        raise typer.Exit(1)


def _problem(place: Path | None, recording: RecordingView) -> str:
    if place is None:
        return "the file is missing"
    if place.stat().st_size != recording.bytes:
        return f"{place.stat().st_size} bytes instead of {recording.bytes}"
    with place.open("rb") as file:
        same = hashlib.file_digest(file, "sha256").hexdigest() == recording.sha256
    return "" if same else "the content has changed"

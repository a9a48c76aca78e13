"""fairdial tones home …: the ring-back tones that the running service learned on each trunk."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.domain.ids import TrunkName
from dialer.errors import NotFound
from dialer.ports.hearing import TrunkTones

Trunk = Annotated[str | None, typer.Option("--trunk", help="Only of this trunk.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def home(trunk: Trunk = None, as_json: Json = False) -> None:
    """What counts as home on each trunk besides the listed tones, learned from answered calls."""
    kept = [each for each in with_session(_kept) if trunk in (None, each.trunk)]
    rows = [row for each in kept for row in _rows(each)]
    if as_json:
        console.show_json(rows)
        return
    console.show(
        ("trunk", "country", "tone", "calls", "counts"),
        [
            (row["trunk"], row["country"], row["tone"], row["calls"], "✓" if row["home"] else "")
            for row in rows
        ],
    )


def forget(
    trunk: Annotated[str, typer.Option("--trunk", help="The trunk.")],
    country: Annotated[str, typer.Option("--country", help="As in `tones home`: US, CN …")],
) -> None:
    """Forget what was learned on a trunk, after the carrier has changed; holds from the service's next start."""
    with_session(lambda session: _forget(session, TrunkName(trunk), country.upper()))
    console.tell("tones.forgotten", trunk=trunk, country=country.upper())


async def _kept(session: Session) -> Sequence[TrunkTones]:
    return await session.store.tones.trunk_tones()


async def _forget(session: Session, trunk: TrunkName, country: str) -> None:
    if not await session.store.tones.forget_trunk_tones(trunk, country):
        raise NotFound(
            f"nothing was learned on trunk {trunk!r} for {country}; `fairdial tones home` shows all"
        )
    now = session.clock.now()
    await session.store.users.audit(session.actor, "tones.forget", trunk, {"country": country}, now)


def _rows(kept: TrunkTones) -> list[dict[str, Any]]:
    from dialer.audio.learned import LearnedTones

    learned = LearnedTones.from_document(kept.document)
    counts = {sound.as_written for sound in learned.sounds()}
    return [
        {
            "trunk": kept.trunk,
            "country": kept.country,
            "tone": (written := tone.as_sound().as_written),
            "calls": tone.calls,
            "home": written in counts,
        }
        for tone in sorted(learned.tones, key=lambda tone: -tone.calls)
    ]

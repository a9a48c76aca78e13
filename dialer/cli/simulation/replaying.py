"""fairdial simulate --from-campaign: a real day, played again under several rules, beside the day as it happened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import typer

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.cli.simulate import Wish
from dialer.cli.simulation import tables, wishes
from dialer.cli.simulation.playing import Playing
from dialer.errors import BadInput
from dialer.ports.replay import ReplayReader
from dialer.simulation.comparison import against_first, rows
from dialer.simulation.figures import figures_of
from dialer.simulation.recorded import RING_FOR_S, RecordedDay, as_it_happened, recorded_day
from dialer.simulation.scenario import Calls, ContactClass, ContactList, Scenario, Team, Trunk
from dialer.simulation.study import Floor, Job, Outcome
from dialer.storage.postgres.replay import PostgresReplay
from dialer.storage.postgres.store import PostgresStore


def replay(wish: Wish, campaign: str, day: str | None, settings: Sequence[str]) -> None:
    wanted = None if day is None else _date(day)
    wishes.check_files(wish)
    recorded, shared = with_session(lambda session: _read(session, campaign, wanted))
    scenario = _scenario(recorded)
    bases = [
        Job(scenario, recorded.agents, policy, {}, 1, wish.days, Floor(wish.floor), recorded=recorded)
        for policy in wishes.policies(wish)
    ]
    with Playing(wish) as play:
        outcomes = play(wishes.set_and_seeded(bases, settings, wish.seeds))
    found = [*rows([_as_it_happened(recorded, scenario)]), *rows(outcomes)]
    comparisons = against_first(outcomes)
    if tables.write_json(tables.study_document(found, comparisons), wish.document):
        tables.show_rows(found)
        tables.show_comparisons(comparisons)
        if shared:
            typer.echo()
            console.tell("cli.simulate_shared")


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"day: {written!r} is no date such as 2026-01-05", "day") from None


async def _read(session: Session, which: str, wanted: date | None) -> tuple[RecordedDay, bool]:
    campaign = await session.campaign(which)
    reader: ReplayReader = PostgresReplay(cast(PostgresStore, session.store).database)
    zone = ZoneInfo(session.settings.time_zone)
    if wanted is None:
        last = await reader.last_dial(campaign.id)
        if last is None:
            raise BadInput(f"campaign {campaign.plan.name!r} has dialled nobody yet", "from_campaign")
        wanted = last.astimezone(zone).date()
    since = datetime.combine(wanted, time(0), zone)
    until = datetime.combine(wanted + timedelta(days=1), time(0), zone)
    attempts = await reader.attempts(campaign.id, since, until)
    states = await reader.states(since, until)
    trunk = session.settings.trunks.get(campaign.plan.trunk)
    limits = () if trunk is None else (trunk.channels, trunk.calls_per_second)
    day = recorded_day(campaign.plan.name, attempts, states, campaign.plan.answer_within, *limits)
    ended = day.begins + timedelta(seconds=day.day_s)
    return day, await reader.others_dialled(campaign.id, day.begins, ended)


def _scenario(day: RecordedDay) -> Scenario:
    """Only its name and lengths are looked at: the day itself says the rest."""
    return Scenario(
        name=f"{day.name} {console.moment(day.begins)}",
        title=day.name,
        day_s=day.day_s,
        warm_up_s=0.0,
        answer_within_s=day.answer_within_s,
        team=Team(day.agents),
        trunk=Trunk(day.lines, day.calls_per_second, RING_FOR_S),
        contacts=ContactList((ContactClass("recorded", 1.0, Calls()),), len(day.calls)),
    )


def _as_it_happened(day: RecordedDay, scenario: Scenario) -> Outcome:
    figures = figures_of(as_it_happened(day), day.answer_within_s, 0.0, 0.0)
    job = Job(scenario, day.agents, console.words("cli.simulate_as_it_happened"), recorded=day)
    return Outcome(job, (replace(figures, decisions=0),))

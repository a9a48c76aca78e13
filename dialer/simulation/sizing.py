"""How many agents, lines and contacts a floor needs: one row for each team size, and the smallest team that will do."""

from collections.abc import Sequence
from dataclasses import dataclass

from dialer.simulation.comparison import Row

TEAMS = (3, 5, 8, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500)


@dataclass(frozen=True, slots=True)
class Need:
    """For `agents` at work all day: `lines` are enough for 99 % of the time, `contacts` last a day of the scenario."""

    agents: int
    occupancy: float
    abandonment_percent: float
    over_cap: bool
    days_over: int
    days: int
    lines: int
    contacts_per_agent_hour: float
    contacts: int
    talk_minutes: float


def need(row: Row, day_s: float) -> Need:
    agents = row.cell.agents
    return Need(
        agents=agents,
        occupancy=row.occupancy.mean,
        abandonment_percent=row.abandonment_percent,
        over_cap=row.over_cap,
        days_over=row.days_over,
        days=row.days,
        lines=round(row.lines_p99),
        contacts_per_agent_hour=row.contacts_per_agent_hour,
        contacts=round(row.contacts_per_agent_hour * agents * day_s / 3600.0),
        talk_minutes=row.talk_minutes,
    )


def smallest(needs: Sequence[Need], occupancy: float) -> Need | None:
    """The smallest team that is as busy as wished, within the cap on all its days together; None if there is none."""
    enough = [each for each in needs if each.occupancy >= occupancy and not each.over_cap]
    return min(enough, key=lambda each: each.agents, default=None)

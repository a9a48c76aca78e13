"""A campaign in small time, played on a real Asterisk and on the simulated floor, and the figures of both side by side.

Rings of 1 to 4 s, talks of 12 s, a wrap-up of 3 s: minutes show what takes a predictive campaign hours. Everything that
paces is the same in both; different are the exchange, the phones, the database and the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from statistics import mean, stdev

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CallingHours, CampaignPlan
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.contact_rows import NewContact
from dialer.domain.disposition import ANSWERED_BY_PERSON, Disposition
from dialer.domain.ids import CampaignId, TrunkName
from dialer.domain.number_reader import NumberReader
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.errors import FairdialError
from dialer.lab.world.replica import Replica
from dialer.pacing.floor_pacer import FairPacer
from dialer.pacing.pacer import Lesson
from dialer.simulation.engine_floor import EngineFloor
from dialer.simulation.model_floor import CAMPAIGN
from dialer.simulation.result import DayResult
from dialer.storage.postgres.store import PostgresStore

AGENTS, CHANNELS, CALLS_PER_SECOND, WRAP_UP_S = 20, 90, 50.0, 3.0
PACING = PacingPlan(PacingMode.PREDICTIVE)
PLAN = CampaignPlan(
    "compressed",
    TrunkName("carrier"),
    hours=CallingHours(time(0), time.max),
    wrap_up=timedelta(seconds=WRAP_UP_S),
    retry={},  # every contact once
    pacing=PACING,
    rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL})),
)
_MINUTE_S = 60.0
_WORKING = (AgentState.ON_CALL, AgentState.WRAP_UP)
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Length:
    """Seconds from the campaign's start. It `ends_s` on a whole minute, because the simulator counts by minutes."""

    warm_up_s: float
    ends_s: float

    def __post_init__(self) -> None:
        if self.ends_s % _MINUTE_S or not 0 <= self.warm_up_s < self.ends_s:
            raise ValueError("ends_s must be whole minutes, and later than the warm-up")

    @property
    def contacts(self) -> int:
        """More than the agents can get through."""
        return int(self.ends_s * AGENTS * 0.4)


SHORT, LONG = Length(30, 120), Length(120, 900)


@dataclass(frozen=True, slots=True)
class Figures:
    """Between warm-up and end: shares are 0 to 1, of the agents' paid time and of the calls people answered."""

    occupancy: float
    answered: int
    abandoned: int
    dialled: int

    @property
    def abandonment(self) -> float:
        return self.abandoned / self.answered if self.answered else 0.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """Mean and standard deviation over the days that were simulated."""

    occupancy: float
    occupancy_sd: float
    abandonment: float
    abandonment_sd: float
    answered: float
    days: Sequence[Figures]


async def prepared(store: PostgresStore, numbers: Sequence[str], lesson: Lesson, now: datetime) -> CampaignId:
    """A campaign that may be started, whose pacer has learnt. Raises `FairdialError` when a number is refused."""
    campaign, reader = await store.campaigns.create_campaign(PLAN, now), NumberReader("US")
    people = [NewContact(line, (reader.read(each),)) for line, each in enumerate(numbers, start=1)]
    list_id = await store.contacts.begin_list(campaign, "drawn", now)
    if refused := await store.contacts.add_contacts(campaign, list_id, people, now):
        raise FairdialError(f"{len(refused)} of {len(numbers)} drawn numbers were refused: {refused[:3]}")
    await store.pacing.keep_lessons([replace(lesson, campaign=campaign)], now)
    return campaign


async def measured(store: PostgresStore, campaign: CampaignId, since: datetime, until: datetime) -> Figures:
    """From the ledger, some seconds after `until`: who was answered has an agent by then, or the message."""
    seconds = dict.fromkeys(AgentState, 0.0)
    for each in await store.agents.time_in_states(since, until):
        seconds[each.state] += each.seconds
    working = sum(seconds[state] for state in _WORKING)
    attempts = await store.history.attempts(campaign, None, _MOST)
    people = [
        each
        for each in attempts
        if each.answered_at is not None
        and since <= each.answered_at < until
        and (each.disposition is None or each.disposition in ANSWERED_BY_PERSON)
    ]
    return Figures(
        occupancy=working / (working + seconds[AgentState.READY]),
        answered=len(people),
        abandoned=sum(
            each.disposition is Disposition.ABANDONED or each.state is AttemptState.MESSAGE for each in people
        ),
        dialled=sum(each.dialled_at is not None and since <= each.dialled_at < until for each in attempts),
    )


def schooled(numbers: Sequence[str], length: Length) -> Lesson:
    """What a pacer knows of these contacts after such a day: nobody judges a beginner by the first minutes."""
    pacer = FairPacer()
    EngineFloor(_world(numbers, length, None), pacer, PACING, CALLS_PER_SECOND).run()
    (lesson,) = pacer.lessons()
    return lesson


def predicted(
    numbers: Sequence[str],
    length: Length,
    days: int,
    lesson: Lesson | None = None,
    pacing: PacingPlan = PACING,
) -> Prediction:
    """The same contacts on the simulated floor, each day in another order. With a `lesson` every day begins with it."""
    played = [simulated(numbers, length, day, lesson, pacing) for day in range(days)]
    occupancy, abandonment = [each.occupancy for each in played], [each.abandonment for each in played]
    return Prediction(
        mean(occupancy),
        stdev(occupancy),
        mean(abandonment),
        stdev(abandonment),
        mean(each.answered for each in played),
        played,
    )


def simulated(
    numbers: Sequence[str],
    length: Length,
    shuffled: int | None,
    lesson: Lesson | None = None,
    pacing: PacingPlan = PACING,
) -> Figures:
    pacer = FairPacer()
    if lesson is not None:
        pacer.learnt(replace(lesson, campaign=CAMPAIGN))
    day = EngineFloor(_world(numbers, length, shuffled), pacer, pacing, CALLS_PER_SECOND).run()
    return _until(day, length.ends_s)


def _world(numbers: Sequence[str], length: Length, shuffled: int | None) -> Replica:
    return Replica(numbers, AGENTS, CHANNELS, WRAP_UP_S, length.warm_up_s, length.ends_s, shuffled)


def _until(day: DayResult, ends_s: float) -> Figures:
    """Without what was still ringing when the desks were closed."""
    minute = int(ends_s // _MINUTE_S)
    answered = day.answered - int(day.answered_by_minute[minute:].sum())
    abandoned = day.abandoned - int(day.abandoned_by_minute[minute:].sum())
    return Figures(day.occupancy, answered, abandoned, day.dials)

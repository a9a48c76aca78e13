"""A simulated day as a scenario file describes it: who works when, whom the list holds, what becomes of a dial.

Times are seconds into the day, shares 0 to 1. `dialer/simulation/scenarios/README.md` explains the file, and
`scenario.schema.json` is its JSON Schema. `dialer.simulation.scenario_reader.load` reads it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dialer.domain.events import LineSign
from dialer.simulation.laws import Clipped, Fixed, Law, Normal, Uniform, mean_of

UNLIMITED_LINES = 1_000_000


class Leaving(StrEnum):
    AFTER_CALL = "after_call"
    AT_ONCE = "at_once"  # the desk is lost, and with it a caller who talks


class Carrier(StrEnum):
    """What a carrier does to every line for a while."""

    FAILS = "fails"  # no dial goes through
    FLOOD = "flood"  # whatever rings, and whatever is dialled, is answered by a person within three seconds


# --- agents -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shift:
    """A group that comes from `begins` on, one by one over `over_s`, and leaves in the same way at `ends`.

    `number` or else `share` of the scenario's agents. `ends` None: stays to the end of the day.
    """

    begins: float = 0.0
    ends: float | None = None
    share: float = 1.0
    number: int | None = None
    over_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Absence:
    """A break, a meeting, lost desks: `share` of the agents or `number` leave at `begins`, one by one over `over_s`.

    The first comes back `away_s` later (None: gone for good), the others in the same order over `back_over_s`, which is
    `over_s` if None.
    """

    begins: float
    away_s: float | None = None
    share: float = 1.0
    number: int | None = None
    over_s: float = 0.0
    back_over_s: float | None = None
    leaving: Leaving = Leaving.AFTER_CALL
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Team:
    count: int
    busy_at_start: float = 0.0
    shifts: Sequence[Shift] = (Shift(),)
    absences: Sequence[Absence] = ()


# --- lines ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trunk:
    number: int = UNLIMITED_LINES
    calls_per_second: float = 1000.0
    ring_for_s: float = 28.0


# --- calls ------------------------------------------------------------------------------------------------------------


_SHOWN_AFTER: Law = Fixed(1.0)
_REFUSED_AFTER: Law = Uniform(0.1, 0.5)
_RING: Law = Fixed(10.0)
_MACHINE_RING: Law = Clipped(Normal(18.0, 4.0), 4.0, 25.0)
_TALK: Law = Fixed(90.0)
_MACHINE_TALK: Law = Clipped(Normal(12.0, 4.0), 4.0, 60.0)
_WRAP_UP: Law = Fixed(15.0)


@dataclass(frozen=True, slots=True)
class Signs:
    """Shares of lines that show each sign, `after` the dial; the others show nothing before they are answered."""

    shares: Mapping[LineSign, float] = field(default_factory=dict)
    after: Law = _SHOWN_AFTER


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One way in which a line ends without anybody or anything picking up, and its weight among these ways."""

    name: str
    weight: float
    after: Law
    signs: Signs | None = None  # None: as the other lines


@dataclass(frozen=True, slots=True)
class Failures:
    """Dials that the carrier refuses, whoever was called."""

    share: float = 0.0
    after: Law = _REFUSED_AFTER


@dataclass(frozen=True, slots=True)
class Detector:
    """Machine detection. `missed`: machines taken for people; `people_taken`: people taken for machines."""

    missed: float = 0.0
    people_taken: float = 0.0
    delay: Law | None = None


PERFECT = Detector()
NO_DETECTOR = Detector(missed=1.0)


_NOT_ANSWERED: Sequence[Unanswered] = (Unanswered("rings out", 1.0, Fixed(28.0)),)


@dataclass(frozen=True, slots=True)
class Calls:
    """What becomes of a dial. Ring times run from the dial to the pick-up; talk is how long the agent is held.

    `by_time`: (time of day in seconds, factor of the answer probability), in between in proportion; before the first and
    after the last the nearest. `carrier_delay`: how much later than it happens we hear of anything on a line.
    """

    answered_by_person: float | Law = 0.3
    machines: float = 0.0
    ring: Law = _RING
    machine_ring: Law = _MACHINE_RING
    talk: Law = _TALK
    machine_talk: Law = _MACHINE_TALK
    wrap_up: Law = _WRAP_UP
    patience: Law | None = None
    not_answered: Sequence[Unanswered] = _NOT_ANSWERED
    failures: Failures = Failures()
    machine_detector: Detector = PERFECT
    signs: Signs = Signs()
    carrier_delay: Law | None = None
    by_time: Sequence[tuple[float, float]] = ()

    @property
    def answer_probability(self) -> float:
        """Of a dial that goes through, at factor 1; the mean where it differs between contacts."""
        p = self.answered_by_person
        return p if isinstance(p, float) else mean_of(p)


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Looks:
    """What a class of contacts looks like to a model of who answers.

    `earlier_attempts` of a contact are drawn, and each was answered with the contact's own probability. `misfiled` is the
    share of contacts that are listed with the looks of another class, drawn by weight.
    """

    number_type: str = ""
    area: str = ""
    list_name: str = ""
    list_age_days: Law | None = None
    earlier_attempts: Law | None = None
    misfiled: float = 0.0


@dataclass(frozen=True, slots=True)
class ContactClass:
    name: str
    weight: float
    calls: Calls
    looks: Looks = Looks()


@dataclass(frozen=True, slots=True)
class ContactList:
    """`size` contacts, or `size_per_agent` times the agents; neither: endless. Every dial takes the next contact."""

    classes: Sequence[ContactClass]
    size: int | None = None
    size_per_agent: float | None = None
    refill_every_s: float | None = None
    refill: int = 0

    def available(self, agents: int, at: float) -> float:
        if self.size is not None:
            contacts: float = self.size
        elif self.size_per_agent is not None:
            contacts = round(self.size_per_agent * agents)
        else:
            return float("inf")
        if self.refill_every_s:
            contacts += self.refill * int(at / self.refill_every_s)
        return contacts


# --- the day ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """From `begins` on the named figures of `Calls` are others, reached over `over_s`; back after `lasts_s` if given.

    `contact_class` None: of every class.
    """

    begins: float
    figures: Mapping[str, object]
    over_s: float = 0.0
    lasts_s: float | None = None
    contact_class: str | None = None


@dataclass(frozen=True, slots=True)
class CarrierEvent:
    begins: float
    ends: float
    carrier: Carrier


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    title: str
    day_s: float
    warm_up_s: float
    answer_within_s: float
    team: Team
    trunk: Trunk
    contacts: ContactList
    changes: Sequence[Change] = ()
    carrier_events: Sequence[CarrierEvent] = ()

    def agents(self, given: int | None = None) -> int:
        return self.team.count if given is None else given

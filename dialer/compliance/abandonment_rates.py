"""The arithmetic of abandonment: whole numbers and exact fractions, never a rounded rate.

A of H: A calls abandoned, H = A + L answered by people. A / L, which some systems show, is never used.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from dialer.compliance.profile import AbandonmentRule

Count = int | Fraction
NO_DATA = "no data"
_WHOLE_BP = 10_000


class RateVerdict(StrEnum):
    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    NO_DATA = "no_data"  # nobody answered: not 0 %


class DialMode(StrEnum):
    PREDICTIVE = "predictive"
    PROGRESSIVE_ONLY = "progressive_only"  # one line for each free agent


class Action(StrEnum):
    """In the order of weight."""

    NONE = "none"
    ALARM = "alarm"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Tally:
    """`abandoned` of `answered`; fractions where estimates are added."""

    abandoned: Count
    answered: Count

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.abandoned + other.abandoned, self.answered + other.answered)

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.abandoned) / Fraction(self.answered) if self.answered else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`display` in percent, two decimals, rounded up: a breach never shows as the limit."""

    verdict: RateVerdict
    tally: Tally
    limit_bp: int
    display: str
    dial_mode: DialMode
    action: Action


def within(tally: Tally, limit_bp: int) -> bool:
    """The integer test: exactly the limit is within it."""
    return tally.abandoned * _WHOLE_BP <= limit_bp * tally.answered


def verdict(tally: Tally, limit_bp: int) -> RateVerdict:
    if not tally.answered:
        return RateVerdict.NO_DATA
    return RateVerdict.PASS if within(tally, limit_bp) else RateVerdict.FAIL


def display(tally: Tally) -> str:
    """Percent with two decimals, rounded up; "no data" when nobody answered."""
    rate = tally.rate
    if rate is None:
        return NO_DATA
    hundredths = math.ceil(rate * _WHOLE_BP)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def judge(tally: Tally, limit_bp: int, alarm_bp: int | None = None) -> Judgement:
    """Without data only one line may be dialled for each free agent; a breach is a hard stop of over-dialling."""
    found = verdict(tally, limit_bp)
    if found is RateVerdict.FAIL:
        action = Action.STOP
    elif alarm_bp is not None and not within(tally, alarm_bp):
        action = Action.ALARM
    else:
        action = Action.NONE
    mode = DialMode.PREDICTIVE if found is RateVerdict.PASS else DialMode.PROGRESSIVE_ONLY
    return Judgement(found, tally, limit_bp, display(tally), mode, action)


def judge_under(tally: Tally, rule: AbandonmentRule) -> Judgement:
    return judge(tally, rule.limit_bp, rule.alarm_bp)


_WEIGHT = (RateVerdict.NO_DATA, RateVerdict.PASS, RateVerdict.FAIL)


def worst(verdicts: Iterable[RateVerdict]) -> RateVerdict:
    """One failure fails the set; NO_DATA when there is nothing else."""
    return max(verdicts, key=_WEIGHT.index, default=RateVerdict.NO_DATA)


# --- false positives of a detector ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FalsePositives:
    """A sample of machine verdicts heard by people: `people` of `reviewed` were no machines."""

    reviewed: int
    people: int

    @property
    def rate(self) -> Fraction:
        """0 while nothing was reviewed, which `interval` shows to be unknown."""
        return Fraction(self.people, self.reviewed) if self.reviewed else Fraction(0)

    def interval(self, z: float = 1.96) -> tuple[float, float]:
        """The Wilson score interval of the rate, 95 % unless told (Wilson 1927); (0, 1) without a sample."""
        n = self.reviewed
        if not n:
            return 0.0, 1.0
        share = self.people / n
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(middle - half, 0.0), min(middle + half, 1.0)

    @property
    def expected(self) -> Fraction:
        """The rate as pacing counts it: before any verdict was heard, one in a hundred is taken to be a person."""
        return Fraction(self.people + 1, self.reviewed + 100)

    def estimate(self, machine_verdicts: int) -> Fraction:
        """How many of so many unheard verdicts were people: they are abandoned, and the log cannot see it."""
        return self.rate * machine_verdicts


def with_false_positives(tally: Tally, estimated: Count) -> Tally:
    """Each was answered, and got nobody."""
    return Tally(tally.abandoned + estimated, tally.answered + estimated)


# --- Ofcom ------------------------------------------------------------------------------------------------------------------


def ofcom_with_detector(abandoned: int, live: int, estimated_false_positives: Count) -> Tally:
    """x = abandoned + false positives, y = live calls passed to an operator; the estimate must be included (Ofcom 2010)."""
    x = abandoned + estimated_false_positives
    return Tally(x, x + live)


def ofcom_without_detector(abandoned: int, live: int, agent_machines: int) -> Tally:
    """x = abandoned less those estimated to have been machines, in the share agents meet machines; y = live calls.

    The estimate may be left out; without calls of agents there is nothing to estimate from.
    """
    met = agent_machines + live
    x = abandoned - Fraction(abandoned * agent_machines, met) if met else Fraction(abandoned)
    return Tally(x, x + live)


@dataclass(frozen=True, slots=True)
class FalsePositiveBudget:
    """`target_bp` is the true abandonment that pacing may aim at, in hundredths of a percent of people."""

    estimated: Fraction
    allowed: Fraction
    left: Fraction
    target_bp: Fraction


def false_positive_budget(
    machines: int, people: int, accuracy: Fraction, limit_bp: int
) -> FalsePositiveBudget:
    """What a detector of such accuracy leaves of the limit; nothing falls below 0."""
    estimated = machines * (1 - accuracy)
    allowed = Fraction(limit_bp * people, _WHOLE_BP)
    left = max(allowed - estimated, Fraction(0))
    return FalsePositiveBudget(estimated, allowed, left, left * _WHOLE_BP / people if people else Fraction(0))


# --- what may still be lost -----------------------------------------------------------------------------------------------


def may_overdial(tally: Tally, risk_in_flight: Count, expected_in_flight: Count, limit_bp: int) -> bool:
    """Whether the limit holds even if all that is at risk is lost."""
    return within(Tally(tally.abandoned + risk_in_flight, tally.answered + expected_in_flight), limit_bp)


def allowance(tally: Tally, limit_bp: int, answers_to_come: int = 0) -> int:
    """How many more calls may be lost in the window, should `answers_to_come` more people answer, those lost among them.

    With none to come, each lost call is itself one more answer. Never negative; a limit of 100 % allows what comes.
    """
    room = Fraction(limit_bp) * (tally.answered + answers_to_come) - _WHOLE_BP * Fraction(tally.abandoned)
    if room < 0:
        return 0
    most = math.floor(room / _WHOLE_BP)
    if most <= answers_to_come or limit_bp >= _WHOLE_BP:
        return most
    # more losses than answers were counted upon: they bring their own answers
    beyond = Fraction(limit_bp) * tally.answered - _WHOLE_BP * Fraction(tally.abandoned)
    return max(math.floor(beyond / (_WHOLE_BP - limit_bp)), answers_to_come)

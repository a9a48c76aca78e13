"""What pacing knows of one campaign: its lines, its talks, its contacts, its allowance; and what it keeps across restarts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.answer_model import AnswerModel
from dialer.pacing.budget import Budget
from dialer.pacing.level import AnswerLevel, LossLevel
from dialer.pacing.line_hazards import AGES, CLASSES, MEMORY_LINES, PRIOR_LINES, LineHazards, LineTable
from dialer.pacing.marginal import MOMENTS, Array, moments
from dialer.pacing.pacer import ContactFeatures, Lesson
from dialer.pacing.survival import Durations, Occupied

LESSON_VERSION = 1
LINE_ROWS = CLASSES * AGES

_PRIOR_TALK_S = 120.0
_PRIOR_WRAP_UP_S = 20.0
_GRACE_S = 2.0
_FRESH_SHARE = 0.04  # of what is in memory: tables are made anew when so much has been added
_LEAST_NEW = 3.0
_LONGEST_S = Occupied.AGES + int(MOMENTS.max()) + int(_GRACE_S)

_DROUGHT_S = 3600.0
_DROUGHT_LINES = 60
_DROUGHT_ANSWERS = 12.0  # foreseen and not come
_CARRIER_RUN = 12  # failures in a row
_ALIVE_S = 3.0
_RECOVERY_S = 45.0


class CampaignMind:
    """`slot` numbers the campaigns of a floor: where its rows begin in tables over all of them."""

    def __init__(self, campaign: CampaignId, plan: PacingPlan, slot: int, now: float) -> None:
        self.campaign, self.plan, self.slot = campaign, plan, slot
        self.hazards = LineHazards()
        self.talk, self.wrap_up = Durations(_PRIOR_TALK_S), Durations(_PRIOR_WRAP_UP_S)
        self.model = AnswerModel()
        self.answers, self.losses = AnswerLevel(), LossLevel()
        self.budget = Budget()
        self.next_chance = (
            self.model.plain_rate
        )  # of the contacts dialled lately: the next ones are like them
        self.usual_chance = (
            self.next_chance
        )  # of the lines the hazards were learnt from, forgotten as these are
        self._usual_lines = PRIOR_LINES
        self.best_chance = self.next_chance  # the answer probability of better times, fading slowly
        self.lines_since_answer = 0
        self.foreseen_since_answer = 0.0
        self.answered_at = now
        self.failures_in_a_row = 0
        self.failing_since = now
        self.probed_at = self.recovered_at = -math.inf
        self._new_lines = self._new_talks = math.inf
        self._lines_due = self._talks_due = 0.0
        self.line_table: LineTable
        self.log_odds: Array
        self.agent_moments: Array
        self.usual_talk: float  # s, on average
        self._held: Array
        self.refresh((), (), ())

    @property
    def is_predictive(self) -> bool:
        return self.plan.mode is PacingMode.PREDICTIVE

    # --- tables -------------------------------------------------------------------------------------------------------

    @property
    def is_stale(self) -> bool:
        return self._new_lines > self._lines_due or self._new_talks > self._talks_due

    def refresh(
        self,
        talking: Sequence[float],
        wrapping_up: Sequence[float],
        ringing: Iterable[tuple[int, float, float]],
    ) -> None:
        """Make the tables anew.

        `talking`, `wrapping_up`: for how long those who are at it have been (s); `ringing`: (signs, age when they
        began, age) of the lines out.
        """
        if self._new_talks > self._talks_due:
            talk = self.talk.survival(_LONGEST_S, talking)
            occupied = Occupied(talk, self.wrap_up.survival(_LONGEST_S, wrapping_up), MOMENTS, _GRACE_S)
            self.agent_moments, self._held = moments(occupied.probability), occupied.held
            self.usual_talk = max(float(talk.sum()), 1.0)
            self._new_talks, self._talks_due = 0.0, max(_LEAST_NEW, _FRESH_SHARE * self.talk.calls)
        self.line_table = self.hazards.table(self._held, ringing)
        chance = np.clip(self.line_table.eventually, 1e-4, 0.97)
        self.log_odds = np.log(chance / (1 - chance))
        self._new_lines, self._lines_due = 0.0, max(_LEAST_NEW, _FRESH_SHARE * self.hazards.lines)

    def odds_of(self, chance: float) -> float:
        """Log-odds of a contact beyond those of the contacts the hazards were learnt from."""
        return _log_odds(chance) - _log_odds(self.usual_chance)

    # --- lessons of single lines and calls ----------------------------------------------------------------------------

    def saw_answer(self, signs: int, piece: int, now: float) -> None:
        self.hazards.answered(signs, piece)
        if self.is_predictive:
            self.answers.answer()
        self._new_lines += 1
        self.lines_since_answer, self.foreseen_since_answer = 0, 0.0
        self.answered_at = now
        self._carrier_works(now)

    def saw_machine(self, signs: int, piece: int) -> None:
        """The last answer on that line needed no agent."""
        self.hazards.was_none(signs, piece)
        if self.is_predictive:
            self.answers.answer(-1.0)

    def saw_no_answer(self, signs: int, piece: int, now: float) -> None:
        self.hazards.failed(signs, piece)
        self._new_lines += 1
        self.lines_since_answer += 1
        self._carrier_works(now)

    def saw_carrier_failure(self, now: float) -> None:
        if self.failures_in_a_row == 0:
            self.failing_since = now
        self.failures_in_a_row += 1

    def saw_talk(self, lasted: float) -> None:
        self.talk.ended(lasted)
        self._new_talks += 1

    def saw_wrap_up(self, lasted: float) -> None:
        self.wrap_up.ended(lasted)

    def expect(self, answers: float) -> None:
        if self.is_predictive:  # of the others nobody asks what is coming
            self.answers.expect(answers)
        self.foreseen_since_answer += answers

    def learn_contact(self, contact: ContactFeatures, chance: float, answered: bool) -> None:
        self.model.learn(contact, answered)
        self._usual_lines = min(self._usual_lines + 1.0, MEMORY_LINES)
        self.usual_chance += (chance - self.usual_chance) / self._usual_lines
        level = self.line_table.answer_probability * self.answers.ratio
        self.best_chance = max(level, self.best_chance * 0.9995)

    # --- when to hold back --------------------------------------------------------------------------------------------

    def is_dry(self, now: float) -> bool:
        """Nobody has answered for an hour, or for so many lines that the forecast must be wrong."""
        if self.lines_since_answer < _DROUGHT_LINES:
            return False
        return now - self.answered_at > _DROUGHT_S or self.foreseen_since_answer > _DROUGHT_ANSWERS

    @property
    def carrier_fails(self) -> bool:
        return self.failures_in_a_row >= _CARRIER_RUN

    def line_is_alive(self, dialled_at: float, now: float) -> None:
        """A line that was dialled after the failures began and is still there: the carrier works again."""
        if now - dialled_at > _ALIVE_S and dialled_at > self.failing_since:
            self._carrier_works(now)

    def _carrier_works(self, now: float) -> None:
        if self.carrier_fails:
            self.recovered_at = now
        self.failures_in_a_row = 0

    def is_just_back(self, now: float) -> bool:
        """After an outage all calls that were held up may be answered at once: nothing learnt before holds for a while."""
        return 0.0 <= now - self.recovered_at < _RECOVERY_S

    # --- across restarts ----------------------------------------------------------------------------------------------

    def lesson(self) -> Lesson:
        return Lesson(
            self.campaign,
            LESSON_VERSION,
            {
                "hazards": self.hazards.document(),
                "talk": self.talk.document(),
                "wrap_up": self.wrap_up.document(),
                "model": self.model.document(),
                "chance": [self.next_chance, self.usual_chance, self.best_chance],
                "usual_lines": self._usual_lines,
            },
        )

    def take_up(self, document: Mapping[str, Any]) -> None:
        """All of a lesson or nothing. Raises ValueError, KeyError, TypeError or AttributeError for what is no lesson."""
        hazards, model = LineHazards(), AnswerModel()
        talk, wrap_up = Durations(_PRIOR_TALK_S), Durations(_PRIOR_WRAP_UP_S)
        hazards.take_up(document["hazards"])
        talk.take_up(document["talk"])
        wrap_up.take_up(document["wrap_up"])
        model.take_up(document["model"])
        chances = [float(chance) for chance in document["chance"]]
        usual_lines = float(document["usual_lines"])
        if len(chances) != 3 or not all(0.0 <= chance <= 4.0 for chance in chances) or usual_lines < 1:
            raise ValueError("chances out of range")
        self.hazards, self.model, self.talk, self.wrap_up = hazards, model, talk, wrap_up
        self.next_chance, self.usual_chance, self.best_chance = chances
        self._usual_lines = min(usual_lines, MEMORY_LINES)
        self._new_lines = self._new_talks = math.inf
        self.refresh((), (), ())


def kept_answer_model(lesson: Lesson) -> AnswerModel | None:
    """Who answers, as it was kept; None for a lesson of another version or one that cannot be read."""
    model = AnswerModel()
    try:
        if lesson.version != LESSON_VERSION:
            return None
        model.take_up(cast(Mapping[str, Any], lesson.document["model"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return model


def _log_odds(chance: float) -> float:
    chance = min(max(chance, 0.005), 0.97)
    return math.log(chance / (1 - chance))

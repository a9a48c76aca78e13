"""Fairdial's own pacer: every mode, and the predictive one by marginal cost within a legal budget."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from dialer.domain.abandonment import WindowCount
from dialer.domain.events import LineSign
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.campaign_mind import LESSON_VERSION, CampaignMind
from dialer.pacing.counts import CountedPacer, within
from dialer.pacing.decision import Binding, DecisionInputs, PacingDecision
from dialer.pacing.line_hazards import with_sign
from dialer.pacing.outlook import Prospect
from dialer.pacing.pacer import Agent, ContactFeatures, Lesson, Line, LineEnd, Presence, Room
from dialer.pacing.reasons import REASONS, of_failing_carrier
from dialer.pacing.records import AgentRecord, LineRecord
from dialer.pacing.restraint import accepted_risk, held_back, lines_wanted, probes

_MOST_AT_ONCE = 64
_LATE_NEWS_S = 1.0
_WAITING_AT_RISK = 0.5  # of an answered call without an agent: lost, as far as anybody knows
_SAFE_SHARE_OF_BEST = 0.3  # answers may come back as suddenly as they went


class FairPacer(CountedPacer):
    """See `Pacer`. Predictive campaigns go by risk and budget, the others by counts."""

    def __init__(self) -> None:
        super().__init__()
        self.minds: dict[CampaignId, CampaignMind] = {}
        self._lines: dict[Line, LineRecord] = {}
        self._agents: dict[Agent, AgentRecord] = {}
        self._prospect = Prospect()
        self._lessons: dict[CampaignId, Lesson] = {}
        self._slots = 0
        self._hears_since: float | None = None  # the first decision that nothing was in the way of
        self._asked_at: float | None = None
        self._foreseen_to: float | None = None
        self._promise: dict[CampaignId, float] = {}

    # --- plans, the law and the past ----------------------------------------------------------------------------------

    def plans(self, plans: Mapping[CampaignId, PacingPlan], now: float) -> None:
        super().plans(plans, now)
        for campaign, plan in plans.items():
            if (mind := self.minds.get(campaign)) is not None:
                mind.plan = plan
                continue
            self._enter(campaign, plan, now)

    def _enter(self, campaign: CampaignId, plan: PacingPlan, now: float) -> CampaignMind:
        mind = self.minds[campaign] = CampaignMind(campaign, plan, self._slots, now)
        self._slots += 1
        if (lesson := self._lessons.pop(campaign, None)) is not None:
            self._take_up(mind, lesson)
        self._prospect.stack(self.minds.values())
        return mind

    def _mind(self, campaign: CampaignId, now: float) -> CampaignMind:
        return self.minds.get(campaign) or self._enter(campaign, PacingPlan(), now)

    def counted(self, campaign: CampaignId, counts: Sequence[WindowCount]) -> None:
        if (mind := self.minds.get(campaign)) is not None:
            mind.budget.counted(counts)

    def learnt(self, lesson: Lesson) -> None:
        if (mind := self.minds.get(lesson.campaign)) is not None:
            self._take_up(mind, lesson)
            self._prospect.stack(self.minds.values())
        else:
            self._lessons[lesson.campaign] = lesson

    def _take_up(self, mind: CampaignMind, lesson: Lesson) -> None:
        if lesson.version != LESSON_VERSION:
            return
        try:
            mind.take_up(lesson.document)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return  # begins from the priors, which are safe

    def lessons(self) -> Sequence[Lesson]:
        return [mind.lesson() for mind in self.minds.values()]

    def _refresh(self, now: float) -> None:
        stale = [mind for mind in self.minds.values() if mind.is_stale]
        for mind in stale:
            at_work = [each for each in self._agents.values() if each.mind is mind]
            talking = [now - each.since for each in at_work if each.presence is Presence.ON_CALL]
            wrapping = [now - each.since for each in at_work if each.presence is Presence.WRAP_UP]
            ringing = [
                (each.signs, each.entered, now - each.dialled_at)
                for each in self._lines.values()
                if each.answered_at is None and each.mind is mind
            ]
            mind.refresh(talking, wrapping, ringing)
        if stale:
            self._prospect.stack(self.minds.values())

    # --- lines --------------------------------------------------------------------------------------------------------

    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None:
        if line in self._lines:
            return
        super().dialled(line, campaign, contact, now, wall)
        mind = self._mind(campaign, now)
        chance = mind.model.predict(contact)
        mind.next_chance += (chance - mind.next_chance) / 20.0
        self._lines[line] = LineRecord(mind, contact, now, chance)
        promise = self._promise.get(campaign, 0.0) * mind.line_table.answer_probability * mind.answers.ratio
        mind.losses.promise(promise)
        odds = mind.odds_of(chance) if mind.model.trusted else 0.0
        self._prospect.rings(line, mind, now, odds)

    def signalled(self, line: Line, sign: LineSign, now: float) -> None:
        record = self._lines.get(line)
        if record is None or record.answered_at is not None:
            return
        signs = with_sign(record.signs, sign)
        if signs == record.signs:
            return
        age = now - record.dialled_at
        piece = record.mind.hazards.passed(record.signs, record.entered, age)
        record.mind.hazards.moved(record.signs, signs, piece)
        record.signs, record.entered = signs, age
        self._prospect.shows(line, record.mind, signs)

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        super().answered(line, now, wall)
        record = self._lines.get(line)
        if record is None or record.answered_at is not None:
            return
        record.answered_at = now
        record.piece = record.mind.hazards.passed(record.signs, record.entered, now - record.dialled_at)
        if not self._is_late_news(record, now):
            record.mind.saw_answer(record.signs, record.piece, now)
        record.mind.budget.note(wall.timestamp(), 1, 0)
        self._prospect.ringing.remove(line)

    def _is_late_news(self, record: LineRecord, now: float) -> bool:
        """Of a line taken over from another engine, answered before this one heard the exchange: nobody foresaw it here.

        Those of the same lines that nobody answered are not heard of, so such answers would teach too much. Until the
        calls have been compared with the exchange there is an obstacle, and whatever is told comes from that comparison.
        """
        if self._asked_at is None or self._hears_since is None or now <= self._asked_at - _LATE_NEWS_S:
            return True
        return record.dialled_at < self._hears_since and now <= self._hears_since + _LATE_NEWS_S

    def joined(self, line: Line, agent: Agent, now: float) -> None:
        super().joined(line, agent, now)
        record = self._lines.get(line)
        if record is None:
            return
        record.agent = agent
        self._agents.setdefault(agent, AgentRecord()).mind = record.mind
        self._settle_contact(record, True)

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        super().ended(line, end, now, wall)
        record = self._lines.pop(line, None)
        if record is None:
            return
        self._prospect.ringing.remove(line)
        if record.answered_at is None:
            self._ended_unanswered(record, end, now)
        else:
            self._ended_answered(record, end, wall)

    def _ended_unanswered(self, record: LineRecord, end: LineEnd, now: float) -> None:
        mind = record.mind
        if end is LineEnd.CARRIER_FAILED:
            mind.saw_carrier_failure(now)
        elif end is LineEnd.NOT_ANSWERED:
            piece = mind.hazards.passed(record.signs, record.entered, now - record.dialled_at)
            mind.saw_no_answer(record.signs, piece, now)
            self._settle_contact(record, False)

    def _ended_answered(self, record: LineRecord, end: LineEnd, wall: datetime) -> None:
        mind = record.mind
        if end is LineEnd.ABANDONED:
            mind.budget.note(wall.timestamp(), 0, 1)
            mind.losses.abandoned()
            self._settle_contact(record, True)
        elif end is LineEnd.MACHINE:
            mind.budget.note(wall.timestamp(), -1, 0)
            if record.agent is None:
                mind.saw_machine(record.signs, record.piece)
                self._settle_contact(record, False)
        elif record.agent is None:
            self._settle_contact(record, True)

    def _settle_contact(self, record: LineRecord, answered: bool) -> None:
        record.mind.learn_contact(record.contact, record.chance, answered)

    # --- agents -------------------------------------------------------------------------------------------------------

    def present(self, agent: Agent, presence: Presence, now: float, *, leaving: bool = False) -> None:
        super().present(agent, presence, now, leaving=leaving)
        record = self._agents.setdefault(agent, AgentRecord())
        if presence is not record.presence:
            self._left_state(record, now)
            record.presence, record.since = presence, now
        record.leaving = leaving
        if presence in (Presence.ON_CALL, Presence.WRAP_UP) and not leaving:
            mind = record.mind or self._any_mind(now)
            self._prospect.works(agent, mind, record.since, record.pace, presence is Presence.WRAP_UP)
        else:
            self._prospect.working.remove(agent)

    def _any_mind(self, now: float) -> CampaignMind:
        return next(iter(self.minds.values()), None) or self._mind(CampaignId(0), now)

    def _left_state(self, record: AgentRecord, now: float) -> None:
        if record.mind is None:
            return
        lasted = max(now - record.since, 0.0)
        if record.presence is Presence.ON_CALL:
            record.mind.saw_talk(lasted)
            record.talked(lasted / record.mind.usual_talk)
        elif record.presence is Presence.WRAP_UP:
            record.mind.saw_wrap_up(lasted)

    # --- decisions ----------------------------------------------------------------------------------------------------

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        mind, self._asked_at = self.minds.get(campaign), now
        if self._hears_since is None and room.obstacle is None:
            self._hears_since = now
        if mind is None or not mind.is_predictive:
            return self._unless_carrier_fails(mind, super().decide(campaign, room, now, wall), now)
        self._refresh(now)
        self._foresee(now)
        chance, ready, waiting = self._next_chance(mind), self.ready, len(self.waiting)
        outlook = self._prospect.look(now, ready, waiting, mind, chance)
        at_risk = outlook.losses + _WAITING_AT_RISK * waiting
        allowance = mind.budget.allowance(now, wall, outlook.agents, at_risk)
        accepted = accepted_risk(mind, allowance)
        most = max(min(_MOST_AT_ONCE, room.trunk), 0)
        certain = ready - waiting - len(self.ringing)  # lines that have a free agent each, whatever happens
        wanted, self._promise[campaign] = lines_wanted(outlook, accepted, most, certain)
        if outlook.agents:
            self._look_for_signs_of_life(mind, now)
        wanted, binding = held_back(mind, outlook, allowance, wanted, certain, now)
        inputs = DecisionInputs(
            at=now,
            ready=ready,
            on_call=self.agents[Presence.ON_CALL],
            wrap_up=self.agents[Presence.WRAP_UP],
            ringing=len(self.ringing),
            waiting=waiting,
            answer_probability=chance,
            expected_answers=outlook.expected,
            risk=outlook.risk,
            accepted_risk=accepted,
            promised=at_risk,
            windows=allowance.windows,
        )
        return within(room, wanted, len(self.ringing), REASONS[binding](inputs, mind), binding, inputs)

    def _unless_carrier_fails(
        self, mind: CampaignMind | None, counted: PacingDecision, now: float
    ) -> PacingDecision:
        """In preview nothing is cut down: the agent sees the failure, and decides."""
        if mind is None or counted.dial == 0 or mind.plan.mode is PacingMode.PREVIEW:
            return counted
        self._look_for_signs_of_life(mind, now)
        if not mind.carrier_fails:
            return counted
        return PacingDecision(probes(mind, counted.dial, now), of_failing_carrier(mind), Binding.CARRIER)

    def _look_for_signs_of_life(self, mind: CampaignMind, now: float) -> None:
        if mind.carrier_fails:
            for record in self._lines.values():
                mind.line_is_alive(record.dialled_at, now)

    def admit(self, campaign: CampaignId, contacts: Sequence[ContactFeatures], now: float) -> int:
        mind = self.minds.get(campaign)
        if mind is None or not mind.is_predictive or not mind.model.trusted or len(contacts) < 2:
            return len(contacts)
        expected = self._next_chance(mind) * len(contacts)
        allowed, coming = 0, 0.0
        for contact in contacts:
            coming += self._chance(mind, mind.model.predict(contact))
            if coming > expected * 1.0001 and allowed:
                break
            allowed += 1
        return allowed

    def _chance(self, mind: CampaignMind, predicted: float) -> float:
        """P(answered) of a fresh line, from the model's word, the hazards and the present level."""
        odds = mind.odds_of(predicted) if mind.model.trusted else 0.0
        log_odds = float(mind.log_odds[0]) + odds
        chance = mind.answers.ratio / (1.0 + math.exp(-log_odds))
        return min(max(chance, _SAFE_SHARE_OF_BEST * mind.best_chance, 0.01), 0.97)

    def _next_chance(self, mind: CampaignMind) -> float:
        return self._chance(mind, mind.next_chance)

    def _foresee(self, now: float) -> None:
        if self._hears_since is not None and self._foreseen_to is not None and now > self._foreseen_to:
            for mind in self.minds.values():
                mind.expect(self._prospect.coming.get(mind.campaign, 0.0) * (now - self._foreseen_to))
        self._foreseen_to = now

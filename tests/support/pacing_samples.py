"""An hour of a predictive campaign's decisions, made up: it begins, runs, meets its trunk's limit, and holds back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import sin
from random import Random

from dialer.domain.abandonment import WindowKind
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingPlan
from dialer.pacing.campaign_mind import CampaignMind
from dialer.pacing.decision import Binding, DecisionInputs, PacingDecision, WindowState
from dialer.pacing.pacer import ContactFeatures, Lesson
from dialer.ports.pacing import DecisionSample

_EVERY = timedelta(seconds=10)
_PHASES = (
    (0, Binding.NO_AGENTS, "nobody is logged in"),
    (20, Binding.NOBODY_FREE, "1 agent, 1 line out"),
    (60, Binding.RISK, "one more line, if answered, finds nobody free with 12 %"),
    (170, Binding.TRUNK, "the trunk has room for 0 more"),
    (210, Binding.RISK, "one more line, if answered, finds nobody free with 12 %"),
    (270, Binding.BUDGET, "the half-hour has no abandonment left"),
    (310, Binding.RISK, "one more line, if answered, finds nobody free with 9 %"),
)
SAMPLES = 360


def an_hour(campaign: CampaignId, until: datetime) -> list[DecisionSample]:
    begins = until - SAMPLES * _EVERY
    return [
        DecisionSample(campaign, begins + nth * _EVERY, decision, 40)
        for nth, decision in enumerate(_decisions())
    ]


def lesson(campaign: CampaignId) -> Lesson:
    """Kept of 800 lines: customers answer three times as often as those of the archive."""
    mind, dice = CampaignMind(campaign, PacingPlan(), 0, 0.0), Random(1)
    customers = ContactFeatures(weekday=4, list_name="customers", number_type="mobile")
    archive = ContactFeatures(weekday=4, list_name="archive", number_type="mobile")
    for nth in range(800):
        contact, chance = ((customers, 0.6), (archive, 0.2))[nth % 2]
        mind.learn_contact(contact, 0.4, dice.random() < chance)
    return mind.lesson()


def _decisions() -> Iterator[PacingDecision]:
    for nth in range(SAMPLES):
        _, binding, because = next(phase for phase in reversed(_PHASES) if phase[0] <= nth)
        held = binding in (Binding.NO_AGENTS, Binding.BUDGET)
        dial = 0 if held else max(0, round(2 + 2 * sin(nth / 3)))
        yield PacingDecision(dial, because, binding, _inputs(nth, held))


def _inputs(nth: int, held: bool) -> DecisionInputs:
    answered, abandoned = nth * 3 // 2, max(0, nth - 40) // 30
    ringing = 0 if held else max(0, round(min(nth / 3, 26) + 5 * sin(nth / 9)))
    recent = min(answered, 270)
    lately = (abandoned, max(0, abandoned - max(0, nth - 220) // 30))[nth > 180]
    return DecisionInputs(
        at=float(nth),
        ready=max(0, round(2 + 2 * sin(nth / 7))),
        on_call=min(nth // 4, 18),
        wrap_up=min(nth // 20, 4),
        ringing=ringing,
        waiting=1 if nth % 37 == 5 else 0,
        answer_probability=0.22 + 0.05 * sin(nth / 50),
        expected_answers=0.2 * ringing,
        risk=0.02 if held else 0.1 + 0.03 * sin(nth / 5),
        accepted_risk=0.0 if held else 0.11 + 0.03 * sin(nth / 60),
        promised=0.02 * ringing,
        windows=(
            WindowState(WindowKind.DAY, 0.03, 400 + answered, 8 + abandoned, 900.0 - answered, 0.034),
            WindowState(WindowKind.PERIOD, 0.03, 6200 + answered, 171 + abandoned, 40_000.0, 0.029),
            WindowState(
                WindowKind.HALF_HOUR, 0.05, recent, lately, 270.0, float("inf") if recent < 100 else 0.06
            ),
        ),
    )

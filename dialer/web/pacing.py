"""How a campaign is paced and why: the same report for the API and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor, isfinite
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from dialer.compliance.abandonment_windows import windows
from dialer.compliance.profile import Profile
from dialer.domain.abandonment import WindowCount, WindowKind
from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.pacing_plan import PacingMode
from dialer.pacing.decision import Binding, WindowState
from dialer.ports.pacing import DecisionSample, PacingStore
from dialer.web.models import In, Out, Time
from dialer.web.pacing_answers import AnswersOut, answers

LOOK_BACK = timedelta(hours=1)
# a forecast that is older says nothing about the window any more
_FRESH = timedelta(minutes=5)

Finite = Annotated[
    float | None,
    BeforeValidator(lambda value: value if value is None or isfinite(value) else None),
]


class PacingQuery(In):
    since: Time | None = Field(default=None, description="default: an hour ago")
    limit: int = Field(default=360, ge=1, le=10_000, description="the latest of the samples")


class WindowStateOut(Out):
    kind: WindowKind
    cap: float
    answered: int
    abandoned: int
    forecast: float = Field(description="answers expected until it ends")
    rate: Finite = Field(description="share of the answers to come that may be abandoned; null: not limited")
    profile: str = Field(default="", description="the rules that ask for it; empty: the operator's own cap")


class InputsOut(Out):
    """The floor as the pacer saw it. Shares and probabilities are 0 to 1."""

    ready: int
    on_call: int
    wrap_up: int
    ringing: int
    waiting: int
    answer_probability: Finite = Field(description="of the next contact")
    expected_answers: Finite = Field(description="of the lines that ring")
    risk: Finite = Field(description="that nobody is free for one more line, if it is answered")
    accepted_risk: Finite
    promised: Finite = Field(description="abandonments expected of the lines that are out")
    windows: list[WindowStateOut]


class DecisionOut(Out):
    at: datetime
    dial: int
    binding: Binding = Field(description="what kept the number of lines from being larger, in one word")
    because: str
    decisions: int = Field(description="how many decisions this one stands for")
    inputs: InputsOut | None = Field(description="null for a mode that forecasts nothing")


class WindowOut(Out):
    """One abandonment window as the ledger has it now."""

    kind: WindowKind
    profile: str = Field(description="the rules that ask for it; empty: the operator's own cap")
    begins: datetime
    ends: datetime | None = Field(description="null for one that rolls")
    cap: float
    least_answers: int = Field(description="with fewer answers it is not judged")
    answered: int
    abandoned: int
    rate: float | None = Field(description="null while nobody has answered")
    left: int = Field(description="further abandonments that the answers up to now allow")
    forecast: float | None = Field(
        description="answers expected until it ends; null without a recent decision"
    )
    allowed_rate: Finite = Field(description="share of the answers to come that may be abandoned")


class PacingOut(Out):
    campaign: int
    name: str
    state: CampaignState
    mode: PacingMode
    latest: DecisionOut | None
    windows: list[WindowOut] = Field(description="none before the campaign's first start")
    samples: list[DecisionOut] = Field(description="oldest first")
    answers: AnswersOut | None = Field(description="null while nothing has been learnt and kept")


@dataclass(frozen=True, slots=True)
class Look:
    """Where and when one looks from: the service's own zone, whose midnight begins a day."""

    zone: ZoneInfo
    now: datetime
    since: datetime
    most: int
    profiles: Sequence[Profile] = ()  # the law the campaign is held to, beside its own caps


async def report(
    store: PacingStore, campaign: Campaign, look: Look, in_memory: Sequence[DecisionSample] = ()
) -> PacingOut:
    """`in_memory` are decisions that a running engine knows of and may not have stored."""
    samples = await store.decisions(campaign.id, look.since, look.now + timedelta(seconds=1), look.most)
    latest = max([*samples[-1:], *in_memory], key=lambda sample: sample.at, default=None)
    return PacingOut(
        campaign=campaign.id,
        name=campaign.plan.name,
        state=campaign.state,
        mode=campaign.plan.pacing.mode,
        latest=None if latest is None else _decision(latest),
        windows=await _windows(store, campaign, look, latest),
        samples=[_decision(sample) for sample in samples],
        answers=await answers(store, campaign.id),
    )


def _decision(sample: DecisionSample) -> DecisionOut:
    decision = sample.decision
    return DecisionOut(
        at=sample.at,
        dial=decision.dial,
        binding=decision.binding,
        because=decision.because,
        decisions=sample.decisions,
        inputs=None if decision.inputs is None else InputsOut.model_validate(decision.inputs),
    )


async def _windows(
    store: PacingStore, campaign: Campaign, look: Look, latest: DecisionSample | None
) -> list[WindowOut]:
    if campaign.started_at is None:
        return []
    plan = campaign.plan
    judged = windows(plan.pacing, plan.hours, campaign.started_at, look.zone, look.now, look.profiles)
    states = {(state.kind, state.profile): state for state in _states(latest, look.now)}
    counts = await store.window_counts(campaign.id, judged, look.now)
    return [_window(count, states.get((count.window.kind, count.window.profile))) for count in counts]


def _states(latest: DecisionSample | None, now: datetime) -> Sequence[WindowState]:
    if latest is None or latest.decision.inputs is None or now - latest.at > _FRESH:
        return ()
    return latest.decision.inputs.windows


def _window(count: WindowCount, state: WindowState | None) -> WindowOut:
    window, answered, abandoned = count.window, count.answered, count.abandoned
    return WindowOut(
        kind=window.kind,
        profile=window.profile,
        begins=window.begins,
        ends=window.ends,
        cap=window.cap,
        least_answers=window.least_answers,
        answered=answered,
        abandoned=abandoned,
        rate=abandoned / answered if answered else None,
        left=floor(Fraction(str(window.cap)) * answered) - abandoned,
        forecast=None if state is None else state.forecast,
        allowed_rate=None if state is None else state.rate,
    )

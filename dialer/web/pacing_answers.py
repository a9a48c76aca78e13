"""Who answers, as a campaign's pacer has learnt it: how well it foresees, and what it goes by.

From the lesson that is kept, so that it can be told without a running service.
"""

from math import exp

from pydantic import Field

from dialer.domain.ids import CampaignId
from dialer.pacing.answer_model import AnswerModel, Contribution, Tenth
from dialer.pacing.campaign_mind import kept_answer_model
from dialer.ports.pacing import PacingStore
from dialer.web.models import Out

_STRONGEST = 12


class TenthOut(Out):
    """Lines whose predicted probability was in one tenth. Older lines count less."""

    least: float
    most: float
    lines: float
    foreseen: float = Field(description="the mean of what was predicted, 0 to 1")
    answered: float = Field(description="the share that answered, 0 to 1")


class FeatureOut(Out):
    kind: str = Field(
        description="hour, weekday (0 is Monday), attempts, answered, unanswered, type, area, list, …"
    )
    value: str
    log_odds: float = Field(description="above 0: such contacts answer more often")
    uncertainty: float = Field(description="standard deviation of the log-odds")
    times: float = Field(description="by how much the odds of an answer are multiplied")


class AnswersOut(Out):
    """The model of who answers, as it was last kept."""

    trusted: bool = Field(
        description="it foresees better than the campaign's plain rate; otherwise it is not used"
    )
    plain_rate: float = Field(description="share of the recent lines that were answered")
    lines: float = Field(description="how many the errors are taken over; older ones count less")
    error: float | None = Field(description="mean squared error (Brier score); null before the first line")
    plain_error: float | None = Field(description="the same of the plain rate")
    reliability: list[TenthOut] = Field(description="tenths in which there were no lines are left out")
    features: list[FeatureOut] = Field(description="the strongest first; only what is fairly sure")


async def answers(store: PacingStore, campaign: CampaignId) -> AnswersOut | None:
    """None while nothing is kept of this campaign."""
    lesson = await store.lesson(campaign)
    model = None if lesson is None else kept_answer_model(lesson)
    return None if model is None else _answers(model)


def _answers(model: AnswerModel) -> AnswersOut:
    scores = model.scores
    return AnswersOut(
        trusted=model.trusted,
        plain_rate=model.plain_rate,
        lines=scores.lines,
        error=scores.model / scores.lines if scores.lines else None,
        plain_error=scores.plain / scores.lines if scores.lines else None,
        reliability=[_tenth(each) for each in model.reliability()],
        features=[_feature(each) for each in model.strongest(_STRONGEST)],
    )


def _tenth(tenth: Tenth) -> TenthOut:
    return TenthOut(
        least=tenth.least,
        most=tenth.most,
        lines=tenth.lines,
        foreseen=tenth.foreseen,
        answered=tenth.answered,
    )


def _feature(found: Contribution) -> FeatureOut:
    kind, _, value = found.feature.partition(":")
    return FeatureOut(
        kind=kind,
        value=value,
        log_odds=found.log_odds,
        uncertainty=found.uncertainty,
        times=exp(found.log_odds),
    )

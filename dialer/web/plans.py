"""Campaign plans on the wire: durations in seconds, hours as HH:MM."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import Field

from dialer.domain.campaign import CallingHours, Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import TrunkName
from dialer.domain.recycling import RetryRule, default_retry_rules
from dialer.errors import BadInput
from dialer.web.figures import AbandonmentOut, ContactCountsOut
from dialer.web.models import In, Name, Out

_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_DelayS = Annotated[int, Field(ge=0, le=366 * 86_400)]


class HoursModel(In):
    """Local time of the called party; at `end` no call may begin."""

    start: _Clock = "08:00"
    end: _Clock = "21:00"
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = Field(
        default=list(range(7)), max_length=7, description="0 is Monday"
    )


class RetryModel(In):
    delay_s: _DelayS
    most: int = Field(ge=1, le=10_000)
    number_is_dead: bool = False


def _default_retry() -> Mapping[Disposition, RetryModel]:
    return {disposition: _retry_model(rule) for disposition, rule in default_retry_rules().items()}


def _retry_model(rule: RetryRule) -> RetryModel:
    return RetryModel(
        delay_s=int(rule.delay.total_seconds()), most=rule.most, number_is_dead=rule.number_is_dead
    )


class PlanFields(In):
    trunk: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    caller_id: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$")
    hours: HoursModel = HoursModel()
    ring_for_s: int = Field(default=20, ge=15, le=120)
    answer_within_s: float = Field(default=2.0, gt=0, le=60)
    abandoned_message: str = Field(
        default="fairdial/abandoned-en", pattern=r"^[A-Za-z0-9][A-Za-z0-9/_-]{0,99}$"
    )
    wrap_up_s: int = Field(default=15, ge=0, le=86_400)
    most_lines: int | None = Field(default=None, ge=1, le=10_000)
    record: bool = True
    most_attempts: int = Field(default=6, ge=1, le=1000)
    retry: Mapping[Disposition, RetryModel] = Field(default_factory=_default_retry)


class NewCampaign(PlanFields):
    name: Name


class PlanPatch(In):
    """Only what is named changes; `retry` is replaced as a whole."""

    trunk: str | None = None
    caller_id: str | None = None
    hours: HoursModel | None = None
    ring_for_s: int | None = None
    answer_within_s: float | None = None
    abandoned_message: str | None = None
    wrap_up_s: int | None = None
    most_lines: int | None = None
    record: bool | None = None
    most_attempts: int | None = None
    retry: Mapping[Disposition, RetryModel] | None = None


class CampaignOut(Out):
    id: int
    name: str
    state: CampaignState
    plan: PlanFields


class CampaignList(Out):
    campaigns: list[CampaignOut]


class CampaignMoved(Out):
    id: int
    signal: CampaignSignal
    state: CampaignState


class CampaignCounts(Out):
    contacts: ContactCountsOut
    outcomes: Mapping[Disposition, int]
    abandonment: Mapping[str, AbandonmentOut]


def plan_of(name: str, fields: PlanFields) -> CampaignPlan:
    """Raises `BadInput` for what single fields cannot see."""
    try:
        return CampaignPlan(
            name=name,
            trunk=TrunkName(fields.trunk),
            caller_id=fields.caller_id,
            hours=_hours(fields.hours),
            ring_for=timedelta(seconds=fields.ring_for_s),
            answer_within=timedelta(seconds=fields.answer_within_s),
            abandoned_message=fields.abandoned_message,
            wrap_up=timedelta(seconds=fields.wrap_up_s),
            most_lines=fields.most_lines,
            record=fields.record,
            most_attempts=fields.most_attempts,
            retry={disposition: _rule(model) for disposition, model in fields.retry.items()},
        )
    except ValueError as wrong:
        raise BadInput(str(wrong)) from None


def _hours(hours: HoursModel) -> CallingHours:
    return CallingHours(
        time.fromisoformat(hours.start), time.fromisoformat(hours.end), frozenset(hours.weekdays)
    )


def _rule(model: RetryModel) -> RetryRule:
    return RetryRule(timedelta(seconds=model.delay_s), model.most, model.number_is_dead)


def fields_of(plan: CampaignPlan) -> dict[str, Any]:
    return {
        "trunk": plan.trunk,
        "caller_id": plan.caller_id,
        "hours": {
            "start": plan.hours.start.strftime("%H:%M"),
            "end": plan.hours.end.strftime("%H:%M"),
            "weekdays": sorted(plan.hours.weekdays),
        },
        "ring_for_s": int(plan.ring_for.total_seconds()),
        "answer_within_s": plan.answer_within.total_seconds(),
        "abandoned_message": plan.abandoned_message,
        "wrap_up_s": int(plan.wrap_up.total_seconds()),
        "most_lines": plan.most_lines,
        "record": plan.record,
        "most_attempts": plan.most_attempts,
        "retry": {disposition: _retry_model(rule) for disposition, rule in plan.retry.items()},
    }


def campaign_out(campaign: Campaign) -> CampaignOut:
    return CampaignOut(
        id=campaign.id,
        name=campaign.plan.name,
        state=campaign.state,
        plan=PlanFields.model_construct(**fields_of(campaign.plan)),
    )


def patched(plan: CampaignPlan, patch: PlanPatch) -> CampaignPlan:
    """Raises `ValidationError` or `BadInput`, as a new plan with these values would."""
    merged = fields_of(plan) | patch.model_dump(exclude_unset=True)
    return plan_of(plan.name, PlanFields.model_validate(merged))

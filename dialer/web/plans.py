"""Campaign plans on the wire: durations in seconds, hours as HH:MM."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from dialer.domain.announcements import Announcement
from dialer.domain.campaign import (
    Campaign,
    CampaignPlan,
    CampaignSignal,
    CampaignState,
    RecordingAnnouncement,
)
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.disposition import Disposition
from dialer.domain.listening_plan import AnswerStrategy, Audience, ListeningPlan
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.plan_document import plan_from_json, plan_to_json
from dialer.domain.recycling import default_retry_rules
from dialer.web.figures import AbandonmentOut, ContactCountsOut
from dialer.web.models import In, Name, Out

_Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
_DelayS = Annotated[int, Field(ge=0, le=366 * 86_400)]
_PROMPT = r"^[A-Za-z0-9][A-Za-z0-9/_-]{0,99}$"  # a name, never a path out of the sounds folder
_Cap = Annotated[float, Field(ge=0, le=0.2)]


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


_PACED = PacingPlan()


class PacingModel(In):
    """The caps are shares of the calls answered by people: 0.03 is 3 %."""

    mode: PacingMode = _PACED.mode
    lines_per_agent: float = Field(
        default=_PACED.lines_per_agent, ge=1, le=20, description="of the mode `power` alone"
    )
    weight: float = Field(
        default=_PACED.weight,
        ge=0.01,
        le=100,
        description="beside other campaigns that share agents or trunks; of queues: how much a second of waiting counts",
    )
    least_lines: int = Field(
        default=_PACED.least_lines,
        ge=0,
        le=10_000,
        description="it may always have while campaigns share agents or trunks",
    )
    day_cap: _Cap = Field(default=_PACED.day_cap, description="since local midnight")
    period_cap: _Cap = Field(
        default=_PACED.period_cap, description="of each 30 days since the start (16 CFR 310.4(b)(4)(i))"
    )
    half_hour_cap: _Cap = Field(
        default=_PACED.half_hour_cap, description="of any half-hour with enough answers"
    )
    preview_for_s: float = Field(
        default=_PACED.preview_for_s, ge=5, le=600, description="how long a contact is held for its agent"
    )


_RULED = CampaignRules()
_Line = Annotated[str, Field(max_length=200)]


class RulesModel(In):
    """What rules depend on. A rule is loosened by the command line alone, in the name of a person."""

    purposes: list[CallPurpose] = Field(default=sorted(_RULED.purposes), min_length=1, max_length=6)
    home: list[Name] = Field(
        default=[], max_length=20, description="profiles that apply wherever the called are"
    )
    subject: _Line = Field(default="", description="attempt caps per subject count by it")
    seller: _Line = Field(default="", description="in whose name it calls")
    seller_phone: _Line = Field(default="", description="where that name can be reached")
    closing_guard_s: float = Field(
        default=_RULED.closing_guard.total_seconds(),
        ge=0,
        le=3600,
        description="no call begins so shortly before closing",
    )
    revoke_all: bool = Field(default=True, description="consent taken back on one topic ends it for all")
    detector: bool = Field(default=False, description="calls are listened to for machines")
    languages: Mapping[Name, str] = Field(
        default_factory=dict, description="prompt of the abandoned-call message by language"
    )


_HEARD = ListeningPlan()


class ListeningModel(In):
    before_answer: bool = Field(
        default=_HEARD.before_answer,
        description="early media is listened to: tones of other countries, announcements, busy tones",
    )
    answer: AnswerStrategy = Field(default=_HEARD.answer, description="what is done about who answers")
    audience: Audience = Field(default=_HEARD.audience, description="whom it calls; offices greet longer")
    machine_message: str | None = Field(
        default=None,
        pattern=_PROMPT,
        description="left on machines by `leave_message`; null: abandoned_message",
    )
    announcements: Mapping[Announcement, RetryModel] = Field(
        default_factory=dict,
        description="when to dial again after a carrier's announcement; what is left out keeps its default",
    )
    dead_air_s: float | None = Field(
        default=_HEARD.dead_air.total_seconds() if _HEARD.dead_air else None,
        ge=3,
        le=300,
        description="a conversation so long without a word is noted; null: not watched",
    )
    dead_air_prompt: str | None = Field(
        default=None, pattern=_PROMPT, description="asks both sides then whether they hear; null: not asked"
    )
    dead_air_goodbye: str | None = Field(
        default=None,
        pattern=_PROMPT,
        description="played when still nobody speaks, and the call is ended; null: the agent decides",
    )
    dead_air_prompts: int = Field(default=_HEARD.dead_air_prompts, ge=1, le=5, description="so often it asks")
    dead_air_wait_s: float = Field(
        default=_HEARD.dead_air_wait.total_seconds(), ge=2, le=60, description="for an answer, each time"
    )


def _default_retry() -> Mapping[Disposition, RetryModel]:
    return {
        disposition: RetryModel(
            delay_s=int(rule.delay.total_seconds()), most=rule.most, number_is_dead=rule.number_is_dead
        )
        for disposition, rule in default_retry_rules().items()
    }


class NewCampaign(In):
    name: Name
    trunk: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    caller_id: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$")
    hours: HoursModel = HoursModel()
    ring_for_s: int = Field(default=20, ge=15, le=120)
    answer_within_s: float = Field(default=2.0, gt=0, le=60)
    abandoned_message: str = Field(default="fairdial/abandoned-en", pattern=_PROMPT)
    message: str | None = Field(
        default=None, pattern=_PROMPT, description="of the mode `agentless` alone; null: abandoned_message"
    )
    flow: str | None = Field(
        default=None,
        max_length=200,
        description="published flow of the mode `agentless`, in place of a message",
    )
    wrap_up_s: int = Field(default=15, ge=0, le=86_400)
    most_lines: int | None = Field(default=None, ge=1, le=10_000)
    record: bool = True
    announce_recording: RecordingAnnouncement = RecordingAnnouncement.AUTO
    announcement: str = Field(default="fairdial/recorded-en", pattern=_PROMPT)
    announce_why: str = Field(default="", max_length=500, description="why a recording is never announced")
    most_attempts: int = Field(default=6, ge=1, le=1000)
    retry: Mapping[Disposition, RetryModel] = Field(default_factory=_default_retry)
    pacing: PacingModel = PacingModel()
    rules: RulesModel = RulesModel()
    listening: ListeningModel = ListeningModel()


class PlanPatch(In):
    """Only what is named changes, also within `hours`, `pacing`, `rules` and `listening`; `retry` is replaced as a whole."""

    trunk: str | None = None
    caller_id: str | None = None
    hours: HoursModel | None = None
    ring_for_s: int | None = None
    answer_within_s: float | None = None
    abandoned_message: str | None = None
    message: str | None = None
    flow: str | None = None
    wrap_up_s: int | None = None
    most_lines: int | None = None
    record: bool | None = None
    announce_recording: RecordingAnnouncement | None = None
    announcement: str | None = None
    announce_why: str | None = None
    most_attempts: int | None = None
    retry: Mapping[Disposition, RetryModel] | None = None
    pacing: PacingModel | None = None
    rules: RulesModel | None = None
    listening: ListeningModel | None = None


class HoursOut(Out):
    start: str
    end: str
    weekdays: list[int]


class RetryOut(Out):
    delay_s: float
    most: int
    number_is_dead: bool


class PacingOut(Out):
    mode: PacingMode
    lines_per_agent: float
    weight: float
    least_lines: int
    day_cap: float
    period_cap: float
    half_hour_cap: float
    preview_for_s: float


class OverrideOut(Out):
    profile: str
    field: str
    value: str
    by: str
    why: str
    at: str


class RulesOut(Out):
    purposes: list[CallPurpose]
    home: list[str]
    subject: str
    seller: str
    seller_phone: str
    closing_guard_s: float
    revoke_all: bool
    detector: bool
    overrides: list[OverrideOut]
    languages: Mapping[str, str]


class ListeningOut(Out):
    before_answer: bool
    answer: AnswerStrategy
    audience: Audience
    machine_message: str | None
    announcements: Mapping[Announcement, RetryOut]
    dead_air_s: float | None
    dead_air_prompt: str | None
    dead_air_goodbye: str | None
    dead_air_prompts: int
    dead_air_wait_s: float


class PlanOut(Out):
    """As stored: a plan made by other means may go beyond what this API takes."""

    trunk: str
    caller_id: str | None
    hours: HoursOut
    ring_for_s: float
    answer_within_s: float
    abandoned_message: str
    message: str | None
    flow: str | None
    wrap_up_s: float
    most_lines: int | None
    record: bool
    announce_recording: RecordingAnnouncement
    announcement: str
    announce_why: str
    most_attempts: int
    retry: Mapping[Disposition, RetryOut]
    pacing: PacingOut
    rules: RulesOut
    listening: ListeningOut


class CampaignOut(Out):
    id: int
    name: str
    state: CampaignState
    plan: PlanOut


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


def plan_of(wanted: NewCampaign) -> CampaignPlan:
    """Raises `BadInput` for what single fields cannot see."""
    return plan_from_json(wanted.model_dump(mode="json"))


def patched(plan: CampaignPlan, patch: PlanPatch) -> CampaignPlan:
    """Raises `ValidationError` or `BadInput`, as a new plan with these values would."""
    document = plan_to_json(plan)
    changes = patch.model_dump(mode="json", exclude_unset=True)
    loosened = document["rules"].pop("overrides")
    whole = NewCampaign.model_validate(document | _whole(changes, document)).model_dump(mode="json")
    return plan_from_json({**whole, "rules": {**whole["rules"], "overrides": loosened}})


def _whole(changes: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The changes, with what they leave out of the objects they touch."""
    return {
        name: {**document[name], **change}
        if name in ("hours", "pacing", "rules", "listening") and change is not None
        else change
        for name, change in changes.items()
    }


def campaign_out(campaign: Campaign) -> CampaignOut:
    return CampaignOut(
        id=campaign.id,
        name=campaign.plan.name,
        state=campaign.state,
        plan=PlanOut.model_validate(plan_to_json(campaign.plan)),
    )

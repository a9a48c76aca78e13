"""The words of the API: what requests and answers look like. Times are ISO 8601 with a zone, answers in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.storage import ListKind

_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=_LINE)]
Line = Annotated[str, Field(max_length=200, pattern=_LINE)]
Id = Annotated[int, Field(ge=1, lt=10**18)]


def _reasonable(at: datetime) -> datetime:
    if not 1970 <= at.year <= 2200:
        raise ValueError("the year must lie between 1970 and 2200")
    return at.astimezone(UTC)


def _number(value: Any) -> Any:
    return value.e164 if isinstance(value, PhoneNumber) else value


def _seconds(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value


Time = Annotated[AwareDatetime, AfterValidator(_reasonable)]
NumberOut = Annotated[str, BeforeValidator(_number)]
Seconds = Annotated[float, BeforeValidator(_seconds)]


class In(BaseModel):
    """What is sent to us: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class Problem(Out):
    """RFC 9457; `error_id` is stable, the other words are for people."""

    type: str
    title: str
    status: int
    detail: str
    error_id: str
    field: str | None = None
    incident: str | None = None


# --- signing in -----------------------------------------------------------------------------------------------------


class SignIn(In):
    name: Name
    password: str = Field(min_length=1, max_length=1000)


class SignedIn(Out):
    token: str
    expires_at: datetime
    role: str
    agent: int | None


class Me(Out):
    name: str
    role: str
    agent: int | None


# --- contacts and lists ---------------------------------------------------------------------------------------------


class ContactQuery(In):
    after: Id | None = None
    limit: int = Field(default=100, ge=1, le=1000)
    state: ContactState | None = None


class ContactOut(Out):
    id: int
    campaign: int
    name: str
    state: ContactState
    due_at: datetime | None
    attempts: int
    because: str
    numbers: tuple[NumberOut, ...]


class ContactPage(Out):
    contacts: list[ContactOut]
    next_after: int | None = Field(description="pass it as `after`; null at the end")


class Because(In):
    because: Line = ""


class Reopen(In):
    because: Line = ""
    due_at: Time | None = Field(default=None, description="default: now")


class ContactMoved(Out):
    id: int
    state: ContactState


class UploadQuery(In):
    source: Line = Field(default="upload", description="a name for the list, such as its file name")


class RefusedRowOut(Out):
    line: int
    because: str


class ListOut(Out):
    read: int
    taken: int
    refused: int
    rows: list[RefusedRowOut] = Field(description="the first of the refused rows")


# --- agents ---------------------------------------------------------------------------------------------------------


class NewAgent(In):
    name: Name
    phone: str = Field(pattern=r"^[A-Za-z0-9_.+-]{1,40}$", description="the SIP account of the agent's phone")


class AgentOut(Out):
    id: int
    name: str
    phone: str
    state: AgentState
    reason: str
    since: datetime
    wish: AgentState
    wish_reason: str
    wished_at: datetime


class AgentList(Out):
    agents: list[AgentOut]


class Created(Out):
    id: int


class Reason(In):
    reason: Line = ""


class OfferOut(Out):
    """A contact in preview: read it under /contacts/{contact}, then accept or skip it."""

    attempt: UUID
    campaign: int
    contact: int
    number: NumberOut
    offered_at: datetime
    expires_at: datetime = Field(description="then it is skipped")


class CurrentCallOut(Out):
    """The call an agent is on. Of one that we made, everything from `queue` on is null or empty."""

    attempt: UUID
    state: AttemptState
    campaign: int
    contact: int
    number: NumberOut | None = Field(description="null: the caller does not show it")
    joined_at: datetime | None
    inbound: bool
    queue: str | None
    waited_s: float | None
    called: str = Field(description="the number the caller dialled")
    language: str
    session: str | None = Field(description="the call in the flows that brought the caller here")
    entered: dict[str, Any] = Field(description="what the caller keyed in, by the flow's names")
    answers: dict[str, Any]


# --- attempts -------------------------------------------------------------------------------------------------------


class AttemptQuery(In):
    campaign: Id | None = None
    contact: Id | None = None
    before: Time | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class CauseOut(Out):
    q850: int
    sip: int | None
    text: str


class AttemptOut(Out):
    id: UUID
    campaign: int
    contact: int
    number: NumberOut
    state: AttemptState
    disposition: Disposition | None
    because: str
    trunk: str | None
    agent: int | None
    claimed_at: datetime
    dialled_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    joined_at: datetime | None
    left_at: datetime | None
    message_at: datetime | None
    ended_at: datetime | None
    cause: CauseOut
    ended_by_us: bool | None
    note: str
    inbound: bool = Field(description="called us, and was never dialled")
    session: str | None = Field(description="the call in the flows that brought the caller here")


class AttemptPage(Out):
    attempts: list[AttemptOut]
    next_before: datetime | None = Field(description="pass it as `before`; null at the end")


class TimelineOut(Out):
    at: datetime
    kind: str
    detail: str


class AttemptDetail(Out):
    attempt: AttemptOut
    timeline: list[TimelineOut]


Result = Literal[
    "connected", "machine", "dead_air", "wrong_number", "not_interested", "do_not_call", "callback", "abroad"
]


class WrapUpResult(In):
    result: Result
    note: str = Field(default="", max_length=2000, pattern=r"^[^\x00]*$")
    callback_at: Time | None = Field(
        default=None, description="needed for the result `callback`; for `abroad`: the return"
    )


class FlowWanted(In):
    flow: str = Field(min_length=1, max_length=200)
    entry: str = Field(min_length=1, max_length=200, description="one of the flow's entry points")


class ResultNoted(Out):
    disposition: Disposition
    contact_state: ContactState
    due_at: datetime | None


# --- recordings -----------------------------------------------------------------------------------------------------


class RecordingQuery(In):
    campaign: Id | None = None
    attempt: UUID | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class SilenceOut(Out):
    """Seconds from the beginning of the recording; `until` null: to its end."""

    since: Seconds
    until: Seconds | None
    by: str


class RecordingMarksOut(Out):
    """`ends`: it was ended there, because a pause was not acknowledged."""

    announced_at: datetime | None
    announcement: str
    silences: list[SilenceOut]
    ends: Seconds | None


class RecordingOut(Out):
    id: UUID
    attempt: UUID
    part: int
    state: str
    started_at: datetime
    talk: Seconds | None
    duration: Seconds | None
    bytes: int | None
    sha256: str | None
    caller_dbfs: float | None
    agent_dbfs: float | None
    problem: str
    marks: RecordingMarksOut


class RecordingList(Out):
    recordings: list[RecordingOut]


# --- do-not-call ----------------------------------------------------------------------------------------------------


class DoNotCallNumber(In):
    """Numbers travel in bodies, never in addresses, which end up in the logs of proxies."""

    number: Annotated[str, Field(min_length=3, max_length=40)]
    campaign: Id | None = Field(default=None, description="null: every campaign")
    kind: ListKind = Field(
        default=ListKind.NUMBER, description="a prefix is the beginning of numbers, such as +1900"
    )


class DoNotCallNew(DoNotCallNumber):
    reason: Line = ""
    expires_at: Time | None = None
    channel: Line = Field(default="", description="how a sensitive customer wishes to be reached")


class DoNotCallOut(Out):
    number: NumberOut
    campaign: int | None
    source: str
    reason: str
    added_at: datetime
    expires_at: datetime | None
    kind: ListKind
    channel: str


class DoNotCallAnswer(Out):
    number: str
    listed: bool
    entries: list[DoNotCallOut]


class Changed(Out):
    changed: bool

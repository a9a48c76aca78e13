"""Options that set a campaign's plan, the same for `campaign create` and `campaign set`."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer

from dialer.domain.campaign import RecordingAnnouncement
from dialer.domain.campaign_rules import CallPurpose
from dialer.domain.listening_plan import AnswerStrategy, Audience
from dialer.domain.pacing_plan import PacingMode
from dialer.errors import BadInput

Name = Annotated[str | None, typer.Option(help="Unique, at most 80 characters.")]
Trunk = Annotated[str | None, typer.Option(help="A trunk of the settings.")]
CallerId = Annotated[str | None, typer.Option(help="E.164; default: the trunk's own.")]
Start = Annotated[str | None, typer.Option(help="First local time of the called, such as 09:00.")]
End = Annotated[str | None, typer.Option(help="At this local time no call may begin.")]
Weekdays = Annotated[str | None, typer.Option(help="Days as digits, 0 is Monday: 01234.")]
RingFor = Annotated[int | None, typer.Option(help="Seconds of ringing, at least 15.")]
Message = Annotated[str | None, typer.Option(help="Prompt that mode agentless plays to who answers.")]
Flow = Annotated[
    str | None,
    typer.Option(help="Published flow that mode agentless takes who answers through; '' for none."),
]
WrapUp = Annotated[int | None, typer.Option(help="Seconds after a call.")]
MostLines = Annotated[int | None, typer.Option(help="Lines used at once.")]
MostAttempts = Annotated[int | None, typer.Option(help="Attempts per contact.")]
Record = Annotated[bool | None, typer.Option("--record/--no-record", help="Record the calls.")]
AnnounceRecording = Annotated[
    RecordingAnnouncement | None,
    typer.Option(help="Say first that it is recorded; auto: where the law wants it."),
]
Announcement = Annotated[str | None, typer.Option(help="The prompt that says so.")]
AnnounceWhy = Annotated[str | None, typer.Option(help="Why it is never said; for the record.")]
Mode = Annotated[PacingMode | None, typer.Option(help="How it is paced; default: predictive.")]
LinesPerAgent = Annotated[float | None, typer.Option(help="For each free agent, 1 to 20; mode power only.")]
Weight = Annotated[
    float | None,
    typer.Option(help="Beside campaigns that share its agents or trunk, or beside other queues."),
]
LeastLines = Annotated[int | None, typer.Option(help="Lines it may always have beside other campaigns.")]
DayCap = Annotated[float | None, typer.Option(help="Abandoned of those answered in a day; 0.03 is 3 %.")]
PeriodCap = Annotated[float | None, typer.Option(help="The same of 30 days.")]
HalfHourCap = Annotated[float | None, typer.Option(help="The same of any half-hour with enough answers.")]
Purposes = Annotated[
    list[CallPurpose] | None,
    typer.Option("--purpose", help="Why it calls; may be given again. Default: sales."),
]
HomeRules = Annotated[
    list[str] | None,
    typer.Option(help="A profile that applies wherever the called are; may be given again, '' for none."),
]
Subject = Annotated[
    str | None, typer.Option(help="What it calls about; attempt caps per subject count by it.")
]
Seller = Annotated[str | None, typer.Option(help="In whose name it calls.")]
SellerPhone = Annotated[str | None, typer.Option(help="Where that name can be reached, E.164.")]
ClosingGuard = Annotated[int | None, typer.Option(help="Seconds before closing from which no call begins.")]
RevokeAll = Annotated[
    bool | None,
    typer.Option("--revoke-all/--no-revoke-all", help="Consent taken back on one topic ends it for all."),
]
Detector = Annotated[
    bool | None, typer.Option("--detector/--no-detector", help="Calls are listened to for machines.")
]
BeforeAnswer = Annotated[
    bool | None,
    typer.Option(
        "--listen-before-answer/--no-listen-before-answer",
        help="Hear early media: tones of other countries, announcements.",
    ),
]
WhenAnswered = Annotated[
    AnswerStrategy | None, typer.Option(help="What is done about who answers: machines are told from people.")
]
WhoAnswers = Annotated[Audience | None, typer.Option("--audience", help="Whom it calls: homes or offices.")]
MachineMessage = Annotated[str | None, typer.Option(help="Prompt that leave_message leaves on machines.")]
DeadAir = Annotated[float | None, typer.Option(help="Seconds without a word after which a call is noted.")]
DeadAirPrompt = Annotated[str | None, typer.Option(help="Prompt that then asks whether one is heard.")]
DeadAirGoodbye = Annotated[
    str | None, typer.Option(help="Prompt before the call is ended because nobody answers that.")
]
DeadAirPrompts = Annotated[int | None, typer.Option(help="How often it asks; default: 2.")]
DeadAirWait = Annotated[float | None, typer.Option(help="Seconds it waits for an answer; default: 5.")]
PreviewFor = Annotated[float | None, typer.Option(help="Seconds a contact is held for its agent.")]

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "trunk": ("trunk",),
    "caller_id": ("caller_id",),
    "start": ("hours", "start"),
    "end": ("hours", "end"),
    "weekdays": ("hours", "weekdays"),
    "ring_for": ("ring_for_s",),
    "message": ("message",),
    "flow": ("flow",),
    "wrap_up": ("wrap_up_s",),
    "most_lines": ("most_lines",),
    "most_attempts": ("most_attempts",),
    "record": ("record",),
    "announce_recording": ("announce_recording",),
    "announcement": ("announcement",),
    "announce_why": ("announce_why",),
    "mode": ("pacing", "mode"),
    "lines_per_agent": ("pacing", "lines_per_agent"),
    "weight": ("pacing", "weight"),
    "least_lines": ("pacing", "least_lines"),
    "day_cap": ("pacing", "day_cap"),
    "period_cap": ("pacing", "period_cap"),
    "half_hour_cap": ("pacing", "half_hour_cap"),
    "preview_for": ("pacing", "preview_for_s"),
    "purposes": ("rules", "purposes"),
    "home_rules": ("rules", "home"),
    "subject": ("rules", "subject"),
    "seller": ("rules", "seller"),
    "seller_phone": ("rules", "seller_phone"),
    "closing_guard": ("rules", "closing_guard_s"),
    "revoke_all": ("rules", "revoke_all"),
    "detector": ("rules", "detector"),
    "before_answer": ("listening", "before_answer"),
    "when_answered": ("listening", "answer"),
    "audience": ("listening", "audience"),
    "machine_message": ("listening", "machine_message"),
    "dead_air": ("listening", "dead_air_s"),
    "dead_air_prompt": ("listening", "dead_air_prompt"),
    "dead_air_goodbye": ("listening", "dead_air_goodbye"),
    "dead_air_prompts": ("listening", "dead_air_prompts"),
    "dead_air_wait": ("listening", "dead_air_wait_s"),
}


def _plan(
    name: Name = None,
    trunk: Trunk = None,
    caller_id: CallerId = None,
    start: Start = None,
    end: End = None,
    weekdays: Weekdays = None,
    ring_for: RingFor = None,
    message: Message = None,
    flow: Flow = None,
    wrap_up: WrapUp = None,
    most_lines: MostLines = None,
    most_attempts: MostAttempts = None,
    record: Record = None,
    announce_recording: AnnounceRecording = None,
    announcement: Announcement = None,
    announce_why: AnnounceWhy = None,
    mode: Mode = None,
    lines_per_agent: LinesPerAgent = None,
    weight: Weight = None,
    least_lines: LeastLines = None,
    day_cap: DayCap = None,
    period_cap: PeriodCap = None,
    half_hour_cap: HalfHourCap = None,
    preview_for: PreviewFor = None,
    purposes: Purposes = None,
    home_rules: HomeRules = None,
    subject: Subject = None,
    seller: Seller = None,
    seller_phone: SellerPhone = None,
    closing_guard: ClosingGuard = None,
    revoke_all: RevokeAll = None,
    detector: Detector = None,
    before_answer: BeforeAnswer = None,
    when_answered: WhenAnswered = None,
    audience: WhoAnswers = None,
    machine_message: MachineMessage = None,
    dead_air: DeadAir = None,
    dead_air_prompt: DeadAirPrompt = None,
    dead_air_goodbye: DeadAirGoodbye = None,
    dead_air_prompts: DeadAirPrompts = None,
    dead_air_wait: DeadAirWait = None,
) -> None:
    """Never called: its parameters are the options."""


_Command = TypeVar("_Command", bound=Callable[..., None])


def with_plan(command: _Command) -> _Command:
    """The command has every option of a plan besides its own; what was given is in the context's `params`."""
    own, of_plan = inspect.signature(command), inspect.signature(_plan)
    others = [each for each in own.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    signature = own.replace(parameters=[*others, *of_plan.parameters.values()])
    hints = {**command.__annotations__, **_plan.__annotations__}
    command.__annotations__ = {name: hint for name, hint in hints.items() if name in signature.parameters}
    setattr(command, "__signature__", signature)  # noqa: B010  no type knows it, `inspect` documents it
    return command


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a plan document that the options of a command say; other options are passed over."""
    document: dict[str, Any] = {}
    for option, path in _FIELDS.items():
        value = options.get(option)
        if value is not None and value not in ([], ()):
            place = document if len(path) == 1 else document.setdefault(path[0], {})
            place[path[-1]] = _in_document(option, value)
    return document


def _in_document(option: str, value: Any) -> Any:
    if option == "weekdays":
        return _days(value)
    if option == "flow":
        return value or None
    if option in ("purposes", "home_rules"):
        return [each for each in value if each]
    return value


def laid_over(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the changes in it; of an object, what the changes do not name stays."""
    whole = dict(document)
    for field, change in changes.items():
        before = whole.get(field)
        if isinstance(before, Mapping) and isinstance(change, Mapping):
            whole[field] = {**before, **change}
        else:
            whole[field] = change
    return whole


def _days(written: str) -> list[int]:
    if not (written.isascii() and written.isdigit()):
        raise BadInput("weekdays: digits from 0 (Monday) to 6 (Sunday), such as 01234", "weekdays")
    return [int(day) for day in written]

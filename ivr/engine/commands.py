"""What a shell is to do, in this order. The last of a step is what is waited for, unless the call has ended.

Not frozen, because that would double the time of a step; nothing changes one all the same.
A shell that cannot do one (a carrier without recording, say) answers with the event of its failure.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from ivr.expressions import Value
from ivr.spoken import Spoken as Spoken


@dataclass(slots=True, kw_only=True)
class Command:
    DO: ClassVar[str] = ""


@dataclass(slots=True, kw_only=True)
class Play(Command):
    """Answered with `PlayDone` when `turn` is not 0."""

    DO: ClassVar[str] = "play"
    prompts: tuple[Spoken, ...]
    turn: int = 0


@dataclass(slots=True, kw_only=True)
class Gather(Command):
    """Prompts, then keys. Answered with `InputDone` (or `Digits`, key by key).

    A key during a prompt with barge-in ends it and counts; during one without it is dropped. Keys pressed before the
    first prompt count when `ahead` is true.
    """

    DO: ClassVar[str] = "gather"
    prompts: tuple[Spoken, ...]
    max: int
    terminator: str
    timeout_s: float
    between_digits_s: float
    total_s: float
    turn: int
    ahead: bool = True


@dataclass(slots=True, kw_only=True)
class Record(Command):
    """Answered with `RecordDone`, also when the caller hangs up meanwhile: what was said until then is kept."""

    DO: ClassVar[str] = "record"
    prompts: tuple[Spoken, ...]
    longest_s: float
    silence_s: float
    terminator: str
    beep: bool
    turn: int


@dataclass(slots=True, kw_only=True)
class Transfer(Command):
    """`kind`: agent, queue, number, sip. `context` is what goes to the agent's screen. Answered with
    `TransferDone` or `Returned`."""

    DO: ClassVar[str] = "transfer"
    kind: str
    target: str
    timeout_s: float
    priority: int
    skill: str | None
    context: dict[str, Any]
    turn: int


@dataclass(slots=True, kw_only=True)
class Http(Command):
    """Answered with `HttpDone`. `hosts` is the flow's list: `ivr.flow.addresses.allowed` for it and every redirect."""

    DO: ClassVar[str] = "http"
    method: str
    url: str
    body: dict[str, Value] | None
    timeout_s: float
    retries: int
    hosts: tuple[str, ...]
    turn: int


@dataclass(slots=True, kw_only=True)
class OptOut(Command):
    """Answered with `RequestDone`, as are the next three. To be carried out although the caller hangs up."""

    DO: ClassVar[str] = "opt_out"
    number: str
    scope: str
    turn: int


@dataclass(slots=True, kw_only=True)
class Callback(Command):
    """`at` is local time of `time_zone`, ISO 8601, or empty for as soon as possible."""

    DO: ClassVar[str] = "callback"
    number: str
    at: str
    time_zone: str
    queue: str | None
    about: str
    turn: int


@dataclass(slots=True, kw_only=True)
class Sms(Command):
    DO: ClassVar[str] = "sms"
    number: str
    text: str
    turn: int


@dataclass(slots=True, kw_only=True)
class Voicemail(Command):
    DO: ClassVar[str] = "voicemail"
    box: str
    clip: str
    seconds: float
    turn: int


@dataclass(slots=True, kw_only=True)
class SaveAnswer(Command):
    """`status`: answered, refused, no_answer (asked in vain), cut_off (hung up while being asked), not_asked.

    A consent comes with the words that were said and the seconds into the call.
    """

    DO: ClassVar[str] = "save_answer"
    question: str
    status: str
    value: Value
    facts: dict[str, bool]
    clip: str
    language: str
    at: float
    offset_s: float
    consent: bool
    said: str


@dataclass(slots=True, kw_only=True)
class Fault(Command):
    """For the log: the flow itself went wrong here, and the caller was led to its error node."""

    DO: ClassVar[str] = "fault"
    node: str
    reason: str


@dataclass(slots=True, kw_only=True)
class HangUp(Command):
    DO: ClassVar[str] = "hang_up"


@dataclass(slots=True, kw_only=True)
class Ended(Command):
    """The last command of a call. `checks` are the flow's conditions, each met or not."""

    DO: ClassVar[str] = "ended"
    result: str
    node: str
    seconds: float
    checks: dict[str, bool]


def as_json(command: Command) -> dict[str, Any]:
    return {"do": command.DO, **asdict(command)}

"""record, voicemail, callback, sms, opt_out and http: something is done for the caller."""

from dataclasses import dataclass
from typing import ClassVar

from ivr.expressions import Expression
from ivr.flow.kinds import VARIABLE, Duration, Flag, Formula, OneOf, Pattern, Target, Variable, Whole, has
from ivr.flow.nodes.node import KEY, Exit, Node, to
from ivr.flow.prompts import PromptRef, Prompts, Template, Worded
from ivr.flow.records import MapOf

_BOX = r"[A-Za-z0-9_.-]{1,40}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Working(Node):
    WAITS: ClassVar[bool] = True

    next: str = has(Target(), "where to go when it is done")
    on_failure: str | None = has(
        Target(), "where to go when it cannot be done; else the flow's on_failure", None
    )

    def exits(self) -> list[Exit]:
        return to(next=self.next, failure=self.on_failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recording(_Working):
    prompt: tuple[PromptRef, ...] = has(Prompts(), "said before the beep")
    longest: float = has(Duration(1, 3600), "longest recording", 120.0)
    silence: float = has(Duration(1, 60), "silence that ends it", 5.0)
    terminator: str = has(Pattern(KEY, "#"), "the key that ends it", "#")
    beep: bool = has(Flag(), "whether a beep says that it begins", True)
    shortest: float = has(Duration(0, 60), "anything shorter counts as nothing said", 1.0)
    tries: int = has(Whole(1, 10), "how often it is asked for in all", 2)

    def spoken(self) -> tuple[PromptRef, ...]:
        return self.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(_Recording):
    """Takes a voice; the variable gets the name of the recording."""

    TYPE: ClassVar[str] = "record"

    into: str = has(Variable(), "the variable that takes the recording's name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail(_Recording):
    """Leaves a message in a box."""

    TYPE: ClassVar[str] = "voicemail"

    box: str = has(Pattern(_BOX, "sales"), "the box it goes to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback(_Working):
    """Asks that the caller be called. `reference` in later prompts is what it was registered as."""

    TYPE: ClassVar[str] = "callback"

    number: Template | None = has(Worded(60), "the number to call; else the caller's", None)
    queue: str | None = has(Pattern(_BOX, "sales"), "who is to call", None)
    at: Expression | None = has(Formula(), "when: a date and time of the flow's zone, 2026-03-02T10:00", None)
    about: Template | None = has(Worded(300), "what it is about", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms(_Working):
    TYPE: ClassVar[str] = "sms"

    to: Template | None = has(Worded(60), "the number; else the caller's", None)
    text: tuple[PromptRef, ...] = has(Prompts(), "the words, as a prompt")

    def spoken(self) -> tuple[PromptRef, ...]:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut(_Working):
    """Registers that the number is not to be called again. `reference` is what it was registered as."""

    TYPE: ClassVar[str] = "opt_out"

    number: Template | None = has(Worded(60), "the number; else the caller's", None)
    scope: str = has(
        OneOf(("campaign", "client", "marketing", "all")), "what it is not to be called for", "marketing"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Http(_Working):
    """Asks another system. Only hosts of the flow's `http_hosts`, and of the installation's own list, are reached."""

    TYPE: ClassVar[str] = "http"

    method: str = has(OneOf(("GET", "POST", "PUT", "PATCH")), "the method", "GET")
    url: Template = has(Worded(500), "https://host/path; the host is written out, values are percent-encoded")
    query: dict[str, Expression] = has(MapOf(Formula(), most=30, example="order"), "added to the address", {})
    body: dict[str, Expression] = has(MapOf(Formula(), most=50, example="order"), "sent as a JSON object", {})
    timeout: float = has(Duration(0.5, 30), "how long one attempt may take", 5.0)
    retries: int = has(Whole(0, 5), "further attempts after a failure that may pass", 1)
    save: dict[str, str] = has(
        MapOf(
            Pattern(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,9}", "order.state"), VARIABLE, most=20, writes=True
        ),
        "variables and where in the JSON answer their value stands",
        {},
    )
    prompt: tuple[PromptRef, ...] = has(Prompts(), "said while it is asked", ())

    def spoken(self) -> tuple[PromptRef, ...]:
        return self.prompt

"""transfer and hang_up."""

from dataclasses import dataclass
from typing import ClassVar

from ivr.flow.kinds import Duration, Pattern, Target, Whole, has
from ivr.flow.nodes.node import Exit, Node, to
from ivr.flow.prompts import PromptRef, Prompts, Template, Worded

DESTINATIONS = ("agent", "queue", "number", "sip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Node):
    """To an agent, a queue, a telephone number or a SIP address: one of the four.

    What the caller has entered goes along. Whoever takes the call can send the caller back to one of the flow's
    entry points; without that, `next` is where a caller goes on whose far end has hung up first.
    """

    TYPE: ClassVar[str] = "transfer"
    WAITS: ClassVar[bool] = True

    agent: Template | None = has(Worded(60), "the agent", None)
    queue: Template | None = has(Worded(60), "the queue", None)
    number: Template | None = has(Worded(60), "the telephone number", None)
    sip: Template | None = has(Worded(200), "the SIP address", None)
    prompt: tuple[PromptRef, ...] = has(Prompts(), "said before: to whom, and what happens next", ())
    timeout: float = has(Duration(5, 3600), "how long it may ring or wait", 60.0)
    priority: int = has(Whole(0, 10), "place in the queue: higher comes first", 0)
    skill: str | None = has(
        Pattern(r"[A-Za-z0-9_.-]{1,40}", "english"), "what the agent must be able to do", None
    )
    next: str | None = has(Target(), "where to go after the conversation; without it the call ends", None)
    on_busy: str | None = has(Target(), "where to go when it is busy; else on_failure", None)
    on_no_answer: str | None = has(Target(), "where to go when nobody answers in time; else on_failure", None)
    on_failure: str | None = has(
        Target(), "where to go when it cannot be done; else the flow's on_failure", None
    )

    def destination(self) -> tuple[str, Template]:
        """Kind and address of the one that is given."""
        for kind in DESTINATIONS:
            if (address := getattr(self, kind)) is not None:
                return kind, address
        raise LookupError("no destination")  # the reader refuses such a node

    def exits(self) -> list[Exit]:
        return to(next=self.next, busy=self.on_busy, no_answer=self.on_no_answer, failure=self.on_failure)

    def spoken(self) -> tuple[PromptRef, ...]:
        return self.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp(Node):
    TYPE: ClassVar[str] = "hang_up"
    WAITS: ClassVar[bool] = True

    prompt: tuple[PromptRef, ...] = has(Prompts(), "said before", ())
    result: str = has(Pattern(r"[a-z_][a-z0-9_]{0,39}", "done"), "how the conversation ended", "done")

    def spoken(self) -> tuple[PromptRef, ...]:
        return self.prompt

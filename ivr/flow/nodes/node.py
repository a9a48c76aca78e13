"""What all nodes share, and the asking that several do: how long to wait, how often to try, where to go in the end."""

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from ivr.flow.kinds import Duration, Flag, OneOf, Pattern, Target, Whole, Words, has
from ivr.flow.prompts import Label, PromptRef, Prompts

FAILURE: Final = "builtin/failure"
"""Says sorry and hangs up: where a caller ends who does not answer, unless the flow says otherwise."""

ERROR: Final = "builtin/error"

KEY: Final = r"[0-9*#]"


class Exit(NamedTuple):
    """A way out of a node. `label` names it in diagrams: a key, an outcome, a condition."""

    label: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`label` is for operators: diagrams, scripts, transcripts."""

    TYPE: ClassVar[str] = ""
    WAITS: ClassVar[bool] = False
    """Whether the caller's call stands still here, so that a loop through it ends when the caller hangs up."""

    label: dict[str, str] | None = has(Label(), "what operators call this node", None)
    note: str | None = has(Words(500), "a remark for operators; nobody hears it", None)

    def exits(self) -> list[Exit]:
        return []

    def spoken(self) -> tuple[PromptRef, ...]:
        """Every prompt it may say."""
        return ()


def to(**targets: str | None) -> list[Exit]:
    return [Exit(label, target) for label, target in targets.items() if target is not None]


NO_INPUT: Final = (PromptRef("builtin/no_input"),)
INVALID: Final = (PromptRef("builtin/invalid"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking(Node):
    """Waits for keys. Silence and wrong keys are answered with a prompt, and the question is put again, `tries` in all."""

    WAITS: ClassVar[bool] = True

    prompt: tuple[PromptRef, ...] = has(Prompts(), "the question")
    barge_in: bool = has(Flag(), "whether a key ends the prompt and counts; otherwise it is dropped", True)
    timeout: float = has(Duration(1, 60), "silence after the prompt until it counts as no input", 5.0)
    between_digits: float = has(
        Duration(0.5, 30), "silence after a key until the input counts as complete", 3.0
    )
    total: float = has(Duration(2, 300), "longest time for the whole input", 30.0)
    tries: int = has(Whole(1, 10), "how often it is asked in all", 3)
    no_input: tuple[PromptRef, ...] = has(Prompts(), "said after silence, before it is asked again", NO_INPUT)
    invalid: tuple[PromptRef, ...] = has(
        Prompts(), "said after a wrong input, before it is asked again", INVALID
    )
    on_no_input: str | None = has(Target(), "where to go after the last try when that was silence", None)
    on_failure: str | None = has(Target(), "where to go after the last try; else the flow's on_failure", None)
    repeat_key: str = has(Pattern(f"{KEY}?", "*"), "the key that plays the prompt again; empty for none", "*")
    rate: str = has(OneOf(("normal", "slow")), "how fast it is said", "normal")

    def spoken(self) -> tuple[PromptRef, ...]:
        return (*self.prompt, *self.no_input, *self.invalid)

    def ways_out_of_failure(self) -> list[Exit]:
        return to(no_input=self.on_no_input, failure=self.on_failure)

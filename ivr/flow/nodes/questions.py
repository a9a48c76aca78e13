"""question: one of a survey. The same definition is heard on the phone and read by an agent."""

from dataclasses import dataclass
from typing import ClassVar, Final

from ivr.expressions import Expression
from ivr.flow.kinds import (
    VARIABLE,
    Duration,
    Flag,
    Formula,
    OneOf,
    Pattern,
    Target,
    Whole,
    Words,
    has,
)
from ivr.flow.nodes.node import KEY, Asking, Exit
from ivr.flow.prompts import Label, PromptRef, Prompts
from ivr.flow.records import ListOf, MapOf, Record

KINDS = ("single", "multiple", "number", "rating", "record")


FACTS: Final = MapOf(Flag(), VARIABLE, most=10, example="aware", writes=True)
"""What an option says besides: `{aware: yes, willing: no}`. Each becomes a variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    key: str = has(Pattern("[0-9]", "1"), "the key on the phone")
    code: str = has(Pattern(r"[A-Za-z0-9_]{1,40}", "town"), "the answer that is stored")
    label: dict[str, str] = has(Label(), "the words of the option")
    next: str | None = has(Target(), "where to go after this option; else the question's next", None)
    record: bool = has(Flag(), "whether the caller says it in own words, which an agent writes down", False)
    facts: dict[str, bool] = has(FACTS, "what the option says besides; each becomes a variable", {})
    emphasis: bool = has(Flag(), "whether agents are told to ask this one with care", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Asking):
    """Stored as soon as it is answered. Options are spoken with their keys unless `keys_prompt` says it otherwise."""

    TYPE: ClassVar[str] = "question"

    kind: str = has(
        OneOf(KINDS), "single and multiple have options; number and rating a range; record takes a voice"
    )
    options: tuple[Option, ...] = has(ListOf(Record(Option), most=12), "for single and multiple", ())
    keys_prompt: tuple[PromptRef, ...] | None = has(
        Prompts(), "how to answer by key, in place of the words made from the options", None
    )
    min: int = has(Whole(0, 999_999_999), "least number or rating", 1)
    max: int = has(Whole(0, 999_999_999), "largest number or rating", 10)
    zero_is_ten: bool = has(Flag(), "one key is enough for 1 to 10: 0 means 10", False)
    enough_key: str = has(Pattern(KEY, "#"), "ends a multiple choice or a number", "#")
    check: Expression | None = has(Formula(), "must be true of `value`, or the answer is wrong", None)
    skip_if: Expression | None = has(Formula(), "not asked when this is true; stored as not asked", None)
    refusal: bool = has(Flag(), "whether the flow's refusal key works here", True)
    consent: bool = has(
        Flag(), "whether this is the explicit consent: stored with the words that were said", False
    )
    longest: float = has(Duration(1, 600), "longest voice answer", 60.0)
    silence: float = has(Duration(1, 30), "silence that ends a voice answer", 4.0)
    record_prompt: tuple[PromptRef, ...] = has(
        Prompts(), "said before a voice answer to an option with record", (PromptRef("builtin/record_other"),)
    )
    hint: str | None = has(
        Words(300), "for agents: how to ask, what to do when the customer cannot say", None
    )
    next: str = has(Target(), "where to go afterwards")

    def exits(self) -> list[Exit]:
        ways = [Exit(option.key, option.next) for option in self.options if option.next is not None]
        rest = (
            "skip"
            if ways and all(option.next for option in self.options) and self.kind == "single"
            else "next"
        )
        always = rest == "next" or self.skip_if is not None
        return [*ways, *([Exit(rest, self.next)] if always else []), *self.ways_out_of_failure()]

    def spoken(self) -> tuple[PromptRef, ...]:
        recorded = self.record_prompt if any(option.record for option in self.options) else ()
        return (*self.prompt, *(self.keys_prompt or ()), *self.no_input, *self.invalid, *recorded)

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)

"""gather and menu."""

from dataclasses import dataclass
from typing import ClassVar, Final

from ivr.expressions import Expression
from ivr.flow.kinds import VARIABLE, Formula, Pattern, Target, Variable, Whole, has
from ivr.flow.nodes.node import KEY, Asking, Exit, to
from ivr.flow.prompts import LANGUAGE, Label
from ivr.flow.records import MapOf, Record

SETTING: Final = MapOf(Formula(), VARIABLE, most=50, example="order_number", writes=True)
"""`{variable: expression}`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Asking):
    """Takes digits into a variable, as text, so that leading zeros stay."""

    TYPE: ClassVar[str] = "gather"

    into: str = has(Variable(), "the variable that takes the digits")
    min: int = has(Whole(0, 32), "fewest digits; with 0 an empty input is an answer", 1)
    max: int = has(Whole(1, 32), "most digits: the input is complete with the last of them", 16)
    terminator: str = has(Pattern(f"{KEY}?", "#"), "the key that ends the input; empty for none", "#")
    repeat_key: str = has(Pattern(f"{KEY}?", "*"), "the key that plays the prompt again; empty for none", "*")
    check: Expression | None = has(Formula(), "must be true of `value`, or the input is wrong", None)
    next: str = has(Target(), "where to go with an input")

    def exits(self) -> list[Exit]:
        return [*to(next=self.next), *self.ways_out_of_failure()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a key of a menu does."""

    next: str = has(Target(), "where to go")
    label: dict[str, str] | None = has(Label(), "what the choice is called", None)
    language: str | None = has(Pattern(LANGUAGE, "zh"), "the language from here on", None)
    set: dict[str, Expression] = has(SETTING, "variables that get a value", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu(Asking):
    """One of several keys."""

    TYPE: ClassVar[str] = "menu"

    choices: dict[str, Choice] = has(
        MapOf(Record(Choice, short="next"), r"[0-9*#]|[0-9]{2,3}", least=1, most=50, example='"1"'),
        'where each key leads: `"1": sales`, or with next, label, language, set',
    )
    into: str | None = has(Variable(), "a variable that takes the key pressed", None)

    def exits(self) -> list[Exit]:
        chosen = [Exit(key, choice.next) for key, choice in self.choices.items()]
        return [*chosen, *self.ways_out_of_failure()]

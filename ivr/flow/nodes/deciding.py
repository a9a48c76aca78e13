"""branch, set, subflow and return: nothing is heard."""

from dataclasses import dataclass
from typing import ClassVar

from ivr.expressions import Expression
from ivr.flow.kinds import NAME, Formula, Pattern, Target, has
from ivr.flow.nodes.asking import SETTING
from ivr.flow.nodes.node import Exit, Node, to
from ivr.flow.prompts import LANGUAGE
from ivr.flow.records import ListOf, MapOf, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    when: Expression = has(Formula(), "the condition")
    next: str = has(Target(), "where to go when it is true")


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Node):
    """The first case that is true."""

    TYPE: ClassVar[str] = "branch"

    cases: tuple[Case, ...] = has(ListOf(Record(Case), least=1, most=50), "asked in this order")
    otherwise: str = has(Target(), "where to go when no case is true")

    def exits(self) -> list[Exit]:
        return [
            *(Exit(case.when.source, case.next) for case in self.cases),
            Exit("otherwise", self.otherwise),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Node):
    """All expressions are worked out before any variable changes."""

    TYPE: ClassVar[str] = "set"

    values: dict[str, Expression] = has(SETTING, "variables and the expressions that give them a value", {})
    language: str | None = has(Pattern(LANGUAGE, "zh"), "the language from here on", None)
    next: str = has(Target(), "where to go")

    def exits(self) -> list[Exit]:
        return to(next=self.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subflow(Node):
    """Goes through another flow's nodes and comes back at a `return`."""

    TYPE: ClassVar[str] = "subflow"

    flow: str = has(Pattern(NAME, "confirm_number"), "one of the flow's subflows")
    values: dict[str, Expression] = has(SETTING, "variables that get a value before", {})
    next: str = has(Target(), "where to go when it has returned")
    outcomes: dict[str, str] = has(
        MapOf(Target(), example="declined"), "where to go instead, by the outcome it returned", {}
    )

    def exits(self) -> list[Exit]:
        return [*(Exit(name, target) for name, target in self.outcomes.items()), *to(next=self.next)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Node):
    """The end of a subflow."""

    TYPE: ClassVar[str] = "return"

    outcome: str | None = has(
        Pattern(NAME, "declined"), "what the caller of the subflow can tell apart", None
    )

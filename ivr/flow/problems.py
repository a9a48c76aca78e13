"""What is wrong with a flow file: where, in which node, and what to do. In English and Chinese."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ivr.errors import IvrError
from ivr.words import Language, catalogue, say


class Weight(StrEnum):
    ERROR = "error"  # the flow cannot be published
    WARNING = "warning"  # it can, and somebody should look


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` and `values` choose the words: `problem.<code>`, and `hint.<code>` for what to do. `line` 0: no file."""

    code: str
    file: str
    line: int
    node: str = ""
    where: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    weight: Weight = Weight.ERROR

    def message(self, language: Language) -> str:
        words = say(f"problem.{self.code}", language, **self._said(language))
        return f"{self.where}: {words}" if self.where else words

    def hint(self, language: Language) -> str:
        key = f"hint.{self.code}"
        near = self.values.get("near")
        parts = [say("hint.near", language, near=near)] if near else []
        if key in catalogue(language):
            parts.append(say(key, language, **self._said(language)))
        return " ".join(parts)

    def line_of_text(self, language: Language) -> str:
        """`file:line: error: node welcome: …. Hint: …`"""
        node = f"{say('problem.node', language, node=self.node)}: " if self.node else ""
        hint = f" {say('problem.hint', language)} {self.hint(language)}" if self.hint(language) else ""
        weight = say(f"weight.{self.weight}", language)
        return f"{self.file}:{self.line}: {weight}: {node}{self.message(language)}{hint}"

    def as_json(self, language: Language) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "weight": str(self.weight),
            "code": self.code,
            "node": self.node,
            "where": self.where,
            "message": self.message(language),
            "hint": self.hint(language),
        }

    def _said(self, language: Language) -> dict[str, Any]:
        values = dict(self.values)
        if (key := values.pop("expression", None)) is not None:
            values["expression"] = say(f"expression.{key}", language, **self.values)
        return values


class FlowRefused(IvrError):
    """A flow with mistakes; `problems` holds all that were found, in the order of their lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(sorted(problems, key=lambda one: (one.file, one.line)))

    def __str__(self) -> str:
        return "\n".join(problem.line_of_text("en") for problem in self.problems)

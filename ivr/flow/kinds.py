"""What a field of a flow file may hold. Each kind reads it, writes it back in one fixed form, and has its schema.

A dataclass declares its fields with `has(kind, ...)`; the reader, the JSON Schema and the canonical form of a
published flow all follow from that one declaration.
"""

import dataclasses
import difflib
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from typing import Any, Final, Protocol

from ivr.errors import ExpressionError
from ivr.expressions import Expression, compile_expression
from ivr.flow.places import Item
from ivr.flow.problems import Problem

Json = Any
NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(/[A-Za-z0-9_.-]{1,64})*"
VARIABLE: Final = r"[a-z_][a-z0-9_]{0,39}"


class Wrong(Exception):
    """`problem` is None when it has been noted already."""

    def __init__(self, problem: Problem | None) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Reference:
    """A name used somewhere: of a node, a prompt or a value of the session."""

    name: str
    item: Item
    node: str


class Reading:
    """What is gathered while a file is read: mistakes, and the names used, each with its place."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.targets: list[Reference] = []
        self.prompts: list[Reference] = []
        self.names: list[Reference] = []
        self.written: list[Reference] = []
        self.inline: list[tuple[Any, Item, str]] = []  # prompts written in place
        self.node = ""
        self.node_prefix = ""
        self.prompt_prefix = ""

    def note(self, problem: Problem) -> None:
        self.problems.append(dataclasses.replace(problem, node=problem.node or self.node))


class Kind(Protocol):
    def read(self, item: Item, reading: Reading) -> Any:
        """Raises `Wrong`."""
        ...

    def plain(self, value: Any) -> Json: ...

    def schema(self) -> dict[str, Json]: ...


def has(kind: Kind, doc: str, default: Any = MISSING, *, key: str = "") -> Any:
    """A field of a flow file. `key` where its name is a word of Python."""
    metadata = {"kind": kind, "doc": doc, "key": key}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    if default is MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def fields_of(cls: type) -> dict[str, "dataclasses.Field[Any]"]:
    """The fields a file may give, by key."""
    return {one.metadata["key"] or one.name: one for one in dataclasses.fields(cls) if "kind" in one.metadata}


def required(one: "dataclasses.Field[Any]") -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def closest(name: str, known: Mapping[str, object] | list[str]) -> str:
    found = difflib.get_close_matches(name, list(known), 1)
    return found[0] if found else ""


def scalar(item: Item) -> str:
    if not isinstance(item.value, str):
        raise Wrong(item.problem("not_a_value"))
    return item.value


# --- single values ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """Text of `least` to `most` characters, without control characters other than a new line."""

    most: int = 200
    least: int = 1

    def read(self, item: Item, reading: Reading) -> str:
        text = scalar(item).strip()
        if not self.least <= len(text) <= self.most:
            raise Wrong(item.problem("length", least=self.least, most=self.most, given=len(text)))
        if any(not char.isprintable() and char != "\n" for char in text):
            raise Wrong(item.problem("control_character"))
        return text

    def plain(self, value: str) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": ["string", "number"], "minLength": self.least, "maxLength": self.most}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text of a given form. `example` is shown when it is not."""

    form: str
    example: str

    def read(self, item: Item, reading: Reading) -> str:
        text = scalar(item)
        if not re.fullmatch(self.form, text, re.ASCII):
            raise Wrong(item.problem("form", given=text[:60], example=self.example))
        return text

    def plain(self, value: str) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": ["string", "number"], "pattern": f"^(?:{self.form})$", "examples": [self.example]}


@dataclass(frozen=True, slots=True)
class OneOf:
    allowed: tuple[str, ...]

    def read(self, item: Item, reading: Reading) -> str:
        text = scalar(item)
        if text not in self.allowed:
            near = closest(text, list(self.allowed))
            raise Wrong(
                item.problem("unknown_value", given=text[:60], allowed=", ".join(self.allowed), near=near)
            )
        return text

    def plain(self, value: str) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"enum": list(self.allowed)}


@dataclass(frozen=True, slots=True)
class Flag:
    def read(self, item: Item, reading: Reading) -> bool:
        text = scalar(item).lower()
        if text not in ("yes", "no", "true", "false"):
            raise Wrong(item.problem("not_yes_or_no", given=text[:60]))
        return text in ("yes", "true")

    def plain(self, value: bool) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no"]}]}


@dataclass(frozen=True, slots=True)
class Whole:
    least: int
    most: int

    def read(self, item: Item, reading: Reading) -> int:
        text = scalar(item)
        if not re.fullmatch(r"-?[0-9]{1,15}", text) or not self.least <= int(text) <= self.most:
            raise Wrong(item.problem("not_whole", given=text[:60], least=self.least, most=self.most))
        return int(text)

    def plain(self, value: int) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


_UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "": 1.0}
_DURATION: Final = r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(ms|s|min|h|)"


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds, from `5 s`, `500 ms`, `2 min` or a bare number of seconds."""

    least: float
    most: float

    def read(self, item: Item, reading: Reading) -> float:
        found = re.fullmatch(_DURATION, scalar(item).strip(), re.ASCII)
        value = float(found[1]) * _UNITS[found[2]] if found else -1.0
        if not self.least <= value <= self.most:
            raise Wrong(
                item.problem("not_duration", given=str(item.value)[:60], least=self.least, most=self.most)
            )
        return round(value, 3)

    def plain(self, value: float) -> Json:
        return int(value) if value.is_integer() else value

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{_DURATION}$"}]}


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression."""

    def read(self, item: Item, reading: Reading) -> Expression:
        source = scalar(item)
        try:
            expression = compile_expression(source)
        except ExpressionError as wrong:
            values = {"expression": wrong.key, "source": source[:80], "column": wrong.at + 1, **wrong.values}
            raise Wrong(item.problem("expression", **values)) from None
        for path in expression.names:
            reading.names.append(Reference(".".join(path), item, reading.node))
        return expression

    def plain(self, value: Expression) -> Json:
        return value.source

    def schema(self) -> dict[str, Json]:
        return {"type": ["string", "number", "boolean"], "description": "an expression"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A name of the session that the node writes."""

    def read(self, item: Item, reading: Reading) -> str:
        name = Pattern(VARIABLE, "order_number").read(item, reading)
        reading.written.append(Reference(name, item, reading.node))
        return name

    def plain(self, value: str) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "pattern": f"^{VARIABLE}$"}


@dataclass(frozen=True, slots=True)
class Target:
    """The name of a node."""

    def read(self, item: Item, reading: Reading) -> str:
        name = Pattern(NAME, "main_menu").read(item, reading)
        prefix = reading.node_prefix
        if prefix and not name.startswith((prefix, "builtin/")):
            name = prefix + name
        reading.targets.append(Reference(name, item, reading.node))
        return name

    def plain(self, value: str) -> Json:
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": ["string", "number"], "pattern": f"^{NAME}$", "description": "the name of a node"}

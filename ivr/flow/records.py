"""Lists, mappings and records of kinds: reading them in full, writing them back, their schema."""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from ivr.flow.kinds import NAME, Json, Kind, Reading, Reference, Wrong, closest, fields_of, required
from ivr.flow.places import Item


@dataclass(frozen=True, slots=True)
class ListOf:
    kind: Kind
    least: int = 0
    most: int = 100

    def read(self, item: Item, reading: Reading) -> tuple[Any, ...]:
        if not isinstance(item.value, list):
            raise Wrong(item.problem("not_a_list"))
        if not self.least <= len(item.value) <= self.most:
            raise Wrong(item.problem("count", least=self.least, most=self.most, given=len(item.value)))
        return tuple(value for one in item.value if (value := attempt(self.kind, one, reading)) is not None)

    def plain(self, value: tuple[Any, ...]) -> Json:
        return [self.kind.plain(one) for one in value]

    def schema(self) -> dict[str, Json]:
        return {
            "type": "array",
            "items": self.kind.schema(),
            "minItems": self.least,
            "maxItems": self.most,
        }


@dataclass(frozen=True, slots=True)
class MapOf:
    kind: Kind
    key: str = NAME
    least: int = 0
    most: int = 1000
    example: str = "name"
    writes: bool = False  # whether the keys are variables of the session that get a value

    def read(self, item: Item, reading: Reading) -> dict[str, Any]:
        if not isinstance(item.value, dict):
            raise Wrong(item.problem("not_a_mapping"))
        if not self.least <= len(item.value) <= self.most:
            raise Wrong(item.problem("count", least=self.least, most=self.most, given=len(item.value)))
        read: dict[str, Any] = {}
        for key, one in item.value.items():
            if not re.fullmatch(self.key, key, re.ASCII):
                reading.note(one.problem("form", given=key[:60], example=self.example))
            elif (value := attempt(self.kind, one, reading)) is not None:
                read[key] = value
                if self.writes:
                    reading.written.append(Reference(key, one, reading.node))
        return read

    def plain(self, value: dict[str, Any]) -> Json:
        return {key: self.kind.plain(one) for key, one in value.items()}

    def schema(self) -> dict[str, Json]:
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^(?:{self.key})$"},
            "additionalProperties": self.kind.schema(),
            "minProperties": self.least,
            "maxProperties": self.most,
        }


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with the fields of a dataclass. With `short`, a single value stands for that field alone."""

    cls: type
    short: str = ""

    def read(self, item: Item, reading: Reading) -> Any:
        if self.short and isinstance(item.value, str):
            item = dataclasses.replace(item, value={self.short: item})
        return read_fields(self.cls, item, reading)

    def plain(self, value: Any) -> Json:
        return plain_fields(value)

    def schema(self) -> dict[str, Json]:
        full = schema_of(self.cls)
        if not self.short:
            return full
        kind: Kind = fields_of(self.cls)[self.short].metadata["kind"]
        return {"anyOf": [kind.schema(), full]}


def attempt(kind: Kind, item: Item, reading: Reading) -> Any:
    """The value, or None with the problem noted, so that one reading finds every mistake."""
    try:
        return kind.read(item, reading)
    except Wrong as wrong:
        if wrong.problem is not None:
            reading.note(wrong.problem)
        return None


def read_fields(cls: type, item: Item, reading: Reading, besides: tuple[str, ...] = ()) -> Any:
    """Raises `Wrong` when a field that must be there is missing or wrong; the others are noted."""
    if not isinstance(item.value, dict):
        raise Wrong(item.problem("not_a_mapping"))
    known = fields_of(cls)
    for key, stray in item.value.items():
        if key not in known and key not in besides:
            allowed = ", ".join([*besides, *known])
            reading.note(stray.problem("unknown_key", key=key, allowed=allowed, near=closest(key, known)))
    values: dict[str, Any] = {}
    for key, one in known.items():
        given = item.value.get(key)
        if given is None or (given.value is None and not required(one)):
            if required(one):
                raise Wrong(item.problem("missing_key", key=key, doc=one.metadata["doc"]))
            continue
        value = attempt(one.metadata["kind"], given, reading)
        if value is None and required(one):
            raise Wrong(None)
        if value is not None:
            values[one.name] = value
    return cls(**values)


def plain_fields(record: Any) -> dict[str, Json]:
    """The one written form: every default spelled out, nothing that is None. Read again it gives the same record."""
    plain: dict[str, Json] = {}
    for key, one in fields_of(type(record)).items():
        value = getattr(record, one.name)
        if value is not None:
            plain[key] = one.metadata["kind"].plain(value)
    return plain


def schema_of(cls: type) -> dict[str, Json]:
    known = fields_of(cls)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key, one in known.items() if required(one)],
        "properties": {
            key: _nullable(one.metadata["kind"].schema() | {"description": one.metadata["doc"]}, one)
            for key, one in known.items()
        },
    }


def _nullable(schema: dict[str, Json], one: "dataclasses.Field[Any]") -> dict[str, Json]:
    if isinstance(one.default, str | int | float) and one.default not in ("",):
        schema["default"] = one.default
    return schema

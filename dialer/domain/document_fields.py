"""Readers of single fields of a JSON document. Each raises `BadInput` that names the field by its path."""

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from dialer.errors import BadInput

LONGEST = timedelta(days=366)

Reader = Callable[[object, str], Any]
Fields = Mapping[str, tuple[str, Reader]]
"""Of each field of a document: the attribute it fills and its reader."""


def read_fields(document: object, path: str, fields: Fields) -> dict[str, Any]:
    """The document's fields by attribute name, each checked by its reader."""
    if not isinstance(document, Mapping):
        raise BadInput(f"{path or 'the plan'}: must be an object", path or None)
    prefix = f"{path}." if path else ""
    for name in document:
        if name not in fields:
            raise BadInput(
                f"{prefix}{name}: there is no such field; there are {', '.join(fields)}", f"{prefix}{name}"
            )
    return {
        attribute: read(document[name], f"{prefix}{name}")
        for name, (attribute, read) in fields.items()
        if name in document
    }


def in_seconds(duration: timedelta) -> int | float:
    seconds = duration.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def text(value: object, path: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise BadInput(f"{path}: must be text of 1 to 200 characters on one line", path)
    return value


def text_or_none(value: object, path: str) -> str:
    """Text that may be empty."""
    return "" if value == "" else text(value, path)


def name(value: object, path: str) -> str:
    if len(text(value, path)) > 80:
        raise BadInput(f"{path}: must be at most 80 characters", path)
    return str(value)


def optional(read: Reader) -> Reader:
    return lambda value, path: None if value is None else read(value, path)


def flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"{path}: must be true or false", path)
    return value


def count(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise BadInput(f"{path}: must be a whole number from 1 to 100000", path)
    return value


def duration(value: object, path: str) -> timedelta:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value <= LONGEST.total_seconds():  # type: ignore[arg-type,operator]
        raise BadInput(f"{path}: must be seconds, from 0 to {LONGEST.days} days", path)
    return timedelta(seconds=value)  # type: ignore[arg-type]


def number(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{path}: must be a number", path)
    return value


def whole(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(f"{path}: must be a whole number", path)
    return value


def items(value: object, path: str, read: Reader) -> list[Any]:
    """A list, each item read under its place in it."""
    if not isinstance(value, list | tuple):
        raise BadInput(f"{path}: must be a list", path)
    return [read(item, f"{path}.{place}") for place, item in enumerate(value)]

"""What an expression may call. Each takes and gives plain values, and refuses what it cannot use."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from ivr.errors import ExpressionError

Value = str | int | float | bool | None | list["Value"]

LONGEST_TEXT: Final = 1000
LARGEST: Final = 10.0**15
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_MOST_PLACES: Final = 9


def as_number(value: Value) -> int | float | None:
    """The number a value is or spells; ASCII digits only, so that look-alikes of other scripts stay text."""
    if isinstance(value, bool) or value is None or isinstance(value, list):
        return None
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return None
        return float(value) if "." in value else int(value)
    return value


def number(value: Value) -> int | float:
    found = as_number(value)
    if found is None:
        raise ExpressionError("not_a_number", value=value)
    return bounded(found)


def bounded(value: int | float) -> int | float:
    if not -LARGEST <= value <= LARGEST:  # also refuses nan
        raise ExpressionError("too_large")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(text(item) for item in value)[:LONGEST_TEXT]
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return str(value)


def _length(value: Value) -> Value:
    if isinstance(value, list):
        return len(value)
    return len(text(value))


def _count(value: Value) -> int:
    return max(0, min(LONGEST_TEXT, int(number(value))))


def _last(value: Value, count: Value) -> Value:
    wanted = _count(count)
    return text(value)[-wanted:] if wanted else ""


def _rounded(value: Value, places: Value = 0) -> Value:
    return bounded(round(number(value), min(_MOST_PLACES, _count(places))))


def _digits(value: Value) -> Value:
    return "".join(char for char in text(value) if char in "0123456789")


def _is_date(value: Value) -> Value:
    """Eight digits, YYYYMMDD, that name a day of the calendar."""
    written = text(value)
    if not re.fullmatch(r"[0-9]{8}", written):
        return False
    try:
        date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError:
        return False
    return True


def _is_time(value: Value) -> Value:
    """Four digits, HHMM, from 0000 to 2359."""
    return re.fullmatch(r"(?:[01][0-9]|2[0-3])[0-5][0-9]", text(value)) is not None


FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., Value]]]] = {
    # name: fewest arguments, most arguments, what it does
    "len": (1, 1, _length),
    "lower": (1, 1, lambda value: text(value).lower()[:LONGEST_TEXT]),
    "upper": (1, 1, lambda value: text(value).upper()[:LONGEST_TEXT]),
    "starts": (2, 2, lambda value, prefix: text(value).startswith(text(prefix))),
    "ends": (2, 2, lambda value, suffix: text(value).endswith(text(suffix))),
    "first": (2, 2, lambda value, count: text(value)[: _count(count)]),
    "last": (2, 2, _last),
    "text": (1, 1, text),
    "number": (1, 1, number),
    "digits": (1, 1, _digits),
    "is_number": (1, 1, lambda value: as_number(value) is not None),
    "is_date": (1, 1, _is_date),
    "is_time": (1, 1, _is_time),
    "abs": (1, 1, lambda value: abs(number(value))),
    "round": (1, 2, _rounded),
    "min": (1, 10, lambda *values: min(number(value) for value in values)),
    "max": (1, 10, lambda *values: max(number(value) for value in values)),
    "between": (3, 3, lambda value, least, most: number(least) <= number(value) <= number(most)),
}

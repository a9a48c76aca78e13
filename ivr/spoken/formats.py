"""`{value|format}` of a prompt. A value that does not fit its format is said as it stands: a call goes on."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import ModuleType
from typing import Final

from ivr.expressions.functions import Value, text
from ivr.spoken import english, mandarin

_LANGUAGES: Final[Mapping[str, ModuleType]] = {"en": english, "zh": mandarin}
_NUMBER: Final = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,9})?")
_DATE: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_TIME: Final = re.compile(r"([0-9]{2}):?([0-9]{2})(?::?[0-9]{2})?")


def speak(value: Value, how: str, language: str, currency: str = "CNY") -> str:
    """`how` is one of `FORMATS`. Languages other than English and Mandarin get the value as written."""
    written, words = text(value), _LANGUAGES.get(language)
    said = FORMATS[how](words, written, currency) if words is not None else None
    return written if said is None else said


def vocabulary(language: str) -> frozenset[str]:
    """Every value `speak` puts into words is a row of these, with commas for pauses."""
    words = _LANGUAGES.get(language)
    return frozenset("0123456789") if words is None else words.vocabulary()


def _decimal(written: str) -> Decimal | None:
    return Decimal(written) if _NUMBER.fullmatch(written) else None


def _number(words: ModuleType, written: str, _currency: str) -> str | None:
    value = _decimal(written)
    return None if value is None else str(words.number(value))


def _ordinal(words: ModuleType, written: str, _currency: str) -> str | None:
    return str(words.ordinal(int(written))) if re.fullmatch(r"[0-9]{1,16}", written) else None


def _digits(words: ModuleType, written: str, _currency: str) -> str | None:
    only = "".join(char for char in written if char in "0123456789")
    return str(words.digits(only)) if only else None


def _money(words: ModuleType, written: str, currency: str) -> str | None:
    value = _decimal(written)
    return None if value is None else str(words.money(value, currency))


def _phone(words: ModuleType, written: str, _currency: str) -> str | None:
    plain = re.sub(r"[\s().-]", "", written)
    if not re.fullmatch(r"\+?[0-9]{2,20}", plain):
        return None
    groups, international = _grouped(plain)
    return str(words.phone(groups, international=international))


def _grouped(plain: str) -> tuple[list[str], bool]:
    """As people of the place group them: 138 0013 8000; +1 212 555 0100 without its prefix; others in fours."""
    if re.fullmatch(r"(?:\+86)?1[3-9][0-9]{9}", plain):
        last = plain[-11:]
        return [last[:3], last[3:7], last[7:]], False
    if re.fullmatch(r"\+1[2-9][0-9]{9}", plain):
        return [plain[2:5], plain[5:8], plain[8:]], False
    international = plain.startswith("+")
    rest = plain.lstrip("+")
    if len(rest) <= 6:
        return [rest], international
    first = len(rest) % 4 or 4
    if first == 1:  # no group of a single digit
        return [rest[:5], *(rest[at : at + 4] for at in range(5, len(rest), 4))], international
    return [rest[:first], *(rest[at : at + 4] for at in range(first, len(rest), 4))], international


def _as_date(written: str) -> date | None:
    found = _DATE.match(written)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _as_time(written: str) -> time | None:
    clock = written.partition("T")[2] if "T" in written else written
    found = _TIME.match(clock)
    try:
        return time(int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def _date(words: ModuleType, written: str, _currency: str) -> str | None:
    value = _as_date(written)
    return None if value is None else str(words.day(value))


def _time(words: ModuleType, written: str, _currency: str) -> str | None:
    value = _as_time(written)
    return None if value is None else str(words.clock(value))


def _moment(words: ModuleType, written: str, currency: str) -> str | None:
    """An ISO date and time, 2026-03-02T10:00."""
    try:
        value = datetime.fromisoformat(written)
    except ValueError:
        return None
    joint = "" if words is mandarin else " at "
    return f"{words.day(value.date())}{joint or '，'}{words.clock(value.time())}"


FORMATS: Final[Mapping[str, Callable[[ModuleType, str, str], str | None]]] = {
    "number": _number,
    "ordinal": _ordinal,
    "digits": _digits,
    "money": _money,
    "phone": _phone,
    "date": _date,
    "time": _time,
    "moment": _moment,
}

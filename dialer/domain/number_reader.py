"""Phone numbers in bulk: the same answers as `parse_number` and `possible_zones`, several times as fast.

Two shapes that need no interpretation are recognised by their digits: ten digits of the North American plan and
Chinese mobile numbers. The library then only judges validity. Everything else takes the library's full path.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from dialer.domain.phone_number import BadNumber, PhoneNumber, parse_number, possible_zones


@dataclass(frozen=True, slots=True)
class NewNumber:
    number: PhoneNumber
    zones: tuple[str, ...]


_PUNCTUATION = str.maketrans("", "", " -.()")
_AMERICAN = re.compile(r"(?:\+?1)?([2-9][0-9]{9})")
_AMERICAN_ABROAD = re.compile(r"\+1([2-9][0-9]{9})")
# 17 9… is left to the library: 179 begins a carrier's code there, which it may strip
_CHINESE = re.compile(r"(?:\+86)?(1(?:[3-689][0-9]|7[0-8])[0-9]{8})")
_CHINESE_ABROAD = re.compile(r"\+86(1(?:[3-689][0-9]|7[0-8])[0-9]{8})")
_PLAIN = re.compile(r"\+?[0-9 .()-]{7,30}")


class NumberReader:
    def __init__(self, region: str) -> None:
        self._region = region
        american = phonenumbers.country_code_for_region(region) == 1
        self._shapes: tuple[tuple[int, Callable[[str], re.Match[str] | None]], ...] = (
            (1, (_AMERICAN if american else _AMERICAN_ABROAD).fullmatch),
            (86, (_CHINESE if region == "CN" else _CHINESE_ABROAD).fullmatch),
        )

    def read(self, text: str) -> NewNumber:
        """Raises `BadNumber`."""
        text = text.strip()
        if _PLAIN.fullmatch(text):
            digits = text.translate(_PUNCTUATION)
            for country, shape in self._shapes:
                if found := shape(digits):
                    return _judged(country, found[1])
        number = parse_number(text, self._region)
        return NewNumber(number, possible_zones(number))


def _judged(country: int, national: str) -> NewNumber:
    """A number of the right length for its country: in use or not, and where."""
    geographical = _geographical(country, national)
    if geographical is None:
        raise BadNumber("not a number in use in its country")
    e164 = f"{country}{national}"
    return NewNumber(PhoneNumber(f"+{e164}"), _zones(e164 if geographical else str(country)))


def _geographical(country: int, national: str) -> bool | None:
    """Whether the number says where it is; None when it is not in use."""
    plan = _PLANS[country]
    if plan.general(national):
        if plan.special(national):
            return False
        if plan.subscribers(national):
            return True
    kind = phonenumbers.number_type(
        phonenumbers.PhoneNumber(country_code=country, national_number=int(national))
    )
    return None if kind == PhoneNumberType.UNKNOWN else is_number_type_geographical(kind, country)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The patterns that the library tries one by one for the country's first region, as three expressions.

    What they do not recognise may still be in use in another region of the country's code: the library decides.
    """

    general: Callable[[str], object]
    special: Callable[[str], object]
    subscribers: Callable[[str], object]


_SPECIAL = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


def _plan(region: str, length: int) -> _Plan:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)

    def any_of(*kinds: str) -> Callable[[str], object]:
        descriptions = [getattr(metadata, kind) for kind in kinds]
        patterns = [
            f"(?:{each.national_number_pattern})"
            for each in descriptions
            if each and each.national_number_pattern and length in (each.possible_length or (length,))
        ]
        return re.compile("|".join(patterns) or "(?!)").fullmatch

    return _Plan(any_of("general_desc"), any_of(*_SPECIAL), any_of("fixed_line", "mobile"))


_PLANS = {1: _plan("US", 10), 86: _plan("CN", 11)}


def _zones(digits: str) -> tuple[str, ...]:
    for length in range(min(TIMEZONE_LONGEST_PREFIX, len(digits)), 0, -1):
        if zones := TIMEZONE_DATA.get(digits[:length]):
            return tuple(zone for zone in zones if zone != "Etc/Unknown")
    return ()

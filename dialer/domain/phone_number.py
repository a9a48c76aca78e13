"""Phone numbers: E.164 inside, whatever people write outside."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import timezone as number_zones


class BadNumber(ValueError):
    """The text cannot be a phone number; the message says why."""


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """E.164 with the plus. Its repr is masked, so that a log line or traceback does not carry it."""

    e164: str

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    @property
    def masked(self) -> str:
        return self.e164[:5] + "*" * max(len(self.e164) - 7, 0) + self.e164[-2:]

    @property
    def national(self) -> str:
        return str(phonenumbers.parse(self.e164).national_number)

    @property
    def is_premium(self) -> bool:
        """Whoever calls it pays the one who is called."""
        kind = phonenumbers.number_type(phonenumbers.parse(self.e164))
        return bool(kind == phonenumbers.PhoneNumberType.PREMIUM_RATE)


WITHHELD = PhoneNumber("")
"""Of a caller who does not show a number."""

_REASONS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "no country code, or one that does not exist",
    phonenumbers.NumberParseException.NOT_A_NUMBER: "not a phone number",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "too short",
    phonenumbers.NumberParseException.TOO_LONG: "too long",
}


def parse_number(text: str, region: str) -> PhoneNumber:
    """Read a number as written in `region` (ISO 3166-1 alpha-2). Raises `BadNumber`."""
    if len(text) > 40 or not text.isprintable():
        raise BadNumber("not a phone number")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as wrong:
        raise BadNumber(_REASONS.get(wrong.error_type, "not a phone number")) from None
    if not phonenumbers.is_possible_number(number):
        raise BadNumber("wrong length for its country")
    if not phonenumbers.is_valid_number(number):
        raise BadNumber("not a number in use in its country")
    if number.extension:
        raise BadNumber("extensions cannot be dialled")
    return PhoneNumber(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def possible_zones(number: PhoneNumber) -> tuple[str, ...]:
    """Every IANA zone the number may be in; empty when nothing is known."""
    zones = number_zones.time_zones_for_number(phonenumbers.parse(number.e164))
    return tuple(zone for zone in zones if zone != "Etc/Unknown")

"""How a number is written for a trunk."""

from dataclasses import dataclass
from typing import Literal

from dialer.domain.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class DialString:
    endpoint: str
    number_format: Literal["plus_e164", "e164", "national"] = "plus_e164"
    prefix: str = ""

    def to(self, number: PhoneNumber) -> str:
        return f"PJSIP/{self.prefix}{self._digits(number)}@{self.endpoint}"

    def _digits(self, number: PhoneNumber) -> str:
        match self.number_format:
            case "plus_e164":
                return number.e164
            case "e164":
                return number.e164.removeprefix("+")
            case "national":
                return number.national

"""How a country's registry writes its numbers, and the key of each: one number, or a column of them at once.

Shape only, not what is in use: a publisher lists numbers that no numbering plan knows any more, and a dialler loses nothing
by holding them.
"""

import phonenumbers

from dialer.domain.phone_number import BadNumber
from dialer.registries.arrays import Counts, Flags, Keys, np

_AMERICAN = 1
_LONGEST = 15  # digits of an E.164 number


class Numbering:
    """Of one region (ISO 3166-1 alpha-2). Raises `ValueError` for one without a calling code."""

    def __init__(self, region: str) -> None:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if metadata is None or not metadata.country_code or metadata.general_desc is None:
            raise ValueError(f"there is no region {region!r}: it is two capital letters such as US")
        self.region = region
        self.country = metadata.country_code
        self.trunk_zero = metadata.national_prefix == "0"
        self._code_digits = len(str(self.country))
        possible = {10} if self.country == _AMERICAN else set(metadata.general_desc.possible_length)
        self.lengths = frozenset(each for each in possible if each + self._code_digits <= _LONGEST)

    def key(self, digits: str, plus: bool) -> int:
        """Of a number's digits, `plus` if a plus stood before them. Raises `BadNumber`, saying what is wrong."""
        if not digits:
            raise BadNumber("no digits")
        national = self._national(digits, plus)
        if national is None:
            raise BadNumber(self._complaint(digits, plus))
        if self.country == _AMERICAN and national[0] in "01":
            raise BadNumber("the area code begins with 0 or 1")
        return int(f"{self.country}{national}")

    def _national(self, digits: str, plus: bool) -> str | None:
        if not plus:
            if self.trunk_zero and digits[0] == "0":
                return digits[1:] if len(digits) - 1 in self.lengths else None
            if len(digits) in self.lengths:
                return digits
        national = digits.removeprefix(str(self.country))
        return national if national != digits and len(national) in self.lengths else None

    def _complaint(self, digits: str, plus: bool) -> str:
        if plus and not digits.startswith(str(self.country)):
            return f"a number of another country: this registry is of +{self.country}"
        lengths = sorted(self.lengths)
        asked = f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
        return f"{len(digits)} digits: a number of +{self.country} has {asked}"

    def keys(self, values: Keys, counts: Counts, plus: Flags) -> tuple[Keys, Flags]:
        """The same for many: digits as an integer and how many there were. The flags say which could be read."""
        keys, good = np.zeros(len(values), np.int64), np.zeros(len(values), bool)
        present = np.flatnonzero(np.bincount(counts, minlength=1))
        for count in present.tolist():
            if 0 < count <= _LONGEST:
                here = slice(None) if len(present) == 1 else np.flatnonzero(counts == count)
                keys[here], good[here] = self._keys(values[here], count, plus[here])
        return keys, good

    def _keys(self, values: Keys, count: int, plus: Flags) -> tuple[Keys, Flags]:
        if count in self.lengths and not self.trunk_zero and not plus.any():
            return self._joined(values, count)
        national, digits = self._without_code(values, count)
        if count in self.lengths:
            written = ~plus if not self.trunk_zero else ~plus & (values >= 10 ** (count - 1))
            national, digits = np.where(written, values, national), np.where(written, count, digits)
        if self.trunk_zero:
            trunk = ~plus & (values < 10 ** (count - 1))
            digits = np.where(trunk, count - 1 if count - 1 in self.lengths else 0, digits)
            national = np.where(trunk, values, national)
        return self._joined(national, digits)

    def _without_code(self, values: Keys, count: int) -> tuple[Keys, Counts]:
        """National part and its length, 0 where the number does not begin with the country's code."""
        rest = count - self._code_digits
        if rest not in self.lengths:
            return values, np.zeros(len(values), np.int64)
        code, national = np.divmod(values, 10**rest)
        return national, np.where(code == self.country, rest, 0)

    def _joined(self, national: Keys, digits: Counts | int) -> tuple[Keys, Flags]:
        power = np.int64(10) ** np.asarray(digits, np.int64)
        good = np.broadcast_to(np.asarray(digits) > 0, national.shape)
        if self.country == _AMERICAN:
            good = good & (national >= 2_000_000_000)
        return self.country * power + national, good

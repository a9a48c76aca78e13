"""English: "one hundred and one", which is understood on both sides of the Atlantic; digits one by one with "zero"."""

from datetime import date, time
from decimal import Decimal
from typing import Final

_SMALL: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ("", "", *["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
_SCALES: Final = ("", " thousand", " million", " billion", " trillion", " quadrillion")
_IRREGULAR: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_CURRENCIES: Final = {  # one, several, one hundredth, several hundredths
    "USD": ("dollar", "dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "CNY": ("yuan", "yuan", "", ""),
    "JPY": ("yen", "yen", "", ""),
}
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def whole(value: int) -> str:
    """Up to 10 to the 16th, also negative."""
    if value < 0:
        return "minus " + whole(-value)
    if value < 1000:
        return _hundreds(value)
    parts: list[str] = []
    for scale in range(len(_SCALES) - 1, -1, -1):
        part = value // 1000**scale % 1000
        if part:
            joint = "and " if parts and scale == 0 and part < 100 else ""
            parts.append(joint + _hundreds(part) + _SCALES[scale])
    return " ".join(parts)


def _hundreds(value: int) -> str:
    if value < 20:
        return _SMALL[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens] + (f"-{_SMALL[ones]}" if ones else "")
    hundreds, rest = divmod(value, 100)
    return f"{_SMALL[hundreds]} hundred" + (f" and {_hundreds(rest)}" if rest else "")


def number(value: Decimal) -> str:
    integer, _, fraction = f"{abs(value):f}".partition(".")
    fraction = fraction.rstrip("0")
    words = whole(int(integer)) + (f" point {digits(fraction)}" if fraction else "")
    return f"minus {words}" if value < 0 and words != "zero" else words


def ordinal(value: int) -> str:
    words = whole(value)
    head, joint, last = words.rpartition("-") if "-" in words.split()[-1] else words.rpartition(" ")
    if last in _IRREGULAR:
        return head + joint + _IRREGULAR[last]
    return head + joint + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def digits(text: str) -> str:
    return " ".join(_SMALL[int(char)] for char in text)


def phone(groups: list[str], *, international: bool) -> str:
    words = ", ".join(digits(group) for group in groups)
    return f"plus {words}" if international else words


def money(value: Decimal, currency: str) -> str:
    one, many, cent, cents_ = _CURRENCIES.get(currency, (currency, currency, "", ""))
    if not cent:
        return f"{number(value.quantize(Decimal('0.01')))} {one if abs(value) == 1 else many}"
    cents = int((abs(value) * 100).to_integral_value())
    sign = "minus " if value < 0 and cents else ""
    main, small = divmod(cents, 100)
    big = f"{whole(main)} {one if main == 1 else many}"
    little = f"{whole(small)} {cent if small == 1 else cents_}"
    if not small:
        return sign + big
    return sign + (f"{big} and {little}" if main else little)


def day(value: date) -> str:
    return f"{_WEEKDAYS[value.weekday()]} the {ordinal(value.day)} of {_MONTHS[value.month - 1]}, {year(value.year)}"


def year(value: int) -> str:
    century, rest = divmod(value, 100)
    if century % 10 == 0 and rest < 10:
        return whole(value)
    if rest == 0:
        return f"{whole(century)} hundred"
    return f"{whole(century)} {'oh ' if rest < 10 else ''}{whole(rest)}"


def clock(value: time) -> str:
    if value.minute == 0 and value.hour in (0, 12):
        return "midnight" if value.hour == 0 else "noon"
    half = "a.m." if value.hour < 12 else "p.m."
    hour = whole(value.hour % 12 or 12)
    if value.minute == 0:
        return f"{hour} {half}"
    return f"{hour} {'oh ' if value.minute < 10 else ''}{whole(value.minute)} {half}"


def vocabulary() -> frozenset[str]:
    """The words, and what is one word to the ear, of which everything above is made, and letters."""
    tens = range(100)
    scales = [scale.strip() for scale in _SCALES if scale]
    return frozenset(
        [
            *(whole(value) for value in tens),
            *(ordinal(value) for value in tens),
            *("hundred", *scales),
            *(f"{scale}th" for scale in ("hundred", *scales)),
            *("and", "minus", "plus", "point", "oh", "at", "the", "of", "hash", "star"),
            *("a.m.", "p.m.", "noon", "midnight"),
            *_MONTHS,
            *_WEEKDAYS,
            *(word for words in _CURRENCIES.values() for word in words if word),
            *"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ]
    )

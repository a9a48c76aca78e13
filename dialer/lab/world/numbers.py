"""The carrier's subscribers: the first of a number's last four digits says how the called person behaves."""

import re
from enum import Enum

from dialer.errors import BadInput


class Behaviour(Enum):
    ANSWERS = "0"
    """Rings 1 to 3 s, talks 2 to 5 s, hangs up."""
    ANSWERS_LATE = "1"
    """Rings 8 to 12 s, talks 2 to 5 s, hangs up."""
    RINGS_OUT = "2"
    """Rings until the caller gives up."""
    BUSY = "3"
    REJECTS = "4"
    NOT_IN_SERVICE = "5"
    """The three tones in early media, then cause 1."""
    CONGESTED = "6"
    MACHINE = "7"
    """A greeting, a beep, 8 s of silence."""
    SILENT = "8"
    """Answers and says nothing for 15 s."""
    EARLY_MEDIA = "9"
    """Ring-back in band for 2 to 3 s, then answers and talks."""

    # Single numbers, by their last four digits.
    TONE = "0999"
    """Answers after 1 s and plays 697 Hz for 4 s."""
    TONE_UNTIL_HUNG_UP = "0998"
    """Answers at once and plays 697 Hz for at most a minute."""
    SPEECH = "0997"
    """Answers at once and talks for 30 s without a pause."""
    PRESSES_NINE = "0996"
    """Rings for 2 s, listens for 3.5 s, presses 9 and stays for at most a minute."""
    PRESSES_FIVE = "0995"
    """The same with a key that means nothing."""
    GIVEN_UP_BY_NETWORK = "2999"
    """Rings for 4 s, then the network gives up (480)."""


_AREAS = tuple(area for area in range(201, 990) if area % 100 not in (0, 11))
_ON_A_LINE = 990  # lines 990 to 999 of each behaviour are kept for the single numbers
_NUMBER = re.compile(r"\+?1?\d{3}555(\d{4})")


def number(behaviour: Behaviour, n: int = 0) -> str:
    """The n-th E.164 number that behaves so. Different `n` give different numbers."""
    code = behaviour.value
    lines = 1 if len(code) == 4 else _ON_A_LINE
    area, line = divmod(n, lines)
    if not 0 <= area < len(_AREAS):
        raise BadInput(f"n: {n} is outside 0 to {len(_AREAS) * lines - 1}", field="n")
    last_four = code if len(code) == 4 else f"{code}{line:03d}"
    return f"+1{_AREAS[area]}555{last_four}"


def behaviour_of(number: str) -> Behaviour:
    """How the subscriber behaves, for a number with or without +1."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        raise BadInput(
            f"{number!r} is not a number of the lab's carrier: they read +1AAA555NNNN", field="number"
        )
    last_four = found[1]
    singles = {each.value for each in Behaviour if len(each.value) == 4}
    return Behaviour(last_four if last_four in singles else last_four[0])

"""The carrier's subscribers: a number says how the called person, or the network on the way there, behaves.

+1AAA555NNNN, +1AAA557NNNN and +1AAA559NNNN behave as the first of the last four digits says, +1AAA556NNNN as drawn beforehand (`drawn`),
and of +1AAA558NNNN the area code says in which country the phone rings.
"""

import re
from collections.abc import Mapping
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
    PRESSES_ONE = "0994"
    """The same with 1: in a flow, for an agent.."""
    PRESSES_FIVE = "0995"
    """The same with a key that means nothing."""
    GIVEN_UP_BY_NETWORK = "2999"
    """Rings for 4 s, then the network gives up (480)."""
    PATIENT = "7999"
    """Rings for 2 s, answers and talks for 25 s without a pause, whoever is there."""
    SAYS_NOTHING = "8999"
    """Answers at once and sends silence for a minute."""
    SENDS_NOTHING = "8998"
    """Answers at once and sends no packet for a minute."""

    # Those that sound like the world, for the ears. People say hello as in `voices`, wait for a word, talk 2.5 to 4.5 s, hang up.
    GREETS = "557-0"
    """Rings 1 to 3 s, then a person."""
    GREETS_LATE = "557-1"
    """Rings 8 to 12 s, then a person."""
    VOICEMAIL = "557-2"
    """Rings 1 to 3 s, then a greeting of a real voice, a beep, and 20 s of silence."""
    FAX = "557-3"
    """Rings for 1 s, then answers with 2100 Hz (ITU-T T.30) and stays for 10 s."""
    BUSY_TONE = "557-4"
    """Busy tone in early media, which stays; no cause is sent."""
    INFORMATION_TONES = "557-5"
    """The three tones and an announcement in early media, again and again; no cause is sent."""
    MUSIC = "557-6"
    """Music instead of ring-back for 10 s, then a person."""
    HESITATES = "557-7"
    """Rings for 1 s; a person who says nothing for 4 s."""
    HOME_RINGBACK = "557-8"
    """The United States' ring-back in band for 9 to 11 s, more than a whole period, then a person."""
    ANNOUNCED = "557-9"
    """An announcement in early media, which repeats itself; no cause is sent."""
    SOUNDLESS = "557-9999"
    """Silence in early media for 8 s, then a person."""
    # Who know which keys to press: 3 s after they answered, and every 3 s from then on.
    ANSWERS_QUESTIONS = "559-1"
    """Rings for 1 s; goes through the sample questionnaire to its end."""
    WANTS_NO_CALLS = "559-2"
    """The same with 9."""
    CONFIRMS = "559-3"
    """The same with 1."""
    WANTS_AGENT = "559-4"
    """The same with 0."""
    SAYS_YES = "559-5"
    """The same with 1, twenty times: to whatever is asked, once nothing can be skipped any more."""
    ABROAD = "558-"
    """Ring-back of another country in band for 25 s, by area code (`ABROAD`), then a person."""


ABROAD: Mapping[str, str] = {"505": "CN", "406": "GB", "701": "DE", "605": "FR", "307": "JP", "402": "TW"}
"""The country in which a phone of +1AAA558NNNN rings, by its area code."""

_AREAS = tuple(area for area in range(201, 990) if area % 100 not in (0, 11))
_ON_A_LINE = 990  # lines 990 to 999 of each behaviour are kept for the single numbers
_USUAL, _FOREIGN = "555", "558"
_NUMBER = re.compile(r"\+?1?(\d{3})(55[5789])(\d{4})")


def number(behaviour: Behaviour, n: int = 0) -> str:
    """The n-th E.164 number that behaves so. Different `n` give different numbers; abroad, six in a row are of six countries."""
    exchange, _, code = behaviour.value.rpartition("-")
    if behaviour is Behaviour.ABROAD:
        line, country = divmod(n, len(ABROAD))
        _check(n, 10_000 * len(ABROAD))
        return f"+1{list(ABROAD)[country]}{_FOREIGN}{line:04d}"
    lines = 1 if len(code) == 4 else _ON_A_LINE
    _check(n, len(_AREAS) * lines)
    area, line = divmod(n, lines)
    last_four = code if len(code) == 4 else f"{code}{line:03d}"
    return f"+1{_AREAS[area]}{exchange or _USUAL}{last_four}"


def _check(n: int, count: int) -> None:
    if not 0 <= n < count:
        raise BadInput(f"n: {n} is outside 0 to {count - 1}", field="n")


def behaviour_of(number: str) -> Behaviour:
    """How the subscriber behaves, for a number with or without +1."""
    found = _NUMBER.fullmatch(number)
    if found is None or (found[2] == _FOREIGN and found[1] not in ABROAD):
        raise BadInput(
            f"{number!r} is not a number of the lab's carrier: they read +1AAA555NNNN, +1AAA557NNNN, +1AAA559NNNN, or +1AAA558NNNN "
            f"with AAA one of {', '.join(ABROAD)}",
            field="number",
        )
    _, exchange, last_four = found.groups()
    if exchange == _FOREIGN:
        return Behaviour.ABROAD
    prefix = "" if exchange == _USUAL else f"{exchange}-"
    singles = {each.value for each in Behaviour}
    exact = f"{prefix}{last_four}"
    return Behaviour(exact if exact in singles else f"{prefix}{last_four[0]}")


def rings_in(number: str) -> str | None:
    """The other country (ISO 3166-1) whose ring-back tone is heard; None: it rings at home, or not in band."""
    found = _NUMBER.fullmatch(number)
    return ABROAD.get(found[1]) if found is not None and found[2] == _FOREIGN else None

"""When an input is complete: keys pressed against what a question takes."""

from dataclasses import dataclass
from typing import Final, NamedTuple

_KEYS: Final = frozenset("0123456789*#")
MOST: Final = 64


class Input(NamedTuple):
    """`again`: nothing was entered, and the question, which a key has cut short, is put once more."""

    taken: str
    rest: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """`keys`: the inputs of a menu; empty when any digits up to `most` will do. `instant`: keys that act by
    themselves when they come first."""

    most: int
    terminator: str = ""
    keys: frozenset[str] = frozenset()
    instant: frozenset[str] = frozenset()


def clean(digits: str) -> str:
    """Only what a telephone has keys for, in ASCII; digits of other scripts are no keys."""
    if len(digits) <= MOST and digits.isascii() and digits.isdigit():
        return digits
    return "".join(char for char in digits[:MOST] if char in _KEYS)


def complete(wanted: Wanted, buffer: str, *, over: bool) -> Input | None:
    """What was entered and what stays for the next question; None while more is to come. `over`: no more will come."""
    if buffer and buffer[0] in wanted.instant:
        return Input(buffer[0], buffer[1:])
    if wanted.most == 1 and buffer in wanted.keys:
        return Input(buffer, "")
    found = _of_menu(wanted.keys, buffer) if wanted.keys else _of_digits(wanted, buffer)
    return Input(buffer, "") if found is None and over else found


def _of_menu(keys: frozenset[str], buffer: str) -> Input | None:
    for length in range(1, len(buffer) + 1):
        begun = buffer[:length]
        longer = any(key != begun and key.startswith(begun) for key in keys)
        if begun in keys and not longer:
            return Input(begun, buffer[length:])
        if not longer and begun not in keys:  # "12" for keys 1 and 10 is a 1, and a 2 that came early
            return Input(begun[:-1], buffer[length - 1 :]) if begun[:-1] in keys else Input(buffer, "")
    return None


def _of_digits(wanted: Wanted, buffer: str) -> Input | None:
    end = buffer.find(wanted.terminator) if wanted.terminator else -1
    if 0 <= end <= wanted.most:
        return Input(buffer[:end], buffer[end + 1 :])
    if len(buffer) >= wanted.most:
        return Input(buffer[: wanted.most], buffer[wanted.most :])
    return None

"""The demonstration's list: people of every behaviour, some bad rows, and some who must not be called."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

from dialer.lab.world.numbers import ABROAD, Behaviour, number

# of a hundred contacts
_MIX = {
    Behaviour.GREETS: 34,
    Behaviour.GREETS_LATE: 5,
    Behaviour.RINGS_OUT: 4,
    Behaviour.BUSY: 6,
    Behaviour.REJECTS: 6,
    Behaviour.NOT_IN_SERVICE: 7,
    Behaviour.CONGESTED: 5,
    Behaviour.VOICEMAIL: 8,
    Behaviour.FAX: 1,
    Behaviour.SILENT: 2,
    Behaviour.HESITATES: 2,
    Behaviour.HOME_RINGBACK: 6,
    Behaviour.MUSIC: 2,
    Behaviour.BUSY_TONE: 1,
    Behaviour.INFORMATION_TONES: 1,
    Behaviour.ABROAD: 6,
}
_WITH_ALL_COUNTRIES = 20  # contacts
_DO_NOT_CALL_SHARE = 10  # one in so many of those who would answer
_FAMILY_NAMES = ("Chen", "Smith", "Wang", "Garcia", "Li", "Jones", "Zhang", "Brown", "Zhao", "Miller")


@dataclass(frozen=True, slots=True)
class DemoList:
    contacts: int
    bad_rows: int
    do_not_call: tuple[str, ...]


def write_list(file: Path, contacts: int, seed: int) -> DemoList:
    """A CSV file as operators send them: mixed spellings, two numbers for some, a few rows that cannot be read."""
    rng = random.Random(seed)
    behaviours = _behaviours(contacts, rng)
    used = dict.fromkeys(Behaviour, 0)
    rows, do_not_call = [], []
    for n, behaviour in enumerate(behaviours):
        first = number(behaviour, used[behaviour])
        used[behaviour] += 1
        second = ""
        if behaviour is Behaviour.NOT_IN_SERVICE and n % 3 == 0:
            second = number(Behaviour.GREETS, used[Behaviour.GREETS])
            used[Behaviour.GREETS] += 1
        elif behaviour is Behaviour.GREETS and used[behaviour] % _DO_NOT_CALL_SHARE == 1:
            do_not_call.append(first)
        rows.append([f"C{n:05d}", f"{rng.choice(_FAMILY_NAMES)} {n}", _spelt(first, n), second])
    bad = [
        ["C90001", "Too short", "12345", ""],
        ["C90002", "Twice", rows[0][2], ""],
        ["C90003", "No number", "", ""],
    ]
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["external_id", "name", "phone", "phone2"])
        writer.writerows(rows + bad)
    return DemoList(contacts, len(bad), tuple(do_not_call))


def _behaviours(contacts: int, rng: random.Random) -> list[Behaviour]:
    """Nearly every list has somebody in each of the six countries."""
    abroad = [Behaviour.ABROAD] * (len(ABROAD) if contacts >= _WITH_ALL_COUNTRIES else 0)
    drawn = rng.choices(list(_MIX), weights=list(_MIX.values()), k=contacts - len(abroad))
    both = abroad + drawn
    rng.shuffle(both)
    return both


def _spelt(e164: str, n: int) -> str:
    area, exchange, line = e164[2:5], e164[5:8], e164[8:]
    return (e164, f"({area}) {exchange}-{line}", f"1-{area}-{exchange}-{line}", f"{area}.{exchange}.{line}")[
        n % 4
    ]

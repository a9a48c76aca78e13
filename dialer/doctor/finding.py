"""What was looked at, how it is, and the remedy."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    GOOD = "good"
    DOUBTFUL = "doubtful"  # it will work, but an operator should know
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    grade: Grade
    what: str
    remedy: str = ""


def good(part: str, what: str) -> Finding:
    return Finding(part, Grade.GOOD, what)


def doubtful(part: str, what: str, remedy: str) -> Finding:
    return Finding(part, Grade.DOUBTFUL, what, remedy)


def broken(part: str, what: str, remedy: str) -> Finding:
    return Finding(part, Grade.BROKEN, what, remedy)

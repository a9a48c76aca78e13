"""Test cases of the rules: each is asked of the code that decides on calls, and the answer compared with what is expected."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from dialer.compliance.profile import Profile
from dialer.compliance.rulebook import Rulebook
from dialer.compliance.vectors import ledger, records, rules
from dialer.errors import BadInput

Answer = Callable[[Sequence[Profile], Mapping[str, Any]], Mapping[str, Any]]

KINDS: Mapping[str, Answer] = {**ledger.KINDS, **records.KINDS, **rules.KINDS}

_SETS = frozenset({"problems", "violations", "failing", "in_force"})
_EXACT = frozenset({"rate", "x", "y"})


@dataclass(frozen=True, slots=True)
class Case:
    """`profiles` are ids; `expect` holds the fields of the answer that count. `line` in its file."""

    id: str
    kind: str
    profiles: tuple[str, ...]
    given: Mapping[str, Any]
    expect: Mapping[str, Any]
    note: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that came out otherwise; `found` is in words where it never came out."""

    field: str
    expected: object
    found: object


@dataclass(frozen=True, slots=True)
class Outcome:
    """`problem`: why the case could not be asked at all."""

    case: Case
    differences: tuple[Difference, ...] = ()
    problem: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.problem and not self.differences


def run_case(book: Rulebook, case: Case) -> Outcome:
    """Ask one case. A kind that nobody answers, and a case that cannot be understood, have not passed."""
    answer = KINDS.get(case.kind)
    if answer is None:
        return Outcome(case, problem=f"nobody answers cases of the kind {case.kind!r}")
    names = case.profiles or tuple(case.given.get("candidates") or ())
    if unknown := [name for name in names if name not in book.profiles]:
        return Outcome(case, problem=f"there is no profile {', '.join(unknown)}")
    try:
        found = answer([book.profiles[name] for name in names], case.given)
    except KeyError as missing:
        return Outcome(case, problem=f"given lacks {missing}")
    except (BadInput, ValueError, TypeError, AttributeError, ArithmeticError) as wrong:
        return Outcome(case, problem=f"given cannot be understood: {wrong}")
    return Outcome(case, tuple(differences(case.expect, found)), found=found)


def differences(expected: Mapping[str, Any], found: Mapping[str, Any], path: str = "") -> list[Difference]:
    """Where `found` is not as expected; fields that are not expected do not count."""
    wrong: list[Difference] = []
    for name, wanted in expected.items():
        where = f"{path}{name}"
        if name not in found:
            wrong.append(Difference(where, wanted, "not answered"))
        elif isinstance(wanted, Mapping) and isinstance(found[name], Mapping):
            wrong += differences(wanted, found[name], f"{where}.")
        elif _rows(wanted) and _rows(found[name]) and len(wanted) == len(found[name]):
            for place, (row, other) in enumerate(zip(wanted, found[name], strict=True)):
                wrong += differences(row, other, f"{where}[{place}].")
        elif not _agrees(name, wanted, found[name]):
            wrong.append(Difference(where, wanted, _plain(found[name])))
    return wrong


def _rows(value: object) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _agrees(name: str, wanted: Any, found: Any) -> bool:
    if name in _SETS:
        return found is not None and {str(each) for each in wanted} == {str(each) for each in found}
    if name in _EXACT and wanted is not None and found is not None:
        return Fraction(str(wanted)) == Fraction(str(found))
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    return bool(wanted == found or wanted == _plain(found) or _same_moment(wanted, found))


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


def _same_moment(wanted: object, found: object) -> bool:
    """The same instant, and the same wall clock: a case states the offset on purpose."""
    if not (isinstance(wanted, str) and isinstance(found, str)):
        return False
    try:
        one, other = datetime.fromisoformat(wanted), datetime.fromisoformat(found)
    except ValueError:
        return False
    return one.tzinfo is not None and one.isoformat() == other.isoformat()

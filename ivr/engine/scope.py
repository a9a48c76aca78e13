"""What names in expressions stand for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ivr.expressions import Value
from ivr.flow.prompts import label_in

if TYPE_CHECKING:
    from ivr.engine.turn import Turn


def lookup(turn: "Turn", path: tuple[str, ...]) -> Value:
    first = path[0]
    if len(path) == 1:
        if first in turn.state.variables:
            return turn.state.variables[first]
        return _SINGLE[first](turn) if first in _SINGLE else None
    return _GROUPS[first](turn, ".".join(path[1:])) if first in _GROUPS else None


def _holiday_name(turn: "Turn") -> Value:
    holiday = turn.moment.holiday
    return None if holiday is None else label_in(holiday.label, turn.state.language, holiday.name)


def _answer(turn: "Turn", name: str) -> Value:
    answers = turn.state.answers
    if name in answers:
        return answers[name]
    return answers.get(name.replace(".", "/"))


def _check(turn: "Turn", name: str) -> Value:
    check = turn.flow.head.checks.get(name)
    return None if check is None else bool(check(turn))


def _now(turn: "Turn", name: str) -> Value:
    local = turn.moment.local
    match name:
        case "date":
            return local.date().isoformat()
        case "time":
            return f"{local:%H:%M}"
        case "weekday":
            return local.isoweekday()
        case "hour" | "minute" | "day" | "month" | "year":
            return int(getattr(local, name))
        case _:
            return None


_SINGLE: Final[Mapping[str, Callable[["Turn"], Value]]] = {
    "caller": lambda turn: turn.state.caller,
    "called": lambda turn: turn.state.called,
    "language": lambda turn: turn.state.language,
    "holiday": lambda turn: turn.moment.holiday.name if turn.moment.holiday is not None else None,
    "holiday_name": _holiday_name,
    "open": lambda turn: turn.moment.open,
    "day_part": lambda turn: turn.moment.day_part,
    "failure": lambda turn: turn.state.failure or None,
    "reference": lambda turn: turn.state.reference or None,
    "transfer": lambda turn: turn.state.transfer or None,
}

_GROUPS: Final[Mapping[str, Callable[["Turn", str], Value]]] = {
    "contact": lambda turn, name: turn.state.contact.get(name),
    "answer": _answer,
    "heard": lambda turn, name: name in turn.state.heard,
    "check": _check,
    "now": _now,
}

"""A campaign's plan as a JSON document, the one form in the database, the API and on the command line.

Durations are seconds in fields that end in `_s`; what is left out takes the default of `CampaignPlan`.
"""

import math
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from typing import Any

from dialer.domain.campaign import CallingHours, CampaignPlan
from dialer.domain.disposition import Disposition
from dialer.domain.ids import TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.recycling import RetryRule
from dialer.errors import BadInput

LONGEST = timedelta(days=366)
_MIDNIGHT = "24:00"  # the end of the day, as ISO 8601 writes it; Python has only the last instant before it

Reader = Callable[[object, str], Any]


def plan_to_json(plan: CampaignPlan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "trunk": plan.trunk,
        "caller_id": plan.caller_id,
        "hours": {
            "start": _clock_time(plan.hours.start),
            "end": _clock_time(plan.hours.end),
            "weekdays": sorted(plan.hours.weekdays),
        },
        "ring_for_s": _seconds(plan.ring_for),
        "answer_within_s": _seconds(plan.answer_within),
        "abandoned_message": plan.abandoned_message,
        "message": plan.message,
        "wrap_up_s": _seconds(plan.wrap_up),
        "most_lines": plan.most_lines,
        "record": plan.record,
        "most_attempts": plan.most_attempts,
        "retry": {
            disposition.value: {
                "delay_s": _seconds(rule.delay),
                "most": rule.most,
                "number_is_dead": rule.number_is_dead,
            }
            for disposition, rule in plan.retry.items()
        },
        "pacing": {name: getattr(plan.pacing, name) for name in _PACING},
    }


def plan_from_json(document: object) -> CampaignPlan:
    """Raises `BadInput` that names the field."""
    values = _read(document, "", _PLAN)
    for required in ("name", "trunk"):
        if required not in values:
            raise BadInput(f"{required}: is missing", required)
    try:
        return CampaignPlan(**values)
    except ValueError as wrong:
        raise BadInput(str(wrong), _blamed(str(wrong))) from None


def _clock_time(moment: time) -> str:
    if moment == time.max:
        return _MIDNIGHT
    return moment.isoformat("minutes" if not (moment.second or moment.microsecond) else "auto")


def _seconds(duration: timedelta) -> int | float:
    seconds = duration.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def _blamed(message: str) -> str | None:
    """`CampaignPlan` names its own field first; in the document a duration's name ends in `_s`."""
    first = message.split(" ", 1)[0]
    return next((name for name, (attribute, _) in _PLAN.items() if attribute == first), None)


def _read(document: object, path: str, fields: Mapping[str, tuple[str, Reader]]) -> dict[str, Any]:
    """The document's fields by attribute name, each checked by its reader."""
    if not isinstance(document, Mapping):
        raise BadInput(f"{path or 'the plan'}: must be an object", path or None)
    prefix = f"{path}." if path else ""
    for name in document:
        if name not in fields:
            raise BadInput(
                f"{prefix}{name}: there is no such field; there are {', '.join(fields)}", f"{prefix}{name}"
            )
    return {
        attribute: read(document[name], f"{prefix}{name}")
        for name, (attribute, read) in fields.items()
        if name in document
    }


def _text(value: object, path: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise BadInput(f"{path}: must be text of 1 to 200 characters on one line", path)
    return value


def _name(value: object, path: str) -> str:
    if len(_text(value, path)) > 80:
        raise BadInput(f"{path}: must be at most 80 characters", path)
    return str(value)


def _trunk(value: object, path: str) -> TrunkName:
    return TrunkName(_text(value, path))


def _optional(read: Reader) -> Reader:
    return lambda value, path: None if value is None else read(value, path)


def _flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"{path}: must be true or false", path)
    return value


def _count(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise BadInput(f"{path}: must be a whole number from 1 to 100000", path)
    return value


def _duration(value: object, path: str) -> timedelta:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 <= value <= LONGEST.total_seconds():  # type: ignore[arg-type,operator]
        raise BadInput(f"{path}: must be seconds, from 0 to {LONGEST.days} days", path)
    return timedelta(seconds=value)  # type: ignore[arg-type]


def _time(value: object, path: str) -> time:
    if value == _MIDNIGHT:
        return time.max
    try:
        moment = time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise BadInput(f'{path}: must be a local time such as "08:00"', path)
    return moment


def _weekdays(value: object, path: str) -> frozenset[int]:
    if (
        not isinstance(value, list | tuple)
        or not value
        or any(type(day) is not int or not 0 <= day <= 6 for day in value)
    ):
        raise BadInput(f"{path}: must be a list of days from 0 (Monday) to 6 (Sunday)", path)
    return frozenset(value)


def _hours(value: object, path: str) -> CallingHours:
    try:
        return CallingHours(**_read(value, path, _HOURS))
    except ValueError as wrong:
        raise BadInput(f"{path}: {wrong}", path) from None


def _retry(value: object, path: str) -> Mapping[Disposition, RetryRule]:
    if not isinstance(value, Mapping):
        raise BadInput(f"{path}: must be an object", path)
    return {_disposition(name, path): _rule(rule, f"{path}.{name}") for name, rule in value.items()}


def _disposition(name: str, path: str) -> Disposition:
    try:
        return Disposition(name)
    except ValueError:
        raise BadInput(f"{path}.{name}: there is no such disposition", f"{path}.{name}") from None


def _pacing(value: object, path: str) -> PacingPlan:
    values = _read(value, path, _PACING)
    try:
        return PacingPlan(**values)
    except ValueError as wrong:
        field, _, allowed = str(wrong).partition(" ")
        raise BadInput(f"{path}.{field}: {allowed}", f"{path}.{field}") from None


def _mode(value: object, path: str) -> PacingMode:
    try:
        return PacingMode(value)  # type: ignore[arg-type]
    except ValueError:
        raise BadInput(f"{path}: there is no such mode; there are {', '.join(PacingMode)}", path) from None


def _number(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{path}: must be a number", path)
    return value


def _whole(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(f"{path}: must be a whole number", path)
    return value


def _rule(value: object, path: str) -> RetryRule:
    read = _read(value, path, _RULE)
    for name in ("delay_s", "most"):
        if _RULE[name][0] not in read:
            raise BadInput(f"{path}.{name}: is missing", f"{path}.{name}")
    return RetryRule(**read)


_HOURS: Mapping[str, tuple[str, Reader]] = {
    "start": ("start", _time),
    "end": ("end", _time),
    "weekdays": ("weekdays", _weekdays),
}
_RULE: Mapping[str, tuple[str, Reader]] = {
    "delay_s": ("delay", _duration),
    "most": ("most", _count),
    "number_is_dead": ("number_is_dead", _flag),
}
# bounds are those of `PacingPlan`, whose fields have the document's names
_PACING: Mapping[str, tuple[str, Reader]] = {
    "mode": ("mode", _mode),
    "lines_per_agent": ("lines_per_agent", _number),
    "weight": ("weight", _number),
    "least_lines": ("least_lines", _whole),
    "day_cap": ("day_cap", _number),
    "period_cap": ("period_cap", _number),
    "half_hour_cap": ("half_hour_cap", _number),
    "preview_for_s": ("preview_for_s", _number),
}
_PLAN: Mapping[str, tuple[str, Reader]] = {
    "name": ("name", _name),
    "trunk": ("trunk", _trunk),
    "caller_id": ("caller_id", _optional(_text)),
    "hours": ("hours", _hours),
    "ring_for_s": ("ring_for", _duration),
    "answer_within_s": ("answer_within", _duration),
    "abandoned_message": ("abandoned_message", _text),
    "message": ("message", _optional(_text)),
    "wrap_up_s": ("wrap_up", _duration),
    "most_lines": ("most_lines", _optional(_count)),
    "record": ("record", _flag),
    "most_attempts": ("most_attempts", _count),
    "retry": ("retry", _retry),
    "pacing": ("pacing", _pacing),
}

"""A campaign's plan as a JSON document, the one form in the database, the API and on the command line.

Durations are seconds in fields that end in `_s`; what is left out takes the default of `CampaignPlan`.
"""

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from dialer.domain import document_fields as fields
from dialer.domain.campaign import CallingHours, CampaignPlan, RecordingAnnouncement
from dialer.domain.disposition import Disposition
from dialer.domain.ids import TrunkName
from dialer.domain.listening_document import listening_from_json, listening_to_json
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.recycling import RetryRule
from dialer.domain.retry_document import retry_rule_from_json, retry_rule_to_json
from dialer.domain.rules_document import rules_from_json, rules_to_json
from dialer.errors import BadInput

_FLOW = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(/[A-Za-z0-9_.-]{1,64})*")
_MIDNIGHT = "24:00"  # the end of the day, as ISO 8601 writes it; Python has only the last instant before it


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
        "ring_for_s": fields.in_seconds(plan.ring_for),
        "answer_within_s": fields.in_seconds(plan.answer_within),
        "abandoned_message": plan.abandoned_message,
        "message": plan.message,
        "flow": plan.flow,
        "wrap_up_s": fields.in_seconds(plan.wrap_up),
        "most_lines": plan.most_lines,
        "record": plan.record,
        "announce_recording": plan.announce_recording.value,
        "announcement": plan.announcement,
        "announce_why": plan.announce_why,
        "most_attempts": plan.most_attempts,
        "retry": {disposition.value: retry_rule_to_json(rule) for disposition, rule in plan.retry.items()},
        "pacing": {name: getattr(plan.pacing, name) for name in _PACING},
        "rules": rules_to_json(plan.rules),
        "listening": listening_to_json(plan.listening),
    }


def plan_from_json(document: object) -> CampaignPlan:
    """Raises `BadInput` that names the field."""
    values = fields.read_fields(document, "", _PLAN)
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


def _blamed(message: str) -> str | None:
    """`CampaignPlan` names its own field first; in the document a duration's name ends in `_s`."""
    first = message.split(" ", 1)[0]
    return next((name for name, (attribute, _) in _PLAN.items() if attribute == first), None)


def _trunk(value: object, path: str) -> TrunkName:
    return TrunkName(fields.text(value, path))


def _flow(value: object, path: str) -> str:
    name = fields.text(value, path)
    if not _FLOW.fullmatch(name):
        raise BadInput(f"{path}: {name!r} is no name of a flow", path)
    return name


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
        return CallingHours(**fields.read_fields(value, path, _HOURS))
    except ValueError as wrong:
        raise BadInput(f"{path}: {wrong}", path) from None


def _retry(value: object, path: str) -> Mapping[Disposition, RetryRule]:
    if not isinstance(value, Mapping):
        raise BadInput(f"{path}: must be an object", path)
    return {
        _disposition(name, path): retry_rule_from_json(rule, f"{path}.{name}") for name, rule in value.items()
    }


def _disposition(name: str, path: str) -> Disposition:
    try:
        return Disposition(name)
    except ValueError:
        raise BadInput(f"{path}.{name}: there is no such disposition", f"{path}.{name}") from None


def _pacing(value: object, path: str) -> PacingPlan:
    values = fields.read_fields(value, path, _PACING)
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


def _announce(value: object, path: str) -> RecordingAnnouncement:
    try:
        return RecordingAnnouncement(value)  # type: ignore[arg-type]
    except ValueError:
        raise BadInput(f"{path}: must be one of {', '.join(RecordingAnnouncement)}", path) from None


def _free_text(value: object, path: str) -> str:
    """May be empty."""
    return "" if value == "" else fields.text(value, path)


_HOURS: fields.Fields = {
    "start": ("start", _time),
    "end": ("end", _time),
    "weekdays": ("weekdays", _weekdays),
}
# bounds are those of `PacingPlan`, whose fields have the document's names
_PACING: fields.Fields = {
    "mode": ("mode", _mode),
    "lines_per_agent": ("lines_per_agent", fields.number),
    "weight": ("weight", fields.number),
    "least_lines": ("least_lines", fields.whole),
    "day_cap": ("day_cap", fields.number),
    "period_cap": ("period_cap", fields.number),
    "half_hour_cap": ("half_hour_cap", fields.number),
    "preview_for_s": ("preview_for_s", fields.number),
}
_PLAN: fields.Fields = {
    "name": ("name", fields.name),
    "trunk": ("trunk", _trunk),
    "caller_id": ("caller_id", fields.optional(fields.text)),
    "hours": ("hours", _hours),
    "ring_for_s": ("ring_for", fields.duration),
    "answer_within_s": ("answer_within", fields.duration),
    "abandoned_message": ("abandoned_message", fields.text),
    "message": ("message", fields.optional(fields.text)),
    "flow": ("flow", fields.optional(_flow)),
    "wrap_up_s": ("wrap_up", fields.duration),
    "most_lines": ("most_lines", fields.optional(fields.count)),
    "record": ("record", fields.flag),
    "announce_recording": ("announce_recording", _announce),
    "announcement": ("announcement", fields.text),
    "announce_why": ("announce_why", _free_text),
    "most_attempts": ("most_attempts", fields.count),
    "retry": ("retry", _retry),
    "pacing": ("pacing", _pacing),
    "rules": ("rules", rules_from_json),
    "listening": ("listening", listening_from_json),
}

"""What a campaign listens for, as part of its plan's JSON document."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from dialer.domain import document_fields as fields
from dialer.domain.announcements import Announcement, default_announcement_rules
from dialer.domain.listening_plan import AnswerStrategy, Audience, ListeningPlan
from dialer.domain.recycling import RetryRule
from dialer.domain.retry_document import retry_rule_from_json, retry_rule_to_json
from dialer.errors import BadInput

_Choice = TypeVar("_Choice", bound=StrEnum)


def listening_to_json(plan: ListeningPlan) -> dict[str, Any]:
    return {
        "before_answer": plan.before_answer,
        "answer": plan.answer.value,
        "audience": plan.audience.value,
        "machine_message": plan.machine_message,
        "announcements": {
            each.value: retry_rule_to_json(rule) for each, rule in sorted(plan.announcements.items())
        },
        "dead_air_s": None if plan.dead_air is None else fields.in_seconds(plan.dead_air),
        "dead_air_prompt": plan.dead_air_prompt,
        "dead_air_goodbye": plan.dead_air_goodbye,
        "dead_air_prompts": plan.dead_air_prompts,
        "dead_air_wait_s": fields.in_seconds(plan.dead_air_wait),
    }


def listening_from_json(value: object, path: str) -> ListeningPlan:
    """Raises `BadInput` that names the field."""
    read = fields.read_fields(value, path, _LISTENING)
    try:
        return ListeningPlan(**read)
    except BadInput as wrong:
        raise BadInput(f"{path}.{wrong.field}: {wrong}", f"{path}.{wrong.field}") from None


def _one_of(choices: type[_Choice], value: object, path: str) -> _Choice:
    try:
        return choices(value)  # type: ignore[arg-type]
    except ValueError:
        raise BadInput(f"{path}: must be one of {', '.join(choices)}", path) from None


def _strategy(value: object, path: str) -> AnswerStrategy:
    return _one_of(AnswerStrategy, value, path)


def _audience(value: object, path: str) -> Audience:
    return _one_of(Audience, value, path)


def _announcements(value: object, path: str) -> Mapping[Announcement, RetryRule]:
    """What is left out keeps its default: a class without a rule would end the contact."""
    if not isinstance(value, Mapping):
        raise BadInput(f"{path}: must be an object", path)
    given = {
        _one_of(Announcement, name, f"{path}.{name}"): retry_rule_from_json(rule, f"{path}.{name}")
        for name, rule in value.items()
    }
    return {**default_announcement_rules(), **given}


_LISTENING: fields.Fields = {
    "before_answer": ("before_answer", fields.flag),
    "answer": ("answer", _strategy),
    "audience": ("audience", _audience),
    "machine_message": ("machine_message", fields.optional(fields.text)),
    "announcements": ("announcements", _announcements),
    "dead_air_s": ("dead_air", fields.optional(fields.duration)),
    "dead_air_prompt": ("dead_air_prompt", fields.optional(fields.text)),
    "dead_air_goodbye": ("dead_air_goodbye", fields.optional(fields.text)),
    "dead_air_prompts": ("dead_air_prompts", fields.count),
    "dead_air_wait_s": ("dead_air_wait", fields.duration),
}

"""A retry rule as part of a JSON document."""

from typing import Any

from dialer.domain import document_fields as fields
from dialer.domain.recycling import RetryRule
from dialer.errors import BadInput


def retry_rule_to_json(rule: RetryRule) -> dict[str, Any]:
    return {
        "delay_s": fields.in_seconds(rule.delay),
        "most": rule.most,
        "number_is_dead": rule.number_is_dead,
    }


def retry_rule_from_json(value: object, path: str) -> RetryRule:
    """Raises `BadInput` that names the field."""
    read = fields.read_fields(value, path, _RULE)
    for name in ("delay_s", "most"):
        if _RULE[name][0] not in read:
            raise BadInput(f"{path}.{name}: is missing", f"{path}.{name}")
    return RetryRule(**read)


_RULE: fields.Fields = {
    "delay_s": ("delay", fields.duration),
    "most": ("most", fields.count),
    "number_is_dead": ("number_is_dead", fields.flag),
}

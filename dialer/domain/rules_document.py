"""What a campaign says of itself that rules depend on, as part of its plan's JSON document."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from dialer.domain import document_fields as fields
from dialer.domain.campaign_rules import CallPurpose, CampaignRules, RuleOverride
from dialer.errors import BadInput


def rules_to_json(rules: CampaignRules) -> dict[str, Any]:
    return {
        "purposes": sorted(rules.purposes),
        "home": sorted(rules.home),
        "subject": rules.subject,
        "seller": rules.seller,
        "seller_phone": rules.seller_phone,
        "closing_guard_s": fields.in_seconds(rules.closing_guard),
        "revoke_all": rules.revoke_all,
        "detector": rules.detector,
        "overrides": [
            {
                "profile": each.profile,
                "field": each.field,
                "value": each.value,
                "by": each.by,
                "why": each.why,
                "at": each.at.isoformat(),
            }
            for each in rules.overrides
        ],
        "languages": dict(rules.languages),
    }


def rules_from_json(value: object, path: str) -> CampaignRules:
    """Raises `BadInput` that names the field. Whether the profiles named exist is for `check_profiles` to say."""
    read = fields.read_fields(value, path, _RULES)
    try:
        return CampaignRules(**read)
    except ValueError as wrong:
        blamed = _blamed(str(wrong))
        raise BadInput(f"{path}.{blamed}: {wrong}", f"{path}.{blamed}") from None


def check_profiles(rules: CampaignRules, known: Collection[str]) -> None:
    """Raises `BadInput` for a profile that is in no rulebook."""
    for id in sorted(rules.home):
        if id not in known:
            raise unknown_profile(id, "rules.home", known)
    for each in rules.overrides:
        if each.profile not in known:
            raise unknown_profile(each.profile, "rules.overrides", known)


def unknown_profile(id: str, field: str, known: Collection[str]) -> BadInput:
    there_are = ", ".join(sorted(known)) or "none"
    return BadInput(f"{field}: there is no profile {id!r}; there are: {there_are}", field)


def _blamed(message: str) -> str:
    attribute = message.split(" ", 1)[0]
    return next((name for name, (filled, _) in _RULES.items() if filled == attribute), "purposes")


def _purpose(value: object, path: str) -> CallPurpose:
    try:
        return CallPurpose(value)  # type: ignore[arg-type]
    except ValueError:
        there_are = ", ".join(CallPurpose)
        raise BadInput(f"{path}: there is no such purpose; there are {there_are}", path) from None


def _purposes(value: object, path: str) -> frozenset[CallPurpose]:
    return frozenset(fields.items(value, path, _purpose))


def _home(value: object, path: str) -> frozenset[str]:
    return frozenset(fields.items(value, path, fields.name))


def _moment(value: object, path: str) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadInput(f"{path}: must be a time with its offset, such as 2026-07-01T09:00:00+00:00", path)
    return at


def _override(value: object, path: str) -> RuleOverride:
    read = fields.read_fields(value, path, _OVERRIDE)
    for name in _OVERRIDE:
        if name not in read:
            raise BadInput(f"{path}.{name}: is missing", f"{path}.{name}")
    return RuleOverride(**read)


def _overrides(value: object, path: str) -> tuple[RuleOverride, ...]:
    return tuple(fields.items(value, path, _override))


def _languages(value: object, path: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise BadInput(f"{path}: must be an object of prompts by language", path)
    return {fields.name(key, path): fields.text(prompt, f"{path}.{key}") for key, prompt in value.items()}


_OVERRIDE: fields.Fields = {
    "profile": ("profile", fields.name),
    "field": ("field", fields.name),
    "value": ("value", fields.text),
    "by": ("by", fields.name),
    "why": ("why", fields.text),
    "at": ("at", _moment),
}
_RULES: fields.Fields = {
    "purposes": ("purposes", _purposes),
    "home": ("home", _home),
    "subject": ("subject", fields.text_or_none),
    "seller": ("seller", fields.text_or_none),
    "seller_phone": ("seller_phone", fields.text_or_none),
    "closing_guard_s": ("closing_guard", fields.duration),
    "revoke_all": ("revoke_all", fields.flag),
    "detector": ("detector", fields.flag),
    "overrides": ("overrides", _overrides),
    "languages": ("languages", _languages),
}

"""Which caller ID may be shown."""

from collections.abc import Sequence

from dialer.compliance.call import CallerId
from dialer.compliance.profile import CallerIdRule, Profile
from dialer.compliance.refusal import Refusal, RefusalReason


def caller_id_refusal(profiles: Sequence[Profile], caller: CallerId) -> Refusal | None:
    """Withheld, then not on our own list, then without proof of the right to use it; None: it may be shown.

    The duties of all profiles add up. Where none speaks of it, a number must be shown and be on our list all the same.
    """
    rules = [(profile, profile.caller_id) for profile in profiles if profile.caller_id is not None]
    if caller.withheld or not caller.number:
        against = [each for each in rules if not each[1].may_withhold]
        if against or not rules:
            return _no(RefusalReason.CALLER_ID_WITHHELD, "no caller ID would be shown", against)
        return None
    if not caller.allow_listed:
        against = [each for each in rules if each[1].allow_list]
        if against or not rules:
            because = f"{caller.number} is not among the caller IDs that may be shown"
            return _no(RefusalReason.CALLER_ID_NOT_ALLOWED, because, against)
    if not caller.proof and (against := [each for each in rules if each[1].proof_of_right]):
        because = f"there is no proof of the right to use {caller.number}"
        return _no(RefusalReason.DID_PROOF_MISSING, because, against)
    return None


def _no(reason: RefusalReason, because: str, against: Sequence[tuple[Profile, CallerIdRule]]) -> Refusal:
    if not against:
        return Refusal(reason, None, because)
    profile, rule = against[0]
    return Refusal(reason, None, because, profile.id, rule.source.citation)

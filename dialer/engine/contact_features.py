"""What a pacer may know of a contact before it is dialled: nothing of the person, and nothing that takes time to look up."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberType

from dialer.domain.disposition import Disposition
from dialer.domain.ids import TrunkName
from dialer.engine.line_end import line_end
from dialer.pacing.pacer import ContactFeatures, LineEnd
from dialer.ports.storage import ClaimedContact

# what a pacer is told of a contact about to be dialled, from its claim, the trunk and the wall time
ContactReader = Callable[[ClaimedContact, TrunkName, datetime], ContactFeatures]

_ANSWERED = frozenset({LineEnd.PERSON, LineEnd.ABANDONED})
_NOT_ANSWERED = frozenset({LineEnd.NOT_ANSWERED, LineEnd.MACHINE})
_AREA_DIGITS = 3  # after the country code
_TYPE_DIGITS = 7  # enough to tell mobile from fixed wherever a numbering plan does
_REST = "2345678901"  # stands for the subscriber's own digits

_TYPES: Mapping[int, str] = {
    PhoneNumberType.FIXED_LINE: "fixed line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed line or mobile",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.PREMIUM_RATE: "premium rate",
    PhoneNumberType.SHARED_COST: "shared cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


def contact_features(contact: ClaimedContact, trunk: TrunkName, now: datetime) -> ContactFeatures:
    """`now` is aware; hour and weekday are those of the first zone the called party may be in."""
    local = now.astimezone(ZoneInfo(contact.zones[0])) if contact.zones else None
    answered, not_answered = _history(contact.tally)
    imported = contact.imported_at
    digits = contact.number.e164.removeprefix("+")
    return ContactFeatures(
        hour=local.hour if local is not None else None,
        weekday=local.weekday() if local is not None else None,
        attempts=contact.attempts,
        answered_before=answered,
        not_answered_before=not_answered,
        number_type=_type(digits[:_TYPE_DIGITS], len(digits)),
        area=digits[: _country_digits(digits[:3]) + _AREA_DIGITS],
        list_name=contact.list_name,
        list_age_days=max((now - imported).total_seconds() / 86_400, 0.0) if imported is not None else None,
        trunk=trunk,
    )


def _history(tally: Mapping[str, int]) -> tuple[int, int]:
    """Earlier attempts answered by people, and those that were not; the carrier's failures say nothing."""
    answered = not_answered = 0
    for name, times in tally.items():
        end = line_end(Disposition(name))
        answered += times if end in _ANSWERED else 0
        not_answered += times if end in _NOT_ANSWERED else 0
    return answered, not_answered


@lru_cache(maxsize=1024)
def _country_digits(leading: str) -> int:
    """How many of the leading digits are the country code (ITU-T E.164: one to three)."""
    known = (n for n in (1, 2, 3) if int(leading[:n] or 0) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    return next(known, 0)


@lru_cache(maxsize=16_384)
def _type(leading: str, length: int) -> str:
    """By the leading digits alone, so that a list costs one look for each of its areas and not one for each number."""
    stand_in = "+" + leading + _REST[: max(length - len(leading), 0)]
    try:
        number = phonenumbers.parse(stand_in)
    except phonenumbers.NumberParseException:
        return ""
    return _TYPES.get(phonenumbers.number_type(number), "")

"""Where somebody may be who has a number: by its digits, by what the contact list says, and by time zones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from dialer.compliance.call import CalledPlace
from dialer.compliance.place import place_of
from dialer.domain.phone_number import PhoneNumber

STATE_COLUMNS = ("state", "us_state", "州")

_TELLING = 4  # a number of more zones than these does not say where it is
_STATES: Mapping[str, str] = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "district of columbia": "DC", "florida": "FL", "georgia": "GA",
    "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY",
    "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN",
    "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH",
    "new jersey": "NJ", "new mexico": "NM", "new york": "NY", "north carolina": "NC", "north dakota": "ND",
    "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhode island": "RI",
    "south carolina": "SC", "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT",
    "virginia": "VA", "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip


def called_place(
    number: PhoneNumber, attributes: Mapping[str, str], zones: Sequence[str], stated_zone: str | None
) -> CalledPlace:
    """All places and zones the person may be in, together: it must be a time to call in every one of them.

    `zones` are those that the list was imported with, `stated_zone` is the list's own word. A number whose digits say nothing
    of its zone is where the list says.
    """
    place = place_of(number, address_state(attributes))
    of_number = place.zones or tuple(zones)
    if stated_zone is None:
        return replace(place, zones=of_number)
    if len(of_number) > _TELLING:
        return replace(place, zones=(stated_zone,))
    return replace(place, zones=tuple(dict.fromkeys((*of_number, stated_zone))))


def address_state(attributes: Mapping[str, str]) -> str | None:
    """The US state that the list says the person lives in, by its letters where its name is known; None when it says none."""
    written = cell(attributes, STATE_COLUMNS)
    return _STATES.get(written.lower(), written) or None


def cell(attributes: Mapping[str, str], columns: Sequence[str]) -> str:
    """What a contact list says in one of these columns, however its title is written; "" when it has none of them."""
    for title, value in attributes.items():
        if _plain(title) in columns:
            return value.strip()
    return ""


@lru_cache(maxsize=4096)
def _plain(title: str) -> str:
    return title.strip().lower().replace(" ", "_").replace("-", "_")

"""Where a number is: its country and, in the United States, every state the called person may be in."""

from functools import lru_cache

import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

from dialer.compliance.area_codes import STATE_OF, STATES
from dialer.compliance.call import CalledPlace
from dialer.domain.phone_number import PhoneNumber, possible_zones

_TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})  # countries of ISO 3166, under the federal rules
_BLOCK = 3  # numbers are assigned by the thousand at least: those of one block are in one place
_NOWHERE = "001"  # the library's word for international numbers
_BESIDES = {"928": ("America/Denver",)}  # the Navajo Nation changes its clocks, the rest of Arizona does not


def place_of(number: PhoneNumber, address_state: str | None = None) -> CalledPlace:
    """Country, states and IANA zones of a number, by its prefix.

    An area code that spans zones has them all: numbers move within it, mobile ones most of all.
    `address_state`, such as "CA", is what the list says of where the person lives: a further candidate. A state that nobody
    knows makes all of them candidates, as does an area code of no state (toll-free).
    """
    if not number.e164:
        return CalledPlace(None)  # not shown
    place = _of_area(number.e164[:5]) if _american(number.e164) else _of_block(number.e164[:-_BLOCK], _BLOCK)
    if place.country != "US" or not address_state:
        return place
    state = address_state.strip().upper()
    if state not in STATES | _TERRITORIES or not place.states:
        return CalledPlace(place.country, (), place.zones)
    return CalledPlace(place.country, tuple(sorted({*place.states, state})), place.zones)


def _american(e164: str) -> bool:
    return len(e164) == 12 and e164.startswith("+1")


@lru_cache(maxsize=1024)
def _of_area(prefix: str) -> CalledPlace:
    code = prefix[2:]
    if (state := STATE_OF.get(code)) is None:
        return _of(prefix + "5550123")
    return CalledPlace("US", (state,), _zones_within(code))


def _zones_within(code: str) -> tuple[str, ...]:
    found = {zone for start, zones in TIMEZONE_DATA.items() if start.startswith(f"1{code}") for zone in zones}
    return tuple(sorted(found | set(_BESIDES.get(code, ()))))


@lru_cache(maxsize=65536)
def _of_block(start: str, missing: int) -> CalledPlace:
    return _of(start + "0" * missing)


def _of(e164: str) -> CalledPlace:
    zones = possible_zones(PhoneNumber(e164))
    country = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    if country in _TERRITORIES:
        return CalledPlace("US", (country,), zones)
    return CalledPlace(None if country == _NOWHERE else country, (), zones)

"""What a pacer may know of a contact."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.ids import AttemptId, CampaignId, ContactId, NumberId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.contact_features import contact_features
from dialer.ports.storage import ClaimedContact

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # a Friday evening in London, Saturday morning in Tokyo
MAIN = TrunkName("main")
CONTACT = ClaimedContact(
    AttemptId(uuid4()),
    CampaignId(1),
    ContactId(1),
    NumberId(1),
    PhoneNumber("+442079460000"),
    ("Europe/London",),
    3,
    {},
    0,
)


def test_hour_and_weekday_are_local_to_the_first_zone() -> None:
    tokyo = contact_features(replace(CONTACT, zones=("Asia/Tokyo", "Europe/London")), MAIN, NOW)
    assert (tokyo.hour, tokyo.weekday) == (8, 5)
    nowhere = contact_features(replace(CONTACT, zones=()), MAIN, NOW)
    assert (nowhere.hour, nowhere.weekday) == (None, None)


def test_earlier_attempts_are_told_apart_by_whether_a_person_answered() -> None:
    tally = {
        "connected": 2,
        "abandoned": 1,
        "busy": 4,
        "machine": 8,
        "congestion": 16,
        "lost": 32,
        "callback": 64,
    }
    features = contact_features(replace(CONTACT, tally=tally), MAIN, NOW)
    assert (features.answered_before, features.not_answered_before) == (67, 12)


@pytest.mark.parametrize(
    ("e164", "area", "number_type"),
    [
        ("+12025550100", "1202", "fixed line or mobile"),
        ("+447400123456", "44740", "mobile"),
        ("+442079460000", "44207", "fixed line"),
        ("+353851234567", "353851", "mobile"),
        ("+8613812345678", "86138", "mobile"),
        ("+18005550100", "1800", "toll-free"),
    ],
)
def test_area_and_type_of_a_number(e164: str, area: str, number_type: str) -> None:
    features = contact_features(replace(CONTACT, number=PhoneNumber(e164)), MAIN, NOW)
    assert (features.area, features.number_type) == (area, number_type)


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_every_country_s_numbers_have_an_area_within_the_number(region: str) -> None:
    number = phonenumbers.example_number(region)
    if number is None:
        return
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    area = contact_features(replace(CONTACT, number=PhoneNumber(e164)), MAIN, NOW).area
    assert area.startswith(str(number.country_code))
    assert e164.startswith("+" + area)


def test_the_age_of_the_list_is_in_days_and_never_negative() -> None:
    listed = replace(CONTACT, list_name="spring.csv", imported_at=NOW - timedelta(hours=36))
    features = contact_features(listed, MAIN, NOW)
    assert (features.list_name, features.list_age_days) == ("spring.csv", 1.5)
    ahead = replace(listed, imported_at=NOW + timedelta(hours=1))
    assert contact_features(ahead, MAIN, NOW).list_age_days == 0.0
    assert contact_features(CONTACT, MAIN, NOW).list_age_days is None

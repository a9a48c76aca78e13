"""Every class has a meaning, a rule and a name; only dead numbers are given up."""

from datetime import timedelta

import pytest

from dialer.domain.announcements import Announcement, NumberIs, default_announcement_rules, number_is
from dialer.words import LANGUAGES, Language, catalogue, name_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("announcement", Announcement)
def test_rules_follow_what_the_number_is(announcement: Announcement) -> None:
    rule, state = default_announcement_rules()[announcement], number_is(announcement)
    assert rule.number_is_dead == (state is NumberIs.DEAD)
    bounds = {
        NumberIs.DEAD_FOR_NOW: (timedelta(days=1), timedelta(days=30)),
        NumberIs.TRY_LATER: (timedelta(hours=1), timedelta(days=1)),
        NumberIs.TRY_SOON: (timedelta(minutes=5), timedelta(minutes=30)),
    }
    least, most = bounds.get(state, (timedelta(minutes=5), timedelta(days=7)))
    assert least <= rule.delay <= most
    assert rule.most >= 1


def test_a_phone_that_is_switched_off_is_no_wrong_number() -> None:
    assert not default_announcement_rules()[Announcement.POWERED_OFF].number_is_dead


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_has_a_name(language: Language) -> None:
    keys = {f"announcement.{each}" for each in Announcement} | {f"number_is.{each}" for each in NumberIs}
    assert keys <= set(catalogue(language))


def test_names() -> None:
    assert name_of("announcement", Announcement.POWERED_OFF, "zh") == "关机"
    assert name_of("announcement", Announcement.VACANT, "en") == "number not in service"

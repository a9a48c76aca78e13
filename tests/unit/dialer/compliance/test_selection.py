from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.compliance.area_codes import STATE_OF, STATES
from dialer.compliance.call import CalledPlace
from dialer.compliance.place import place_of
from dialer.compliance.profile import Voice
from dialer.compliance.selection import left_out, matching, rules_known
from dialer.domain.campaign_rules import CallPurpose
from dialer.domain.phone_number import PhoneNumber, possible_zones
from dialer.errors import NotFound
from tests.support.rules import shipped

pytestmark = pytest.mark.unit

TODAY = date(2026, 7, 15)
P = CallPurpose


def ids(
    place: CalledPlace, *purposes: CallPurpose, voice: Voice = Voice.LIVE, home: str = "", on: date = TODAY
) -> set[str]:
    chosen = frozenset(purposes or (P.SALES,))
    found = matching(shipped(), place, chosen, voice, frozenset(home.split()), on)
    return {profile.id for profile in found}


def test_a_sale_in_florida() -> None:
    assert ids(CalledPlace("US", ("FL",))) == {"us_ftc_tsr", "us_fcc_tcpa", "us_fl", "project_default"}


def test_purpose_and_voice_choose() -> None:
    there = CalledPlace("US", ("TX",))
    assert ids(there, P.COLLECTION) == {"us_regf", "project_default"}
    recorded = ids(there, voice=Voice.PRERECORDED)
    assert "us_fcc_prerecorded" in recorded
    assert "us_fcc_tcpa" not in recorded
    assert ids(there, P.HEALTH_CARE, voice=Voice.PRERECORDED) == {
        "us_fcc_prerecorded_hipaa",
        "project_default",
    }


def test_insurance_is_a_sale_with_hours_of_its_own() -> None:
    found = ids(CalledPlace("CN"), P.INSURANCE)
    assert {"cn_consumer_2024", "cn_insurance", "cn_miit_2020"} <= found
    assert "cn_marketing_default" not in found
    assert "cn_marketing_default" in ids(CalledPlace("CN"))


def test_an_unknown_state_is_every_state_and_an_unknown_country_every_country() -> None:
    unknown = ids(CalledPlace("US"))
    assert {"us_fl", "us_ri", "us_ca_cpuc"} <= unknown
    assert "uk_pecr_live" not in unknown
    assert {"us_fl", "uk_pecr_live", "de_uwg"} <= ids(CalledPlace(None))


def test_two_candidate_states() -> None:
    assert {"us_fl", "us_ok"} <= ids(CalledPlace("US", ("FL", "OK")))


@pytest.mark.parametrize(
    ("on", "present", "absent"),
    [
        (date(2017, 2, 28), "uk_ofcom_2010", "uk_ofcom_2017"),
        (date(2017, 3, 1), "uk_ofcom_2017", "uk_ofcom_2010"),
    ],
)
def test_each_on_its_day(on: date, present: str, absent: str) -> None:
    found = ids(CalledPlace("GB"), on=on)
    assert present in found
    assert absent not in found


def test_codes_and_drafts_apply_where_a_campaign_names_them() -> None:
    there = CalledPlace("GB", zones=("Europe/London",))
    assert "uk_dma_hours" not in ids(there)
    assert "uk_dma_hours" in ids(there, home="uk_dma_hours")
    assert {profile.id for profile in left_out(shipped(), there, frozenset(), TODAY)} == {"uk_dma_hours"}
    assert left_out(shipped(), there, frozenset({"uk_dma_hours"}), TODAY) == ()


def test_rules_at_home_go_everywhere() -> None:
    assert {"us_ftc_tsr", "fr_conso_2023"} <= ids(CalledPlace("FR"), home="us_ftc_tsr")


def test_a_country_of_which_nothing_is_known() -> None:
    assert rules_known(shipped(), CalledPlace("FR"))
    assert not rules_known(shipped(), CalledPlace("JP"))
    assert not rules_known(shipped(), CalledPlace(None))


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(NotFound, match="us_xx"):
        shipped().profile("us_xx")


@given(
    st.sampled_from(("US", "GB", "CN", "FR", "JP")),
    st.sets(st.sampled_from(sorted(STATES)), max_size=3),
    st.sets(st.sampled_from(list(P)), min_size=1, max_size=3),
    st.sampled_from(list(P)),
)
@settings(deadline=None, max_examples=60)
def test_one_more_state_never_frees_of_a_law(
    country: str, states: set[str], purposes: set[CallPurpose], other: CallPurpose
) -> None:
    narrow = ids(CalledPlace(country, tuple(sorted(states)[:1])), *purposes)
    assert narrow <= ids(CalledPlace(country, tuple(sorted(states))), *purposes)
    policy = {"cn_marketing_default"}  # gives way to the rules of a sector
    assert narrow - policy <= ids(CalledPlace(country, tuple(sorted(states)[:1])), *purposes, other)


class TestPlace:
    @pytest.mark.parametrize(
        ("number", "country", "states"),
        [
            ("+13055550123", "US", ("FL",)),
            ("+12025550123", "US", ("DC",)),
            ("+17875550123", "US", ("PR",)),
            ("+18005550123", "US", ()),
            ("+14165550123", "CA", ()),
            ("+18765550123", "JM", ()),
            ("+8613800138000", "CN", ()),
            ("+85221234567", "HK", ()),
            ("+442079460123", "GB", ()),
            ("+80012345678", None, ()),
        ],
    )
    def test_countries_and_states(self, number: str, country: str | None, states: tuple[str, ...]) -> None:
        place = place_of(PhoneNumber(number))
        assert (place.country, place.states) == (country, states)
        assert set(possible_zones(PhoneNumber(number))) <= set(place.zones)

    def test_an_address_is_one_more_candidate(self) -> None:
        number = PhoneNumber("+12125550123")
        assert place_of(number, " ca ").states == ("CA", "NY")
        assert place_of(number, "NY").states == ("NY",)
        assert place_of(number, "Neverland").states == ()
        assert place_of(PhoneNumber("+18005550123"), "FL").states == ()
        assert place_of(PhoneNumber("+8613800138000"), "FL").states == ()

    def test_an_area_code_that_spans_zones(self) -> None:
        assert place_of(PhoneNumber("+18505550123")).zones == ("America/Chicago", "America/New_York")
        assert place_of(PhoneNumber("+19285550123")).zones == ("America/Denver", "America/Phoenix")

    def test_the_area_codes_are_those_of_the_numbering_plan(self) -> None:
        assert len(STATES) == 51
        for code in STATE_OF:
            assert place_of(PhoneNumber(f"+1{code}5550123")).zones, code

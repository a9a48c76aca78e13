import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.domain.number_reader import NewNumber, NumberReader
from dialer.domain.phone_number import BadNumber, parse_number, possible_zones

pytestmark = pytest.mark.unit

REGIONS = ("US", "CA", "JM", "PR", "CN", "GB", "DE", "MX", "AR", "IT")
READERS = {region: NumberReader(region) for region in REGIONS}

digits = st.text("0123456789", min_size=6, max_size=12)
american = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "1", "+1", "+1 ", "001"]),
    st.integers(200, 999),
    st.integers(0, 9_999_999),
)
toll_free = st.builds(
    "{}{:07}".format,
    st.sampled_from(["+1800", "+1888", "+1900", "+1684", "+1500"]),
    st.integers(0, 9_999_999),
)
chinese = st.builds(
    "{}1{}".format, st.sampled_from(["", "+86", "+86 ", "86", "0", "0086"]), st.integers(0, 9_999_999_999)
)
written = st.builds(
    "{}({}) {}-{:04}{}".format,
    st.sampled_from(["", "+1 ", "1-"]),
    st.integers(200, 999),
    st.integers(200, 999),
    st.integers(0, 9999),
    st.sampled_from(["", " x12", " "]),
)
anything = st.text(st.sampled_from("0123456789+-() .x/一"), max_size=20)


def slowly(text: str, region: str) -> NewNumber | str:
    try:
        number = parse_number(text.strip(), region)
    except BadNumber as bad:
        return str(bad)
    return NewNumber(number, possible_zones(number))


def quickly(text: str, region: str) -> NewNumber | str:
    try:
        return READERS[region].read(text)
    except BadNumber as bad:
        return str(bad)


@settings(max_examples=600, deadline=None)
@given(st.one_of(american, toll_free, chinese, written, digits, anything), st.sampled_from(REGIONS))
def test_the_quick_way_gives_the_answers_of_the_library(text: str, region: str) -> None:
    assert quickly(text, region) == slowly(text, region)


def test_every_american_area_code_gives_the_library_s_answer() -> None:
    for area in range(200, 1000):
        for rest in ("2555555", "5550123", "9110000"):
            text = f"{area}{rest}"
            assert quickly(text, "US") == slowly(text, "US"), text


def test_every_chinese_mobile_prefix_gives_the_library_s_answer() -> None:
    for prefix in range(130, 200):
        for carrier in range(100):
            text = f"{prefix}{carrier:02}123456"
            assert quickly(text, "CN") == slowly(text, "CN"), text

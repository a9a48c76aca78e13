"""The table of tones: what is in it, and which countries sound the same."""

import pytest

from dialer.audio.zones import Kind, Zones, load, same
from dialer.errors import BadInput

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def zones() -> Zones:
    return load()


def test_every_country_is_named_and_every_row_has_a_source(zones: Zones) -> None:
    assert len(zones.names) >= 170
    assert all(sound.sources <= {"e180", "asterisk", "dahdi"} and sound.sources for sound in zones.sounds)
    assert {code for sound in zones.sounds for code in sound.countries} <= set(zones.names)


def test_china(zones: Zones) -> None:
    rings = zones.of("cn", Kind.RING)
    assert [ring.as_written for ring in rings] == ["450 Hz, 1 (4)"]
    assert zones.same_ring("cn") >= {"PK", "GL"}
    assert "DE" not in zones.same_ring("cn")


def test_the_largest_group_is_europes(zones: Zones) -> None:
    head, members = zones.groups()[0]
    assert head.as_written == "425 Hz, 1 (4)"
    assert {"DE", "IT", "BR", "FI"} <= members
    assert len(members) >= 40


def test_groups_hold_every_country_with_a_ring(zones: Zones) -> None:
    grouped = {code for _, members in zones.groups() for code in members}
    assert grouped == {code for ring in zones.rings() for code in ring.countries}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("us", "ca", True), ("us", "tw", False), ("fr", "cm", False), ("gb", "nz", True), ("se", "de", False)],
)
def test_who_sounds_like_whom(zones: Zones, one: str, other: str, alike: bool) -> None:
    e180 = load(frozenset({"e180", "asterisk"}))
    first, second = e180.of(one, Kind.RING)[0], e180.of(other, Kind.RING)[0]
    if other == "de":
        second = next(ring for ring in e180.of("de", Kind.RING) if ring.as_written == "425 Hz, 1 (4)")
    assert same(first, second) is alike


def test_contradictions_are_kept(zones: Zones) -> None:
    assert {"383+417 Hz, 0.4 (0.2) 0.4 (2)", "413+438 Hz, 0.4 (0.2) 0.4 (2)"} <= {
        ring.as_written for ring in zones.of("au", Kind.RING)
    }


def test_a_pbx_ring_is_home_and_never_evidence(zones: Zones) -> None:
    pbx = next(ring for ring in zones.of("us", Kind.RING) if ring.as_written == "440+480 Hz, 1 (3)")
    assert not pbx.certain
    assert pbx not in zones.rings()


def test_a_deep_modulation_may_look_like_three_things(zones: Zones) -> None:
    (ring,) = (ring for ring in zones.of("sg", Kind.RING) if "*" in ring.as_written)
    assert {(425.0,), (401.0, 449.0), (401.0, 425.0, 449.0)} <= set(ring.spectra[0])


def test_an_unknown_country(zones: Zones) -> None:
    with pytest.raises(BadInput, match="xx: no tones are known"):
        zones.of("xx")

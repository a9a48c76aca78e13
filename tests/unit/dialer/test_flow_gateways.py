"""What flows may dial, whatever callers keyed in: nothing that means anything to Dial() gets there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import Misconfigured
from dialer.flow_gateways import TrunkGateways, opened_gateways
from dialer.settings import IvrSection, Settings
from dialer.telephony.asterisk.trunks import DialString

pytestmark = pytest.mark.unit

GATEWAYS = TrunkGateways(
    DialString("trunk-main"), "US", (), "trunk-pbx", ("pbx.example.com", "*.voice.example.com", "192.0.2.7")
)
HARMLESS = re.compile(r"PJSIP/(\+[0-9]+@trunk-main|trunk-pbx/sip:[A-Za-z0-9_.+-]+@[a-z0-9.-]+(:[0-9]+)?)")


@pytest.mark.parametrize(
    ("kind", "target", "dialled"),
    [
        ("number", "(202) 555-0143", "PJSIP/+12025550143@trunk-main"),
        ("sip", "sip:desk.7@pbx.example.com", "PJSIP/trunk-pbx/sip:desk.7@pbx.example.com"),
        ("sip", "sip:+12025550143@PBX.example.com:5070", "PJSIP/trunk-pbx/sip:+12025550143@pbx.example.com:5070"),
        ("sip", "sip:7@eu.voice.example.com", "PJSIP/trunk-pbx/sip:7@eu.voice.example.com"),
        ("sip", "sip:7@192.0.2.7", "PJSIP/trunk-pbx/sip:7@192.0.2.7"),
    ],
)  # fmt: skip
def test_what_is_dialled(kind: str, target: str, dialled: str) -> None:
    assert GATEWAYS.dial_string(kind, target) == dialled


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("number", "+12025550143&PJSIP/+19005550143@trunk-main"),
        ("number", "+19005550143"),
        ("number", "12"),
        ("sip", "sip:7@elsewhere.example.com"),
        ("sip", "sip:7@voice.example.com.evil.test"),
        ("sip", "sip:7@evilvoice.example.com"),
        ("sip", "sips:7@pbx.example.com"),
        ("sip", "sip:7@pbx.example.com;transport=tcp"),
        ("sip", "sip:7@pbx.example.com?Replaces=1"),
        ("sip", "sip:7@pbx.example.com,60,U(evil)"),
        ("sip", "sip:7&Local/s@fairdial-desk@pbx.example.com"),
        ("sip", "sip:7/8@pbx.example.com"),
        ("sip", "sip:a:b@pbx.example.com"),
        ("sip", "sip:${SHELL(id)}@pbx.example.com"),
        ("sip", "sip:7@pbx.example.com\r\nX: y"),
        ("sip", "sip:7@pbx.example.com:0"),
        ("sip", "sip:7@pbx..example.com"),
        ("sip", "sip:@pbx.example.com"),
        ("sip", "7@pbx.example.com"),
    ],
)
def test_what_is_not_dialled(kind: str, target: str) -> None:
    assert GATEWAYS.dial_string(kind, target) is None


@given(
    st.sampled_from(["number", "sip"]),
    st.sampled_from(["", "sip:7@pbx.example.com", "+12025550143", "sip:"]),
    st.text(max_size=30),
)
def test_nothing_else_ever_gets_into_a_dial_string(kind: str, before: str, after: str) -> None:
    found = GATEWAYS.dial_string(kind, before + after)
    assert found is None or HARMLESS.fullmatch(found)


def test_numbers_are_those_of_the_list() -> None:
    listed = TrunkGateways(DialString("trunk-main"), "US", ("+1202", "+1900"))
    assert listed.dial_string("number", "+12025550143") is not None
    assert listed.dial_string("number", "+19005550143") is not None, "named on purpose"
    assert listed.dial_string("number", "+13125550143") is None


def test_without_trunks_nothing_is_dialled_and_an_unknown_one_is_refused() -> None:
    nowhere = opened_gateways(Settings())
    assert nowhere.dial_string("number", "+12025550143") is None
    assert nowhere.dial_string("sip", "sip:7@pbx.example.com") is None
    with pytest.raises(Misconfigured, match="FAIRDIAL_IVR__SIP_TRUNK"):
        opened_gateways(Settings(ivr=IvrSection(sip_trunk="nowhere")))

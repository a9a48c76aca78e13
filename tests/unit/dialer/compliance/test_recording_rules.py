"""Who must be told of a recording, and what a pause for card data leaves in the file."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.call import CalledPlace
from dialer.compliance.card_pause import paused_file
from dialer.compliance.recording_rules import (
    ALL_PARTY_STATES,
    Regime,
    may_record,
    recording_rule,
)
from dialer.compliance.vectors.records import KINDS
from dialer.domain.campaign import RecordingAnnouncement

TEXAS = CalledPlace("US", ("TX",))


def us(*states: str) -> CalledPlace:
    return CalledPlace("US", states)


@pytest.mark.parametrize(
    ("called", "regime", "announce"),
    [
        (us("CA"), Regime.ALL_PARTY, True),
        (us("OR"), Regime.ONE_PARTY, False),
        (us("NV"), Regime.ALL_PARTY, True),
        (us("NY", "PA"), Regime.ALL_PARTY, True),
        (us("NY", "NJ"), Regime.ONE_PARTY, False),
        (us("NY", "PR"), Regime.UNKNOWN, True),
        (us(), Regime.UNKNOWN, True),
        (CalledPlace(None, ("OR",)), Regime.UNKNOWN, True),
        (CalledPlace("DE"), Regime.UNKNOWN, True),
    ],
)
def test_the_stricter_of_both_ends(called: CalledPlace, regime: Regime, announce: bool) -> None:
    for one, other in ((TEXAS, called), (called, TEXAS)):
        rule = recording_rule(one, other)
        assert (rule.regime, rule.announce) == (regime, announce)
        assert may_record(rule, announced=False) is not announce
        assert may_record(rule, announced=True)
        assert rule.source.citation


def test_what_a_campaign_may_choose() -> None:
    assert recording_rule(TEXAS, us("OR"), RecordingAnnouncement.ALWAYS).announce
    silent = recording_rule(TEXAS, us("CA"), RecordingAnnouncement.NEVER)
    assert (silent.announce, silent.regime) == (False, Regime.ALL_PARTY)
    assert "override" in silent.because


def test_thirteen_states_each_with_its_citation() -> None:
    assert " ".join(sorted(ALL_PARTY_STATES)) == "CA CT DE FL IL MA MD MI MT NH NV PA WA"
    assert all(source.citation and source.evidence for source in ALL_PARTY_STATES.values())


_seconds = st.integers(0, 600)


@given(_seconds, st.booleans(), st.none() | _seconds, _seconds, st.none() | st.integers(1, 300))
def test_a_pause_never_shortens_a_file_that_goes_on(
    asked: int, acknowledged: bool, resumed: int | None, call: int, limit: int | None
) -> None:
    def seconds(value: int | None) -> Any:
        return None if value is None else timedelta(seconds=value)

    made = paused_file(seconds(asked), acknowledged, seconds(resumed), seconds(call), seconds(limit))
    assert made.goes_on is acknowledged
    if not acknowledged:
        assert made.length <= timedelta(seconds=asked)
        assert made.silent is None
        return
    assert made.length == timedelta(seconds=call)
    assert made.silent is not None
    begins, ends = made.silent
    assert timedelta(0) <= begins <= ends <= made.length
    if limit is not None:
        assert ends - begins <= timedelta(seconds=limit)


def test_the_cases() -> None:
    check = KINDS["recording_check"]
    assert check([], {"caller_state": "TX", "called_state": None, "announcement_played": False}) == {
        "regime": "unknown",
        "announcement_required": True,
        "recording": "not_started",
    }
    pause = KINDS["pause_check"]
    asked = {"pause_requested_s": 60, "call_length_s": 180}
    assert pause([], {**asked, "pause_acknowledged": False})["recording"] == "stopped"
    assert pause([], {**asked, "pause_acknowledged": True, "resumed_s": 90}) == {
        "recording": "continues",
        "file_length_s": 180,
        "silent_s": [60, 90],
    }

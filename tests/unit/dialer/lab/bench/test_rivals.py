"""How the rivals' verdicts are counted, and what their detectors are told."""

from pathlib import Path

import numpy as np
import pytest

from dialer.audio.zones import Kind, Sound
from dialer.lab.bench import rival_exchange
from dialer.lab.bench.rivals import Answers
from dialer.lab.ears.clips import Clip
from dialer.lab.ears.greetings import HOME, MACHINE, Answered
from dialer.lab.ears.other_zones import Written
from dialer.lab.ears.rival_trials import Sample, Score
from dialer.lab.ears.spandsp_tones import apart, patterns

pytestmark = pytest.mark.unit

_CLIP = Clip(np.zeros(160, np.int16), onset_s=0.5, codec="u-law", loss=0.0, snr_db=30.0, dbm0=-20.0)


def _ring(country: str, text: str) -> Sample:
    return Sample("ring-back", Written("test", country, Kind.RING, text), _CLIP)


def test_a_foreign_tone_counts_from_its_onset_by_what_tells_it_apart() -> None:
    score = Score()
    score.add(_ring("IT", "425/1000,0/4000"), "CN", 1.5)
    score.add(_ring("SE", "425/1000,0/5000"), "IT", 6.5)
    score.add(_ring("FR", "440/1500,0/3500"), "US", None)
    assert score.decided_s == {"frequency": [1.0], "cadence": [6.0]}
    assert (score.foreign, score.found) == (3, 2)
    assert not score.restraint


def test_what_nobody_can_tell_apart_is_no_trial() -> None:
    score = Score()
    score.add(_ring("FI", "425/1000,0/4000"), "IT", 1.0)
    assert score.foreign == 0
    assert not score.restraint


def test_a_hang_up_on_home_busy_or_music_is_false() -> None:
    score = Score()
    score.add(_ring("CN", "450/1000,0/4000"), "CN", 1.0)
    score.add(
        Sample("busy or congestion", Written("test", "US", Kind.BUSY, "480+620/500,0/500"), _CLIP), "CN", None
    )
    score.add(Sample("music", None, _CLIP), "CN", 3.0)
    assert +score.false == {"home ring-back": 1, "music": 1}
    assert score.false_share == pytest.approx(2 / 3)


def test_the_receiver_is_told_durations_as_in_its_own_test_and_carriers() -> None:
    modulated = Sound(Kind.RING, (1.0, -4.0), (((425.0,), (401.0, 449.0)), ()), frozenset(), frozenset())
    assert patterns(modulated) == [(425, 0, 870, 1130), (0, 0, 3570, 4430)]


def test_frequencies_within_ten_hertz_become_the_first_one() -> None:
    found = apart([450, 425, 440, 460, 433])
    assert found == {450: 450, 425: 425, 440: 450, 460: 450, 433: 425}


def test_each_way_runs_on_its_own_and_says_when_a_call_was_over() -> None:
    ways = [rival_exchange.amd("amd", "2000,2000"), rival_exchange.tone_detect(425, "d(6)")]
    plan = rival_exchange.dialplan(ways, Path("/clips"))
    amd, tones = plan.partition("[way-0]")[2].split("[way-1]")
    assert "AMD(2000,2000)" in amd
    assert "TONE_DETECT(425,250,d(6)rg(${CONTEXT},hit,1))" in tones
    assert "exten = hit,1,UserEvent(" in tones
    assert "exten = hit" not in amd
    for part in (amd, tones):
        assert "Set(RUN=${EXTEN})" in part
        assert "exten = h,1,UserEvent(" in part


def _answered(who: str) -> Answered:
    return Answered(who, "a voice", _CLIP, greeting_start_s=0.5, greeting_end_s=1.5)


def test_answers_are_counted_by_who_it_was() -> None:
    answers = Answers()
    answers.add(_answered(HOME), "person", 2.0)
    answers.add(_answered(HOME), "machine", 1.0)
    answers.add(_answered(MACHINE), "machine", 3.5)
    answers.add(_answered(MACHINE), "", 5.0)
    figures = answers.figures()
    assert figures["people_called_machine"] == 0.5
    assert figures["person_decided_after_greeting_s"] == {"p50": 0.5, "p95": 0.5}
    assert figures["persons_within_0_6_s"] == 1.0
    assert figures["machines_not_sure"] == 0.5
    assert figures["machines_called_person"] == 0.0
    assert figures["machines_known_3_s_from_answer"] == 0.0

"""Home tones learned from a trunk's own answered calls."""

import numpy as np
import pytest

from dialer.audio import synth
from dialer.audio.ear import listen, measure
from dialer.audio.home import Home
from dialer.audio.learned import LearnedTones, MeasuredTone
from dialer.audio.zones import Kind, Sound
from dialer.errors import BadInput

pytestmark = pytest.mark.unit

# a PBX that no table knows
ODD = Sound(
    Kind.RING,
    (0.6, -0.3, 0.6, -3.0),
    (((410.0, 470.0),), (), ((410.0, 470.0),), ()),
    frozenset(),
    frozenset(),
)
LEAD = np.zeros(12_000, np.int16)
AUDIO = np.concatenate([LEAD, synth.render(ODD, 14)])


def test_a_tone_is_measured() -> None:
    tone = measure(AUDIO)
    assert tone is not None
    assert tone.hz == pytest.approx((410, 470), abs=1)
    assert tone.cadence == pytest.approx((0.6, -0.3, 0.6, -3.0), abs=0.04)


def test_nothing_is_measured_in_silence() -> None:
    assert measure(LEAD) is None


def test_it_counts_after_three_calls() -> None:
    tone = measure(AUDIO)
    assert tone is not None
    known = LearnedTones("north")
    for call in range(1, 4):
        assert len(known.sounds()) == 0, call
        known = known.hear(tone)
    assert len(known.tones) == 1
    home = Home.of("cn", learned=known.sounds())
    assert listen(AUDIO, home)[0][-1].hypothesis == "home"
    assert listen(AUDIO, Home.of("cn"))[0][-1].hypothesis != "home"


def test_a_learned_foreign_looking_tone_is_home() -> None:
    """A trunk through a foreign exchange: 425 Hz at home in China."""
    tone = MeasuredTone((425.0,), (1.0, -4.0), calls=5)
    home = Home.of("cn", learned=LearnedTones("north", (tone,)).sounds())
    heard = np.concatenate([LEAD, synth.render(tone.as_sound(), 12)])
    verdicts = listen(heard, home)[0]
    assert not any(verdict.may_hang_up for verdict in verdicts)
    assert verdicts[-1].hypothesis == "home"


def test_a_learned_tone_alone_is_enough() -> None:
    assert Home.of(learned=[ODD]).countries == frozenset()
    with pytest.raises(BadInput, match="no ring-back tone is known"):
        Home.of()


def test_calls_that_differ_a_little_are_one_tone() -> None:
    known = LearnedTones("north", (MeasuredTone((448.0,), (1.0, -4.0), 3),))
    known = known.hear(MeasuredTone((452.0,), (1.04, -3.96)))
    assert known.tones == (MeasuredTone((449.0,), (1.01, -3.99), 4),)


def test_the_document_comes_back_as_it_was() -> None:
    known = LearnedTones(
        "north", (MeasuredTone((450.0,), (1.0, -4.0), 7), MeasuredTone((425.0,), (1.0, -4.0), 2))
    )
    assert LearnedTones.from_document(known.as_document()) == known


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "format 1"),
        ({"format": 2}, "format 1"),
        ({"format": 1, "tones": 3}, "not a list"),
        ({"format": 1, "tones": [{"hz": [450]}]}, "learned tone 1"),
        ({"format": 1, "tones": [{"hz": [450], "cadence": [1, 4], "calls": 1}]}, "in turn"),
        ({"format": 1, "tones": [{"hz": [450], "cadence": [1, -4], "calls": 0}]}, "in turn"),
    ],
)
def test_what_is_no_document(document: object, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        LearnedTones.from_document(document)

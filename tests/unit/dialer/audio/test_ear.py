"""What the ear says of tones of every country, of signals, and of everything that is no tone."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dialer.audio import synth
from dialer.audio.ear import ToneEar, listen
from dialer.audio.home import Home
from dialer.audio.ringback import Caution, Hypothesis, Signal, Verdict
from dialer.audio.zones import Kind, Sound, load, same
from dialer.errors import BadInput

pytestmark = pytest.mark.unit

RATE = 8000
CHINA = Home.of("cn")


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * RATE), np.int16)


def ring(country: str, written: str | None = None) -> Sound:
    rings = [each for each in load().of(country, Kind.RING) if each.certain]
    return next(each for each in rings if written is None or each.as_written == written)


def heard(audio: NDArray[np.int16], home: Home = CHINA, caution: Caution = Caution.BURST) -> list[Verdict]:
    return listen(audio, home, caution)[0]


def together(sounds: list[NDArray[np.int16]], homes: list[Home]) -> list[list[Verdict]]:
    """Many streams in one ear: much quicker than one after the other."""
    ear = ToneEar(4)
    streams = np.array([ear.open(home) for home in homes])
    found: dict[int, list[Verdict]] = {int(stream): [] for stream in streams}
    audio = np.stack(sounds)
    for at in range(0, audio.shape[1] - 159, 160):
        for stream, verdict in ear.feed(audio[:, at : at + 160], streams):
            found[stream].append(verdict)
    return [found[int(stream)] for stream in streams]


@cache
def every_ring() -> list[Sound]:
    """But those whose period is so long that listening to them takes long."""
    return [each for each in load().rings() if (each.period_s or 0) <= 6.5]


def after_a_second(sound: Sound, seconds: float) -> NDArray[np.int16]:
    return np.concatenate([silence(1.2), synth.render(sound, seconds - 1.2)])


def test_every_ring_is_home_at_home_and_never_hung_up() -> None:
    rings = every_ring()
    said = together([after_a_second(each, 9) for each in rings], [Home.of(min(r.countries)) for r in rings])
    for sound, verdicts in zip(rings, said, strict=True):
        assert not any(verdict.may_hang_up for verdict in verdicts), sound.as_written
        assert any(verdict.hypothesis in (Hypothesis.HOME, Hypothesis.AMBIGUOUS) for verdict in verdicts), (
            sound.as_written
        )


def test_every_foreign_ring_is_found_from_china() -> None:
    ours = load().of("cn", Kind.RING)
    rings = [each for each in every_ring() if not any(same(each, our) for our in ours)]
    said = together([after_a_second(each, 9) for each in rings], [CHINA] * len(rings))
    for sound, verdicts in zip(rings, said, strict=True):
        last = [verdict for verdict in verdicts if verdict.may_hang_up]
        assert last, sound.as_written
        assert sound.countries & last[-1].countries, sound.as_written
        assert last[-1].hypothesis is Hypothesis.FOREIGN


def test_another_frequency_is_noticed_within_half_a_second() -> None:
    verdicts = heard(np.concatenate([silence(2.0), synth.render(ring("de", "425 Hz, 1 (4)"), 8)]))
    first = next(verdict for verdict in verdicts if verdict.hypothesis is Hypothesis.FOREIGN)
    assert 2.1 < first.at_s <= 2.5
    assert not first.may_hang_up  # it might be a busy tone yet
    assert "DE" in first.countries
    assert "CN" not in first.countries
    assert first.evidence.lines_hz == pytest.approx((425,), abs=1)
    sure = next(verdict for verdict in verdicts if verdict.may_hang_up)
    assert sure.at_s < 5
    assert sure.confidence > first.confidence


def test_another_cadence_within_one_period() -> None:
    verdicts = heard(np.concatenate([silence(2.0), synth.render(ring("tw"), 8)]), Home.of("us"))
    sure = next(verdict for verdict in verdicts if verdict.may_hang_up)
    assert sure.at_s <= 2.0 + 3.0 + 0.3
    assert sure.countries == {"KR", "TW"}


def test_a_home_ring_that_stops_early_is_no_foreign_one() -> None:
    """The callee answers after one second: in Taiwan the ring would be that short."""
    cut = synth.render(ring("us", "440+480 Hz, 2 (4)"), 1.0)
    verdicts = heard(np.concatenate([silence(2), cut, silence(8)]), Home.of("us"))
    assert not any(verdict.may_hang_up for verdict in verdicts)


def test_a_foreign_busy_tone_is_busy() -> None:
    (busy,) = (each for each in load().of("it", Kind.BUSY) if each.as_written == "425 Hz, 0.5 (0.5)")
    verdicts = heard(np.concatenate([silence(1.2), synth.render(busy, 6)]))
    assert verdicts[-1].signal is Signal.BUSY
    assert not any(verdict.may_hang_up for verdict in verdicts)


def test_no_busy_tone_of_any_country_is_hung_up() -> None:
    kinds = (Kind.BUSY, Kind.CONGESTION, Kind.UNOBTAINABLE)
    sounds = [sound for sound in load().sounds if sound.kind in kinds and sound.is_cadenced]
    said = together([after_a_second(each, 7) for each in sounds], [CHINA] * len(sounds))
    assert not [
        s.as_written for s, verdicts in zip(sounds, said, strict=True) if any(v.may_hang_up for v in verdicts)
    ]


@pytest.mark.parametrize(
    ("country", "kind", "signal"),
    [
        ("cn", Kind.BUSY, Signal.BUSY),
        ("cn", Kind.CONGESTION, Signal.CONGESTION),
        ("cn", Kind.UNOBTAINABLE, Signal.UNOBTAINABLE),
        ("us", Kind.CONGESTION, Signal.CONGESTION),
        ("de", Kind.SIT, Signal.SIT),
    ],
)
def test_what_else_a_network_says(country: str, kind: Kind, signal: Signal) -> None:
    tone = synth.render(load().of(country, kind)[0], 6)
    verdicts = heard(np.concatenate([silence(1.2), tone]), Home.of(country))
    assert signal in {verdict.signal for verdict in verdicts}


LOW, HIGH = (913.8, 985.2), (1370.6, 1428.5)


@pytest.mark.parametrize(
    ("name", "hz", "seconds"),
    [
        ("intercept", (LOW[0], HIGH[0]), (0.274, 0.274)),
        ("vacant_code", (LOW[1], HIGH[0]), (0.380, 0.274)),
        ("reorder_intra_lata", (LOW[0], HIGH[1]), (0.274, 0.380)),
        ("reorder_inter_lata", (LOW[1], HIGH[0]), (0.274, 0.380)),
        ("no_circuit_intra_lata", (LOW[1], HIGH[1]), (0.380, 0.380)),
        ("no_circuit_inter_lata", (LOW[0], HIGH[0]), (0.380, 0.380)),
        ("ineffective_other", (LOW[0], HIGH[1]), (0.380, 0.274)),
        ("itu", (950.0, 1400.0), (0.330, 0.330)),
    ],
)
def test_special_information_tones(name: str, hz: tuple[float, float], seconds: tuple[float, float]) -> None:
    third = 1800.0 if name == "itu" else 1776.7
    triple = [pure(f, s) for f, s in zip((*hz, third), (*seconds, 0.38), strict=True)]
    verdicts = heard(np.concatenate([silence(1.2), *triple, silence(1)]))
    sit = [verdict for verdict in verdicts if verdict.signal is Signal.SIT]
    assert [verdict.evidence.detail for verdict in sit] == [name]


def pure(hz: float, seconds: float, amplitude: float = 6000) -> NDArray[np.int16]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * time)).astype(np.int16)


@pytest.mark.parametrize(
    ("hz", "seconds", "signal"), [(1100, 0.5, Signal.FAX), (2100, 3, Signal.FAX), (2225, 2, Signal.MODEM)]
)
def test_fax_and_modem(hz: float, seconds: float, signal: Signal) -> None:
    verdicts = heard(np.concatenate([silence(1), pure(hz, seconds), silence(1)]))
    assert verdicts[-1].signal is signal


def test_nothing_in_the_packets_is_silence() -> None:
    assert [verdict.hypothesis for verdict in heard(silence(3))] == ["no_early_media", "silent"]


def test_no_packets_at_all() -> None:
    assert [verdict.hypothesis for verdict in heard(silence(0))] == ["no_early_media"]


def test_a_wider_tolerance_makes_425_home_in_china() -> None:
    tone = np.concatenate([silence(1.2), synth.render(ring("de", "425 Hz, 1 (4)"), 12)])
    verdicts = heard(tone, Home.of("cn", tolerance_hz=26))
    assert not any(verdict.may_hang_up for verdict in verdicts)
    assert verdicts[-1].hypothesis is Hypothesis.HOME


def test_caution() -> None:
    tone = np.concatenate([silence(1.2), synth.render(ring("us", "440+480 Hz, 2 (4)"), 20)])
    times = [next(v.at_s for v in heard(tone, CHINA, caution) if v.may_hang_up) for caution in Caution]
    assert times == sorted(times)
    assert times[0] < 2 < times[1] < 4 < 12 < times[2]


def test_a_country_without_a_known_ring_needs_a_learned_one() -> None:
    with pytest.raises(BadInput, match="AO: no ring-back tone is known"):
        Home.of("ao") if not any(r.certain for r in load().of("ao", Kind.RING)) else Home.of("xx")


def test_frames_of_the_wrong_shape_are_refused() -> None:
    ear = ToneEar(1)
    with pytest.raises(BadInput, match="160"):
        ear.feed(np.zeros((1, 80), np.int16), np.array([ear.open(CHINA)]))


def test_a_stream_number_is_used_again_and_knows_nothing() -> None:
    ear = ToneEar(1)
    first = ear.open(CHINA)
    tone = synth.render(ring("us"), 3)
    for at in range(0, len(tone), 160):
        ear.feed(tone[None, at : at + 160], np.array([first]))
    assert ear.close(first).hypothesis is Hypothesis.FOREIGN
    second = ear.open(CHINA)
    assert second == first
    assert ear.verdict(second).hypothesis is Hypothesis.NO_EARLY_MEDIA
    more = [ear.open(CHINA) for _ in range(5)]  # grows
    assert len({second, *more}) == 6


@st.composite
def no_tone(draw: st.DrawFn) -> NDArray[np.int16]:
    """Noise, chords of many partials, and gliding voices, in syllables or notes."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts = []
    for _ in range(draw(st.integers(3, 10))):
        time = np.arange(round(generator.uniform(0.05, 1.5) * RATE)) / RATE
        kind = draw(st.sampled_from(["noise", "voice", "chord", "rest"]))
        if kind == "noise":
            sound = generator.normal(0, 1, len(time))
        elif kind == "voice":
            pitch = generator.uniform(90, 260) * (
                1 + 0.15 * np.sin(2 * np.pi * generator.uniform(1, 4) * time)
            )
            phase = 2 * np.pi * np.cumsum(pitch) / RATE
            sound = sum((np.sin(n * phase) / n for n in range(1, 8)), np.zeros(len(time)))
        elif kind == "chord":
            root = generator.uniform(150, 600)
            sound = sum(
                (
                    np.sin(2 * np.pi * root * ratio * n * time) / n
                    for ratio in (1, 1.26, 1.5)
                    for n in range(1, 6)
                ),
                np.zeros(len(time)),
            )
        else:
            sound = np.zeros(len(time))
        parts.append(sound * generator.uniform(500, 8000) / max(1e-9, np.abs(sound).max()))
    return np.concatenate(parts).astype(np.int16)


@settings(max_examples=10, deadline=None)
@given(no_tone(), st.sampled_from(["cn", "us", "gb", "de", "jp"]))
def test_what_is_no_tone_is_never_foreign(audio: NDArray[np.int16], home: str) -> None:
    assert not any(verdict.hypothesis is Hypothesis.FOREIGN for verdict in heard(audio, Home.of(home)))


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(["cn", "us", "gb", "fr", "jp", "se"]),
    st.floats(0, 2.9),
    st.floats(-0.005, 0.005),
    st.integers(0, 99),
)
def test_home_is_never_hung_up(country: str, start: float, detune: float, seed: int) -> None:
    sound = ring(country)
    off = Sound(
        sound.kind,
        sound.steps,
        tuple(tuple(tuple(hz * (1 + detune) for hz in lines) for lines in step) for step in sound.spectra),
        sound.countries,
        sound.sources,
    )
    tone = synth.render(off, 9, dbm0=-20, start_s=start).astype(float)
    noise = np.random.default_rng(seed).normal(0, 32768 * 10 ** ((-30 - 6.15) / 20), len(tone))
    assert not any(v.may_hang_up for v in heard((tone + noise).astype(np.int16), Home.of(country)))


def test_a_long_recording_of_music_like_notes_is_called_music() -> None:
    generator = np.random.default_rng(5)
    time = np.arange(RATE // 2) / RATE
    notes = [
        sum(
            (
                np.sin(2 * np.pi * hz * n * time) / n
                for hz in generator.uniform(200, 500, 3)
                for n in (1, 2, 3)
            ),
            0 * time,
        )
        for _ in range(20)
    ]
    assert heard((2000 * np.concatenate(notes)).astype(np.int16))[-1].signal is Signal.MUSIC


def beep(hz: float, seconds: float) -> NDArray[np.int16]:
    time = np.arange(round(seconds * RATE)) / RATE
    ramp = np.minimum(1.0, np.minimum(np.arange(len(time)), np.arange(len(time))[::-1]) / 16)
    return np.asarray(5000 * ramp * np.sin(2 * np.pi * hz * time), np.int16)


@pytest.mark.parametrize("home", ["ar", "us", "cn", "jp"])
def test_a_burst_that_was_bent_after_a_busy_tone_is_no_ring(home: str) -> None:
    busy = np.concatenate([np.concatenate([beep(400, 0.5), silence(0.5)]) for _ in range(6)])
    bent = np.concatenate([busy, beep(400, 0.4), silence(0.2), beep(400, 0.4), silence(0.5), busy])
    found = heard(np.concatenate([silence(1.0), bent]), Home.of(home))
    assert any(each.signal in (Signal.BUSY, Signal.CONGESTION, Signal.UNOBTAINABLE) for each in found)
    assert not any(each.may_hang_up for each in found)


@pytest.mark.parametrize("home", ["ar", "us", "cn", "gb"])
def test_a_melody_that_holds_a_note_as_long_as_a_burst_is_no_ring(home: str) -> None:
    """440 Hz for 1.5 s is France's burst; the silence and the next burst are not."""
    notes = np.concatenate([beep(hz, 0.3) for hz in (523, 587, 659, 587, 494, 523, 392, 440, 349, 587) * 2])
    melody = np.concatenate([notes, beep(440, 1.5), notes, silence(1.0)])
    assert not any(each.may_hang_up for each in heard(np.concatenate([silence(1.0), melody]), Home.of(home)))

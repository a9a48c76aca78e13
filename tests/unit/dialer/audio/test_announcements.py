"""Announcements are recognised from anywhere in them, and nothing else is; what begins alike is told apart by its end."""

import audioop

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dialer.audio import synth, zones
from dialer.audio.announcements import AnnouncementEar, Match, listen
from dialer.audio.fingerprint import BANDS, SPAN, Fingerprint, learn
from dialer.audio.library import Clip, Library
from dialer.audio.resemblance import SIMILAR, resemblance
from dialer.domain.announcements import Announcement as A
from dialer.errors import BadInput
from tests.support.announced import joined, noisy, silence, words

pytestmark = pytest.mark.unit

_PREFIX, _OFF, _GONE, _STRANGE = words(1, 2.4), words(2, 0.8), words(3, 1.2), words(4, 1.0)
_BARRED = words(5, 3.5)


def _clip(announcement: A, *parts: NDArray[np.int16]) -> Clip:
    return Clip(announcement.value, announcement, learn(joined(*parts)))


@pytest.fixture(scope="module")
def library() -> Library:
    """Two that begin alike, and one that is by itself."""
    return Library(
        [
            _clip(A.POWERED_OFF, _PREFIX, _OFF),
            _clip(A.UNREACHABLE, _PREFIX, _GONE),
            _clip(A.BARRED, _BARRED),
        ]
    )


def _decided(matches: list[Match]) -> list[A]:
    return [match.announcement for match in matches if match.announcement is not None]


@pytest.mark.parametrize("start_s", [0.0, 0.33, 0.81, 1.27, 1.9])
def test_from_anywhere_in_it(library: Library, start_s: float) -> None:
    matches = listen(_BARRED[round(start_s * 8000) :], library)
    assert _decided(matches) == [A.BARRED]
    assert matches[0].at_s < 2.1
    assert matches[0].similarity > 0.9
    assert matches[0].clip == "barred"
    assert matches[0].clip_s == pytest.approx(3.4, abs=0.3)


@pytest.mark.parametrize(
    ("ending", "announcement"), [(_OFF, A.POWERED_OFF), (_GONE, A.UNREACHABLE)], ids=["off", "gone"]
)
def test_the_last_word_decides(library: Library, ending: NDArray[np.int16], announcement: A) -> None:
    matches = listen(joined(silence(0.5), _PREFIX, ending, silence(4.0)), library)
    assert matches[0].among == {A.POWERED_OFF, A.UNREACHABLE}
    assert matches[0].announcement is None
    assert _decided(matches) == [announcement]
    assert matches[-1].at_s > 0.5 + 2.4, "nobody can know before the last word"


def test_another_ending_takes_it_back() -> None:
    alone = Library([_clip(A.POWERED_OFF, _PREFIX, _OFF)])
    matches = listen(joined(_PREFIX, _STRANGE, words(6, 2.0)), alone)
    assert [match.announcement for match in matches] == [A.POWERED_OFF, None]
    assert matches[-1].among == frozenset()
    assert matches[0].heard_s < matches[0].clip_s


@pytest.mark.parametrize("db", [-18, -6, 6])
def test_level_noise_and_law(library: Library, db: int) -> None:
    sound = noisy(_BARRED, 10).astype(np.float64) * 10 ** (db / 20)
    packed = audioop.lin2ulaw(np.clip(sound, -32768, 32767).astype(np.int16).tobytes(), 2)
    heard = np.frombuffer(audioop.ulaw2lin(packed, 2), np.int16)
    assert _decided(listen(heard, library)) == [A.BARRED]


def test_lost_packets(library: Library) -> None:
    frames = _BARRED.reshape(-1, 160).copy()
    frames[::20] = 0
    assert _decided(listen(frames.reshape(-1), library)) == [A.BARRED]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(100, 10_000))
def test_other_words_are_not_matched(library: Library, seed: int) -> None:
    assert listen(words(seed, 6.0), library) == []


@pytest.mark.parametrize("country", ["cn", "us", "gb"])
def test_tones_silence_and_noise_are_not_matched(library: Library, country: str) -> None:
    ring = next(iter(zones.load().of(country, zones.Kind.RING)))
    noise = np.random.default_rng(1).normal(0, 1000, 40_000).astype(np.int16)
    for sound in (synth.render(ring, 10), silence(5), noise):
        assert listen(sound, library) == []


def test_many_streams_do_not_disturb_each_other(library: Library) -> None:
    """More than there is room for at first, opened at different times, some closed in between."""
    sounds = [joined(silence(0.02 * number), _BARRED) for number in range(6)]
    ear, said = AnnouncementEar(library, 2), dict[int, list[Match]]()
    gone = [ear.open() for _ in range(3)]
    ear.feed(np.zeros((3, 160), np.int16), np.array(gone))
    for stream in gone:
        assert ear.close(stream) is None
    streams = [ear.open() for _ in sounds]
    for at in range(0, len(_BARRED) - 160, 160):
        frames = np.stack([sound[at : at + 160] for sound in sounds])
        for stream, match in ear.feed(frames, np.array(streams)):
            said.setdefault(stream, []).append(match)
    alone = [listen(sound[: len(_BARRED)], library) for sound in sounds]
    for stream, expected in zip(streams, alone, strict=True):
        assert _decided(said[stream]) == _decided(expected) == [A.BARRED]
        assert ear.close(stream) == said[stream][-1]


def test_a_library_can_be_exchanged(library: Library) -> None:
    ear = AnnouncementEar(Library())
    stream = np.array([ear.open()])
    frames = _BARRED[: len(_BARRED) // 160 * 160].reshape(-1, 1, 160)
    assert not any(ear.feed(frame, stream) for frame in frames)
    ear.learn(library)
    said = [match for frame in frames for _, match in ear.feed(frame, stream)]
    assert _decided(said) == [A.BARRED]


def test_frames_of_another_shape(library: Library) -> None:
    ear = AnnouncementEar(library)
    with pytest.raises(BadInput, match=r"\[1, 160\]"):
        ear.feed(np.zeros((1, 80), np.int16), np.array([ear.open()]))


@pytest.mark.parametrize(
    ("sound", "complaint"),
    [
        (silence(5), "nothing is heard"),
        (np.zeros(0, np.int16), "nothing is heard"),
        (words(1, 1.5), "too short"),
        (np.tile(words(1, 30.0), 5), "too long"),
        (synth.render(next(iter(zones.load().of("cn", zones.Kind.RING))), 10), "nothing but tones"),
        (synth.render(next(iter(zones.load().of("cn", zones.Kind.BUSY))), 10), "nothing but tones"),
    ],
    ids=["silence", "empty", "short", "long", "ringing", "busy"],
)
def test_what_cannot_be_learned(sound: NDArray[np.int16], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        learn(sound)


def test_silence_around_it_is_not_learned() -> None:
    learned = learn(joined(silence(2), _BARRED, silence(2)))
    assert learned.seconds == pytest.approx(3.4, abs=0.3)


def test_resemblance() -> None:
    off, gone, barred = (learn(each) for each in (joined(_PREFIX, _OFF), joined(_PREFIX, _GONE), _BARRED))
    shared = resemblance(off, gone)
    assert shared is not None
    assert shared.similarity > 0.99
    assert shared.alike_s == pytest.approx(2.4, abs=0.5)
    assert shared.differs_from_s is not None
    assert 2.4 < shared.differs_from_s < 3.0
    assert resemblance(off, barred) is None
    same = resemblance(off, off)
    assert same is not None
    assert same.differs_from_s is None


@given(st.binary(max_size=3000))
def test_any_bytes_are_a_fingerprint_or_refused(content: bytes) -> None:
    try:
        made = Fingerprint.from_bytes(content)
    except BadInput:
        assert len(content) % BANDS or len(content) < SPAN * BANDS
        return
    assert made.as_bytes() == content
    fine, coarse = made.patches()
    assert np.isfinite(fine).all()
    assert np.isfinite(coarse).all()
    assert float((fine @ fine.T).max()) < 1.001


def test_similar_is_what_the_documents_say() -> None:
    assert SIMILAR == 0.75

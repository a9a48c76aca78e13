"""The ears' process from inside: sound comes over real sockets, time is the test's."""

import socket
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dialer.audio import synth
from dialer.audio.answered import Kind as NewsKind
from dialer.audio.answered import Verdict
from dialer.audio.ringback import Hypothesis
from dialer.audio.zones import Kind, load
from dialer.listening.matcher import Match
from dialer.listening.pace import Pace
from dialer.listening.packets import FRAME_HEAD, UUID_HEAD, Packets
from dialer.ports.ears import (
    AnnouncementHeard,
    AnswerHeard,
    RingHeard,
    TapClosed,
    TapOpened,
    ToneMeasured,
)
from tests.support.listening_room import ListeningRoom, listening_room, packet
from tests.unit.dialer.audio.answers import joined, noise, silence, speech, tone

pytestmark = pytest.mark.unit


def ring(country: str, seconds: float) -> NDArray[np.int16]:
    return synth.render(load().of(country, Kind.RING)[0], seconds)


def verdicts(room: ListeningRoom) -> list[AnswerHeard]:
    return [each for each in room.of(AnswerHeard) if each.news.kind is NewsKind.VERDICT]


def test_a_foreign_ring_is_heard() -> None:
    with listening_room() as room, room.brought(tap := room.expect()) as line:
        began = room.clock.now()
        room.play(line, ring("US", 3.0))
        assert [each.tap for each in room.of(TapOpened)] == [tap]
        assert abs(room.of(TapOpened)[0].at - began) <= timedelta(milliseconds=20)
        last = room.of(RingHeard)[-1]
        assert last.tap == tap
        assert last.verdict.hypothesis is Hypothesis.FOREIGN
        assert last.verdict.may_hang_up
        assert abs(last.at - began - timedelta(seconds=last.verdict.at_s)) <= timedelta(milliseconds=20)
        assert room.figures().silences == 0


def test_a_home_ring_is_measured_at_the_answer() -> None:
    with listening_room() as room, room.brought(tap := room.expect()) as line:
        room.play(line, joined(silence(1.0), ring("TH", 7.5)))
        room.answered(tap)
        room.play(line, silence(0.2))
        assert not any(each.verdict.may_hang_up for each in room.of(RingHeard))
        (measured,) = room.of(ToneMeasured)
        assert measured.tone.cadence == pytest.approx((1.0, -5.0), abs=0.05)


@pytest.mark.parametrize("told_late_s", [0.0, 0.4, 1.0])
def test_who_answered_is_timed_from_the_answer(told_late_s: float) -> None:
    """However late we are told of it: nothing after the answer is lost."""
    call = joined(silence(0.4), speech(0.7), silence(1.5), noise_dbm0=-60)
    with listening_room() as room, room.brought(tap := room.expect()) as line:
        room.play(line, ring("TH", 1.0))
        answered_at = room.clock.now()
        late = round(told_late_s * 8000)
        room.play(line, call[:late])
        room.answered(tap, answered_at)
        room.play(line, call[late:])
        (heard,) = verdicts(room)
        assert heard.answered_at == answered_at
        assert heard.news.answer.verdict is Verdict.PERSON
        assert heard.news.answer.greeting_start_s == pytest.approx(0.4, abs=0.1)
        assert heard.news.answer.greeting_end_s == pytest.approx(1.1, abs=0.12)
        assert heard.at == answered_at + timedelta(seconds=heard.news.at_s)


def test_told_before_the_sound_of_the_answer_has_come() -> None:
    """The exchange's event overtakes the sound, which lies in buffers."""
    with listening_room() as room, room.brought(tap := room.expect()) as line:
        room.play(line, ring("TH", 1.0))
        answered_at = room.clock.now() + timedelta(seconds=0.2)
        room.answered(tap, answered_at)
        room.play(line, silence(0.2))
        assert room.receiver.figures().streams == 1
        room.play(line, joined(speech(0.7), silence(1.5), noise_dbm0=-60))
        assert verdicts(room)[0].news.answer.greeting_start_s == pytest.approx(0.0, abs=0.06)


def test_an_answer_longer_ago_than_is_kept_counts_from_what_is_kept() -> None:
    with listening_room() as room, room.brought(tap := room.expect()) as line:
        answered_at = room.clock.now()
        room.play(line, joined(silence(3.0), noise_dbm0=-60))
        room.answered(tap, answered_at)
        room.play(line, joined(speech(0.7), silence(1.5), noise_dbm0=-60))
        heard = verdicts(room)[0]
        assert answered_at + timedelta(seconds=1.6) < heard.answered_at
        assert heard.answered_at < answered_at + timedelta(seconds=3)
        start = heard.answered_at + timedelta(seconds=heard.news.answer.greeting_start_s or 0)
        assert abs(start - answered_at - timedelta(seconds=3)) < timedelta(seconds=0.1)


def test_sound_that_begins_after_the_answer() -> None:
    with listening_room() as room:
        tap = room.expect()
        room.answered(tap)
        room.pass_time(0.4)
        with room.brought(tap) as line:
            began = room.clock.now()
            room.play(line, joined(speech(3.0), silence(1.0), tone(1000, 0.4), silence(1.0), noise_dbm0=-60))
            news = room.of(AnswerHeard)
            assert all(abs(each.answered_at - began) <= timedelta(milliseconds=20) for each in news)
            assert verdicts(room)[0].news.answer.verdict is Verdict.MACHINE
            assert news[-1].news.kind is NewsKind.BEEP
            assert news[-1].news.answer.beep_at_s == pytest.approx(4.0, abs=0.05)
            assert not room.of(RingHeard)


def test_frames_that_did_not_come_are_silence() -> None:
    """A network that sends nothing between the bursts of its ring."""
    with listening_room() as room, room.brought(tap := room.expect()) as line:
        for _ in range(2):
            room.play(line, ring("US", 2.0))
            room.pass_time(4.0)
        room.play(line, ring("US", 1.0))
        room.answered(tap)
        room.play(line, silence(0.2))
        (measured,) = room.of(ToneMeasured)
        assert measured.tone.cadence == pytest.approx((2.0, -4.0), abs=0.1)
        assert room.figures().silences == pytest.approx(400, abs=8)


def test_sound_that_was_only_late_is_not_lengthened() -> None:
    """We slept for two seconds: everything is in the sockets, and nothing was missing."""
    with listening_room() as room, room.brought(room.expect()) as line:
        sound = ring("US", 3.0)
        room.play(line, sound[:8000])
        line.sendall(b"".join(packet(frame) for frame in sound[8000:].reshape(-1, 160)))
        room.clock.passed_s += 2.0
        room.tick()
        assert room.figures().silences == 0
        assert room.of(RingHeard)[-1].verdict.may_hang_up


def test_a_slow_reading_makes_no_silence() -> None:
    """What came while others were read does not make a stream older than it is."""
    pace, row, came = Pace(1), np.array([0]), np.array([10])
    drained = np.array([True])
    assert pace.missing(row, came, drained, 5.0, 5.5).tolist() == [0]
    assert pace.missing(row, came, drained, 5.2, 5.2).tolist() == [0]
    assert pace.missing(row, came, drained, 5.4, 5.4).tolist() == [0]
    assert pace.moment(0, 0) == pytest.approx(4.8)


def test_a_line_that_ends() -> None:
    with listening_room() as room:
        told, hung_up, silent = (room.expect() for _ in range(3))
        with room.brought(told) as line, room.brought(hung_up) as other:
            room.play(line, silence(0.2))
            line.sendall(b"\x00\x00\x00")
            other.close()
            room.pass_time(0.08)
            assert {each.tap: each.frames for each in room.of(TapClosed)} == {told: 10, hung_up: 0}
        room.pass_time(12)
        assert room.of(TapClosed)[-1].tap == silent
        assert room.figures().streams == 0


def test_what_is_dropped_is_heard_no_more() -> None:
    with listening_room() as room, room.brought(tap := room.expect()) as line:
        room.play(line, silence(0.2))
        room.drop(tap)
        room.pass_time(0.08)
        assert line.recv(10) == b""
        assert not room.of(TapClosed)
        assert room.figures().streams == 0


def test_the_row_of_a_stream_is_used_again() -> None:
    with listening_room(most_streams=1) as room:
        for country in ("US", "TH"):
            with room.brought(room.expect()) as line:
                room.play(line, ring(country, 3.0))
            room.pass_time(0.08)
        heard = [each.verdict for each in room.of(RingHeard)]
        assert heard[0].hypothesis is Hypothesis.FOREIGN
        assert "TH" in heard[-1].countries
        assert not heard[-1].may_hang_up


def test_announcements_come_from_the_matcher() -> None:
    class Hears:
        def open(self) -> int:
            return 3

        def feed(self, frames: NDArray[np.int16], streams: NDArray[np.integer]) -> list[tuple[int, Match]]:
            return [(3, Match(0.02, "number not in use", 0.9, "a clip"))]

        def close(self, stream: int) -> None:
            assert stream == 3

        def refresh(self) -> bool:
            return False

    with listening_room(matcher=Hears()) as room, room.brought(tap := room.expect()) as line:
        room.play(line, silence(0.04))
        heard = room.of(AnnouncementHeard)[0]
        assert (heard.tap, heard.announcement, heard.clip) == (tap, "number not in use", "a clip")


# --- strangers --------------------------------------------------------------------------------------------------------


def closed(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("said", "patience_s"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 0.08),
        (UUID_HEAD + bytes(16), 0.16),
        (UUID_HEAD + b"only so", 2.2),
        (b"", 2.2),
    ],
)
def test_strangers_are_sent_away(said: bytes, patience_s: float, caplog: pytest.LogCaptureFixture) -> None:
    with listening_room() as room, room.connected() as one, room.connected() as other:
        for line in (one, other):
            line.sendall(said)
        room.pass_time(patience_s)
        assert closed(one)
        assert closed(other)
        assert room.figures().refused == 2
        assert len(caplog.records) == 1


def test_a_uuid_is_taken_once() -> None:
    with listening_room() as room, room.brought(tap := room.expect()) as line, room.connected(tap) as thief:
        room.pass_time(0.2)
        assert closed(thief)
        assert not closed(line)


def test_more_streams_than_there_is_room_for() -> None:
    with listening_room(most_streams=1) as room:
        first, second = room.expect(), room.expect()
        with room.brought(first), room.brought(second) as line:
            assert closed(line)
            assert room.figures().refused == 1


def played(room: ListeningRoom, pieces: list[bytes]) -> None:
    with room.brought(room.expect()) as line:
        for piece in pieces:
            try:
                line.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
            room.pass_time(0.04)


KINDS = st.sampled_from([b"\x10", b"\x03", b"\x01", b"\x11", b"\x42"])
PACKETS = st.builds(
    lambda kind, body: kind + len(body).to_bytes(2, "big") + body, KINDS, st.binary(max_size=400)
)
NEARLY = st.lists(PACKETS | st.just(FRAME_HEAD + bytes(320)) | st.binary(max_size=8), max_size=6)


@settings(max_examples=60, deadline=None)
@given(said=NEARLY, cuts=st.lists(st.integers(0, 2000), max_size=6))
def test_no_bytes_do_harm(said: list[bytes], cuts: list[int]) -> None:
    """Whatever one connection says, in whatever pieces: the next one is heard."""
    whole = b"".join(said)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    with listening_room() as room:
        played(room, [whole[a:b] for a, b in pairwise(places)])
        with room.brought(room.expect()) as line:
            room.play(line, noise(0.1, -20))
            assert room.figures().streams >= 1
        room.pass_time(0.08)
        assert room.of(TapClosed)[-1].frames == 5


@given(
    frames=st.lists(st.integers(1, 400).map(lambda half: 2 * half), max_size=8),
    cuts=st.lists(st.integers(0, 3000)),
)
def test_sound_is_whole_however_it_was_cut(frames: list[int], cuts: list[int]) -> None:
    sound = np.random.default_rng(1).bytes(sum(frames))
    whole, at = b"", 0
    for size in frames:
        whole += b"\x10" + size.to_bytes(2, "big") + sound[at : at + size] + b"\x03\x00\x015"
        at += size
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    packets = Packets()
    got = b"".join(b"".join(packets.take(whole[a:b])) for a, b in pairwise(places))
    assert got == sound[: len(sound) // 320 * 320]

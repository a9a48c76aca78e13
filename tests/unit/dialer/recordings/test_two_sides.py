"""Two sides become one file: caller left, agent right, as long as the longer one, whole or not at all."""

import hashlib
import math
import struct
import wave
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from dialer.ports.recordings import RecordingMissing
from dialer.ports.storage import RecordingMarks
from dialer.recordings.local import LocalRecordings
from dialer.recordings.two_sides import SideUnreadable, mix

pytestmark = pytest.mark.unit

RATE = 8000


def side(file: Path, seconds: float, hertz: float = 440.0, level: float = 0.3) -> Path:
    samples = [
        int(32767 * level * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(round(seconds * RATE))
    ]
    with wave.open(str(file), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file


def channels(file: Path) -> tuple[list[int], list[int]]:
    with wave.open(str(file)) as source:
        assert (source.getnchannels(), source.getframerate()) == (2, RATE)
        frames = source.readframes(source.getnframes())
    both = struct.unpack(f"<{len(frames) // 2}h", frames)
    return list(both[::2]), list(both[1::2])


def test_the_caller_is_left_and_the_agent_right(tmp_path: Path) -> None:
    caller, agent = side(tmp_path / "c.wav", 1.0, level=0.5), side(tmp_path / "a.wav", 1.0, level=0.1)
    mixed = mix(caller, agent, tmp_path / "both.wav")
    left, right = channels(tmp_path / "both.wav")
    assert max(left) > 4 * max(right) > 0
    assert mixed.duration_ms == 1000
    assert mixed.bytes == (tmp_path / "both.wav").stat().st_size
    assert mixed.sha256 == hashlib.sha256((tmp_path / "both.wav").read_bytes()).hexdigest()


@pytest.mark.parametrize(("caller_s", "agent_s"), [(1.0, 0.4), (0.33337, 1.0), (0.00013, 0.5)])
def test_a_shorter_side_is_filled_with_silence(tmp_path: Path, caller_s: float, agent_s: float) -> None:
    mixed = mix(side(tmp_path / "c.wav", caller_s), side(tmp_path / "a.wav", agent_s), tmp_path / "both.wav")
    left, right = channels(tmp_path / "both.wav")
    assert len(left) == len(right)
    assert abs(mixed.duration_ms - 1000 * max(caller_s, agent_s)) <= 1


def test_silence_and_a_missing_side_have_no_loudness(tmp_path: Path) -> None:
    mixed = mix(tmp_path / "nowhere.wav", side(tmp_path / "a.wav", 0.5, level=0.0), tmp_path / "both.wav")
    assert (mixed.caller_dbfs, mixed.agent_dbfs) == (None, None)


def test_what_is_no_audio_is_named_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "c.wav").write_bytes(b"not a RIFF file at all")
    with pytest.raises(SideUnreadable, match=r"c\.wav"):
        mix(tmp_path / "c.wav", side(tmp_path / "a.wav", 0.5), tmp_path / "both.wav")
    assert not (tmp_path / "both.wav").exists()


async def test_the_store_keeps_verifies_and_finds_a_recording(tmp_path: Path) -> None:
    base = f"{uuid4()}-1"
    store = LocalRecordings(tmp_path / "store", tmp_path, 1)
    side(tmp_path / f"{base}-caller.wav", 2.0)
    side(tmp_path / f"{base}-agent.wav", 2.0, level=0.0)
    side(tmp_path / f"{base}-phone.wav", 2.0, level=0.0)
    try:
        stored, problem = await store.finish(f"{base}.wav", timedelta(seconds=4), RecordingMarks())
        assert stored.duration == timedelta(seconds=2)
        assert "2.0 s, the conversation 4.0 s" in problem
        assert "the agent is silent" in problem
        path = store.path(f"{base}.wav")
        assert path is not None
        assert hashlib.sha256(path.read_bytes()).hexdigest() == stored.sha256
        assert not any((tmp_path / f"{base}-{each}.wav").exists() for each in ("caller", "agent", "phone"))
    finally:
        store.close()


async def test_a_recording_that_never_landed_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialer.recordings.local._PATIENCE_S", 0.1)
    store = LocalRecordings(tmp_path / "store", tmp_path, 1)
    try:
        with pytest.raises(RecordingMissing, match="neither"):
            await store.finish(f"{uuid4()}-1.wav", None, RecordingMarks())
    finally:
        store.close()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a.wav", f"{UUID(int=1)}-1.wav/..", f"{UUID(int=1)}-1.mp3", ""]
)
def test_only_names_of_our_own_lead_anywhere(tmp_path: Path, name: str) -> None:
    store = LocalRecordings(tmp_path, tmp_path, 1)
    try:
        assert store.path(name) is None
    finally:
        store.close()


def test_a_folder_that_is_away_is_a_problem(tmp_path: Path) -> None:
    store = LocalRecordings(tmp_path / "away", tmp_path, 1)
    try:
        assert str(tmp_path / "away") in (store.problem() or "")
        (tmp_path / "away").mkdir()
        assert store.problem() is None
    finally:
        store.close()


def test_what_is_not_to_be_heard_is_silent_and_the_rest_keeps_its_place(tmp_path: Path) -> None:
    caller, agent = side(tmp_path / "c.wav", 4), side(tmp_path / "a.wav", 4)
    made = mix(caller, agent, tmp_path / "both.wav", [(1000, 2000), (3500, None)])
    assert made.duration_ms == 4000
    for channel in channels(tmp_path / "both.wav"):
        assert not any(channel[RATE : 2 * RATE])
        assert not any(channel[int(3.5 * RATE) :])
        assert any(channel[:RATE])
        assert any(channel[2 * RATE : int(3.5 * RATE)])


def test_where_nothing_was_sent_to_the_caller_stands_what_came_from_the_phone(tmp_path: Path) -> None:
    """Right: 1 s as it was sent, then a second that Asterisk lost, and the phone's own beyond the conversation."""
    sent, phone = side(tmp_path / "a.wav", 1, level=0.1), side(tmp_path / "p.wav", 9, level=0.5)
    made = mix(side(tmp_path / "c.wav", 2), sent, tmp_path / "both.wav", [(1500, 1600)], phone=phone)
    assert made.duration_ms == 2000, "what the phone sent later belongs to nobody"
    left, right = channels(tmp_path / "both.wav")
    assert max(right[: RATE - 400]) < 0.12 * 32767
    assert max(right[RATE : RATE + 160]) > 0.4 * 32767
    for each in (left, right):
        assert not any(each[int(1.5 * RATE) : int(1.6 * RATE)]), "silent is silent on the phone as well"


def test_a_phone_of_which_nothing_can_be_read_changes_nothing(tmp_path: Path) -> None:
    caller, agent = side(tmp_path / "c.wav", 1), side(tmp_path / "a.wav", 1, level=0.0)
    (tmp_path / "broken.wav").write_bytes(b"not a RIFF file at all")
    for phone in ("none.wav", "broken.wav"):
        assert mix(caller, agent, tmp_path / "both.wav", phone=tmp_path / phone).agent_dbfs is None


def test_nothing_is_left_after_its_end(tmp_path: Path) -> None:
    made = mix(side(tmp_path / "c.wav", 4), side(tmp_path / "a.wav", 4), tmp_path / "both.wav", (), 1500)
    assert made.duration_ms == 1500

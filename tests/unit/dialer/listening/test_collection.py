"""The collection of announcements: what is written can be read, and no file in the folder can do harm."""

import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import orjson
import pytest

from dialer.audio.fingerprint import learn
from dialer.audio.library import Clip
from dialer.domain.announcements import Announcement
from dialer.errors import Conflict, Misconfigured, NotFound
from dialer.listening.collection import Collection, Entry
from dialer.listening.recognized import TAKEN_BACK, Recognizer
from tests.support.announced import joined, words

pytestmark = pytest.mark.unit

_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _entry(name: str, seed: int, announcement: Announcement = Announcement.VACANT) -> Entry:
    clip = Clip(name, announcement, learn(words(seed, 3.0)))
    return Entry(clip, f"{name}.wav", sha256(name.encode()).hexdigest(), 0.0, 3.0, _AT, "ann")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "announcements"


def test_a_folder_that_is_not_there(folder: Path) -> None:
    empty = Collection.load(folder)
    assert (empty.entries, empty.damaged, empty.library().clips) == ((), (), ())
    assert not empty.changed()


def test_what_is_added_is_read_again(folder: Path) -> None:
    added = (
        Collection.load(folder).add(_entry("空号 north", 1)).add(_entry("off", 2, Announcement.POWERED_OFF))
    )
    read = Collection.load(folder)
    assert not read.damaged
    by_name = {each.clip.name: each for each in read.entries}
    assert set(by_name) == {"空号 north", "off"} == {each.clip.name for each in added.entries}
    again, first = by_name["空号 north"], _entry("空号 north", 1)
    assert again.clip.announcement is Announcement.VACANT
    assert np.array_equal(again.clip.fingerprint.levels, first.clip.fingerprint.levels)
    assert (again.source, again.source_sha256, again.added_at, again.added_by) == (
        first.source, first.source_sha256, first.added_at, "ann",
    )  # fmt: skip
    assert not [each for each in os.listdir(folder) if each.startswith(".")]


def test_change_is_noticed(folder: Path) -> None:
    seen = Collection.load(folder)
    after = seen.add(_entry("one", 1))
    assert seen.changed()
    assert not after.changed()
    after.remove("one")
    assert after.changed()


def test_the_same_name_or_sound_is_refused(folder: Path) -> None:
    collection = Collection.load(folder).add(_entry("one", 1))
    with pytest.raises(Conflict, match="one is there already"):
        collection.add(_entry("one", 2))
    with pytest.raises(Conflict, match="already: one, as vacant"):
        collection.add(_entry("other", 1, Announcement.POWERED_OFF))


def test_removing(folder: Path) -> None:
    collection = Collection.load(folder).add(_entry("one", 1))
    with pytest.raises(NotFound, match="two"):
        collection.remove("two")
    assert not collection.remove("one").entries


def _document(folder: Path) -> dict[str, object]:
    Collection.load(folder).add(_entry("good", 1))
    (file,) = folder.iterdir()
    document: dict[str, object] = orjson.loads(file.read_bytes())
    return document


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"format": 2}, "not of format 1"),
        ({"announcement": "asleep"}, "announcement"),
        ({"name": ""}, "name"),
        ({"name": "x\x1b[2J"}, "name"),
        ({"fingerprint": "!"}, "not base64"),
        ({"fingerprint": "AAAA"}, "checksum"),
        ({"fingerprint": "", "fingerprint_sha256": sha256(b"").hexdigest()}, "fingerprint of 0 bytes"),
        ({"added_at": "yesterday"}, "added_at"),
        ({"from_s": -1}, "from_s"),
        ({}, "also the name of"),
    ],
)
def test_damaged_files_are_named_and_left_out(folder: Path, wrong: dict[str, object], complaint: str) -> None:
    document = _document(folder)
    (folder / "z.json").write_bytes(orjson.dumps(document | wrong))
    read = Collection.load(folder)
    assert [each.clip.name for each in read.entries] == ["good"]
    (damaged,) = read.damaged
    assert damaged.file == "z.json"
    assert complaint in damaged.because
    assert not read.remove("z.json").damaged


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"[]", b"null", b"[" * 5000, b'{"format": 1}', b"x" * 2_000_000]
)
def test_any_content(folder: Path, content: bytes) -> None:
    _document(folder)
    (folder / "z.json").write_bytes(content)
    read = Collection.load(folder)
    assert len(read.entries) == 1
    assert [each.file for each in read.damaged] == ["z.json"]


def test_other_things_in_the_folder(folder: Path) -> None:
    _document(folder)
    (folder / "folder.json").mkdir()
    (folder / ".half.json").write_text("{")
    (folder / "notes.txt").write_text("mine")
    (folder / "gone.json").symlink_to(folder / "nowhere")
    read = Collection.load(folder)
    assert len(read.entries) == 1
    assert [each.file for each in read.damaged] == ["folder.json", "gone.json"]


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    read = Collection.load(place)
    assert not read.entries
    assert [each.file for each in read.damaged] == [str(place)]
    with pytest.raises(Misconfigured, match="announcements must be writable"):
        read.add(_entry("one", 1))


def test_the_matcher_follows_the_folder(folder: Path) -> None:
    recognizer = Recognizer(Collection.load(folder))
    stream = np.array([recognizer.open()])
    assert not recognizer.refresh()
    Collection.load(folder).add(_entry("gone", 1))
    assert recognizer.refresh()
    sound = joined(words(1, 3.0)[: 22 * 800], words(7, 3.0))
    said = [
        match
        for at in range(0, len(sound) - 159, 160)
        for _, match in recognizer.feed(sound[at : at + 160][None, :], stream)
    ]
    assert [(match.announcement, match.clip) for match in said] == [("vacant", "gone"), (TAKEN_BACK, "gone")]
    recognizer.close(int(stream[0]))

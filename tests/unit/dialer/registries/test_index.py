"""The index file: what goes in is found, nothing else is, and damage is seen."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dialer.registries import index as index_module
from dialer.registries.bits import NumberBits
from dialer.registries.index import BLOCK, HEADER_BYTES, LEAST_DENSE, DamagedIndex, RegistryIndex
from dialer.registries.index_writer import IndexWriter

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)


def written(folder: Path, keys: list[int]) -> RegistryIndex:
    bits = NumberBits(folder / "bits")
    bits.add(np.array(keys, np.int64))
    blocks = list(bits.blocks())
    writer = IndexWriter(folder / "a.index", len(blocks))
    for block, content in blocks:
        writer.add(block, content)
    writer.finish("us_national", date(2026, 11, 1), 1, AT)
    bits.close()
    (folder / "bits").unlink()
    return RegistryIndex(folder / "a.index")


near = some.integers(12_020_000_000, 12_020_000_400)
borders = some.sampled_from(
    [12_019_999_999, 12_030_000_000, 12_029_999_999, 447_911_123_456, 999_999_999_999_999]
)
keys = some.lists(near | borders | some.integers(10_000_000, 10**15 - 1), max_size=60)


@settings(deadline=None, max_examples=25)
@given(keys, keys)
def test_it_says_what_a_set_says(
    tmp_path_factory: pytest.TempPathFactory, listed: list[int], asked: list[int]
) -> None:
    index, known = written(tmp_path_factory.mktemp("index"), listed), set(listed)
    asked = asked + listed + [key + 1 for key in listed]
    expected = [key in known for key in asked]
    assert [index.lists(f"+{key}") for key in asked] == expected
    assert index.contains(np.array(asked, np.int64)).tolist() == expected
    assert len(index) == len(known)


@pytest.mark.parametrize("count", [LEAST_DENSE - 1, LEAST_DENSE])
def test_both_kinds_of_blocks_and_their_numbers_come_back(tmp_path: Path, count: int) -> None:
    offsets = np.arange(count, dtype=np.int64) * 101
    index = written(tmp_path, [*(offsets + 1202 * BLOCK).tolist(), 1203 * BLOCK])
    every = np.arange(BLOCK, dtype=np.int64) + 1202 * BLOCK
    assert np.flatnonzero(index.contains(every)).tolist() == offsets.tolist()
    assert index.lists(f"+{1202 * BLOCK + 101}")
    assert not index.lists(f"+{1202 * BLOCK + 102}")
    (first, bits), (second, _) = index.blocks()
    assert (first, second) == (1202, 1203)
    assert np.flatnonzero(np.unpackbits(bits, bitorder="little")).tolist() == offsets.tolist()


def test_a_small_batch_is_cut_into_pieces_without_losing_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "_AT_ONCE", 3)
    index = written(tmp_path, [12_020_000_001, 12_020_000_005])
    asked = np.arange(12_020_000_000, 12_020_000_010)
    assert np.flatnonzero(index.contains(asked)).tolist() == [1, 5]


def test_an_empty_index_lists_nothing(tmp_path: Path) -> None:
    index = written(tmp_path, [])
    assert not index.lists("+12025550100")
    assert index.contains(np.array([12_025_550_100])).tolist() == [False]


def test_the_version_is_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = written(tmp_path / "a", [12_025_550_100, 12_125_550_100])
    other = written(tmp_path / "b", [12_125_550_100, 12_025_550_100, 12_025_550_100])
    assert one.path.read_bytes() == other.path.read_bytes()
    assert one.header.version.startswith("2026-11-01-")


@pytest.mark.parametrize(
    ("place", "complaint"),
    [(0, "no index"), (7, "format"), (20, "header's checksum"), (HEADER_BYTES + 50, "content has changed")],
)
def test_one_changed_byte_is_found(tmp_path: Path, place: int, complaint: str) -> None:
    path = written(tmp_path, [12_025_550_100, 12_125_550_100]).path
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << 4
    path.write_bytes(content)
    with pytest.raises(DamagedIndex, match=complaint):
        RegistryIndex(path).verify()


@pytest.mark.parametrize("length", [0, 100, HEADER_BYTES, HEADER_BYTES + 30])
def test_a_file_cut_short_is_not_opened(tmp_path: Path, length: int) -> None:
    path = written(tmp_path, [12_025_550_100]).path
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedIndex):
        RegistryIndex(path)


def test_blocks_outside_of_the_file_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [12_025_550_100]).path
    content = bytearray(path.read_bytes())
    content[HEADER_BYTES + 8 : HEADER_BYTES + 16] = (10**9).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(DamagedIndex, match="outside of the file"):
        RegistryIndex(path)


def test_an_open_index_outlives_its_name(tmp_path: Path) -> None:
    index = written(tmp_path, [12_025_550_100])
    index.path.unlink()
    assert index.lists("+12025550100")


@settings(deadline=None, max_examples=25)
@given(some.lists(some.tuples(near, some.booleans()), max_size=60))
def test_changes_are_applied_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bool]]
) -> None:
    bits = NumberBits(tmp_path_factory.mktemp("bits") / "bits")
    expected = {12_020_000_007}
    bits.add(np.array([12_020_000_007], np.int64))
    for key, gone in changes:
        (expected.discard if gone else expected.add)(key)
    ordered = np.array([key for key, _ in changes], np.int64)
    bits.apply(ordered, np.array([gone for _, gone in changes], bool))
    found = [
        block * BLOCK + place
        for block, content in bits.blocks()
        for place in np.flatnonzero(np.unpackbits(content, bitorder="little")).tolist()
    ]
    bits.close()
    assert found == sorted(expected)

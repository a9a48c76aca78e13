"""Imports: full and changes, interrupted anywhere, two at once, files of every packing, and wrong ones."""

import gzip
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dialer.errors import BadInput, Conflict, FairdialError, Misconfigured, NotFound
from dialer.registries import shelf, sources
from dialer.registries.bits import NumberBits
from dialer.registries.importer import import_registry
from dialer.registries.index import DamagedIndex, RegistryIndex
from dialer.registries.index_writer import IndexWriter
from dialer.registries.journal import Journal
from dialer.registries.layout import Wish
from dialer.registries.order import ImportOrder, ImportReport, Progress
from dialer.registries.shelf import RegistryFolder
from tests.support.fake_store import FakeClock

pytestmark = pytest.mark.unit

DAY = date(2026, 3, 1)
NAME = "us_national"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def file_of(folder: Path, name: str, lines: list[str]) -> Path:
    file = folder / name
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def flat(area: int, first: int, count: int) -> list[str]:
    return [f"{area},{first + nth:07}" for nth in range(count)]


def listed(place: Path, version: str = "") -> set[str]:
    """Every number in a registry's index."""
    folder = RegistryFolder(place, NAME)
    index = RegistryIndex(folder.index(version or folder.current()))
    index.verify()
    numbers = set()
    for block, bits in index.blocks():
        for byte in bits.nonzero()[0].tolist():
            numbers |= {f"+{block}{byte * 8 + bit:07}" for bit in range(8) if bits[byte] >> bit & 1}
    return numbers


def files_of(place: Path) -> dict[str, bytes]:
    return {
        each.relative_to(place).as_posix(): each.read_bytes() for each in place.rglob("*") if each.is_file()
    }


def test_a_full_import_reports_and_keeps_what_it_could_not_read(tmp_path: Path, clock: FakeClock) -> None:
    file = file_of(tmp_path, "202.txt", [*flat(202, 5550100, 3), "202,nope", "", "202,5550100"])
    done = import_registry(tmp_path / "r", ImportOrder(NAME, DAY, (file,)), clock)
    assert (done.numbers, done.lines, done.read, done.rejected) == (3, 6, 4, 1)
    assert [(each.file, each.line) for each in done.first_rejected] == [("202.txt", 4)]
    assert done.rejected_file is not None
    assert done.rejected_file.read_text("utf-8-sig").splitlines()[1].endswith('"202,nope"')
    assert listed(tmp_path / "r") == {"+12025550100", "+12025550101", "+12025550102"}
    assert not (tmp_path / "r" / NAME / "building").exists()


def test_every_packing_is_read(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    file_of(folder, "202.txt", flat(202, 5550100, 2))
    (folder / "212.txt.gz").write_bytes(gzip.compress(b"212,5550100\n") + gzip.compress(b"212,5550101"))
    with zipfile.ZipFile(folder / "rest.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("312.txt", "312,5550100\r\n")
        archive.writestr("313.csv", "\ufeffphone,state\n(313) 555-0100,MI\n")
    done = import_registry(tmp_path / "r", ImportOrder(NAME, DAY, (folder,)), clock)
    assert (done.rejected, done.numbers) == (0, 6)
    assert {number[:5] for number in listed(tmp_path / "r")} == {"+1202", "+1212", "+1312", "+1313"}


def test_changes_make_a_new_version_and_leave_the_old_one(tmp_path: Path, clock: FakeClock) -> None:
    place = tmp_path / "r"
    full = import_registry(place, ImportOrder(NAME, DAY, (file_of(tmp_path, "a", flat(202, 0, 4)),)), clock)
    changes = file_of(
        tmp_path, "b", ["202,0000001,2026-03-02,D", "212,0000001,2026-03-02,A", "212,0000001,x,D"]
    )
    gone = file_of(tmp_path, "c", ["202,0000000"])
    order = ImportOrder(NAME, date(2026, 3, 2), (changes,), deletes=(gone,), delta=True)
    done = import_registry(place, order, clock)
    assert listed(place) == {"+12020000002", "+12020000003"}
    assert len(listed(place, full.version)) == 4
    assert (done.previous, done.previous_numbers) == (full.version, 4)
    assert RegistryIndex(RegistryFolder(place, NAME).index(done.version)).header.base == full.version


def test_only_so_many_versions_are_kept_and_the_record_of_all(tmp_path: Path, clock: FakeClock) -> None:
    place, versions = tmp_path / "r", []
    for day in range(1, 5):
        file = file_of(tmp_path, f"{day}", flat(202, 0, day))
        order = ImportOrder(NAME, date(2026, 2, day), (file,))
        versions.append(import_registry(place, order, clock, keep=2).version)
    folder = RegistryFolder(place, NAME)
    assert sorted(folder.kept()) == sorted(versions[-2:])
    assert all(folder.manifest(version).exists() for version in versions)
    assert folder.current() == versions[-1]


class Crash(BaseException):
    pass


def crash_before(monkeypatch: pytest.MonkeyPatch, crash_at: int) -> None:
    """Counts what writes to the disk or moves on, and ends the import before that step."""
    count = [0]

    def wrapped(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def step(*words: object, **named: object) -> object:
            count[0] += 1
            if count[0] == crash_at:
                raise Crash
            return real(*words, **named)

        monkeypatch.setattr(owner, name, step)

    places: tuple[tuple[object, str], ...] = (
        (NumberBits, "apply"),
        (NumberBits, "sync"),
        (NumberBits, "load"),
        (Journal, "save"),
        (IndexWriter, "add"),
        (IndexWriter, "finish"),
        (RegistryFolder, "point_to"),
        (RegistryFolder, "prune"),
        (shelf, "replace"),
        (shutil, "rmtree"),
        (shutil, "copyfile"),
        (Path, "replace"),
        (Path, "mkdir"),
    )
    for owner, name in places:
        wrapped(owner, name)


@pytest.mark.parametrize("delta", [False, True])
def test_interrupted_anywhere_it_ends_with_the_same_bytes(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, delta: bool
) -> None:
    monkeypatch.setattr(sources, "PIECE", 120)
    monkeypatch.setattr(sources, "_HEAD", 120)
    monkeypatch.setattr(os, "fsync", lambda _file: None)
    monkeypatch.setattr(NumberBits, "sync", lambda _self: None)
    base = file_of(tmp_path, "old", flat(202, 0, 9))
    lines = (
        [f"{line},x,{'AD'[nth % 2]}" for nth, line in enumerate(flat(202, 3, 9))]
        if delta
        else flat(212, 0, 9)
    )
    first = file_of(tmp_path, "first", [*lines, "nope", *flat(202, 50, 2)])
    second = tmp_path / "second.gz"
    second.write_bytes(gzip.compress(b"312,0000001\nbad\n312,0000002\n"))
    before = ImportOrder(NAME, date(2026, 2, 1), (base,))
    order = ImportOrder(NAME, DAY, (first, second), delta=delta, accept=True)

    def once(place: Path) -> ImportReport:
        return import_registry(place, order, clock, checkpoint_s=0)

    import_registry(tmp_path / "base", before, clock)
    shutil.copytree(tmp_path / "base", tmp_path / "whole")
    expected = once(tmp_path / "whole")
    wanted = files_of(tmp_path / "whole")
    crashes = 0
    for crash_at in range(1, 200):
        place = tmp_path / f"{crash_at}"
        shutil.copytree(tmp_path / "base", place)
        with monkeypatch.context() as patched:
            crash_before(patched, crash_at)
            try:
                once(place)
            except Crash:
                crashes += 1
                in_use = RegistryFolder(place, NAME).current()
                RegistryIndex(RegistryFolder(place, NAME).index(in_use)).verify()
            else:
                break
        done = once(place)
        assert (done.version, done.numbers, done.rejected) == (
            expected.version,
            expected.numbers,
            expected.rejected,
        )
        got = files_of(place)
        ours = f"{NAME}/versions/{expected.version}"
        for name in (f"{ours}.index", f"{ours}.rejected.csv", f"{NAME}/current"):
            assert got[name] == wanted[name], f"{name} after a crash at step {crash_at}"
    assert crashes > 25


def test_an_interrupted_import_goes_on_where_it_was(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = file_of(tmp_path, "1", flat(202, 0, 5)), tmp_path / "2.gz"
    second.write_bytes(gzip.compress(b"212,0000001\n" * 50)[:-9])
    order = ImportOrder(NAME, DAY, (first, second))
    with pytest.raises(BadInput, match="archive is damaged"):
        import_registry(tmp_path / "r", order, clock, checkpoint_s=0)
    second.write_bytes(gzip.compress(b"212,0000001\n"))
    seen: list[Progress] = []
    done = import_registry(tmp_path / "r", order, clock, watch=seen.append)
    assert (done.resumed, done.numbers) == (True, 6)
    assert {each.file for each in seen if each.phase == "reading"} == {"2.gz"}
    assert seen[-1].phase == "writing"
    assert seen[-1].done == seen[-1].size


class TestAnotherImport:
    @pytest.fixture
    def interrupted(self, tmp_path: Path, clock: FakeClock) -> ImportOrder:
        damaged = tmp_path / "2.gz"
        damaged.write_bytes(b"\x1f\x8bnonsense")
        order = ImportOrder(NAME, DAY, (file_of(tmp_path, "1", flat(202, 0, 5)), damaged))
        with pytest.raises(BadInput):
            import_registry(tmp_path / "r", order, clock, checkpoint_s=0)
        return order

    def test_is_refused_until_the_first_is_thrown_away(
        self, tmp_path: Path, clock: FakeClock, interrupted: ImportOrder
    ) -> None:
        other = ImportOrder(NAME, DAY, (file_of(tmp_path, "3", flat(212, 0, 1)),))
        with pytest.raises(Conflict, match="--restart"):
            import_registry(tmp_path / "r", other, clock)
        import_registry(tmp_path / "r", replace(other, restart=True), clock)
        assert listed(tmp_path / "r") == {"+12120000000"}

    def test_is_refused_when_a_file_that_was_read_has_changed(
        self, tmp_path: Path, clock: FakeClock, interrupted: ImportOrder
    ) -> None:
        file_of(tmp_path, "1", flat(202, 0, 6))
        with pytest.raises(Conflict, match="1 has changed since it was read"):
            import_registry(tmp_path / "r", interrupted, clock)

    def test_is_refused_while_one_runs(self, tmp_path: Path, clock: FakeClock) -> None:
        order = ImportOrder(NAME, DAY, (file_of(tmp_path, "1", flat(202, 0, 1)),))
        with (
            RegistryFolder(tmp_path / "r", NAME).locked(),
            pytest.raises(Conflict, match="imported by process"),
        ):
            import_registry(tmp_path / "r", order, clock)
        assert import_registry(tmp_path / "r", order, clock).numbers == 1


class TestNothingIsLost:
    """Whatever is wrong with an import, the version in use stays in use."""

    @pytest.fixture(autouse=True)
    def in_use(self, tmp_path: Path, clock: FakeClock) -> Iterator[None]:
        file = file_of(tmp_path, "before", flat(202, 0, 10))
        version = import_registry(tmp_path / "r", ImportOrder(NAME, DAY, (file,)), clock).version
        yield
        assert RegistryFolder(tmp_path / "r", NAME).current() == version
        assert len(listed(tmp_path / "r")) == 10

    @pytest.mark.parametrize(
        ("lines", "kind", "complaint"),
        [
            ([], BadInput, "not one number"),
            (["12", "hello"], BadInput, "not one number in the files .f line 1: 2 digits"),
            (["202,0000001", "202,x", "202,y"], Conflict, "is this the right file"),
            (["12345"] * 1000, BadInput, "of the first 1,000 lines are no numbers"),
            (["2025550100", "1" * (5 << 20)], BadInput, "is longer than"),
            (["202,0000001"], Conflict, "only 1 numbers, the copy in use has 10"),
            (["202,0000001,d,A", "202,0000002,d,D"], BadInput, "change list, add --delta"),
        ],
    )
    def test_wrong_files(
        self, tmp_path: Path, clock: FakeClock, lines: list[str], kind: type[FairdialError], complaint: str
    ) -> None:
        with pytest.raises(kind, match=complaint):
            import_registry(tmp_path / "r", ImportOrder(NAME, DAY, (file_of(tmp_path, "f", lines),)), clock)

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [(b"\xff\xfe2\x000\x00", "UTF-16"), (b"PK\x03\x04broken", "no whole zip file")],
    )
    def test_wrong_bytes(self, tmp_path: Path, clock: FakeClock, content: bytes, complaint: str) -> None:
        file = tmp_path / ("a.zip" if content.startswith(b"PK") else "a.txt")
        file.write_bytes(content)
        with pytest.raises(BadInput, match=complaint):
            import_registry(tmp_path / "r", ImportOrder(NAME, DAY, (file,)), clock)

    @pytest.mark.parametrize(
        ("order", "complaint"),
        [
            (ImportOrder(NAME, DAY), "no file was named"),
            (ImportOrder(NAME, DAY, (Path("absent"),)), "cannot read absent: No such file"),
            (ImportOrder(NAME, date(2026, 3, 9), (Path("absent"),)), "has not come yet"),
            (ImportOrder("../etc", DAY, (Path("absent"),)), "is no name for a registry"),
        ],
    )
    def test_wrong_orders(self, tmp_path: Path, clock: FakeClock, order: ImportOrder, complaint: str) -> None:
        with pytest.raises(BadInput, match=complaint):
            import_registry(tmp_path / "r", order, clock)

    def test_an_older_copy(self, tmp_path: Path, clock: FakeClock) -> None:
        order = ImportOrder(NAME, date(2026, 2, 1), (file_of(tmp_path, "f", flat(202, 0, 10)),))
        with pytest.raises(Conflict, match="as of 2026-03-01, this one as of 2026-02-01"):
            import_registry(tmp_path / "r", order, clock)

    def test_a_region_that_does_not_exist(self, tmp_path: Path, clock: FakeClock) -> None:
        order = ImportOrder(NAME, DAY, (file_of(tmp_path, "f", flat(202, 0, 10)),), region="XX")
        with pytest.raises(BadInput, match="no region"):
            import_registry(tmp_path / "r", order, clock)

    def test_a_full_disk(self, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_words: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("dialer.registries.bits.os.posix_fallocate", full)
        order = ImportOrder(NAME, DAY, (file_of(tmp_path, "f", flat(202, 0, 10)),))
        with pytest.raises(Misconfigured, match=r"No space left on device.*the same command goes on"):
            import_registry(tmp_path / "r", order, clock)


def test_a_shrunken_copy_is_taken_when_that_is_accepted(tmp_path: Path, clock: FakeClock) -> None:
    import_registry(tmp_path / "r", ImportOrder(NAME, DAY, (file_of(tmp_path, "a", flat(202, 0, 9)),)), clock)
    order = ImportOrder(NAME, DAY, (file_of(tmp_path, "b", flat(202, 0, 1)),))
    with pytest.raises(Conflict):
        import_registry(tmp_path / "r", order, clock)
    done = import_registry(tmp_path / "r", replace(order, accept=True), clock)
    assert (done.resumed, done.numbers) == (True, 1)


def test_changes_need_a_list_and_a_whole_one(tmp_path: Path, clock: FakeClock) -> None:
    order = ImportOrder(NAME, DAY, (file_of(tmp_path, "a", flat(202, 0, 9)),))
    with pytest.raises(NotFound, match="a change list needs the full list before it"):
        import_registry(tmp_path / "r", replace(order, delta=True), clock)
    done = import_registry(tmp_path / "r", order, clock)
    index = RegistryFolder(tmp_path / "r", NAME).index(done.version)
    index.write_bytes(index.read_bytes()[:-1] + b"\x01")
    with pytest.raises(DamagedIndex, match="content has changed"):
        import_registry(tmp_path / "r", replace(order, delta=True), clock)
    assert import_registry(tmp_path / "r", order, clock).version == done.version
    assert len(listed(tmp_path / "r")) == 9


def test_columns_said_by_the_operator(tmp_path: Path, clock: FakeClock) -> None:
    file = file_of(tmp_path, "wide", ["X2025550100A", "X2025550101D"])
    order = ImportOrder(NAME, DAY, (file,), wish=Wish("2-11", "", fixed=True))
    assert import_registry(tmp_path / "r", order, clock).numbers == 2

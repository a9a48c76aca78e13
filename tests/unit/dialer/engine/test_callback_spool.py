"""Call-backs out of the fallback's folder: each once, and what cannot be read is named and set aside."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from dialer.engine.callback_spool import REJECTED, SpoolWatch, import_spool
from dialer.errors import BadInput, StorageDown
from dialer.ports.ivr import SpooledCallback
from ivr.agi.fallback import record, store
from tests.support.memory_ivr import MemoryRequests

pytestmark = pytest.mark.unit

AT = "2026-02-16T09:30:00+00:00"
ENV = {
    "agi_callerid": "2025550100",
    "agi_dnid": "95000",
    "agi_language": "zh",
    "agi_uniqueid": "176.1",
}


def left(folder: Path, number: str = "2025550123") -> dict[str, str]:
    entry = record(ENV, number, AT)
    store(folder, entry)
    return entry


async def test_what_the_fallback_left_is_taken_and_goes(tmp_path: Path) -> None:
    entries = [left(tmp_path, f"202555012{nth}") for nth in range(3)]
    desk = MemoryRequests()
    report = await import_spool(tmp_path, desk)
    assert (report.taken, report.known, report.files, report.problems) == (3, 0, 3, [])
    assert set(desk.spooled) == {UUID(entry["id"]) for entry in entries}
    one = desk.spooled[UUID(entries[0]["id"])]
    assert (one.number, one.caller, one.called, one.at.isoformat()) == (
        "2025550120",
        "2025550100",
        "95000",
        AT,
    )
    assert os.listdir(tmp_path) == []


async def test_a_run_that_was_broken_off_takes_nothing_twice(tmp_path: Path) -> None:
    class Away(MemoryRequests):
        async def take_spooled(self, callback: SpooledCallback) -> bool:
            if len(self.spooled) == 2:
                raise StorageDown("gone")
            return await super().take_spooled(callback)

    for nth in range(4):
        left(tmp_path, f"202555012{nth}")
    away = Away()
    with pytest.raises(StorageDown):
        await import_spool(tmp_path, away)
    assert len(os.listdir(tmp_path)) == 2
    left_behind = next(iter(away.spooled.values()))
    again = {**record(ENV, left_behind.number, AT), "id": str(left_behind.id)}
    store(tmp_path, again)  # as if the file had outlived its row
    desk = MemoryRequests(spooled=dict(away.spooled))
    report = await import_spool(tmp_path, desk)
    assert (report.taken, report.known) == (2, 1)


def entry(**more: Any) -> dict[str, Any]:
    return {**record(ENV, "2025550123", AT), **more}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b"[]", "no object"),
        (json.dumps(entry(number="12")).encode(), "number"),
        (json.dumps(entry(number="2025550123; rm")).encode(), "number"),
        (json.dumps(entry(number=2025550123)).encode(), "number"),
        (json.dumps(entry(id="7")).encode(), "id"),
        (json.dumps(entry(at="2026-02-16T09:30:00")).encode(), "at"),
        (json.dumps(entry(at="yesterday")).encode(), "at"),
        (json.dumps(entry(caller="a\x1b[2J")).encode(), "caller"),
        (json.dumps(entry(uniqueid="9" * 500)).encode(), "uniqueid"),
    ],
)
async def test_a_line_that_cannot_be_read_is_named_and_the_rest_goes_in(
    tmp_path: Path, line: bytes, why: str
) -> None:
    good = json.dumps(entry()).encode()
    (tmp_path / "a.json").write_bytes(b"\n".join([good, line, json.dumps(entry()).encode(), b""]))
    left(tmp_path)
    desk = MemoryRequests()
    report = await import_spool(tmp_path, desk)
    assert report.taken == 3
    (problem,) = report.problems
    assert (problem.file.name, problem.line) == ("a.json", 2)
    assert why in problem.why
    assert os.listdir(tmp_path) == [f"a.json{REJECTED}"]
    assert (await import_spool(tmp_path, desk)).problems == []  # told once


async def test_files_that_are_none_of_ours(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(json.dumps(entry()))
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "link.json").symlink_to(secret)
    (spool / "big.json").write_bytes(b" " * 1_100_000)
    (spool / "empty.json").write_bytes(b"")
    os.mkfifo(spool / "pipe.json")
    (spool / ".draft.json").write_text("half")
    (spool / "notes.txt").write_text("mine")
    desk = MemoryRequests()
    report = await import_spool(spool, desk)
    assert (report.taken, {each.file.name for each in report.problems}) == (
        0,
        {"link.json", "big.json", "empty.json", "pipe.json"},
    )
    assert (spool / ".draft.json").exists()
    assert (spool / "notes.txt").exists()


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read the folder"):
        await import_spool(tmp_path / "none", MemoryRequests())
    assert await SpoolWatch(tmp_path / "none", MemoryRequests()).look() is None


async def test_the_watch_outlives_a_database_that_is_away(tmp_path: Path) -> None:
    class Away(MemoryRequests):
        async def take_spooled(self, callback: SpooledCallback) -> bool:
            raise StorageDown("gone")

    left(tmp_path)
    assert await SpoolWatch(tmp_path, Away()).look() is None
    report = await SpoolWatch(tmp_path, MemoryRequests()).look()
    assert report is not None
    assert report.taken == 1

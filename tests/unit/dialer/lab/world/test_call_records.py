from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialer.errors import Misconfigured
from dialer.lab.world.call_records import read

pytestmark = pytest.mark.unit

ANSWERED = (
    '"+12015550999","+12025550100",1795304979.751907,1795304980.752587,1795304984.774472,'
    '"ANSWERED",16,4.021885,carrier-1.13,"e9670c9c",1795304981.25\n'
)
BUSY = '"+12015553000","anonymous",1795304979.70,0.000000,1795304979.71,"BUSY",17,0.0,carrier-1.3,"7eb5",\n'


def test_records_are_read(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(ANSWERED + BUSY, "utf-8")
    answered, busy = read(file)
    assert answered.number == "+12015550999"
    assert answered.started == datetime(2026, 11, 21, 23, 49, 39, 751907, tzinfo=UTC)
    assert answered.talked_s == pytest.approx(4.021885)
    assert answered.spoke == datetime(2026, 11, 21, 23, 49, 41, 250000, tzinfo=UTC)
    assert busy.spoke is None
    assert (busy.cause, busy.answered, busy.disposition) == (17, None, "BUSY")


def test_no_file_means_no_call(tmp_path: Path) -> None:
    assert read(tmp_path / "calls.csv") == []


def test_a_line_being_written_is_left_for_later(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(ANSWERED + BUSY[:30], "utf-8")
    assert len(read(file)) == 1


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(ANSWERED + "what,is,this\n", "utf-8")
    with pytest.raises(Misconfigured, match=r"calls\.csv:2"):
        read(file)

"""The fallback script on Asterisk's replies, and as the process Asterisk starts."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.agi.fallback import Caller, quote, serve

pytestmark = pytest.mark.unit

ENV = "agi_callerid: 100\nagi_calleridname: 张\nagi_dnid: 800\nagi_language: zh\nagi_uniqueid: c-1.2\n\n"
AT = "2026-01-02T03:04:05+00:00"
SCRIPT = Path(__file__).parents[4] / "ivr" / "agi-bin" / "fallback.py"
OK = "200 result=0"
MISSING = "200 result=-1\n200 result=6"
STORED = [OK, OK, "200 result=5551234", OK, "200 result=1"]


@pytest.fixture(autouse=True)
def _keep_sighup() -> Iterator[None]:
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def call(spool: Path, replies: list[str]) -> tuple[str, list[str]]:
    stdin = io.BytesIO((ENV + "".join(reply + "\n" for reply in replies)).encode())
    stdout = io.BytesIO()
    result = serve(Caller(stdin, stdout), spool, AT)
    return result, stdout.getvalue().decode().splitlines()


def stored(spool: Path) -> list[dict[str, str]]:
    assert not list(spool.glob(".*")), "no draft is left behind"
    return [json.loads(path.read_text("utf-8")) for path in spool.iterdir()]


def test_a_number_is_stored_and_confirmed(tmp_path: Path) -> None:
    result, commands = call(tmp_path, STORED)
    assert result == "callback-stored"
    assert commands == [
        "ANSWER",
        'STREAM FILE "fairdial/closed" "" "0"',
        'GET DATA "fairdial/callback-number" "8000" "20"',
        'STREAM FILE "fairdial/callback-stored" "" "0"',
        'SET VARIABLE "IVR_RESULT" "callback-stored"',
    ]
    (entry,) = stored(tmp_path)
    expected = {"at": AT, "number": "5551234", "caller": "100", "called": "800", "language": "zh"}
    assert entry.items() >= expected.items()
    assert [path.name for path in tmp_path.iterdir()] == [f"{entry['id']}.json"]


def test_missing_prompts_do_not_end_the_call(tmp_path: Path) -> None:
    replies = [OK, MISSING, MISSING, MISSING, MISSING, "200 result=5551234", MISSING, MISSING, "200 result=1"]
    result, commands = call(tmp_path, replies)
    assert result == "callback-stored"
    assert 'GET DATA "beep" "8000" "20"' in commands


@pytest.mark.parametrize(
    "digits", ["200 result=", "200 result= (timeout)", "200 result=12", "200 result=1*2*3"]
)
def test_no_usable_number_is_asked_for_twice_and_not_stored(tmp_path: Path, digits: str) -> None:
    result, commands = call(tmp_path, [OK, OK, digits, digits, OK, "200 result=1"])
    assert result == "no-number"
    assert sum(command.startswith("GET DATA") for command in commands) == 2
    assert stored(tmp_path) == []


@pytest.mark.parametrize(
    "end",
    [
        "",
        "HANGUP",
        "511 Command Not Permitted on a dead channel",
        "200 result=-1\n511 Dead",
        "200 result=1 (hangup)",
    ],
)
def test_every_end_of_a_call_looks_alike(tmp_path: Path, end: str) -> None:
    result, _ = call(tmp_path, [OK, OK, *([end] if end else [])])
    assert result == "caller-left"
    assert stored(tmp_path) == []


def test_a_number_given_before_the_hangup_is_kept(tmp_path: Path) -> None:
    result, _ = call(tmp_path, [OK, OK, "200 result=5551234"])
    assert result == "caller-left"
    assert len(stored(tmp_path)) == 1


def test_a_spool_that_cannot_be_written_is_told_to_asterisk(tmp_path: Path) -> None:
    result, commands = call(
        tmp_path / "nosuch", [OK, OK, "200 result=5551234", "200 result=1", OK, "200 result=1"]
    )
    assert result == "not-stored"
    assert any(command.startswith("VERBOSE") and "5551234" not in command for command in commands)


def test_arguments_are_quoted_and_control_characters_refused() -> None:
    assert quote('a "b" \\') == '"a \\"b\\" \\\\"'
    with pytest.raises(ValueError, match="control character"):
        quote("a\nEXEC System")


def test_the_process_asterisk_starts_needs_no_utf8_locale_and_prints_nothing_else(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "fairdial/关门"],
        input=(ENV + "".join(reply + "\n" for reply in STORED)).encode(),
        env={
            "PATH": os.environ["PATH"],
            "LC_ALL": "C",
            "PYTHONCOERCECLOCALE": "0",
            "FAIRDIAL_SPOOL": str(tmp_path),
        },
        cwd="/",
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stderr == b""
    assert 'STREAM FILE "fairdial/关门"' in done.stdout.decode()
    assert len(stored(tmp_path)) == 1

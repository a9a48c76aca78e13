"""The fallback IVR: a classic AGI script for when the FastAGI service is not there.

Plays a closed message, asks for a call-back number and leaves it in a spool folder for later import.
Asterisk starts a process for each call, so that only what is needed gets imported.
"""

import contextlib
import io
import json
import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from asterisk import agi as pyst

from ivr.errors import CallerHungUp

CLOSED: Final = "fairdial/closed"
ASK_NUMBER: Final = ("fairdial/callback-number", "vm-enter-num-to-call", "beep")
STORED: Final = ("fairdial/callback-stored", "vm-goodbye")
GOODBYE: Final = ("fairdial/goodbye", "vm-goodbye")

ATTEMPTS: Final = 2
DIGITS_MS: Final = 8000
MOST_DIGITS: Final = 20
_NUMBER: Final = re.compile(r"[0-9]{3,20}")
_CONTROL: Final = re.compile(r"[\r\n\x00]")


class Caller:
    """pyst2's AGI with its traps closed: what is sent is quoted, and every end of the call looks alike."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO) -> None:
        # the locale Asterisk runs with may be C: names are UTF-8 all the same
        reader = io.TextIOWrapper(stdin, encoding="utf-8", errors="replace", newline="\n")
        writer = io.TextIOWrapper(stdout, encoding="utf-8", newline="\n")
        # pyst2 traces every line of the protocol, caller's number included, into its stderr
        self._agi: Any = pyst.AGI(reader, writer, io.StringIO())
        self.env: Mapping[str, str] = self._agi.env

    def command(self, verb: str, *args: str | int) -> str | None:
        """The result, or None when Asterisk could not do it. Raises CallerHungUp when the channel is gone."""
        line = [quote(str(arg)) for arg in args]
        try:
            return self._execute(verb, line)
        except pyst.AGIHangup as gone:
            raise CallerHungUp(verb) from gone
        except pyst.AGIAppError:
            self._still_there()  # -1: a missing prompt, or nobody listening any more
            return None
        except (pyst.AGIInvalidCommand, pyst.AGIUsageError):
            return None

    def _still_there(self) -> None:
        try:
            self._execute("CHANNEL STATUS", [])
        except pyst.AGIAppError as gone:
            raise CallerHungUp("CHANNEL STATUS") from gone

    def _execute(self, verb: str, line: list[str]) -> str:
        try:
            return str(self._agi.execute(verb, *line)["result"][0])
        # end of file and a HANGUP line fail as a number, a dead channel (511) as an unknown code
        except (ValueError, pyst.AGIUnknownError, OSError) as gone:
            raise CallerHungUp(verb) from gone


def quote(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("control character in AGI argument")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def serve(caller: Caller, spool: Path, at: str, closed: str = CLOSED) -> str:
    """`at` is when the call came, as ISO 8601. Returns what `IVR_RESULT` was set to."""
    try:
        result = _talk(caller, spool, at, closed)
    except CallerHungUp:
        result = "caller-left"
    with contextlib.suppress(CallerHungUp):
        caller.command("SET VARIABLE", "IVR_RESULT", result)
    return result


def _talk(caller: Caller, spool: Path, at: str, closed: str) -> str:
    caller.command("ANSWER")
    play(caller, (closed, "im-sorry"))
    number = ask_number(caller)
    if number is None:
        play(caller, GOODBYE)
        return "no-number"
    try:
        store(spool, record(caller.env, number, at))
    except OSError as failure:
        caller.command("VERBOSE", f"fallback: call-back not stored: {failure.strerror}", 1)
        play(caller, GOODBYE)
        return "not-stored"
    play(caller, STORED)
    return "callback-stored"


def play(caller: Caller, prompts: tuple[str, ...]) -> bool:
    """The first prompt Asterisk has; none at all costs the caller silence, not the call."""
    return any(caller.command("STREAM FILE", prompt, "", 0) is not None for prompt in prompts)


def ask_number(caller: Caller) -> str | None:
    for _ in range(ATTEMPTS):
        for prompt in ASK_NUMBER:
            digits = caller.command("GET DATA", prompt, DIGITS_MS, MOST_DIGITS)
            if digits is not None:
                break
        else:
            return None
        if _NUMBER.fullmatch(digits):
            return digits
    return None


def record(env: Mapping[str, str], number: str, at: str) -> dict[str, str]:
    return {
        "id": str(uuid.uuid4()),
        "at": at,
        "number": number,
        "caller": env.get("agi_callerid", ""),
        "called": env.get("agi_dnid", ""),
        "language": env.get("agi_language", ""),
        "uniqueid": env.get("agi_uniqueid", ""),
    }


def store(spool: Path, entry: Mapping[str, str]) -> Path:
    """Whole or not at all: a reader sees no half-written `*.json`, and what is reported stored is on disk."""
    final = spool / f"{entry['id']}.json"
    draft = spool / f".{entry['id']}.tmp"
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.rename(final)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(spool)
    return final


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Stores and ports in a folder, for flows without a dialler: sessions as files, what callers asked for as lines of JSON."""

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ivr.errors import NotPublished
from ivr.flow.addresses import AddressRefused, sip_address
from ivr.flow.model import Flow
from ivr.ports import (
    Answers,
    Callbacks,
    Clock,
    Gateways,
    OptOuts,
    Registered,
    Routes,
    SessionStore,
    Voicemails,
)

_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class MemorySessions:
    """Gone with the process. Of ended ones the last ten thousand stay."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Mapping[str, Any], int]] = {}
        self._ended: dict[str, None] = {}

    async def load(self, call: str) -> tuple[Mapping[str, Any], int] | None:
        return self._kept.get(call)

    async def save(self, call: str, state: Mapping[str, Any], revision: int) -> bool:
        if self._kept.get(call, ({}, 0))[1] != revision:
            return False
        self._kept[call] = state, revision + 1
        if state.get("ended"):
            self._ended[call] = None
            if len(self._ended) > 10_000:
                await self.forget(next(iter(self._ended)))
        return True

    async def forget(self, call: str) -> None:
        self._kept.pop(call, None)
        self._ended.pop(call, None)


class FileSessions:
    """`<session>.json`, written whole or not at all; survives a restart of the process, not a power cut. One process
    at a time writes into a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._revisions: dict[str, int] = {}

    async def load(self, call: str) -> tuple[Mapping[str, Any], int] | None:
        file = self._file(call)
        if file is None or not file.is_file():
            return None
        kept = json.loads(file.read_text("utf-8"))
        self._revisions[call] = kept["revision"]
        return kept["state"], kept["revision"]

    async def save(self, call: str, state: Mapping[str, Any], revision: int) -> bool:
        file = self._file(call)
        if file is None:
            raise ValueError("a session whose id cannot be the name of a file")
        if revision and call not in self._revisions:
            await self.load(call)
        if self._revisions.get(call, 0) != revision:
            return False
        self._write(file, {"revision": revision + 1, "state": state})
        self._revisions[call] = revision + 1
        if state.get("ended"):
            self._revisions.pop(call)
        return True

    async def forget(self, call: str) -> None:
        self._revisions.pop(call, None)
        if (file := self._file(call)) is not None:
            file.unlink(missing_ok=True)

    def _file(self, call: str) -> Path | None:
        return self._folder / f"{call}.json" if _NAME.fullmatch(call) and call[0] != "." else None

    def _write(self, file: Path, kept: Mapping[str, Any]) -> None:
        draft = self._folder / f".{file.name}.{os.getpid()}"
        draft.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
        draft.replace(file)


class Spool:
    """Opt-outs, call-backs, voicemails and answers, a line of JSON each in a file of its own, on disk before the caller is
    told so. The reference is the line's number."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._clock = folder, clock
        self._lines: dict[str, int] = {}

    async def register(self, call: str, number: str, scope: str) -> Registered:
        return self._note("opt-outs", {"call": call, "number": number, "scope": scope})

    async def request(
        self, call: str, number: str, at: datetime | None, queue: str | None, about: str
    ) -> Registered:
        when = at.isoformat() if at is not None else None
        return self._note(
            "callbacks", {"call": call, "number": number, "when": when, "queue": queue, "about": about}
        )

    async def leave(self, call: str, box: str, clip: str, seconds: float, caller: str) -> Registered:
        return self._note(
            "voicemails", {"call": call, "box": box, "clip": clip, "seconds": seconds, "caller": caller}
        )

    async def save(self, call: str, answer: Mapping[str, Any]) -> None:
        self._note("answers", {"call": call, **answer})

    def _note(self, what: str, entry: Mapping[str, Any]) -> Registered:
        file = self._folder / f"{what}.jsonl"
        if what not in self._lines:
            self._lines[what] = len(file.read_bytes().splitlines()) if file.exists() else 0
        line = json.dumps({"noted": self._clock.now().isoformat(), **entry}, ensure_ascii=False)
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
            out.flush()
            os.fsync(out.fileno())
        self._lines[what] += 1
        return Registered(True, str(self._lines[what]))


class DialStrings:
    """From templates: `PJSIP/{number}@trunk` for numbers, `PJSIP/trunk/{uri}` for SIP addresses; empty: not dialled.

    Of a number only digits, `*`, `#` and a leading plus are put in, of what is no SIP address nothing.
    """

    def __init__(self, number: str = "", sip: str = "") -> None:
        self._number, self._sip = number, sip

    def dial_string(self, kind: str, target: str) -> str | None:
        if kind == "number":
            written = re.sub(r"[ ()./-]", "", target)
            good = re.fullmatch(r"\+?[0-9*#]{1,32}", written) is not None
            return self._number.replace("{number}", written) or None if good else None
        try:
            return self._sip.replace("{uri}", str(sip_address(target))) or None
        except AddressRefused:
            return None


class FixedRoutes:
    """Called numbers and their flows; all others go to the one without a number, if there is one."""

    def __init__(self, by_number: Mapping[str, str], otherwise: str | None) -> None:
        self._by_number, self._otherwise = by_number, otherwise

    async def flow(self, called: str, at: datetime) -> str | None:
        return self._by_number.get(called, self._otherwise)


class FixedFlows:
    """Flows at hand, by name and version."""

    def __init__(self, *flows: Flow) -> None:
        self._current = {flow.name: flow for flow in flows}
        self._all = {(flow.name, flow.version): flow for flow in flows}

    async def flow(self, name: str, version: str | None = None) -> Flow:
        found = self._current.get(name) if version is None else self._all.get((name, version))
        if found is None:
            raise NotPublished(f"there is no flow {name}{f'@{version[:12]}' if version else ''}")
        return found


_sessions: tuple[type[SessionStore], ...] = (MemorySessions, FileSessions)
_spool: tuple[type[OptOuts], type[Callbacks], type[Voicemails], type[Answers]] = (Spool, Spool, Spool, Spool)
_dial_strings: type[Gateways] = DialStrings
_routes: type[Routes] = FixedRoutes

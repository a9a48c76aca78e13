"""A store in a folder: `<flow>/<hash>.json` for each version, `<flow>/history.jsonl` for when each became current."""

import asyncio
import json
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ivr.errors import NotPublished
from ivr.ports import FlowStore, Publication

_HASH = re.compile(r"[0-9a-f]{6,64}")


class FileStore:
    """Written whole or not at all; a version that is there is never written again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def publish(self, publication: Publication, document: bytes) -> bool:
        return await asyncio.to_thread(self._publish, publication, document)

    async def document(self, flow: str, version: str | None = None) -> bytes:
        return await asyncio.to_thread(self._document, flow, version)

    async def history(self, flow: str) -> Sequence[Publication]:
        return await asyncio.to_thread(self._history, flow)

    async def flows(self) -> Sequence[str]:
        return await asyncio.to_thread(self._flows)

    def _publish(self, publication: Publication, document: bytes) -> bool:
        folder = self._of(publication.flow)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{publication.version}.json"
        new = not file.exists()
        if new:
            draft = folder / f".{publication.version}.{os.getpid()}"
            draft.write_bytes(document)
            draft.replace(file)
        line = {"version": publication.version, "at": publication.at.isoformat(), "by": publication.by}
        with (folder / "history.jsonl").open("a", encoding="utf-8") as history:
            history.write(json.dumps(line, ensure_ascii=False) + "\n")
        return new

    def _document(self, flow: str, version: str | None) -> bytes:
        history = self._history(flow)
        if not history:
            raise NotPublished(f"no flow {flow!r} has been published in {self._folder}")
        if version is None:
            version = history[-1].version
        if not _HASH.fullmatch(version):
            raise NotPublished(f"{version!r} is not a version: give six or more characters of its hash")
        found = sorted({one.version for one in history if one.version.startswith(version)})
        if len(found) != 1:
            kept = ", ".join(dict.fromkeys(one.version[:12] for one in history))
            what = "no version" if not found else "more than one version"
            raise NotPublished(f"{flow}: {what} begins with {version[:12]}; there are {kept}")
        return (self._of(flow) / f"{found[0]}.json").read_bytes()

    def _history(self, flow: str) -> list[Publication]:
        file = self._of(flow) / "history.jsonl"
        if not file.is_file():
            return []
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.endswith("}")]
        return [
            Publication(flow, line["version"], datetime.fromisoformat(line["at"]), line["by"])
            for line in lines
        ]

    def _flows(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(one.parent.name for one in self._folder.glob("*/history.jsonl"))

    def _of(self, flow: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", flow):
            raise NotPublished(f"{flow!r} is not the name of a flow")
        return self._folder / flow


_port: type[FlowStore] = FileStore

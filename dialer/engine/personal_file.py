"""All that is held of one person in one file to hand over (GDPR Art. 15 and 20, PIPL Art. 45)."""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

_MODE = 0o600
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class PersonalFile:
    path: Path
    documents: Mapping[str, int]  # how many of each kind
    recordings: int
    missing: tuple[str, ...]  # recordings that are in the index but whose audio is not there
    sha256: str


def write_personal_file(
    target: Path,
    number: str,
    documents: Mapping[str, Sequence[Mapping[str, Any]]],
    audio: Iterable[tuple[str, Path | None]],
    now: datetime,
) -> PersonalFile:
    """A zip of one JSON file for each kind of record, the audio of the recordings, and a manifest with the SHA-256 of each.

    Whole or not at all, readable by its owner only. Raises `OSError`, and `FileExistsError` rather than overwrite.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    files: list[dict[str, object]] = []
    missing: list[str] = []
    try:
        with (
            os.fdopen(os.open(fresh, _NEW, _MODE), "wb") as out,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for kind, rows in sorted(documents.items()):
                content = orjson.dumps(list(rows), option=orjson.OPT_INDENT_2)
                files.append(_add(archive, f"data/{kind}.json", content))
            for name, path in audio:
                if path is None:
                    missing.append(name)
                else:
                    files.append(_copy(archive, f"audio/{name}", path))
            manifest = {
                "number": number,
                "made_at": now.isoformat(),
                "files": files,
                "recordings_without_audio": missing,
            }
            archive.writestr("manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    with target.open("rb") as whole:
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
    counts = {kind: len(rows) for kind, rows in sorted(documents.items())}
    sounds = sum(str(each["name"]).startswith("audio/") for each in files)
    return PersonalFile(target, counts, sounds, tuple(missing), digest)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> dict[str, object]:
    archive.writestr(name, content)
    return {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _copy(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, object]:
    whole, size = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(name, "w") as out:
        while piece := source.read(_PIECE):
            out.write(piece)
            whole.update(piece)
            size += len(piece)
    return {"name": name, "bytes": size, "sha256": whole.hexdigest()}

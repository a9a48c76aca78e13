"""The end of an import: what was built becomes an immutable file, is looked at once more, and comes into use by a rename.

Every step may be repeated: after a crash between any two of them the same order ends with the same files.
"""

import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import orjson

from dialer.errors import BadInput, Conflict
from dialer.registries import shelf
from dialer.registries.bits import NumberBits
from dialer.registries.index import DamagedIndex, IndexHeader, RegistryIndex
from dialer.registries.index_writer import IndexWriter
from dialer.registries.journal import Journal
from dialer.registries.order import ImportReport
from dialer.registries.rejects import RejectFile
from dialer.registries.shelf import RegistryFolder

JOURNAL = "journal.json"
_SHRUNK = 0.5


class Publication:
    def __init__(
        self, place: RegistryFolder, journal: Journal, rejects: RejectFile, previous: IndexHeader | None
    ) -> None:
        self._place, self._journal, self._rejects, self._previous = place, journal, rejects, previous
        self._fresh = place.building / "index"

    def refuse_doubtful(self, accept: bool) -> None:
        """Raises `BadInput` without a single number: an empty registry would let everything through. Raises `Conflict` when
        most lines were none, unless that is accepted."""
        read, rejected = self._journal.sum("numbers"), self._journal.sum("rejected")
        if not read:
            self._give_up()
        if rejected > read and not accept:
            first = self._rejects.first()[0]
            raise Conflict(
                f"{rejected:,} lines are no numbers and only {read:,} are ({first.file} line {first.line}: {first.because}): "
                "is this the right file? Give the same command with --accept if it is, with --restart if it is not"
            )

    def _give_up(self) -> NoReturn:
        first = self._rejects.first()[:1]
        shutil.rmtree(self._place.building)
        why = f" ({first[0].file} line {first[0].line}: {first[0].because})" if first else ""
        raise BadInput(f"there is not one number in the files{why}")

    def write(self, bits: NumberBits, country: int, accept: bool) -> IndexHeader:
        """The index file, not yet in its place. Raises `Conflict` when most of the numbers are gone."""
        blocks = [block for block, _ in bits.blocks()]
        writer = IndexWriter(self._fresh, len(blocks))
        try:
            for block, content in bits.blocks():
                writer.add(block, content)
            journal = self._journal
            header = writer.finish(journal.registry, journal.as_of, country, journal.created_at, journal.base)
        finally:
            writer.close()
        self._refuse_shrunk(header, accept)
        return header

    def _refuse_shrunk(self, header: IndexHeader, accept: bool) -> None:
        before = self._previous.numbers if self._previous is not None else 0
        if accept or header.numbers >= _SHRUNK * before:
            return
        raise Conflict(
            f"only {header.numbers:,} numbers, the copy in use has {before:,}: is a file missing, or is this a change list "
            "(--delta)? Give the same command with --accept if it is right, with --restart if it is not"
        )

    def bring_into_use(self, header: IndexHeader, keep: int, now: datetime) -> ImportReport:
        """Raises `DamagedIndex`, `OSError`."""
        place, journal = self._place, self._journal
        report = self._report(header)
        place.versions.mkdir(exist_ok=True)
        self._keep_evidence(header, report, now)
        if not _is_whole(place.index(header.version), header):
            self._fresh.replace(place.index(header.version))
        shelf.sync_folder(place.versions)
        journal.version = header.version
        journal.save(place.building / JOURNAL)
        if not _is_whole(place.index(header.version), header):
            raise DamagedIndex(f"{place.index(header.version)} is not what was written: is the disk sound?")
        place.point_to(header.version)
        place.prune(keep)
        shutil.rmtree(place.building)
        return report

    def _keep_evidence(self, header: IndexHeader, report: ImportReport, now: datetime) -> None:
        """What went in and what did not: kept when the index itself is long gone."""
        if report.rejected_file is not None:
            fresh = report.rejected_file.with_suffix(".new")
            shutil.copyfile(self._rejects.path, fresh)
            fresh.replace(report.rejected_file)
        manifest = {
            "imported_at": now,
            "header": asdict(header),
            "previous": report.previous,
            "sources": [asdict(each) for each in self._journal.sources],
        }
        content = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
        shelf.replace(self._place.manifest(header.version), content)

    def _report(self, header: IndexHeader) -> ImportReport:
        journal, previous = self._journal, self._previous
        rejected = journal.sum("rejected")
        return ImportReport(
            registry=header.registry,
            version=header.version,
            as_of=header.as_of,
            numbers=header.numbers,
            lines=journal.sum("lines"),
            read=journal.sum("numbers"),
            rejected=rejected,
            first_rejected=self._rejects.first(),
            rejected_file=self._place.rejected(header.version) if rejected else None,
            previous=previous.version if previous else "",
            previous_numbers=previous.numbers if previous else 0,
            bytes=header.file_bytes,
            resumed=journal.resumed,
        )


def _is_whole(index: Path, header: IndexHeader) -> bool:
    """Read from the disk, with all of its checksum."""
    try:
        opened = RegistryIndex(index)
        opened.verify()
    except (OSError, DamagedIndex):
        return False
    return opened.header.payload_sha256 == header.payload_sha256

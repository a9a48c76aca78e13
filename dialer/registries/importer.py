"""Importing a registry: files in, one new immutable version out, swapped in by a rename.

Until that rename the version in use stays what it was, whatever happens. Every line either becomes a number or is
written to the file of rejected lines with its reason. Interrupted at any point, the same order goes on from the last
checkpoint and ends with the same bytes.
"""

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from dialer.clock import Clock
from dialer.errors import BadInput, Conflict, Misconfigured, NotFound
from dialer.registries.bits import NumberBits
from dialer.registries.index import DamagedIndex, RegistryIndex
from dialer.registries.journal import Journal, SourceProgress, begun
from dialer.registries.layout import Layout, layout_of
from dialer.registries.lines import LineReader, Piece, first_lines
from dialer.registries.numbering import Numbering
from dialer.registries.order import KEEP, ImportOrder, ImportReport, Progress, Watch
from dialer.registries.publication import JOURNAL, Publication
from dialer.registries.rejects import RejectFile
from dialer.registries.shelf import RegistryFolder
from dialer.registries.sources import BOM, OpenSource, Source, find_sources, opened

_CHECKPOINT_S = 10.0
_SUSPICIOUS = 1000  # lines; when more than half of so many are bad, it is another kind of file


def import_registry(
    folder: Path,
    order: ImportOrder,
    clock: Clock,
    *,
    keep: int = KEEP,
    watch: Watch | None = None,
    checkpoint_s: float = _CHECKPOINT_S,
) -> ImportReport:
    """Raises `BadInput` (a file that cannot be read, or is something else), `Conflict` (another import runs or was
    interrupted, the copy looks wrong), `NotFound` (changes to a registry that is not there). Nothing is lost then: what is
    in use stays in use."""
    place = RegistryFolder(folder, order.registry)
    if order.as_of > clock.now().date() + timedelta(days=1):
        raise BadInput(f"{order.as_of} has not come yet", "as_of")
    sources = find_sources(order.files) + find_sources(order.deletes, deletes=True)
    if not sources:
        raise BadInput("no file was named", "files")
    try:
        with place.locked():
            work = _Import(place, order, sources, clock, watch, checkpoint_s)
            with closing(work):
                work.read_all()
                return work.publish(keep)
    except OSError as failed:
        raise Misconfigured(
            f"cannot write in {place.path}: {failed.strerror or failed}; the version in use is untouched, and once this is "
            "put right the same command goes on"
        ) from failed


class _Import:
    def __init__(
        self,
        place: RegistryFolder,
        order: ImportOrder,
        sources: list[Source],
        clock: Clock,
        watch: Watch | None,
        checkpoint_s: float,
    ) -> None:
        self._place, self._order, self._sources = place, order, sources
        self._clock, self._watch, self._checkpoint_s = clock, watch, checkpoint_s
        self._numbering = _numbering(order.region)
        self._previous = _previous(place)
        self._journal_file = place.building / JOURNAL
        self._size = sum(each.size for each in sources)
        self._journal = self._begin_or_resume()
        self._bits = NumberBits(place.building / "bits", self._journal.slots)
        self._rejected = RejectFile(place.building / "rejected.csv", self._journal.rejected_bytes)
        self._saved_at = clock.monotonic()

    # --- beginning ------------------------------------------------------------------------------------------------------

    def _begin_or_resume(self) -> Journal:
        order = self._order
        base = self._base()
        wanted = Journal(
            registry=order.registry,
            as_of=order.as_of,
            region=order.region,
            reading=[order.wish.number, order.wish.change, "fixed" if order.wish.fixed else ""],
            delta=order.delta or bool(order.deletes),
            base=base,
            created_at=self._clock.now(),
            sources=begun(self._sources),
        )
        journal = None if order.restart else Journal.read(self._journal_file)
        if journal is None or journal.untouched or self._is_published(journal):
            return self._begin(wanted)
        journal.must_fit(wanted)
        journal.take_files_of(wanted)
        journal.resumed = True
        return journal

    def _is_published(self, journal: Journal) -> bool:
        """It came to its end and was only not cleared away."""
        return bool(journal.version) and journal.version == self._place.current_or_none()

    def _base(self) -> str:
        if not (self._order.delta or self._order.deletes):
            return ""
        if self._previous is None:
            raise NotFound(
                f"{self._order.registry} was never imported: a change list needs the full list before it"
            )
        return self._previous.header.version

    def _begin(self, wanted: Journal) -> Journal:
        self._refuse_older()
        shutil.rmtree(self._place.building, ignore_errors=True)
        self._place.building.mkdir(parents=True)
        if wanted.base and self._previous is not None:
            self._previous.verify()
            bits = NumberBits(self._place.building / "bits")
            for block, content in self._previous.blocks():
                bits.load(block, content)
            bits.sync()
            wanted.slots = bits.slots
            bits.close()
        wanted.save(self._journal_file)
        return wanted

    def _refuse_older(self) -> None:
        previous, order = self._previous, self._order
        if previous is not None and previous.header.as_of > order.as_of and not order.accept:
            raise Conflict(
                f"the copy in use is as of {previous.header.as_of}, this one as of {order.as_of}: "
                "add --accept to go back"
            )

    # --- reading --------------------------------------------------------------------------------------------------------

    def read_all(self) -> None:
        for source, progress in zip(self._sources, self._journal.sources, strict=True):
            if not progress.done:
                with opened(source) as stream:
                    self._read(source, progress, stream)
        self._checkpoint()

    def _read(self, source: Source, progress: SourceProgress, stream: OpenSource) -> None:
        layout = self._layout(source, stream.head)
        reader = LineReader(layout, self._numbering)
        if progress.offset:
            stream.skip(progress.offset, progress.lines)
        for text in stream.pieces():
            skipped, lines = _preamble(text, layout) if not progress.offset else (0, 0)
            piece = reader.read(text[skipped:])
            self._take(source, progress, piece, progress.lines + lines)
            progress.offset += len(text)
            progress.lines += lines + piece.lines
            stream.lines = progress.lines
            self._tell("reading", source.name, self._before(source) + stream.bytes_done)
            if self._clock.monotonic() - self._saved_at >= self._checkpoint_s:
                self._checkpoint()
        progress.done = True

    def _layout(self, source: Source, head: bytes) -> Layout:
        try:
            layout = layout_of(list(first_lines(head.removeprefix(BOM))), self._order.wish)
        except BadInput as wrong:
            raise BadInput(f"{source.name}: {wrong}", wrong.field) from None
        if source.deletes:
            layout = replace(layout, change=None, change_span=None)
        return layout

    def _take(self, source: Source, progress: SourceProgress, piece: Piece, before: int) -> None:
        self._refuse_other_kind(source, progress, piece)
        if piece.deleted is not None and not self._journal.delta:
            raise BadInput(f"{source.name} takes numbers off the list: it is a change list, add --delta")
        if source.deletes:
            self._bits.remove(piece.keys)
        else:
            self._bits.apply(piece.keys, piece.deleted)
        progress.numbers += len(piece.keys)
        progress.rejected += len(piece.bad)
        if piece.bad:
            self._rejected.add(source.name, piece.bad, before)

    def _refuse_other_kind(self, source: Source, progress: SourceProgress, piece: Piece) -> None:
        if progress.lines or len(piece.bad) * 2 <= piece.lines or piece.lines < _SUSPICIOUS:
            return
        first = piece.bad[0]
        raise BadInput(
            f"{source.name}: {len(piece.bad):,} of the first {piece.lines:,} lines are no numbers of "
            f"+{self._numbering.country} ({first.text!r}: {first.because}): is this the right file? "
            "--column says where the number is, --region whose numbers they are"
        )

    def _checkpoint(self) -> None:
        """What is written here is never read again."""
        self._bits.sync()
        self._journal.slots = self._bits.slots
        self._journal.rejected_bytes = self._rejected.sync()
        self._journal.save(self._journal_file)
        self._saved_at = self._clock.monotonic()

    def _before(self, source: Source) -> int:
        return sum(each.size for each in self._sources[: self._sources.index(source)])

    def _tell(self, phase: Literal["reading", "writing"], file: str, done: int) -> None:
        if self._watch is not None:
            numbers, rejected = self._journal.sum("numbers"), self._journal.sum("rejected")
            self._watch(Progress(phase, min(done, self._size), self._size, file, numbers, rejected))

    # --- publishing -----------------------------------------------------------------------------------------------------

    def publish(self, keep: int) -> ImportReport:
        previous = self._previous.header if self._previous is not None else None
        work = Publication(self._place, self._journal, self._rejected, previous)
        work.refuse_doubtful(self._order.accept)
        self._tell("writing", "", self._size)
        header = work.write(self._bits, self._numbering.country, self._order.accept)
        return work.bring_into_use(header, keep, self._clock.now())

    def close(self) -> None:
        self._bits.close()
        self._rejected.close()


def _numbering(region: str) -> Numbering:
    try:
        return Numbering(region)
    except ValueError as wrong:
        raise BadInput(str(wrong), "region") from None


def _previous(place: RegistryFolder) -> RegistryIndex | None:
    """The version in use. One that cannot be read is no hindrance to a full import."""
    try:
        return RegistryIndex(place.index(place.current()))
    except (NotFound, OSError, DamagedIndex):
        return None


def _preamble(text: bytes, layout: Layout) -> tuple[int, int]:
    """Bytes and lines before the first number: byte order mark, blank lines and headings."""
    skipped = len(BOM) if text.startswith(BOM) else 0
    if not layout.header:
        return skipped, 0
    lines = 0
    while skipped < len(text):
        end = text.find(b"\n", skipped) + 1 or len(text)
        line, skipped, lines = text[skipped:end], end, lines + 1
        if line.strip():
            break
    return skipped, lines

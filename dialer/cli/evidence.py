"""The ledger as evidence for a regulator: one row for each live answer, and a head that says what it is and seals it.

The seal is the SHA-256 of the rows as they stand in the file: of a CSV file everything after the line of its head that
begins with "# sha256", of a JSON file the rows as lines (members in alphabetical order, no spaces, "\\n" after each).
"""

import csv
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import orjson

from dialer.compliance.abandonment_classes import Classified
from dialer.errors import BadInput
from dialer.ports.ledger import LedgerEntry
from dialer.web.abandonment import AbandonmentReport
from dialer.words import Language, say

_FACTS = (
    "attempt", "number", "contact", "agent", "disposition", "dialled_at", "answered_at", "greeting_start",
    "greeting_end", "agent_joined", "message_started", "opted_out", "agent_left", "ended_at", "ended_by", "sent_to",
    "prerecorded", "machine_verdict", "reviewed_verdict", "reviewed_by", "reviewed_at",
)  # fmt: skip
_JUDGED = ("class", "in_a", "in_h", "because", "message_ok", "violations", "citation")


def facts(entry: LedgerEntry, zone: ZoneInfo) -> dict[str, object]:
    """What happened on the call; times are ISO 8601 in `zone`, to the millisecond."""
    answer, review = entry.answer, entry.review

    def at(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat(timespec="milliseconds")

    values = (
        str(entry.attempt), entry.number.e164, entry.contact, entry.agent, entry.disposition, at(entry.dialled_at),
        at(answer.answered_at), at(answer.greeting_start), at(answer.greeting_end), at(answer.joined_at),
        at(answer.message_at), at(answer.optout_at), at(entry.left_at), at(answer.ended_at), answer.ended_by,
        answer.sent_to, answer.prerecorded, answer.verdict, answer.reviewed, None if review is None else review.by,
        None if review is None else at(review.at),
    )  # fmt: skip
    return dict(zip(_FACTS, values, strict=True))


def judged(found: Classified, language: Language) -> dict[str, object]:
    values = (
        found.call_class, found.in_a, found.in_h, because(found, language), found.message_ok,
        " ".join(sorted(found.violations)), found.citation,
    )  # fmt: skip
    return dict(zip(_JUDGED, values, strict=True))


def because(found: Classified, language: Language) -> str:
    """In words: "joined 2.001 s after the greeting ended (limit 2.000 s)"."""
    waited = "–" if found.waited is None else f"{found.waited.total_seconds():.3f}"
    return say(
        f"abandonment.because.{found.because}",
        language,
        waited=waited,
        limit=f"{found.limit.total_seconds():.3f}",
        clock=say(f"abandonment.clock.{found.clock}", language),
    )


class Evidence:
    """Rows go to a file beside the one that is wanted; `finish` puts it in its place with its head, whole or not at all."""

    def __init__(self, file: Path, profiles: Sequence[str], zone: ZoneInfo, language: Language) -> None:
        self.file, self._zone, self._language = file, zone, language
        self._profiles = profiles
        self._seal = hashlib.sha256()
        try:
            self._rows: IO[bytes] = tempfile.TemporaryFile(dir=file.absolute().parent)  # noqa: SIM115  closed by finish
        except OSError as unwritable:
            raise BadInput(f"cannot write {file}: {unwritable.strerror}") from None
        self._as_json = file.suffix.lower() == ".json"
        if not self._as_json:
            columns = [f"{name}:{column}" for name in profiles for column in _JUDGED]
            self._put(_csv_line([*_FACTS, *columns]))

    def take(self, entry: LedgerEntry, found: Sequence[Classified]) -> None:
        row = facts(entry, self._zone)
        classes = {name: judged(one, self._language) for name, one in zip(self._profiles, found, strict=True)}
        if self._as_json:
            self._put(orjson.dumps({**row, "classes": classes}, option=_LINE))
            return
        cells = [*row.values(), *(classes[name][column] for name in self._profiles for column in _JUDGED)]
        self._put(_csv_line(cells))

    def _put(self, line: bytes) -> None:
        self._seal.update(line)
        self._rows.write(line)

    def finish(self, report: AbandonmentReport) -> str:
        """The seal. Raises `BadInput` when the file cannot be written."""
        draft = self.file.with_name(f".{self.file.name}.{os.getpid()}.new")
        seal = self._seal.hexdigest()
        try:
            with self._rows, draft.open("wb") as target:
                self._rows.seek(0)
                (self._json if self._as_json else self._csv)(target, report, seal)
            draft.replace(self.file)
        except OSError as unwritable:
            draft.unlink(missing_ok=True)
            raise BadInput(f"cannot write {self.file}: {unwritable.strerror}") from None
        return seal

    def _csv(self, target: IO[bytes], report: AbandonmentReport, seal: str) -> None:
        for name, value in {**_head(report, self._zone), "sha256": seal}.items():
            target.write(f"# {name}: {value}\n".encode())
        _copy(self._rows, target)

    def _json(self, target: IO[bytes], report: AbandonmentReport, seal: str) -> None:
        head = {**_head(report, self._zone), "sha256": seal}
        windows = [window.model_dump(mode="json") for window in report.windows]
        whole = orjson.dumps({"head": head, "windows": windows}, option=orjson.OPT_INDENT_2)
        target.write(whole.removesuffix(b"\n}") + b',\n  "live_answers": [')
        for nth, line in enumerate(self._rows):
            target.write((b",\n    " if nth else b"\n    ") + line.rstrip(b"\n"))
        target.write(b"\n  ]\n}\n")


_LINE = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def _csv_line(cells: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_cell(cell) for cell in cells])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is marked as text; numbers begin with a plus and are none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "@", "-") else value


def _head(report: AbandonmentReport, zone: ZoneInfo) -> dict[str, object]:
    return {
        "campaign": f"{report.campaign} {report.name}",
        "since": report.since.astimezone(zone).isoformat(),
        "until": report.until.astimezone(zone).isoformat(),
        "time_zone": report.zone,
        "rulebook_sha256": report.rulebook,
        "rules_as_of": report.rules_as_of.isoformat() if report.rules_as_of else "each window by its own day",
        "profiles": " ".join(report.profiles),
        "live_answers": report.live_answers,
        "verdict": report.verdict,
        "machine_verdicts_reviewed": report.false_positives.reviewed,
        "of_which_people": report.false_positives.people,
    }


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    read: Callable[[], bytes] = lambda: source.read(1 << 20)  # noqa: E731  the form that iter takes
    for part in iter(read, b""):
        target.write(part)

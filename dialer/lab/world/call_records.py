"""Reads the carrier's own record of every call it received: the independent witness of what the service did."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dialer.errors import Misconfigured


@dataclass(frozen=True)
class CallRecord:
    number: str
    """As dialled, e.g. +12025550123."""
    caller: str
    started: datetime
    answered: datetime | None
    ended: datetime
    disposition: str
    """ANSWERED, NO ANSWER, BUSY, FAILED or CONGESTION."""
    cause: int
    """Q.850 hang-up cause."""
    talked_s: float
    unique_id: str
    sip_call_id: str
    spoke: datetime | None = None
    """When whoever answered began to be heard: the first sample of what `voices` has for the number."""


def read(file: Path) -> list[CallRecord]:
    """All records so far, in the order in which the calls ended. No file yet means no call yet."""
    if not file.exists():
        return []
    return list(_records(file))


def _records(file: Path) -> Iterator[CallRecord]:
    text = file.read_text("utf-8")
    # the last line may be half written
    complete = text[: text.rfind("\n") + 1]
    for number, row in enumerate(csv.reader(complete.splitlines()), start=1):
        try:
            yield _record(row)
        except ValueError as wrong:
            raise Misconfigured(
                f"{file}:{number}: not a call record of the lab's carrier: {wrong}"
            ) from wrong


def _record(row: list[str]) -> CallRecord:
    number, caller, started, answered, ended, disposition, cause, talked, unique_id, sip_call_id, spoke = row
    return CallRecord(
        number=number,
        caller=caller,
        started=_time(started),
        answered=_time(answered) if float(answered or 0) else None,
        ended=_time(ended),
        disposition=disposition,
        cause=int(cause or 0),
        talked_s=float(talked or 0),
        unique_id=unique_id,
        sip_call_id=sip_call_id,
        spoke=_time(spoke) if spoke else None,
    )


def _time(seconds: str) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)

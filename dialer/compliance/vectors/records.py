"""Cases on recordings, card data, erasure and retention, answered by the code that runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dialer.compliance.call import CalledPlace
from dialer.compliance.card_pause import paused_file
from dialer.compliance.profile import Profile, RecordKind
from dialer.compliance.recording_rules import may_record, recording_rule
from dialer.compliance.retention import Minimum, fate, minimum

Given = Mapping[str, Any]


def _place(state: str | None) -> CalledPlace:
    return CalledPlace("US", () if state is None else (state,))


def recording_check(_profiles: Sequence[Profile], given: Given) -> dict[str, Any]:
    rule = recording_rule(_place(given.get("caller_state")), _place(given.get("called_state")))
    starts = may_record(rule, bool(given.get("announcement_played")))
    return {
        "regime": rule.regime.value,
        "announcement_required": rule.announce,
        "recording": "start" if starts else "not_started",
    }


def pause_check(_profiles: Sequence[Profile], given: Given) -> dict[str, Any]:
    resumed = given.get("resumed_s")
    made = paused_file(
        timedelta(seconds=given["pause_requested_s"]),
        bool(given["pause_acknowledged"]),
        None if resumed is None else timedelta(seconds=resumed),
        timedelta(seconds=given["call_length_s"]),
    )
    found: dict[str, Any] = {
        "recording": "continues" if made.goes_on else "stopped",
        "file_length_s": made.length.total_seconds(),
    }
    if made.silent is not None:
        found["silent_s"] = [moment.total_seconds() for moment in made.silent]
    return found


def erasure_check(_profiles: Sequence[Profile], given: Given) -> dict[str, Any]:
    on = _day(given["date"])
    until = given.get("metadata_hold_until")
    least = None if until is None else Minimum(_day(until), "given", "given")
    audio = fate(on, held="held" if given.get("audio_held") else "", erase=True)
    metadata = fate(on, least=least, erase=True)
    return {
        "audio": "kept" if audio.kept else "purged",
        "metadata": "kept" if metadata.kept else "purged",
        "suppression_hash": "kept",
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Days:
    """The days on which the record may go, or may not: equal to each of them, so that any day can be asked about."""

    kept: bool
    held: str
    least: Minimum | None

    def __eq__(self, day: object) -> bool:
        if not isinstance(day, str | date):
            return NotImplemented
        return fate(_day(day), held=self.held, least=self.least, erase=True).kept is self.kept

    __hash__ = None  # type: ignore[assignment]


def retention(profiles: Sequence[Profile], given: Given) -> dict[str, Any]:
    starts = [_day(given[name]) for name in ("date", "grant", "last_use") if given.get(name) is not None]
    least = minimum(profiles, {RecordKind(given["record"])}, starts)
    held = "held" if given.get("legal_hold") else ""
    return {
        "keep_until": None if least is None or least.until is None else least.until.isoformat(),
        "deletable_on": _Days(False, held, least),
        "not_deletable_on": _Days(True, held, least),
    }


def _day(written: str | date) -> date:
    return written if isinstance(written, date) else date.fromisoformat(written)


KINDS: Mapping[str, Callable[[Sequence[Profile], Given], dict[str, Any]]] = {
    "recording_check": recording_check,
    "pause_check": pause_check,
    "erasure_check": erasure_check,
    "retention": retention,
}

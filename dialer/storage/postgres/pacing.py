"""What pacing counts, learns and decides: abandonment windows, lessons, samples of decisions."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from dialer.compliance.abandonment_rates import FalsePositives
from dialer.domain.abandonment import AbandonmentWindow, WindowCount, WindowKind
from dialer.domain.ids import CampaignId
from dialer.pacing.decision import Binding, DecisionInputs, PacingDecision, WindowState
from dialer.pacing.pacer import Lesson
from dialer.ports.pacing import DecisionSample
from dialer.storage.postgres.attempts import columns
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

log = logging.getLogger(__name__)

_COUNT = named("count_windows")
_UNHEARD = named("unheard_verdicts")
_SAMPLE = named("verdict_sample")
_LESSONS = named("all_lessons")
_LESSON = named("lesson_of")
_KEEP_LESSONS = named("keep_lessons")
_KEEP_DECISIONS = named("keep_decisions")
_FORGET = named("forget_decisions")
_DECISIONS = named("decisions_between")

KEPT_FOR = timedelta(days=30)
_FORGET_EVERY = timedelta(hours=1)
_SAMPLED_FOR = timedelta(days=90)


class PostgresPacing:
    """The store that `PacingStore` asks for. Samples of decisions are kept for `KEPT_FOR`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgotten_at: datetime | None = None

    async def window_counts(
        self, campaign: CampaignId, windows: Sequence[AbandonmentWindow], now: datetime
    ) -> Sequence[WindowCount]:
        ends = [now if window.ends is None else min(window.ends, now) for window in windows]
        begins = [window.begins for window in windows]
        rows = await self._database.rows(_COUNT, campaign, begins, ends)
        verdicts = await self._database.rows(_UNHEARD, campaign, begins, ends)
        unheard = [row["unheard"] for row in verdicts]
        share = await self._false_positives(now) if any(unheard) else 0.0
        return [
            WindowCount(window, row["answered"], row["abandoned"], now, share * machines)
            for window, row, machines in zip(windows, rows, unheard, strict=True)
        ]

    async def _false_positives(self, now: datetime) -> float:
        """The share of machine verdicts that were people, by those that somebody heard lately."""
        (row,) = await self._database.rows(_SAMPLE, now - _SAMPLED_FOR)
        return float(FalsePositives(row["reviewed"], row["people"]).expected)

    async def lessons(self) -> Sequence[Lesson]:
        return [_lesson(row) for row in await self._database.rows(_LESSONS)]

    async def lesson(self, campaign: CampaignId) -> Lesson | None:
        rows = await self._database.rows(_LESSON, campaign)
        return _lesson(rows[0]) if rows else None

    async def keep_lessons(self, lessons: Sequence[Lesson], now: datetime) -> None:
        last = {each.campaign: each for each in lessons}.values()
        rows = columns(((each.campaign, each.version, each.document) for each in last), 3)
        await self._database.rows(_KEEP_LESSONS, *rows, now)

    async def keep_decisions(self, samples: Sequence[DecisionSample]) -> None:
        if not samples:
            return
        await self._database.rows(_KEEP_DECISIONS, *columns(map(_row, samples), 7))
        newest = max(sample.at for sample in samples)
        if self._forgotten_at is None or newest - self._forgotten_at >= _FORGET_EVERY:
            await self._database.rows(_FORGET, newest - KEPT_FOR)
            self._forgotten_at = newest

    async def decisions(
        self, campaign: CampaignId, since: datetime, until: datetime, most: int
    ) -> Sequence[DecisionSample]:
        rows = await self._database.rows(_DECISIONS, campaign, since, until, most)
        return [_sample(row) for row in reversed(rows)]


def _lesson(row: asyncpg.Record) -> Lesson:
    return Lesson(CampaignId(row["campaign_id"]), row["version"], row["document"])


def _row(sample: DecisionSample) -> tuple[Any, ...]:
    decision = sample.decision
    inputs = None if decision.inputs is None else _document(decision.inputs)
    return (
        sample.campaign,
        sample.at,
        decision.dial,
        decision.binding.value,
        decision.because,
        inputs,
        sample.decisions,
    )


def _sample(row: asyncpg.Record) -> DecisionSample:
    decision = PacingDecision(row["dial"], row["because"], _binding(row["binding"]), _inputs(row["inputs"]))
    return DecisionSample(CampaignId(row["campaign_id"]), row["at"], decision, row["decisions"])


def _binding(name: str) -> Binding:
    """A version later than ours may have more of them; `because` still says what it was."""
    try:
        return Binding(name)
    except ValueError:
        return Binding.POLICY


# --- inputs as a document: the fields by name; JSON has no infinity, which is therefore text ------------------------------


def _document(part: DecisionInputs | WindowState) -> dict[str, Any]:
    return {each.name: _plain(getattr(part, each.name)) for each in fields(part)}


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_document(window) for window in value]
    return value


def _inputs(document: Mapping[str, Any] | None) -> DecisionInputs | None:
    """None as well for a document of another version that lacks what ours needs."""
    if document is None:
        return None
    try:
        known = _known(DecisionInputs, document)
        windows = tuple(_window(window) for window in known.pop("windows", ()))
        return DecisionInputs(**known, windows=windows)
    except (TypeError, ValueError):
        log.warning("inputs of a decision unreadable", extra={"action": "storage.inputs_unreadable"})
        return None


def _window(document: Mapping[str, Any]) -> WindowState:
    known = _known(WindowState, document)
    return WindowState(**{**known, "kind": WindowKind(known["kind"])})


def _known(kind: type[DecisionInputs] | type[WindowState], document: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {each.name: each.type for each in fields(kind)}
    return {
        name: float(value) if wanted[name] is float else value
        for name, value in document.items()
        if name in wanted
    }

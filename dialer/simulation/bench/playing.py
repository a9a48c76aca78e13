"""Days played until the time is used; what was played is kept, and not played again while the rules are the same."""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import dialer
from dialer.simulation.bench.plan import LEARNS_FROM_PACING
from dialer.simulation.study import Job, Outcome, Study

_ROOT = Path(dialer.__file__).parent
# of the domain what the quick floor and the rules go by: work on other parts of the service makes no figure old
_DOMAIN = ("abandonment", "events", "ids", "pacing_plan")
_EVERYBODYS = (
    "simulation",
    *(f"domain/{module}.py" for module in _DOMAIN),
    *("pacing/pacer.py", "pacing/decision.py", "pacing/counts.py"),
)


class OutOfTime(Exception):
    """The budget is used. What was finished is kept."""


class Stage:
    """`minutes` None: as long as it takes. Results lie in `folder`, under the fingerprint of the program that made them.

    Rivals are kept apart from what is built of our own pacer: work on it does not make their results old.
    """

    def __init__(
        self,
        folder: Path,
        minutes: float | None,
        workers: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._until = None if minutes is None else time.perf_counter() + 60.0 * minutes
        self._rivals = Study(folder / f"pacing-rivals-{fingerprint(_EVERYBODYS)}.jsonl", workers)
        self._ours = Study(folder / f"pacing-ours-{fingerprint((*_EVERYBODYS, 'pacing'))}.jsonl", workers)
        self._stack = ExitStack()
        self._tell = tell
        self.played = 0

    def __enter__(self) -> Self:
        self._stack.enter_context(self._rivals)
        self._stack.enter_context(self._ours)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def __call__(self, jobs: Sequence[Job]) -> list[Outcome]:
        """In the order of the jobs, all of one policy. Raises `OutOfTime`."""
        if not jobs:
            return []
        study = self._ours if jobs[0].policy in LEARNS_FROM_PACING else self._rivals
        ready: dict[str, Outcome] = {}
        for outcome in study.outcomes(jobs):
            ready[outcome.job.key] = outcome
            if len(ready) < len(jobs):
                self._look_at_clock()
        self.played += len(jobs)
        return [ready[job.key] for job in jobs]

    def _look_at_clock(self) -> None:
        if self._until is not None and time.perf_counter() >= self._until:
            raise OutOfTime

    def begins(self, what: str) -> None:
        """Raises `OutOfTime`."""
        self._look_at_clock()
        self._tell(what)


def fingerprint(parts: Sequence[str], root: Path = _ROOT) -> str:
    """Of the source files under these folders and files, the benchmark's own left out."""
    digest = hashlib.sha256()
    for part in parts:
        place = root / part
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            if "bench" not in file.relative_to(root).parts:
                digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]

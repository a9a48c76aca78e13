"""Jobs played with a look at how far they are; Ctrl-C ends a study without losing what is done."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from dialer.cli import console
from dialer.cli.simulate import Wish
from dialer.simulation.study import Job, Outcome, Study

_TOLD_EVERY_S = 5.0
_INTERRUPTED = 130


class Playing:
    """The study of one command: its processes serve all of the command's jobs."""

    def __init__(self, wish: Wish) -> None:
        self._out = wish.out
        self._study = Study(wish.out, wish.workers)
        self._done = self._asked = 0

    def __enter__(self) -> Self:
        self._study.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._study.__exit__(kind, error, trace)
        if kind is KeyboardInterrupt:
            typer.echo(console.words("cli.simulate_stopped", done=self._done, all=self._asked), err=True)
            if self._out is not None:
                typer.echo(console.words("cli.simulate_resume", file=self._out), err=True)
            raise typer.Exit(_INTERRUPTED)

    def __call__(self, jobs: Sequence[Job]) -> list[Outcome]:
        """In the order of the jobs, whichever was ready first."""
        self._asked += len(jobs)
        ready: dict[str, Outcome] = {}
        with _progress(len(jobs)) as step:
            for outcome in self._study.outcomes(jobs):
                ready[outcome.job.key] = outcome
                self._done += 1
                step(len(ready))
        return [ready[job.key] for job in jobs]


@contextmanager
def _progress(jobs: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, otherwise a line every five seconds; on stderr, so that results can be piped."""
    if sys.stderr.isatty():
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=jobs)
            yield lambda done: bar.update(task, completed=done)
        return
    told = time.perf_counter()

    def tell(done: int) -> None:
        nonlocal told
        if time.perf_counter() - told >= _TOLD_EVERY_S:
            told = time.perf_counter()
            typer.echo(console.words("cli.simulate_progress", done=done, all=jobs), err=True)

    yield tell

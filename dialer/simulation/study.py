"""Many simulated days on all cores: the same days for every rule, and a file from which a long study is taken up again."""

import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from dialer.errors import BadInput
from dialer.pacing.pacer import Pacer
from dialer.simulation.contenders import contender
from dialer.simulation.engine_floor import EngineFloor
from dialer.simulation.figures import DayFigures, figures_of
from dialer.simulation.line_meter import LineMeter
from dialer.simulation.model_floor import ModelFloor
from dialer.simulation.policies.setting import Value
from dialer.simulation.scenario import Scenario
from dialer.simulation.world import ScenarioWorld


class Floor(StrEnum):
    ENGINE = "engine"  # the production engine in virtual time
    MODEL = "model"  # a queue of events around the pacer: quicker


@dataclass(frozen=True, slots=True)
class Job:
    """`days` days of one seed, one after the other: what the pacer learnt on one day it takes into the next."""

    scenario: Scenario
    agents: int
    policy: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 1
    days: int = 1
    floor: Floor = Floor.ENGINE
    meter_lines: bool = False

    @property
    def key(self) -> str:
        """The same for the same work, also if two scenarios share a name."""
        what = [repr(self.scenario), self.agents, self.policy, sorted(self.settings.items()), self.seed]
        text = json.dumps([*what, self.days, self.floor, self.meter_lines], default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Outcome:
    job: Job
    days: tuple[DayFigures, ...]

    def to_json(self) -> dict[str, Any]:
        job = self.job
        return {
            "key": job.key,
            "scenario": job.scenario.name,
            "agents": job.agents,
            "policy": job.policy,
            "settings": dict(job.settings),
            "seed": job.seed,
            "floor": job.floor,
            "days": [day.to_json() for day in self.days],
        }


def play(job: Job) -> Outcome:
    days: list[DayFigures] = []
    before: Pacer | None = None
    for day in range(job.days):
        pacer, plan = contender(job.policy, job.settings, job.scenario, job.agents, job.seed)
        for lesson in before.lessons() if before is not None else ():
            pacer.learnt(lesson)
        days.append(_day(job, ScenarioWorld(job.scenario, job.seed, job.agents, day), pacer, plan))
        before = pacer
    return Outcome(job, tuple(days))


def _day(job: Job, world: ScenarioWorld, pacer: Pacer, plan: Any) -> DayFigures:
    meter = LineMeter(pacer, world.warm_up_s) if job.meter_lines else None
    used = pacer if meter is None else cast(Pacer, meter)
    kind = EngineFloor if job.floor is Floor.ENGINE else ModelFloor
    begun = time.process_time()
    result = kind(world, used, plan, calls_per_second=world.calls_per_second).run()
    cpu_s = time.process_time() - begun
    lines = meter.quantile(0.99) if meter is not None else 0.0
    return figures_of(result, world.answer_within_s, world.warm_up_s, cpu_s, lines)


# --- many -------------------------------------------------------------------------------------------------------------


def run(
    jobs: Sequence[Job], *, out: Path | None = None, workers: int | None = None
) -> Generator[Outcome, None, None]:
    """Outcomes as they are ready, those that `out` holds already first. Every new one is appended to `out`.

    Closing the iterator, or Ctrl-C, ends the workers; what was finished is in the file.
    """
    known = _known(out) if out is not None else {}
    missing = []
    for job in jobs:
        if (days := known.get(job.key)) is None:
            missing.append(job)
        else:
            yield Outcome(job, days)
    with ExitStack() as stack:
        file = stack.enter_context(out.open("a", encoding="utf-8")) if out is not None else None
        for outcome in _played(missing, min(workers or _cores(), len(missing))):
            if file is not None:
                _append(file, outcome)
            yield outcome


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _append(file: IO[str], outcome: Outcome) -> None:
    file.write(json.dumps(outcome.to_json()) + "\n")
    file.flush()


def _known(out: Path) -> dict[str, tuple[DayFigures, ...]]:
    """A last line cut off by a crash is played again."""
    known: dict[str, tuple[DayFigures, ...]] = {}
    if not out.exists():
        return known
    text = out.read_text("utf-8")
    if text and not text.endswith("\n"):
        out.write_text(text[: text.rfind("\n") + 1], "utf-8")
    for number, line in enumerate(text[: text.rfind("\n") + 1].splitlines(), 1):
        try:
            document = json.loads(line)
            known[document["key"]] = tuple(DayFigures.from_json(day) for day in document["days"])
        except (ValueError, KeyError, TypeError):
            raise BadInput(f"{out}:{number}: not a result of this simulator: choose another file") from None
    return known


def _played(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    if workers <= 1:
        for job in jobs:
            yield play(job)
        return
    # a fresh interpreter each: forking a process with threads in it may deadlock
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_leave_interrupts_to_parent)
    try:
        yield from _as_ready(pool, jobs, workers)
    except BaseException:
        for worker in list((pool._processes or {}).values()):
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _as_ready(pool: ProcessPoolExecutor, jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """A few at a time, so that nothing long waits in the queue when somebody stops the study."""
    waiting = iter(jobs)
    running: set[Future[Outcome]] = {pool.submit(play, job) for job in islice(waiting, 2 * workers)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            if (job := next(waiting, None)) is not None:
                running.add(pool.submit(play, job))
            yield future.result()


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

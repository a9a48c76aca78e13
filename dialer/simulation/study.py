"""Many simulated days on all cores: the same days for every rule, and a file from which a long study is taken up again."""

import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Self, cast

from dialer.errors import BadInput
from dialer.pacing.pacer import Pacer
from dialer.simulation.contenders import contender
from dialer.simulation.engine_floor import EngineFloor
from dialer.simulation.facts import facts_of
from dialer.simulation.figures import DayFigures, figures_of
from dialer.simulation.line_meter import LineMeter
from dialer.simulation.model_floor import ModelFloor
from dialer.simulation.policies.setting import Value
from dialer.simulation.policies.world_facts import WorldFacts
from dialer.simulation.recorded import RecordedDay, RecordedWorld
from dialer.simulation.scenario import Scenario
from dialer.simulation.world import ScenarioWorld
from dialer.worker import end_with


class Floor(StrEnum):
    ENGINE = "engine"  # the production engine in virtual time
    MODEL = "model"  # a queue of events around the pacer: quicker


@dataclass(frozen=True, slots=True)
class Job:
    """`days` days of one seed, one after the other: what the pacer learnt on one day it takes into the next.

    With `recorded` that day is played, and again on every further one; the scenario only names it then.
    """

    scenario: Scenario
    agents: int
    policy: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 1
    days: int = 1
    floor: Floor = Floor.ENGINE
    meter_lines: bool = False
    recorded: RecordedDay | None = None

    @property
    def key(self) -> str:
        """The same for the same work, also if two scenarios share a name."""
        what: list[object] = [
            repr(self.scenario),
            self.agents,
            self.policy,
            sorted(self.settings.items()),
            self.seed,
        ]
        what += [self.days, self.floor, self.meter_lines]
        if self.recorded is not None:
            what.append(self.recorded.digest)
        text = json.dumps(what, default=str)
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
        world, facts = _world(job, day)
        pacer, plan = contender(job.policy, job.settings, job.scenario, job.agents, job.seed, facts)
        for lesson in before.lessons() if before is not None else ():
            pacer.learnt(lesson)
        days.append(_day(job, world, pacer, plan))
        before = pacer
    return Outcome(job, tuple(days))


def _world(job: Job, day: int) -> tuple[ScenarioWorld | RecordedWorld, WorldFacts | None]:
    if job.recorded is None:
        return ScenarioWorld(job.scenario, job.seed, job.agents, day), None
    world = RecordedWorld(job.recorded, job.seed)
    facts = facts_of(world.fates, job.agents, world.ring_for_s, world.answer_within_s, world.day_s)
    return world, facts


def _day(job: Job, world: ScenarioWorld | RecordedWorld, pacer: Pacer, plan: Any) -> DayFigures:
    meter = LineMeter(pacer, world.warm_up_s) if job.meter_lines else None
    used = pacer if meter is None else cast(Pacer, meter)
    kind = EngineFloor if job.floor is Floor.ENGINE else ModelFloor
    begun = time.process_time()
    result = kind(world, used, plan, calls_per_second=world.calls_per_second).run()
    cpu_s = time.process_time() - begun
    lines = meter.quantile(0.99) if meter is not None else 0.0
    return figures_of(result, world.answer_within_s, world.warm_up_s, cpu_s, lines)


# --- many -------------------------------------------------------------------------------------------------------------


class Study:
    """Plays jobs on `workers` processes, which stay for the next jobs; None: one for each core.

    What `out` holds already is not played again, and every new outcome is appended to it. Leaving the context ends the
    workers, at once if by an exception such as Ctrl-C; what was finished is in the file. Raises `BadInput` if the file
    holds something else.
    """

    def __init__(self, out: Path | None = None, workers: int | None = None) -> None:
        self._out, self._workers = out, workers or _cores()
        self._known = _known(out) if out is not None else {}
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if kind is not None:
            for worker in list((self._pool._processes or {}).values()):
                worker.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """As they are ready, the known ones first."""
        missing = []
        for job in jobs:
            if (days := self._known.get(job.key)) is None:
                missing.append(job)
            else:
                yield Outcome(job, days)
        for outcome in self._played(missing):
            self._keep(outcome)
            yield outcome

    def _played(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        if self._workers <= 1 or (len(jobs) <= 1 and self._pool is None):
            yield from map(play, jobs)
            return
        if self._pool is None:
            # a fresh interpreter each: forking a process with threads in it may deadlock
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, context, _begin_worker, (os.getpid(),))
        # a few at a time, so that nothing long waits in the queue when somebody stops the study
        waiting = iter(jobs)
        running = {self._pool.submit(play, job) for job in islice(waiting, 2 * self._workers)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                if (job := next(waiting, None)) is not None:
                    running.add(self._pool.submit(play, job))
                yield future.result()

    def _keep(self, outcome: Outcome) -> None:
        self._known[outcome.job.key] = outcome.days
        if self._out is not None:
            with self._out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(outcome.to_json()) + "\n")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_worker(parent: int) -> None:
    """Interrupts are left to the parent, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)


def _known(out: Path) -> dict[str, tuple[DayFigures, ...]]:
    """A last line cut off by a crash is taken away, and played again."""
    known: dict[str, tuple[DayFigures, ...]] = {}
    if not out.exists():
        return known
    try:
        whole, newline, rest = out.read_text("utf-8").rpartition("\n")
    except UnicodeDecodeError:
        raise BadInput(f"{out}: not results of this simulator: choose another file") from None
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            document = json.loads(line)
            known[document["key"]] = tuple(DayFigures.from_json(day) for day in document["days"])
        except (ValueError, KeyError, TypeError):
            raise BadInput(f"{out}:{number}: not a result of this simulator: choose another file") from None
    if rest and known:
        out.write_text(whole + newline, "utf-8")
    elif rest:
        raise BadInput(f"{out}:1: not a result of this simulator: choose another file")
    return known

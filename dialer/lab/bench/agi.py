"""FastAGI on a real Asterisk: sessions per second of the server's CPU, and what one command costs it.

Asterisk runs the same script again and again on Local channels: ours on the loop the service has, panoramisk as its manual
runs it and on our loop, and pyst2's classic AGI, which is a process for each call.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialer.errors import Misconfigured
from dialer.lab import processes
from dialer.lab.bench.agi_scripts import CLASSIC, COMMANDS, SCRIPT
from dialer.lab.bench.usage import cpu_s
from dialer.lab.centre import PROJECT, CallCentre
from dialer.lab.ports import HOST, Ports, is_free

CALLERS = 4
_SERVED = {
    "ours": ("ours", "uvloop"),
    "panoramisk": ("panoramisk", ""),
    "panoramisk_uvloop": ("panoramisk", "uvloop"),
}
_CONTEXT = "fairdial-bench-agi"
_LONGEST_S = 120.0
_TICKS_FIELDS = (13, 14)  # of the children that have ended, after the name


@dataclass(frozen=True, slots=True)
class Used:
    sessions: int
    cpu_s: float
    wall_s: float

    @property
    def per_cpu_s(self) -> float:
        return self.sessions / self.cpu_s if self.cpu_s else 0.0

    @property
    def command_us(self) -> float:
        return self.cpu_s / self.sessions / COMMANDS * 1e6


def run(quick: bool, folder: Path | None = None) -> dict[str, Any]:
    rounds, turns = 40, 3 if quick else 12
    folder = folder or PROJECT / ".run/bench/agi"
    nothing = "postgresql://nobody@127.0.0.1:1/none"  # no service runs here, so no database is asked
    with CallCentre(folder, agents=1, channels=10, database_url=nothing) as centre, Ports(10) as ports:
        found = _served(centre, ports, rounds, turns) | {
            "pyst2": _classic(centre, folder, 5 if quick else 25)
        }
    figures: dict[str, Any] = {"callers": CALLERS, "commands_per_session": COMMANDS}
    for name, used in found.items():
        figures |= {
            f"{name}_sessions": used.sessions,
            f"{name}_sessions_per_cpu_s": round(used.per_cpu_s, 1),
            f"{name}_command_us": round(used.command_us, 1),
            f"{name}_sessions_per_s": round(used.sessions / used.wall_s, 1),
        }
    return figures


def _served(centre: CallCentre, ports: Ports, rounds: int, turns: int) -> dict[str, Used]:
    """By turns, so that what else runs on the machine troubles all of them alike."""
    used = {name: Used(0, 0.0, 0.0) for name in _SERVED}
    with ExitStack() as open_:
        pids = {}
        for name, (kind, loop) in _SERVED.items():
            pids[name], port = open_.enter_context(_server(kind, loop, ports.one(), centre.folder))
            _lay(centre, name, f"agi://{HOST}:{port}/{SCRIPT}", rounds)
            _sessions(centre, name)  # once for nothing: imports, first connections
        for _ in range(turns):
            for name, pid in pids.items():
                before, sofar = cpu_s(pid), used[name]
                wall_s = _sessions(centre, name)
                used[name] = Used(
                    sofar.sessions + CALLERS * rounds,
                    sofar.cpu_s + cpu_s(pid) - before,
                    sofar.wall_s + wall_s,
                )
    return used


def _classic(centre: CallCentre, folder: Path, rounds: int) -> Used:
    program, script = folder / "classic.py", folder / "classic"
    program.write_text(CLASSIC, "utf-8")
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}"\n', "utf-8")
    script.chmod(0o755)
    _lay(centre, "classic", str(script), rounds)
    before = _ended_children_s(centre)
    wall_s = _sessions(centre, "classic")
    return Used(CALLERS * rounds, _ended_children_s(centre) - before, wall_s)


@contextmanager
def _server(kind: str, loop: str, port: int, folder: Path) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "dialer.lab.bench.agi_scripts", kind, str(port), loop]
    log = folder / f"agi-{kind}{loop}.log"
    process = processes.start(processes.dies_with_parent(command), log, {"PYTHONPATH": str(PROJECT)})
    try:
        if not processes.wait_until(lambda: not is_free(port), 15):
            raise Misconfigured(f"the AGI server did not start:\n{processes.tail(log)}")
        yield process.pid, port
    finally:
        process.kill()
        process.wait()


def _lay(centre: CallCentre, name: str, script: str, rounds: int) -> None:
    lines = (
        "Answer()",
        "Set(N=0)",
        f"AGI({script})",
        "Set(N=$[${N} + 1])",
        f"GotoIf($[${{N}} < {rounds}]?3)",
        "Hangup()",
    )
    for priority, line in enumerate(lines, start=1):
        centre.pbx.cli(f'dialplan add extension {name},{priority},"{line}" into {_CONTEXT} replace')


def _sessions(centre: CallCentre, name: str) -> float:
    """Seconds until all callers are through."""
    begun = time.perf_counter()
    for _ in range(CALLERS):
        centre.pbx.cli(f"channel originate Local/{name}@{_CONTEXT}/n application Wait 3600")
    if not processes.wait_until(
        lambda: "0 active channels" in centre.pbx.cli("core show channels count"), _LONGEST_S, every=0.05
    ):
        raise Misconfigured(f"the callers of {name} are not through after {_LONGEST_S:.0f} s")
    return time.perf_counter() - begun


def _ended_children_s(centre: CallCentre) -> float:
    fields = Path(f"/proc/{centre.pbx.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(int(fields[each]) for each in _TICKS_FIELDS) / os.sysconf("SC_CLK_TCK")

"""The benchmarks of flows on callers' lines: which figures count, and what is asked of them."""

from collections.abc import Mapping
from typing import Any

from dialer.lab.bench import agi, ivr
from dialer.lab.bench.verdict import Line, Verdict
from ivr import bench
from ivr.samples import sample

_FOR_P99 = 100
"""Fewer keys have no hundredth."""


def fast_agi(quick: bool) -> Verdict:
    got = agi.run(quick)
    ours = got["ours_sessions_per_cpu_s"]
    beside = "sessions per CPU second, 21 commands each"
    lines = [
        Line(beside, ours, "/s", "panoramisk", got["panoramisk_sessions_per_cpu_s"], goal=2.5),
        Line(beside, ours, "/s", "panoramisk on uvloop", got["panoramisk_uvloop_sessions_per_cpu_s"]),
        Line(beside, ours, "/s", "pyst2, a process each", got["pyst2_sessions_per_cpu_s"]),
        Line(
            "our CPU for a command", got["ours_command_us"], "µs", "panoramisk", got["panoramisk_command_us"]
        ),
    ]
    return Verdict(lines, got)


def key_to_prompt(quick: bool) -> Verdict:
    got = ivr.run(quick)
    lines = [
        Line(
            f"{ours['callers']} at once: key to the next prompt, {share}",
            ours[f"{share}_ms"],
            "ms",
            "plain dialplan",
            got[f"{ivr.FLOOR}_{ours['callers']}"][f"{share}_ms"],
        )
        for ours in _phases(got, ivr.OURS)
        for share in ("p50", "p99")[: 1 + (ours["keys"] >= _FOR_P99)]
    ]
    most = _phases(got, ivr.OURS)[-1]
    lines.append(
        Line(
            f"{most['callers']} at once: key to the next prompt, p99",
            most["p99_ms"],
            "ms",
            goal=25,
            less_is_better=True,
        )
    )
    return Verdict(lines, got, _unheard(*_phases(got, ivr.OURS), *_phases(got, ivr.FLOOR)))


def callers_held(quick: bool) -> Verdict:
    got = ivr.held(quick)
    cores, each = got["cores"], got["ms_per_caller_s"]
    lines = [
        Line("callers held in the menus", got["callers"], ""),
        Line("CPU of the service", cores["service"], "cores", "Asterisk", cores["asterisk"]),
        Line("CPU of the service for a caller's second", each["service"], "ms"),
        Line("CPU of Asterisk for a caller's second", each["asterisk"], "ms"),
        Line("key to the next prompt, p99", got["p99_ms"], "ms"),
    ]
    return Verdict(lines, got, _unheard(got))


def engine_steps(quick: bool) -> Verdict:
    """Whole calls through flows that ship, on this machine's processor alone."""
    got: dict[str, float] = {}
    lines = []
    for name, events in (("main-menu", bench.main_menu()), ("survey", bench.survey())):
        flow, seconds = sample(name), 0.5 if quick else 3.0
        steps = got[f"{name}_steps_per_s"] = bench.steps_per_second(flow, events, seconds)
        kept = got[f"{name}_stored_steps_per_s"] = bench.steps_per_second(flow, events, seconds, stored=True)
        lines += [
            Line(f"{name}: steps of the engine", steps, "/s", goal=50_000),
            Line(f"{name}: with the session as JSON and back in each step", kept, "/s"),
        ]
    return Verdict(lines, got)


def _phases(got: Mapping[str, Any], way: str) -> list[Mapping[str, Any]]:
    """In rising order of callers."""
    return sorted(
        (each for name, each in got.items() if name.startswith(way)), key=lambda each: each["callers"]
    )


def _unheard(*phases: Mapping[str, Any]) -> tuple[str, ...]:
    missed = sum(each["unanswered"] for each in phases)
    silent = any(not each["keys"] for each in phases)
    return (f"{missed} keys brought no prompt",) * bool(missed) + ("no key was pressed",) * silent

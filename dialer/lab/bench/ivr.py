"""From a caller's key to the next prompt, on a real exchange with the whole service and its database.

Callers come by SIP and stay in a circle of two menus, each a prompt of its own; a key (RFC 4733) leads to the other one. The
time is from the first packet that says the key's end to the first packet of the other prompt. Beside it, in the same run,
the same two menus as plain dialplan (`Background` and an extension), which no program is asked about and nothing is stored of.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np

from dialer.clock import SystemClock
from dialer.domain.inbound import Route
from dialer.errors import Misconfigured
from dialer.flows import publish_flow
from dialer.lab import processes
from dialer.lab.bench.callers import Callers, Heard
from dialer.lab.bench.join import percentile
from dialer.lab.bench.loaded import empty_database
from dialer.lab.bench.sipp import calling
from dialer.lab.bench.usage import cpu_s, family_cpu_s
from dialer.lab.centre import PROJECT, CallCentre
from dialer.lab.environment import as_environment
from dialer.lab.ports import HOST, Ports
from dialer.settings import Settings
from dialer.storage.postgres import migrate
from dialer.storage.postgres.store import PostgresStore
from ivr.flow.reader import from_text
from ivr.prompts.index import FILE, Entry, Index
from ivr.prompts.sound import encoded

OURS, FLOOR = "service", "dialplan"
_NUMBERS: Final = {OURS: "12025550100", FLOOR: "12025550199"}
_PROMPTS: Final = {"red": 0.1, "blue": 0.2}
"""Each a sound of one value, so that every packet of it begins with the same byte."""
_PROMPT_S: Final = 4
_RATE: Final = 8000
_CALLS_PER_S: Final = 50.0
_SETTLE_S: Final = 1.0
_READY_S: Final = 20.0
_OFTEN, _NOW_AND_THEN, _NEVER = (0.6, 1.2), (3.0, 5.0), (60.0, 60.0)
"""Seconds from a prompt's beginning to the next key: one who knows the menu, one who listens, one who says nothing."""

_FLOW: Final = """
flow: circle
title: Circle
languages: [en]
start: red
prompts: {red: {en: red}, blue: {en: blue}}
nodes:
  red: {type: menu, prompt: red, timeout: 2 s, choices: {"1": blue}}
  blue: {type: menu, prompt: blue, timeout: 2 s, choices: {"1": red}}
"""
_DIALPLAN: Final = (
    ("fairdial-bench-red", "s,1", "Background({folder}/red&silence/2)"),
    ("fairdial-bench-red", "1,1", "Goto(fairdial-bench-blue,s,1)"),
    ("fairdial-bench-blue", "s,1", "Background({folder}/blue&silence/2)"),
    ("fairdial-bench-blue", "1,1", "Goto(fairdial-bench-red,s,1)"),
    ("fairdial-inbound", "{number},1", "Answer()"),
    ("fairdial-inbound", "{number},2", "Goto(fairdial-bench-red,s,1)"),
)


@dataclass(frozen=True, slots=True)
class Served:
    """A centre with its service up, and callers who have not called yet."""

    centre: CallCentre
    callers: Callers
    rtp_port: int
    service: subprocess.Popen[bytes]
    folder: Path


def run(quick: bool, folder: Path | None = None) -> dict[str, Any]:
    """The time from key to prompt at 1, 20 and 100 callers."""
    rounds = ((1, 4.0), (20, 4.0)) if quick else ((1, 5.0), (20, 6.0), (100, 8.0))
    figures: dict[str, Any] = {}
    with served(folder or PROJECT / ".run/bench/ivr", 110) as place:
        for way in (OURS, FLOOR):
            _phase(
                place, way, 2, 2.0, _OFTEN
            )  # for nothing: imports, prepared statements, files seen for the first time
        for callers, seconds in rounds:
            for way in (FLOOR, OURS):
                figures[f"{way}_{callers}"] = _phase(place, way, callers, seconds, _OFTEN)
    return figures


def held(quick: bool, folder: Path | None = None) -> dict[str, Any]:
    """What it takes to hold many callers in the menus."""
    callers = 50 if quick else 300
    with served(folder or PROJECT / ".run/bench/ivr", callers + 20) as place:
        _warm_up(place)
        return _phase(place, OURS, callers, 5.0 if quick else 20.0, _NOW_AND_THEN)


def _warm_up(place: Served) -> None:
    """Imports, prepared statements, and sounds that are played alone until they have been heard once."""
    _phase(place, OURS, 1, _PROMPT_S + 2.5, _NEVER)
    _phase(place, OURS, 2, 2.0, _OFTEN)


# --- one crowd of callers ---------------------------------------------------------------------------------------------------


def _phase(
    place: Served, way: str, callers: int, seconds: float, between_s: tuple[float, float]
) -> dict[str, Any]:
    stay_s = callers / _CALLS_PER_S + 2 * _SETTLE_S + seconds + 1
    address = f"{HOST}:{place.centre.settings.asterisk.sip_bind.rpartition(':')[2]}"
    with calling(address, _NUMBERS[way], callers, _CALLS_PER_S, stay_s, place.rtp_port, place.folder) as sipp:
        if not processes.wait_until(lambda: place.callers.hearing >= callers, callers / _CALLS_PER_S + 5):
            raise Misconfigured(
                f"{place.callers.hearing} of {callers} callers heard a prompt of the {way}:\n{place.centre.pbx.log_tail()}"
            )
        time.sleep(_SETTLE_S)
        before, begun = _used(place), time.monotonic()
        place.callers.open(between_s)
        time.sleep(seconds)
        took, after = time.monotonic() - begun, _used(place)
        heard = place.callers.close()
        sipp.wait(stay_s + 10)
    place.callers.forget()
    cores = {part: (after[part] - before[part]) / took for part in before}
    return summary(heard, took, callers, cores)


def summary(heard: Heard, seconds: float, callers: int, cores: Mapping[str, float]) -> dict[str, Any]:
    """`cores`: CPU seconds a second, by program."""
    waits = sorted(heard.waits_ms)
    return {
        "callers": callers,
        "keys": len(waits),
        "keys_per_s": round(len(waits) / seconds, 1),
        **{
            f"{name}_ms": round(percentile(waits, share), 2)
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
        },
        "unanswered": heard.unanswered,
        "machine_load": round(os.getloadavg()[0], 1),
        "packets_lost": heard.lost,
        "cores": {part: round(used, 3) for part, used in cores.items()},
        "ms_per_caller_s": {part: round(1000 * used / callers, 3) for part, used in cores.items()},
    }


def _used(place: Served) -> dict[str, float]:
    pids = (place.centre.pbx.pid, place.centre.postgres.pid if place.centre.postgres else None)
    if None in pids:
        raise Misconfigured("Asterisk or Postgres has ended by itself")
    asterisk, postgres = (pid or 0 for pid in pids)
    return {
        "service": cpu_s(place.service.pid),
        "asterisk": cpu_s(asterisk),
        "postgres": family_cpu_s(postgres),
        "callers": time.process_time(),
    }


# --- the place --------------------------------------------------------------------------------------------------------------


@contextmanager
def served(folder: Path, channels: int) -> Iterator[Served]:
    with ExitStack() as open_:
        centre = open_.enter_context(CallCentre(folder, agents=0, channels=channels))
        prompts = _record(centre.settings.ivr.prompts)
        for context, extension, application in _DIALPLAN:
            line = f"{extension},{application}".format(number=_NUMBERS[FLOOR], folder=prompts)
            centre.pbx.cli(f'dialplan add extension "{line}" into {context} replace')
        settings = asyncio.run(_database(centre.settings))
        service = open_.enter_context(_service(settings, folder / "service.log"))
        port = open_.enter_context(Ports(2)).one()
        callers = open_.enter_context(Callers(port, _marks()))
        yield Served(centre, callers, port, service, folder)


def _record(folder: Path) -> Path:
    """Prompts as `fairdial ivr prompts build` leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, level in _PROMPTS.items():
        (folder / f"{name}.sln").write_bytes(encoded(np.full(_RATE * _PROMPT_S, level), "slin"))
    words = {name: Entry(name, _PROMPT_S, "bench") for name in _PROMPTS}
    (folder / FILE).write_text(json.dumps(Index(words={"en/normal": words}).as_json()), "utf-8")
    return folder


def _marks() -> frozenset[int]:
    return frozenset(encoded(np.full(1, level), "ulaw")[0] for level in _PROMPTS.values())


async def _database(settings: Settings) -> Settings:
    """Empty but for the flow, which answers every number."""
    settings, clock = await empty_database(settings), SystemClock()
    url = settings.database_url.get_secret_value()
    await migrate.up(url, migrate.default_folder(), clock.now())
    store = await PostgresStore.open(url, 2, clock)
    try:
        flow = from_text(_FLOW)
        await publish_flow(store.ivr_flows, flow, clock.now(), "bench")
        await store.inbound.set_route(Route("*", flow.name, "UTC"), clock.now(), "bench")
    finally:
        await store.close()
    return settings


@contextmanager
def _service(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    log.unlink(missing_ok=True)
    command = processes.dies_with_parent([sys.executable, "-m", "dialer", "serve"])
    service = processes.start(command, log, as_environment(settings) | {"PYTHONPATH": str(PROJECT)})
    try:
        ready = f"http://{settings.http.host}:{settings.http.port}/readyz"
        if not processes.wait_until(lambda: _answers(ready), _READY_S, every=0.1):
            raise Misconfigured(f"the service did not get ready; {log} says:\n{processes.tail(log)}")
        yield service
    finally:
        processes.stop(service, signal.SIGTERM, 15)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310  our own service
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False

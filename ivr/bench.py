"""How many steps a second the engine takes on one core: `python -m ivr.bench`.

A step is one `advance`: an event in, the next state and the commands out. Whole calls through two flows that ship,
each state also stored and read back as JSON in the second figure, as between two webhooks.
"""

import json
import sys
import time
from collections.abc import Sequence

from ivr.engine import State, advance, begin
from ivr.engine.events import Event, InputDone, RecordDone, Started, TransferDone
from ivr.flow.model import Flow
from ivr.samples import sample

_AT = 1_767_582_000.0  # a Monday, 11:00 in Shanghai


def main_menu() -> Sequence[Event]:
    keys = ("1", "2", "*", "9", "", "2", "0")
    pressed = [InputDone(at=_AT, digits=key, ended_by="full") for key in keys]
    return [
        Started(at=_AT),
        *pressed,
        TransferDone(at=_AT, outcome="answered"),
        InputDone(at=_AT, digits="10"),
    ]


def survey() -> Sequence[Event]:
    keys = ("1", "4", "1", "1", "2", "1", "4", "1", "35", "3", "2")
    pressed = [InputDone(at=_AT, digits=key, ended_by="terminator") for key in keys]
    return [Started(at=_AT), *pressed, RecordDone(at=_AT, clip="r1", seconds=4)]


def steps_per_second(flow: Flow, events: Sequence[Event], seconds: float, *, stored: bool = False) -> float:
    steps, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        steps += one_call(flow, events, stored=stored)
    return steps / passed


def one_call(flow: Flow, events: Sequence[Event], *, stored: bool = False) -> int:
    """Steps of one call; the call ends with the last event."""
    state = begin(flow, "bench", caller="13800138000", contact=flow.head.contact_fields)
    for event in events:
        state, _ = advance(flow, state, event)
        if stored:
            state = State.from_json(json.loads(json.dumps(state.to_json())))
    if not state.ended:
        raise RuntimeError(f"{flow.name}: the call stands still at {state.node}")
    return len(events)


def run(seconds: float = 2.0) -> None:
    for name, events in (("main-menu", main_menu()), ("survey", survey())):
        flow = sample(name)
        plain = steps_per_second(flow, events, seconds)
        kept = steps_per_second(flow, events, seconds, stored=True)
        sys.stdout.write(
            f"{name}: {plain:,.0f} steps/s, {kept:,.0f} steps/s with the session stored as JSON each step\n"
        )


if __name__ == "__main__":
    run()

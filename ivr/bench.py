"""How many steps a second of processor time the engine takes: `python -m ivr.bench`.

A step is one `advance`: an event in, the next state and the commands out. Whole calls through two flows that ship,
each state also stored and read back as JSON in the second figure, as between two webhooks.
"""

import sys
import time
from collections.abc import Sequence

import orjson

from ivr.engine import State, advance, begin
from ivr.engine.events import Event, InputDone, RecordDone, Started, TransferDone
from ivr.flow.model import Flow
from ivr.samples import sample

_CALLS_A_ROUND = 10  # about 2 ms: short enough that some rounds run undisturbed
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
    """The best of many short rounds: what else runs on the machine makes a round slower, never quicker."""
    best, ends = 0.0, time.process_time() + seconds
    while (began := time.process_time()) < ends:
        steps = sum(one_call(flow, events, stored=stored) for _ in range(_CALLS_A_ROUND))
        best = max(best, steps / (time.process_time() - began))
    return best


def one_call(flow: Flow, events: Sequence[Event], *, stored: bool = False) -> int:
    """Steps of one call; the call ends with the last event."""
    state = begin(flow, "bench", caller="13800138000", contact=flow.head.contact_fields)
    for event in events:
        state, _ = advance(flow, state, event)
        if stored:
            state = State.from_json(orjson.loads(orjson.dumps(state.to_json())))
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

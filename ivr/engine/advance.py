"""The step: an event and a state give the next state and the commands of the step."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ivr.engine import asking, moving, questions, working
from ivr.engine.commands import Command
from ivr.engine.events import (
    Digits,
    Event,
    HttpDone,
    HungUp,
    InputDone,
    PlayDone,
    RecordDone,
    RequestDone,
    Returned,
    Started,
    Timeout,
    TransferDone,
)
from ivr.engine.keys import clean
from ivr.engine.state import State
from ivr.engine.turn import Turn, bounded
from ivr.errors import ExpressionError, WrongVersion
from ivr.expressions import Value
from ivr.flow import nodes
from ivr.flow.addresses import AddressRefused
from ivr.flow.model import Flow

MOST_MOVES: Final = 200
"""Nodes passed in one step without waiting for anybody: more is a circle."""

MOST_TURNS: Final = 2000
"""Waits in one call: more is a call that never ends."""

_ENTER: Final[Mapping[type, Callable[[Turn, Any], None]]] = {
    nodes.Say: moving.enter_say,
    nodes.Play: moving.enter_play,
    nodes.Gather: asking.enter_gather,
    nodes.Menu: asking.enter_menu,
    nodes.Branch: moving.enter_branch,
    nodes.Question: questions.enter_question,
    nodes.Transfer: moving.enter_transfer,
    nodes.Record: working.enter_recording,
    nodes.Voicemail: working.enter_recording,
    nodes.Callback: working.enter_callback,
    nodes.Sms: working.enter_sms,
    nodes.Http: working.enter_http,
    nodes.Set: moving.enter_set,
    nodes.Subflow: moving.enter_subflow,
    nodes.Return: moving.enter_return,
    nodes.OptOut: working.enter_opt_out,
    nodes.HangUp: moving.enter_hang_up,
}

_RESUME: Final[Mapping[type, Callable[[Turn, Any, Event], None]]] = {
    nodes.Say: moving.resume_say,
    nodes.Gather: asking.resume_gather,
    nodes.Menu: asking.resume_menu,
    nodes.Question: questions.resume_question,
    nodes.Transfer: moving.resume_transfer,
    nodes.Record: working.resume_recording,
    nodes.Voicemail: working.resume_recording,
    nodes.Callback: working.resume_request,
    nodes.Sms: working.resume_request,
    nodes.Http: working.resume_http,
    nodes.OptOut: working.resume_request,
}

_ANSWERS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "keys": (InputDone, Digits, Timeout),
    "play": (PlayDone, Timeout),
    "record": (RecordDone,),
    "transfer": (TransferDone, Returned, Timeout),
    "http": (HttpDone, Timeout),
    "request": (RequestDone, Timeout),
}


def begin(
    flow: Flow,
    call: str,
    *,
    caller: str = "",
    called: str = "",
    language: str | None = None,
    contact: Mapping[str, Value] | None = None,
) -> State:
    """The state of a call before `Started`. Of the contact only the fields the flow names are kept."""
    known = {
        name: bounded(value) for name, value in (contact or {}).items() if name in flow.head.contact_fields
    }
    spoken = language if language in flow.head.languages and language is not None else flow.language
    return State(call, flow.name, flow.version, spoken, caller[:60], called[:60], known)


def advance(flow: Flow, state: State, event: Event) -> tuple[State, tuple[Command, ...]]:
    """The state handed in stays as it was. An event that is late, or answers nothing that is waited for, changes nothing.

    Raises `WrongVersion` when the flow is not the one the call began with; nothing else.
    """
    if state.version != flow.version:
        raise WrongVersion(f"call {state.call} began with {state.version[:12]}, not {flow.version[:12]}")
    if state.ended or (event.turn is not None and event.turn != state.turn):
        return state, ()
    turn = Turn(flow, state.copy(), event.at)
    if not _received(turn, event):
        return state, ()
    _run(turn)
    return turn.state, tuple(turn.commands)


def _received(turn: Turn, event: Event) -> bool:
    state = turn.state
    if isinstance(event, HungUp):
        turn.words.clear()
        turn.finish("hung_up", hang_up=False)
        return True
    if isinstance(event, Started):
        return not state.node and _started(turn, event)
    if isinstance(event, _ANSWERS.get(state.wait, ())):
        _guarded(turn, _resume, event)
        return True
    if isinstance(event, Digits) and state.wait in ("http", "request"):
        state.buffer = (state.buffer + clean(event.digits))[:64]
        return True
    return False


def _started(turn: Turn, event: Started) -> bool:
    state, head = turn.state, turn.flow.head
    state.started = state.at = event.at

    def set_up(turn: Turn) -> None:
        for name, expression in head.variables.items():
            turn.set(name, expression(turn))
        moving.take_variables(turn, event.variables)
        turn.goto(head.entry_points.get(event.entry, head.start) if event.entry else head.start)

    _guarded(turn, set_up)
    return True


def _enter(turn: Turn) -> None:
    node = turn.flow.nodes[turn.state.node]
    _ENTER[type(node)](turn, node)


def _resume(turn: Turn, event: Event) -> None:
    node = turn.flow.nodes[turn.state.node]
    _RESUME[type(node)](turn, node, event)


def _run(turn: Turn) -> None:
    """From node to node until something is waited for, or the call has ended."""
    state, moves = turn.state, 0
    while not state.wait and not state.ended:
        moves += 1
        if moves > MOST_MOVES:
            moves = 0
            turn.fault("went through too many nodes without waiting for anybody")
        elif state.turn > MOST_TURNS:
            turn.fault("too many steps for one call")
            if not state.ended:
                turn.finish("error")
        else:
            _guarded(turn, _enter)


def _guarded(turn: Turn, step: Callable[..., None], *event: Event) -> None:
    try:
        step(turn, *event)
    except (ExpressionError, AddressRefused) as wrong:
        turn.fault(str(wrong) or type(wrong).__name__)

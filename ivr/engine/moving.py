"""Say, play, branch, set, subflow, transfer and hang-up: from node to node, and out of the flow."""

import re
from typing import Any, Final

from ivr.engine import commands as do
from ivr.engine.events import Event, PlayDone, Returned, TransferDone
from ivr.engine.turn import MOST_SUBFLOWS, Turn
from ivr.expressions.functions import text
from ivr.flow.nodes import Branch, HangUp, Play, Return, Say, Set, Subflow, Transfer

_TARGETS: Final = {
    "agent": re.compile(r"[\w.@-]{1,60}"),
    "queue": re.compile(r"[\w.-]{1,60}"),
    "number": re.compile(r"\+?[0-9*#]{2,20}"),
    "sip": re.compile(r"sips?:[A-Za-z0-9_.+~-]{1,60}@[A-Za-z0-9.-]{1,100}(?::[0-9]{1,5})?", re.ASCII),
}

# --- speaking ---------------------------------------------------------------------------------------------------------


def enter_say(turn: Turn, node: Say) -> None:
    if node.when is not None and not node.when(turn):
        turn.goto(node.next)
        return
    turn.say(node.prompt, barge_in=node.barge_in, rate=node.rate)
    if node.disclosure is None:
        turn.goto(node.next)
        return
    turn.state.buffer = ""
    turn.commands.append(do.Play(prompts=turn.take_words(), turn=turn.wait("play")))


def resume_say(turn: Turn, node: Say, event: Event) -> None:
    """A disclosure counts once it was played to its end; one that was not is left to the consent to refuse."""
    heard = turn.state.heard
    if isinstance(event, PlayDone) and event.complete and node.disclosure and node.disclosure not in heard:
        heard.append(node.disclosure)
    turn.goto(node.next)


def enter_play(turn: Turn, node: Play) -> None:
    language = turn.state.language
    file = node.file.get(language) or node.file.get("any") or next(iter(node.file.values()))
    turn.words.append(do.Spoken("", language, file, node.barge_in, flow=turn.flow.name))
    turn.goto(node.next)


# --- deciding ---------------------------------------------------------------------------------------------------------


def enter_branch(turn: Turn, node: Branch) -> None:
    for case in node.cases:
        if case.when(turn):
            turn.goto(case.next)
            return
    turn.goto(node.otherwise)


def enter_set(turn: Turn, node: Set) -> None:
    values = {name: expression(turn) for name, expression in node.values.items()}
    for name, value in values.items():
        turn.set(name, value)
    if node.language is not None:
        turn.state.language = node.language
    turn.goto(node.next)


def enter_subflow(turn: Turn, node: Subflow) -> None:
    state = turn.state
    if len(state.stack) >= MOST_SUBFLOWS:
        turn.fault("subflows within subflows too deep")
        return
    values = {name: expression(turn) for name, expression in node.values.items()}
    for name, value in values.items():
        turn.set(name, value)
    state.stack.append(state.node)
    turn.goto(turn.flow.subflows[node.flow])


def enter_return(turn: Turn, node: Return) -> None:
    if not turn.state.stack:
        turn.fault("return outside a subflow")
        return
    called = turn.flow.nodes[turn.state.stack.pop()]
    assert isinstance(called, Subflow)  # noqa: S101  only enter_subflow puts names on the stack
    turn.goto(called.outcomes.get(node.outcome or "", called.next))


# --- leaving ----------------------------------------------------------------------------------------------------------


def enter_hang_up(turn: Turn, node: HangUp) -> None:
    turn.say(node.prompt, barge_in=False)
    turn.finish(node.result)


def enter_transfer(turn: Turn, node: Transfer) -> None:
    kind, address = node.destination()
    target = turn.render(address).strip()
    if not _TARGETS[kind].fullmatch(target):
        turn.fail(node.on_failure, "no_destination")
        return
    state = turn.state
    turn.say(node.prompt)
    turn.flush()
    state.buffer = ""
    context = {
        "language": state.language,
        "caller": state.caller,
        "variables": dict(state.variables),
        "answers": dict(state.answers),
    }
    turn.commands.append(
        do.Transfer(
            kind=kind,
            target=target,
            timeout_s=node.timeout,
            priority=node.priority,
            skill=node.skill,
            context=context,
            turn=turn.wait("transfer"),
        )
    )


def resume_transfer(turn: Turn, node: Transfer, event: Event) -> None:
    if isinstance(event, Returned):
        _returned(turn, event)
        return
    outcome = event.outcome if isinstance(event, TransferDone) else "no_answer"
    turn.state.transfer = outcome[:40]
    if outcome == "answered":
        if node.next is not None:
            turn.goto(node.next)
        else:
            turn.finish("transferred")
        return
    ways = {"busy": node.on_busy, "no_answer": node.on_no_answer}
    turn.fail(ways.get(outcome) or node.on_failure, f"transfer_{outcome}"[:40])


def _returned(turn: Turn, event: Returned) -> None:
    """To a named place, with what the caller had entered and what the agent adds to variables the flow has."""
    node = turn.flow.head.entry_points.get(event.entry)
    turn.state.transfer = "returned"
    turn.state.stack.clear()
    if node is None:
        turn.fault(f"no entry point {event.entry[:60]!r}")
        return
    take_variables(turn, event.variables)
    turn.goto(node)


def take_variables(turn: Turn, given: Any) -> None:
    for name, value in given.items():
        if name in turn.flow.head.variables:
            turn.set(
                name, value if isinstance(value, str | int | float | bool | list | None) else text(value)
            )

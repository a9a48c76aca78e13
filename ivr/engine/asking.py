"""Gather and menu, and the putting of any question: prompts, keys pressed ahead, silence, wrong keys, last try."""

from typing import Final

from ivr.engine import commands as do
from ivr.engine.events import Digits, Event, InputDone, Timeout
from ivr.engine.keys import Input, Wanted, clean, complete
from ivr.engine.turn import Turn
from ivr.flow.nodes import Gather, Menu
from ivr.flow.nodes.node import Asking
from ivr.flow.prompts import PromptRef

_LATE_S: Final = 2.5


def ask(turn: Turn, node: Asking, wanted: Wanted, *, ahead: bool = True) -> Input | None:
    """Puts the question, unless keys pressed ahead answer it: those are given back, and its prompts are not said."""
    state = turn.state
    if not ahead:
        state.buffer = ""
    if not all(one.barge_in for one in turn.words):
        state.buffer = ""  # what must be heard is not answered before it is said
    early = complete(wanted, state.buffer, over=False) if state.buffer else None
    if early is not None:
        turn.words.clear()
        return early
    if state.buffer:
        turn.words.clear()
    turn.commands.append(
        do.Gather(
            prompts=turn.take_words(),
            max=max(1, wanted.most - len(state.buffer)),
            terminator=wanted.terminator,
            timeout_s=node.timeout,
            between_digits_s=node.between_digits,
            total_s=node.total,
            turn=turn.wait("keys"),
            ahead=ahead and not state.tries,
        )
    )
    return None


def entered(turn: Turn, event: Event, wanted: Wanted) -> Input | None:
    """What the keys so far amount to; None while more are to come."""
    state = turn.state
    if isinstance(event, Digits):
        return _pressed(turn, event, wanted)
    if isinstance(event, Timeout):
        return complete(wanted, state.buffer, over=True)
    assert isinstance(event, InputDone)  # noqa: S101  `advance` lets no other event through to a wait for keys
    keys = clean(event.digits)
    if event.digits and not keys:
        keys = "?"  # something was entered that is no key: wrong, not silence
    buffer = (state.buffer + keys)[:64]
    if event.ended_by == "terminator" and wanted.terminator and not buffer.endswith(wanted.terminator):
        buffer += wanted.terminator
    return complete(wanted, buffer, over=True)


def _pressed(turn: Turn, event: Digits, wanted: Wanted) -> Input | None:
    """Key by key: whoever has been told to press hash does so after the last possible digit as well, when the next question
    is being put already."""
    state, keys = turn.state, clean(event.digits)
    late = state.late_key if event.at < state.late_until else ""
    state.late_key = ""
    if late and not state.buffer and keys.startswith(late):
        keys = keys[len(late) :]
        if not keys:
            return Input("", "", again=True)
    state.buffer = (state.buffer + keys)[:64]
    found = complete(wanted, state.buffer, over=False)
    if found is not None and not found.rest and state.buffer == found.taken and not wanted.keys:
        state.late_key, state.late_until = wanted.terminator, event.at + _LATE_S
    return found


def repeats(node: Asking, found: Input) -> bool:
    """Whether the question is to be put again, without counting as a try."""
    return found.again or (found.taken != "" and found.taken == node.repeat_key)


def wrong(turn: Turn, node: Asking, failure: str) -> bool:
    """Counts a try that failed. True: ask again, and what is to be said first has been said."""
    state = turn.state
    state.buffer = ""
    state.tries += 1
    if state.tries >= node.tries:
        silent = node.on_no_input if failure == "no_input" else None
        turn.fail(silent or node.on_failure, failure)
        return False
    again: tuple[PromptRef, ...] = node.no_input if failure == "no_input" else node.invalid
    turn.say(again)
    return True


# --- gather -----------------------------------------------------------------------------------------------------------


def enter_gather(turn: Turn, node: Gather) -> None:
    turn.say(node.prompt, barge_in=node.barge_in, rate=node.rate)
    _gathered(turn, node, ask(turn, node, _digits(node)))


def resume_gather(turn: Turn, node: Gather, event: Event) -> None:
    _gathered(turn, node, entered(turn, event, _digits(node)))


def _digits(node: Gather) -> Wanted:
    return Wanted(node.max, node.terminator, instant=frozenset(node.repeat_key))


def _gathered(turn: Turn, node: Gather, found: Input | None) -> None:
    if found is None:
        return
    turn.state.wait, turn.state.buffer = "", found.rest
    taken = found.taken
    if repeats(node, found):
        return
    if not taken and node.min > 0:
        wrong(turn, node, "no_input")
        return
    turn.local = {"value": taken}
    stray = {
        "?",
        node.repeat_key,
        node.terminator,
    }  # a star in the middle is neither a repetition nor a digit
    fits = node.min <= len(taken) <= node.max and stray.isdisjoint(taken)
    if not fits or (taken and node.check is not None and not node.check(turn)):
        wrong(turn, node, "invalid")
        return
    turn.set(node.into, taken)
    turn.goto(node.next)


# --- menu -------------------------------------------------------------------------------------------------------------


def enter_menu(turn: Turn, node: Menu) -> None:
    turn.say(node.prompt, barge_in=node.barge_in, rate=node.rate)
    _chosen(turn, node, ask(turn, node, _choices(turn, node)))


def resume_menu(turn: Turn, node: Menu, event: Event) -> None:
    _chosen(turn, node, entered(turn, event, _choices(turn, node)))


def _choices(turn: Turn, node: Menu) -> Wanted:
    key = ("wanted", turn.state.node)
    wanted: Wanted | None = turn.flow.prepared.get(key)
    if wanted is None:
        keys = frozenset([*node.choices, *node.repeat_key])
        wanted = turn.flow.prepared[key] = Wanted(max(len(key) for key in keys), keys=keys)
    return wanted


def _chosen(turn: Turn, node: Menu, found: Input | None) -> None:
    if found is None:
        return
    turn.state.wait, turn.state.buffer = "", found.rest
    taken = found.taken
    if repeats(node, found):
        return
    choice = node.choices.get(taken)
    if choice is None:
        wrong(turn, node, "invalid" if taken else "no_input")
        return
    values = {name: expression(turn) for name, expression in choice.set.items()}
    for name, value in values.items():
        turn.set(name, value)
    if node.into is not None:
        turn.set(node.into, taken)
    if choice.language is not None:
        turn.state.language = choice.language
    turn.goto(choice.next)

"""Say, play, branch, set, subflow, transfer, hang-up, and what is done for the caller."""

import re
from typing import Any, Final
from urllib.parse import urlencode

from ivr.engine import commands as do
from ivr.engine.events import (
    Event,
    HttpDone,
    PlayDone,
    RecordDone,
    RequestDone,
    Returned,
    Timeout,
    TransferDone,
)
from ivr.engine.turn import MOST_SUBFLOWS, Turn, bounded
from ivr.expressions import Value
from ivr.expressions.functions import text
from ivr.flow.addresses import AddressRefused, allowed, filled
from ivr.flow.nodes import (
    Branch,
    Callback,
    HangUp,
    Http,
    OptOut,
    Play,
    Record,
    Return,
    Say,
    Set,
    Sms,
    Subflow,
    Transfer,
    Voicemail,
)
from ivr.flow.prompts import Template

_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}")
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
    turn.words.append(do.Spoken("", language, file, node.barge_in))
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


# --- recordings -------------------------------------------------------------------------------------------------------


def enter_recording(turn: Turn, node: Record | Voicemail) -> None:
    turn.say(node.prompt)
    turn.state.buffer = ""
    turn.commands.append(
        do.Record(
            prompts=turn.take_words(),
            longest_s=node.longest,
            silence_s=node.silence,
            terminator=node.terminator,
            beep=node.beep,
            turn=turn.wait("record"),
        )
    )


def resume_recording(turn: Turn, node: Record | Voicemail, event: Event) -> None:
    if not isinstance(event, RecordDone):
        _request_done(turn, node, event)
        return
    state = turn.state
    state.wait = ""
    if not event.clip or event.seconds < node.shortest:
        state.tries += 1
        if state.tries >= node.tries:
            turn.fail(node.on_failure, "no_input")
        return
    clip = event.clip[:200]
    if isinstance(node, Record):
        turn.set(node.into, clip)
        turn.goto(node.next)
        return
    wait = turn.wait("request")
    turn.commands.append(do.Voicemail(box=node.box, clip=clip, seconds=event.seconds, turn=wait))


# --- requests ---------------------------------------------------------------------------------------------------------


def _number(turn: Turn, given: Template | None) -> str:
    number = (turn.render(given) if given is not None else turn.state.caller).strip()
    return number if _NUMBER.fullmatch(number) else ""


def enter_opt_out(turn: Turn, node: OptOut) -> None:
    number = _number(turn, node.number)
    if not number:
        turn.fail(node.on_failure, "no_number")
        return
    turn.flush()
    turn.commands.append(do.OptOut(number=number, scope=node.scope, turn=turn.wait("request")))


def enter_callback(turn: Turn, node: Callback) -> None:
    number = _number(turn, node.number)
    if not number:
        turn.fail(node.on_failure, "no_number")
        return
    at = text(node.at(turn)) if node.at is not None else ""
    about = turn.render(node.about) if node.about is not None else ""
    turn.flush()
    turn.commands.append(
        do.Callback(
            number=number,
            at=at[:40],
            time_zone=turn.flow.head.time_zone,
            queue=node.queue,
            about=about,
            turn=turn.wait("request"),
        )
    )


def enter_sms(turn: Turn, node: Sms) -> None:
    number = _number(turn, node.to)
    if not number:
        turn.fail(node.on_failure, "no_number")
        return
    said = "".join(turn.spoken(one.prompt or turn.flow.prompt(one.id), one.id).text for one in node.text)
    turn.flush()
    turn.commands.append(do.Sms(number=number, text=said, turn=turn.wait("request")))


def resume_request(turn: Turn, node: Any, event: Event) -> None:
    _request_done(turn, node, event)


def _request_done(turn: Turn, node: Any, event: Event) -> None:
    if isinstance(event, RequestDone) and event.ok:
        turn.state.reference = event.reference[:60]
        turn.goto(node.next)
    else:
        turn.fail(node.on_failure, "request")


# --- http -------------------------------------------------------------------------------------------------------------


def enter_http(turn: Turn, node: Http) -> None:
    url = "".join(
        part if isinstance(part, str) else filled(text(part.expression(turn))) for part in node.url.parts
    )
    if node.query:
        query = urlencode({name: text(expression(turn)) for name, expression in node.query.items()})
        url += ("&" if "?" in url else "?") + query
    hosts = turn.flow.head.http_hosts
    if not allowed(url, hosts):
        raise AddressRefused(url[:80])
    turn.say(node.prompt)
    turn.flush()
    turn.commands.append(
        do.Http(
            method=node.method,
            url=url,
            body={name: expression(turn) for name, expression in node.body.items()} or None,
            timeout_s=node.timeout,
            retries=node.retries,
            hosts=hosts,
            turn=turn.wait("http"),
        )
    )


def resume_http(turn: Turn, node: Http, event: Event) -> None:
    if isinstance(event, Timeout) or not isinstance(event, HttpDone) or not 200 <= event.status < 300:
        status = event.status if isinstance(event, HttpDone) else 0
        turn.fail(node.on_failure, f"http_{status}")
        return
    for name, path in node.save.items():
        turn.set(name, _picked(event.body, path))
    turn.goto(node.next)


def _picked(body: Any, path: str) -> Value:
    """What stands at `order.lines.0.name`; null when there is nothing, or nothing plain."""
    for step in path.split("."):
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and step.isascii() and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        else:
            return None
    if isinstance(body, list):
        return bounded([one for one in body if isinstance(one, str | int | float | bool)])
    return bounded(body) if isinstance(body, str | int | float | bool) else None

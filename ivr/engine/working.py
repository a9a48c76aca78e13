"""What is done for the caller: recordings, voicemail, opt-out, call-back, text message, HTTP."""

import re
from typing import Any, Final
from urllib.parse import urlencode

from ivr.engine import commands as do
from ivr.engine.events import Event, HttpDone, RecordDone, RequestDone, Timeout
from ivr.engine.turn import Turn, bounded
from ivr.expressions import Value
from ivr.expressions.functions import text
from ivr.flow.addresses import AddressRefused, allowed, filled
from ivr.flow.nodes import Callback, Http, OptOut, Record, Sms, Voicemail
from ivr.flow.prompts import Template

_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}")

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

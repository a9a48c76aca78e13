"""rehearse: a call in the terminal."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ivr.cli.authoring import FlowFile, Json
from ivr.cli.console import language, opened, refuse, show_json
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.flow.model import Flow
from ivr.rehearse import Key, KeysRefused, Line, Rehearsal, parse_keys
from ivr.rehearse import rehearse as run
from ivr.rehearse.keys import WORDS
from ivr.words import Language, say


def rehearse(
    ctx: typer.Context,
    flow: FlowFile,
    keys: Annotated[
        str | None, typer.Option("--keys", help="1,2,timeout,record,busy,return:ENTRY,hangup")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="When, in the flow's zone: 2026-02-17T09:30.")
    ] = None,
    caller: Annotated[str, typer.Option("--caller", help="The caller's number.")] = "13800138000",
    spoken: Annotated[str | None, typer.Option("--language", "-l", help="Language of the caller.")] = None,
    contact: Annotated[list[str] | None, typer.Option("--contact", help="name=value of the contact.")] = None,
    entry: Annotated[str | None, typer.Option("--entry", help="Begin at this entry point.")] = None,
    http_reply: Annotated[
        list[str] | None,
        typer.Option("--http-reply", help='What the next HTTP request gets: {"status": 200, ...}.'),
    ] = None,
    as_json: Json = False,
) -> None:
    """Go through a flow as a caller: with --keys by themselves, without them key by key."""
    words, made = language(ctx), opened(flow)
    if entry is not None and entry not in made.head.entry_points:
        refuse(say("cli.no_entry", words, name=entry, known=", ".join(made.head.entry_points) or "-"))
    if keys is None and not sys.stdin.isatty():
        refuse(say("cli.no_keys", words))
    done = run(
        made,
        _scripted(keys, words) if keys is not None else _asking(words),
        _moment(made, at, words),
        caller=caller,
        language=spoken,
        contact=_contact(contact or [], words),
        entry=entry,
        replies=_replies(http_reply or [], words),
        tell=(lambda line: None) if as_json else (lambda line: _show(line, words)),
    )
    if as_json:
        show_json(_as_json(done))


def _scripted(keys: str, words: Language) -> Any:
    try:
        coming = parse_keys(keys)
    except KeysRefused as unknown:
        refuse(say("cli.bad_key", words, key=str(unknown), known=", ".join(WORDS)))

    def ask(wait: str, command: do.Command) -> Key | None:
        if wait == "request" and (not coming or coming[0].kind not in ("ok", "fail")):
            return None
        return coming.pop(0) if coming else None

    return ask


def _asking(words: Language) -> Any:
    def ask(wait: str, command: do.Command) -> Key | None:
        while wait != "request":
            try:
                typed = typer.prompt(say(f"rehearse.ask_{wait}", words), default="", show_default=False)
                found = parse_keys(typed)
            except KeysRefused as unknown:
                typer.echo(say("cli.bad_key", words, key=str(unknown), known=", ".join(WORDS)))
                continue
            except typer.Abort:
                return None
            return found[0] if found else Key("timeout")
        return None

    return ask


def _moment(flow: Flow, at: str | None, words: Language) -> datetime:
    if at is None:
        return datetime.now(UTC)  # noqa: TID251  a person at a terminal, now
    try:
        given = datetime.fromisoformat(at)
    except ValueError:
        refuse(say("cli.bad_moment", words, given=at))
    return given if given.tzinfo is not None else given.replace(tzinfo=ZoneInfo(flow.head.time_zone))


def _contact(given: list[str], words: Language) -> dict[str, str]:
    known = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign:
            refuse(say("cli.bad_contact", words, given=one))
        known[name] = value
    return known


def _replies(given: list[str], words: Language) -> Iterator[ev.HttpDone]:
    replies = []
    for one in given:
        try:
            reply = json.loads(one)
            replies.append(ev.HttpDone(at=0, status=int(reply["status"]), body=reply.get("body")))
        except (ValueError, TypeError, KeyError, AttributeError):
            refuse(say("cli.bad_reply", words, given=one[:60]))
    return iter(replies)


def _show(line: Line, words: Language) -> None:
    who = say(f"rehearse.{line.who}", words)
    text = "".join(char if char.isprintable() else " " for char in line.text)
    typer.echo(f"{line.seconds:7.1f}  {who:<8} {text}  [{line.node}]")


def _as_json(done: Rehearsal) -> dict[str, Any]:
    state = done.state.to_json()
    return {
        "flow": done.flow.name,
        "version": done.flow.version,
        "result": done.result,
        "answers": done.state.answers,
        "variables": done.state.variables,
        "transcript": [asdict(line) for line in done.lines],
        "state": state,
    }

"""A call in a test: one flow, one session, events in, commands kept."""

from collections.abc import Iterable
from typing import Any

from ivr.engine import State, advance, begin
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.flow.model import Flow
from ivr.flow.reader import from_text

MONDAY = 1_767_582_000.0  # 2026-01-05 11:00 in Shanghai


class Call:
    def __init__(self, flow: Flow, at: float = MONDAY, **known: Any) -> None:
        self.flow, self.now = flow, at
        entry = known.pop("entry", None)
        known.setdefault("caller", "13800138000")
        known.setdefault("contact", flow.head.contact_fields)
        self.state: State = begin(flow, "call-1", **known)
        self.commands: list[do.Command] = []
        self.last: tuple[Any, ...] = ()
        self.give(ev.Started(at=at, entry=entry))

    def give(self, event: ev.Event) -> "Call":
        self.state, self.last = advance(self.flow, self.state, event)
        self.commands += self.last
        return self

    def keys(self, *inputs: str) -> "Call":
        """Each an input; empty for silence; with # when it is ended by it."""
        for digits in inputs:
            self.now += 2
            ended_by = "terminator" if digits.endswith("#") else "timeout"
            self.give(ev.InputDone(at=self.now, digits=digits.removesuffix("#"), ended_by=ended_by))
        return self

    def hang_up(self) -> "Call":
        return self.give(ev.HungUp(at=self.now))

    @property
    def said(self) -> list[str]:
        """What was said in the last step."""
        return [one.text for command in self.last for one in getattr(command, "prompts", ())]

    @property
    def answers(self) -> dict[str, tuple[str, Any]]:
        saved = self.all(do.SaveAnswer)
        return {one.question: (one.status, one.value) for one in saved}

    def all(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.commands if isinstance(one, kind)]


HEAD = """
flow: small
title: Small
languages: [en]
start: {start}
{more}
nodes:
"""


def small(nodes: str, start: str = "first", more: str = "") -> Flow:
    return from_text(HEAD.format(start=start, more=more) + nodes, "small.yaml")


def kinds(commands: Iterable[do.Command]) -> list[str]:
    return [one.DO for one in commands]

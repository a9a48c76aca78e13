"""flow -> script document. Pure: a screen draws it, and posts answers in the same codes as the keypad does."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Final

from ivr.flow.graph import exits
from ivr.flow.model import Flow
from ivr.flow.nodes import Branch, Gather, HangUp, Menu, Node, Question, Record, Say, Transfer
from ivr.flow.prompts import PromptRef, label_in
from ivr.words import Language, say

AGENT: Final = "agent"
"""The variant of a prompt that agents read, where the words on the phone speak of keys."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer. `code` is stored; `next` is the step it leads to. `say`: must be put in words of the customer."""

    code: str
    label: str
    next: str
    key: str = ""
    say: bool = False
    emphasis: bool = False
    facts: dict[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """`kind`: say, single, multiple, number, rating, text, input, choose, decide, transfer, do, end."""

    name: str
    kind: str
    title: str
    words: str
    next: str | None
    choices: tuple[Choice, ...] = ()
    least: int | None = None
    most: int | None = None
    skip_if: str | None = None
    conditions: tuple[tuple[str, str], ...] = ()
    must_be_heard: str | None = None
    consent: bool = False
    refusal: Choice | None = None
    slow: bool = False
    hint: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    flow: str
    version: str
    language: str
    title: str
    start: str
    steps: tuple[Step, ...]
    fields: tuple[str, ...]  # of the contact, that the words put in
    checks: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def script_of(flow: Flow, language: Language) -> Script:
    """Steps in the order in which a conversation comes to them. Placeholders stay as {name}."""
    steps = tuple(_step(flow, name, language) for name in _reading_order(flow))
    return Script(
        flow=flow.name,
        version=flow.version,
        language=language,
        title=label_in(flow.head.title, language, flow.name),
        start=flow.head.start,
        steps=steps,
        fields=tuple(flow.head.contact_fields),
        checks={name: check.source for name, check in flow.head.checks.items()},
    )


def _reading_order(flow: Flow) -> list[str]:
    """A step before those it leads to, and a short detour (5.1) before where the ways meet again."""
    done: list[str] = []
    seen: set[str] = set()
    work: list[tuple[str, bool]] = [(flow.head.start, False)]
    while work:
        name, left = work.pop()
        if left:
            done.append(name)
            continue
        if name in seen or name.startswith("builtin/"):
            continue
        seen.add(name)
        work.append((name, True))
        work += [(way.target, False) for way in exits(flow, name)]
    return done[::-1]


def _step(flow: Flow, name: str, language: Language) -> Step:
    node = flow.nodes[name]
    refusal = flow.head.refusal
    step: dict[str, Any] = {
        "name": name,
        "kind": "do",
        "title": label_in(node.label, language, name),
        "words": _words(flow, getattr(node, "prompt", ()), language),
        "next": getattr(node, "next", None),
        "hint": node.note,
    }
    step |= _particulars(node, language)
    if isinstance(node, Question) and node.refusal and refusal is not None:
        step["refusal"] = Choice(
            "refused",
            label_in(refusal.label, language, say("script.refusal", language)),
            refusal.next,
            refusal.key,
        )
    return Step(**step)


def _particulars(node: Node, language: Language) -> dict[str, Any]:
    match node:
        case Say():
            condition = node.when.source if node.when is not None else None
            slow = node.rate == "slow"
            return {
                "kind": "say",
                "must_be_heard": node.disclosure,
                "slow": slow,
                "skip_if": _unless(condition),
            }
        case Question():
            return _question(node, language)
        case Menu():
            choices = tuple(
                Choice(key, label_in(choice.label, language, choice.next), choice.next, key)
                for key, choice in node.choices.items()
            )
            return {"kind": "choose", "choices": choices}
        case Gather():
            return {"kind": "input", "least": node.min, "most": node.max}
        case Record():
            return {"kind": "text"}
        case Branch():
            cases = tuple((case.when.source, case.next) for case in node.cases)
            return {"kind": "decide", "conditions": cases, "next": node.otherwise}
        case Transfer():
            return {"kind": "transfer"}
        case HangUp():
            return {"kind": "end", "result": node.result, "next": None}
        case _:
            return {}


def _unless(condition: str | None) -> str | None:
    return None if condition is None else f"not ({condition})"


def _question(node: Question, language: Language) -> dict[str, Any]:
    choices = tuple(
        Choice(
            code=option.code,
            label=label_in(option.label, language, option.code),
            next=option.next or node.next,
            key=option.key,
            say=option.record,
            emphasis=option.emphasis,
            facts=dict(option.facts) or None,
        )
        for option in node.options
    )
    ranged = node.kind in ("number", "rating")
    return {
        "kind": "text" if node.kind == "record" else node.kind,
        "choices": choices,
        "least": node.min if ranged else None,
        "most": node.max if ranged else None,
        "skip_if": node.skip_if.source if node.skip_if is not None else None,
        "consent": node.consent,
        "slow": node.rate == "slow",
        "hint": node.hint or node.note,
    }


def _words(flow: Flow, prompts: tuple[PromptRef, ...], language: Language) -> str:
    said = []
    for one in prompts:
        prompt = one.prompt or flow.prompt(one.id)
        wording = prompt.wording(language, (AGENT,)) or next(iter(prompt.wordings.values()))
        said.append(_readable(wording.text.source))
    return " ".join(said)


def _readable(source: str) -> str:
    """{contact.name|digits} becomes {contact.name}: the screen puts the value in as it is written."""
    return re.sub(r"\{([^}|]*)\|[^}]*\}", r"{\1}", source)

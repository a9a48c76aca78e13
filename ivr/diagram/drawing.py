"""What is drawn: boxes and arrows. Ways that hold for every node are drawn once, from a box of their own."""

import re
from dataclasses import dataclass, replace
from typing import Final

from ivr.flow.builtin import PREFIX
from ivr.flow.model import Flow
from ivr.flow.nodes import Branch, Menu, Node, Question, Subflow
from ivr.flow.nodes.node import Exit
from ivr.flow.prompts import label_in
from ivr.words import Language, catalogue, say

_QUIET: Final = {"next", "otherwise", "skip"}
_ASIDE: Final = {"failure", "no_input", "busy", "no_answer", "refusal"}
_LONGEST_LABEL: Final = 34


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    title: str
    kind: str  # the node's type, or "start", "entry", "any"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    origin: str
    target: str
    label: str = ""
    aside: bool = False  # what happens when something goes wrong: drawn dashed


@dataclass(frozen=True, slots=True)
class Drawing:
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def drawing_of(flow: Flow, language: Language) -> Drawing:
    arrows = [*_from_start(flow), *_everywhere(flow, language)]
    for name in flow.nodes:
        arrows += _from_node(flow, name, language)
    drawn = {name for arrow in arrows for name in (arrow.origin, arrow.target)}
    used = {name for name in flow.nodes if not name.startswith(PREFIX) or name in {a.target for a in arrows}}
    boxes = [_virtual(flow, name, language) for name in _order(arrows) if name not in flow.nodes]
    boxes += [_box(flow, name, language) for name in flow.nodes if name in used | (drawn & set(flow.nodes))]
    return Drawing(tuple(boxes), tuple(_joined(arrows)))


def _order(arrows: list[Arrow]) -> list[str]:
    return list(dict.fromkeys(arrow.origin for arrow in arrows))


def _from_start(flow: Flow) -> list[Arrow]:
    entries = [Arrow(f"@entry {name}", target) for name, target in flow.head.entry_points.items()]
    return [Arrow("@start", flow.head.start), *entries]


def _everywhere(flow: Flow, language: Language) -> list[Arrow]:
    """Refusal and failure, which lead out of many nodes to one."""
    arrows = []
    refusal = flow.head.refusal
    if refusal is not None and any(
        isinstance(node, Question) and node.refusal for node in flow.nodes.values()
    ):
        arrows.append(Arrow("@refusal", refusal.next, refusal.key, aside=True))
    for name, target in (("@failure", flow.head.on_failure), ("@error", flow.head.on_error)):
        if not target.startswith(PREFIX):
            arrows.append(Arrow(name, target, aside=True))
    return arrows


def _from_node(flow: Flow, name: str, language: Language) -> list[Arrow]:
    node = flow.nodes[name]
    arrows = [
        Arrow(name, way.target, _label(node, way, language), way.label in _ASIDE)
        for way in node.exits()
        if way.target in flow.nodes
    ]
    if isinstance(node, Subflow) and node.flow in flow.subflows:
        arrows.append(Arrow(name, flow.subflows[node.flow], node.flow))
    return arrows


def _label(node: Node, way: Exit, language: Language) -> str:
    if isinstance(node, Menu) and way.label in node.choices:
        called = label_in(node.choices[way.label].label, language)
        return f"{way.label} {called}".strip()
    if isinstance(node, Question) and (option := node.option(way.label)) is not None:
        return f"{way.label} {label_in(option.label, language)}"
    if way.label in _QUIET and not (isinstance(node, Branch) and way.label == "otherwise"):
        return ""
    key = f"exit.{way.label}"
    return say(key, language) if key in catalogue(language) else way.label


def _joined(arrows: list[Arrow]) -> list[Arrow]:
    """Several ways between the same two boxes are one arrow with all their labels."""
    joined: dict[tuple[str, str, bool], Arrow] = {}
    for arrow in arrows:
        key = (arrow.origin, arrow.target, arrow.aside)
        before = joined.get(key)
        if before is None:
            joined[key] = replace(arrow, label=shortened(arrow.label, _LONGEST_LABEL))
        elif arrow.label:
            label = f"{before.label}; {arrow.label}" if before.label else arrow.label
            joined[key] = replace(before, label=shortened(label, _LONGEST_LABEL))
    return list(joined.values())


def _virtual(flow: Flow, name: str, language: Language) -> Box:
    if name == "@start":
        return Box(name, label_in(flow.head.title, language, flow.name), "start")
    if name.startswith("@entry "):
        entry = name.removeprefix("@entry ")
        return Box(name, say("diagram.entry", language, name=entry), "entry")
    return Box(name, say(f"diagram.{name[1:]}", language), "any")


def _box(flow: Flow, name: str, language: Language) -> Box:
    node = flow.nodes[name]
    title = label_in(node.label, language, name)
    kind = say(f"node.{node.TYPE}", language)
    second = f"{kind} · {name}" if title != name else kind
    text = _first_words(flow, node, language)
    return Box(name, shortened(title, 30), node.TYPE, f"{second}\n{shortened(text, 38)}" if text else second)


def _first_words(flow: Flow, node: Node, language: Language) -> str:
    for one in node.spoken():
        prompt = one.prompt or flow.head.prompts.get(one.id)
        wording = prompt.wordings.get(language) if prompt is not None else None
        if wording is not None and not one.id.startswith(PREFIX):
            return re.sub(r"\{([^}|]*)(\|[^}]*)?\}", r"‹\1›", wording.text.source)
    return ""


def width(text: str, size: float) -> float:
    """About how wide a text is drawn: a Chinese character is one em, others a little over half."""
    return sum(size if ord(char) > 0x2E80 else size * 0.56 for char in text)


def shortened(text: str, most: int) -> str:
    """To the width of `most` Latin letters."""
    room = most * 0.56
    for place, char in enumerate(text):
        room -= 1.0 if ord(char) > 0x2E80 else 0.56
        if room < 0:
            return text[:place].rstrip() + "…"
    return text

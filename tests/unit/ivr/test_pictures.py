"""Diagrams and scripts: complete, escaped, legible enough for a machine to say so."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import pytest

from ivr.diagram import as_mermaid, as_svg
from ivr.diagram.drawing import drawing_of
from ivr.diagram.layout import laid_out
from ivr.flow.nodes import Question
from ivr.flow.reader import from_text
from ivr.samples import names, sample
from ivr.script import as_markdown, script_of
from ivr.words import LANGUAGES

pytestmark = pytest.mark.unit

EVIL = """
flow: evil
title: "<script>alert(1)</script>"
languages: [en]
start: first
nodes:
  first:
    type: menu
    label: 'x"] --> y; click n1 "javascript:alert(1)"'
    prompt: {en: "</text><script>alert(1)</script> & more"}
    choices: {"1": {next: end, label: "</svg>|\\"|"}}
  end: {type: hang_up}
"""


@pytest.mark.parametrize("name", names())
def test_every_node_and_every_way_is_drawn(name: str) -> None:
    flow = sample(name)
    for language in LANGUAGES:
        drawing = drawing_of(flow, language)
        svg = ElementTree.fromstring(as_svg(flow, language))  # noqa: S314  made here
        titles = {one.text for one in svg.iter("{http://www.w3.org/2000/svg}title")}
        reached = {one for one in flow.nodes if not one.startswith("builtin/")}
        assert reached <= titles
        lines = as_mermaid(flow, language).splitlines()
        assert lines[0] == "flowchart TD"
        assert sum("-->" in line or "-.->" in line for line in lines) == len(drawing.arrows)
        ways = {(arrow.origin, arrow.target) for arrow in drawing.arrows}
        assert {(one, way.target) for one in reached for way in flow.nodes[one].exits()} <= ways


@pytest.mark.parametrize("name", names())
def test_no_box_lies_on_another(name: str) -> None:
    boxes = [
        place for place in laid_out(drawing_of(sample(name), "zh")).places.values() if place.box is not None
    ]
    for one, other in combinations(boxes, 2):
        apart = abs(one.x - other.x) >= (one.w + other.w) / 2 or abs(one.y - other.y) >= (one.h + other.h) / 2
        assert apart, (one.box, other.box)


def test_what_a_flow_says_does_not_become_markup() -> None:
    flow = from_text(EVIL)
    svg = as_svg(flow, "en")
    root = ElementTree.fromstring(svg)  # noqa: S314  made here
    assert not [one for one in root.iter() if one.tag.endswith("script")]
    assert "<script" not in svg
    mermaid = as_mermaid(flow, "en")
    assert not re.search(r"<script|click n1 \"|\] --> y", mermaid)
    assert len(mermaid.splitlines()) == 1 + 3 + 2


# --- scripts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agent_reads_the_same_questionnaire(language: str) -> None:
    flow = sample("survey")
    script = script_of(flow, "zh" if language == "zh" else "en")
    steps = {step.name: step for step in script.steps}
    questions = {name: node for name, node in flow.nodes.items() if isinstance(node, Question)}
    assert set(questions) < set(steps)
    for name, node in questions.items():
        assert [choice.code for choice in steps[name].choices] == [option.code for option in node.options]
        refusal = steps[name].refusal
        assert refusal is not None
        assert refusal.next == "refused"
    assert {choice.code: choice.next for choice in steps["q5"].choices} == {"yes": "q5.1", "no": "q6"}
    assert (steps["q7"].kind, steps["q7"].choices[-1].say) == ("multiple", True)
    assert [choice.code for choice in steps["q6"].choices if choice.emphasis] == ["eight_fen"]
    assert steps["q5.1"].choices[3].facts == {"aware": False, "willing": True}
    assert script.version == flow.version
    order = [step.name for step in script.steps if step.name in questions]
    assert order == [
        "q1",
        "q2",
        "q3",
        "q4",
        "q5",
        "q5.1",
        "q6",
        "q6.price",
        "q6.rent",
        "q7",
        "q8",
        "q9",
        "remarks",
    ]


@pytest.mark.parametrize("name", names())
def test_agents_are_not_told_to_press_keys_in_a_survey(name: str) -> None:
    for language in LANGUAGES:
        script = script_of(sample(name), language)
        paper = as_markdown(script, language)
        assert all(step.title in paper for step in script.steps)
        if name in ("survey", "sales-consent"):
            assert not re.search(r"press \d|请按", paper)


def test_what_must_be_said_in_full_is_marked() -> None:
    script = script_of(sample("sales-consent"), "en")
    assert [step.must_be_heard for step in script.steps if step.must_be_heard] == [
        "function", "price", "trial_end", "how_to_cancel", "how_to_use",
    ]  # fmt: skip
    assert "Explicit consent" in as_markdown(script, "en")
    assert set(script.checks) == {"right_person", "able_to_follow", "fully_disclosed", "clear_consent"}

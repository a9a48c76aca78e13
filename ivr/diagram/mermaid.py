"""Mermaid flowchart text. Everything a flow says is escaped: no text of a file becomes Mermaid of its own."""

from typing import Final

from ivr.diagram.drawing import Box, drawing_of
from ivr.flow.model import Flow
from ivr.words import Language

_SHAPES: Final = {
    "start": ("([", "])"),
    "entry": ("([", "])"),
    "any": ("([", "])"),
    "branch": ("{{", "}}"),
    "menu": ("[/", "/]"),
    "gather": ("[/", "/]"),
    "question": ("[/", "/]"),
    "hang_up": ("((", "))"),
    "transfer": ("[[", "]]"),
    "subflow": ("[[", "]]"),
}


def as_mermaid(flow: Flow, language: Language) -> str:
    drawing = drawing_of(flow, language)
    ids = {box.name: f"n{place}" for place, box in enumerate(drawing.boxes)}
    lines = ["flowchart TD"]
    for box in drawing.boxes:
        left, right = _SHAPES.get(box.kind, ("[", "]"))
        lines.append(f'    {ids[box.name]}{left}"{_words(box)}"{right}')
    for arrow in drawing.arrows:
        line = "-.->" if arrow.aside else "-->"
        label = f'|"{_escaped(arrow.label)}"|' if arrow.label else ""
        lines.append(f"    {ids[arrow.origin]} {line}{label} {ids[arrow.target]}")
    return "\n".join(lines) + "\n"


def _words(box: Box) -> str:
    lines = [box.title, *box.text.split("\n")] if box.text else [box.title]
    return "<br/>".join(_escaped(line) for line in lines)


def _escaped(text: str) -> str:
    """Numeric entities for whatever Mermaid or HTML could take for its own."""
    return "".join(
        f"#{ord(char)};" if char in '"#<>&;`{}[]()|\\' else char for char in text if char.isprintable()
    )

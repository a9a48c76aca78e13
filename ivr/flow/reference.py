"""The reference of flow files as Markdown tables, from the declarations that read them: the manual cannot fall behind."""

import dataclasses
from typing import Any

from ivr.flow.calendar import Holiday
from ivr.flow.kinds import Kind, fields_of, required
from ivr.flow.model import Head, Refusal
from ivr.flow.nodes import NODES
from ivr.flow.nodes.asking import Choice
from ivr.flow.nodes.deciding import Case
from ivr.flow.nodes.questions import Option

_COMMON = ("label", "note")


def reference() -> str:
    parts = ["### The flow", "", *_table(Head)]
    parts += ["### A holiday", "", *_table(Holiday), "### The refusal path", "", *_table(Refusal)]
    for name, cls in NODES.items():
        parts += [f"### `{name}`", "", *_said(cls), *_table(cls, without=_COMMON)]
        for title, part in _PARTS.get(name, ()):
            parts += [f"{title}:", "", *_table(part)]
    return "\n".join(parts)


_PARTS = {
    "menu": (("A choice", Choice),),
    "branch": (("A case", Case),),
    "question": (("An option", Option),),
}


def _said(cls: type) -> list[str]:
    doc = cls.__doc__ or ""
    return [] if doc.startswith(f"{cls.__name__}(") else [" ".join(doc.split()), ""]


def _table(cls: type, without: tuple[str, ...] = ()) -> list[str]:
    rows = [
        f"| `{key}` | {one.metadata['doc']} | {_default(one)} |"
        for key, one in fields_of(cls).items()
        if key not in without
    ]
    if not rows:
        return ["No fields of its own.", ""]
    return ["| field | what it is | default |", "|---|---|---|", *[_cell(row) for row in rows], ""]


def _cell(row: str) -> str:
    return row.replace("\n", " ")


def _default(one: "dataclasses.Field[Any]") -> str:
    if required(one):
        return "**required**"
    kind: Kind = one.metadata["kind"]
    made = one.default_factory
    value = one.default if made is dataclasses.MISSING else made()
    if value is None or value in ((), {}, ""):
        return "none"
    plain = kind.plain(value)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, list):
        return ", ".join(f"`{part}`" for part in plain)
    if isinstance(plain, dict):
        return ", ".join(f"`{key}: {part}`" for key, part in plain.items())
    return f"`{plain}`"

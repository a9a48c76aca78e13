"""Every name used stands for something: nodes, prompts, subflows, languages, values of the session."""

from collections.abc import Iterator
from typing import Final

from ivr.flow.builtin import NAMES as BUILTIN_NAMES
from ivr.flow.builtin import PREFIX
from ivr.flow.kinds import Reading, Reference, closest
from ivr.flow.model import Flow
from ivr.flow.nodes import Menu, Question, Set, Subflow
from ivr.flow.problems import Problem

SINGLE: Final = frozenset(
    {
        "caller",
        "called",
        "language",
        "holiday",
        "holiday_name",
        "open",
        "day_part",
        "failure",
        "reference",
        "transfer",
    }
)
MOMENT: Final = frozenset({"hour", "minute", "weekday", "day", "month", "year", "date", "time"})


def problems(flow: Flow, reading: Reading) -> Iterator[Problem]:
    yield from _targets(flow, reading)
    yield from _subflows(flow)
    yield from _languages(flow)
    yield from _values(flow, reading)


def at(flow: Flow, node: str, code: str, **values: object) -> Problem:
    """A problem of a node, at the line where the node begins."""
    place = flow.places.get(node)
    return Problem(
        code, place.file if place else flow.name, place.line if place else 0, node, values=dict(values)
    )


def in_head(flow: Flow, where: str, code: str, **values: object) -> Problem:
    """A problem of the flow as a whole."""
    file = next((place.file for place in flow.places.values()), flow.name)
    return Problem(code, file, 1, where=where, values=dict(values))


def _targets(flow: Flow, reading: Reading) -> Iterator[Problem]:
    for reference in reading.targets:
        if reference.name not in flow.nodes:
            near = closest(reference.name, list(flow.nodes))
            yield _of(reference, "no_such_node", name=reference.name, near=near)


def _of(reference: Reference, code: str, **values: object) -> Problem:
    item = reference.item
    return Problem(code, item.file, item.line, reference.node, item.path, dict(values))


def _subflows(flow: Flow) -> Iterator[Problem]:
    for name, node in flow.nodes.items():
        if isinstance(node, Subflow) and node.flow not in flow.subflows:
            near = closest(node.flow, list(flow.subflows))
            yield at(flow, name, "no_such_subflow", name=node.flow, near=near)
        if node.TYPE == "return" and "/" not in name:
            yield at(flow, name, "return_outside")


def _languages(flow: Flow) -> Iterator[Problem]:
    for name, node in flow.nodes.items():
        chosen = [node.language] if isinstance(node, Set) else []
        if isinstance(node, Menu):
            chosen = [choice.language for choice in node.choices.values()]
        for language in chosen:
            if language is not None and language not in flow.head.languages:
                allowed = ", ".join(flow.head.languages)
                yield at(flow, name, "no_such_language", language=language, allowed=allowed)


def _values(flow: Flow, reading: Reading) -> Iterator[Problem]:
    variables = {one.name for one in reading.written}
    for reference in reading.names:
        known = _known(flow, variables, reference)
        if known is not None:
            near = closest(reference.name, known)
            yield _of(reference, "no_such_name", name=reference.name, near=near)


def _known(flow: Flow, variables: set[str], reference: Reference) -> list[str] | None:
    """None when the name stands for something, else the names that would."""
    first, _, rest = reference.name.partition(".")
    groups = {
        "contact": set(flow.head.contact_fields),
        "answer": {name.replace("/", ".") for name, node in flow.nodes.items() if isinstance(node, Question)},
        "heard": {d for node in flow.nodes.values() if (d := getattr(node, "disclosure", None)) is not None},
        # a check is not made of checks: they would go round in a circle
        "check": set() if reference.item.path.startswith("checks.") else set(flow.head.checks),
        "now": set(MOMENT),
    }
    if first in groups:
        return None if rest in groups[first] else [f"{first}.{name}" for name in sorted(groups[first])]
    path = reference.item.path
    more = {"value"} if path.endswith(".check") else set()
    if path.startswith(f"prompts.{PREFIX}") or f".{PREFIX}" in path:
        more |= BUILTIN_NAMES
    single = SINGLE | variables | more
    return None if reference.name in single else sorted(single | set(groups))

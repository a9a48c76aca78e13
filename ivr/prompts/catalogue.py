"""Everything a flow may say on the telephone, before anybody has called: prompts by id, language and variant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ivr.engine.questions import key_words
from ivr.errors import ExpressionError
from ivr.expressions import Expression, Value
from ivr.expressions.functions import text
from ivr.flow.builtin import NAMES, PREFIX
from ivr.flow.model import Flow
from ivr.flow.nodes import Gather, Menu, Node, Play, Question, Say, Set, Sms, Subflow
from ivr.flow.prompts import Prompt, PromptRef, Slot, Template, label_in
from ivr.prompts.pieces import fixed
from ivr.spoken import speak

AGENT: Final = "agent"
"""The variant that agents read; nobody hears it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sound file. `part` counts the fixed pieces of a wording that holds values from 1; 0 is a whole wording.

    `file` is a recording the flow names; `text` is empty when there are no words for it. `value`: not the wording but
    something it may put in, known beforehand.
    """

    flow: str
    prompt: str
    language: str
    variant: str
    part: int
    text: str
    rate: str = "normal"
    file: str | None = None
    value: bool = False

    @property
    def stem(self) -> str:
        """What a recording of it is called, without its ending: `welcome.zh`, `welcome.zh.morning`, `order.en.2`."""
        parts = [self.prompt, self.language, self.variant, str(self.part) if self.part else ""]
        return ".".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class FreeText:
    """A value of which nothing is known beforehand: heard only if it is a number, a code, or a name made beforehand.
    `strict`: the prompt discloses something or asks for consent, so that nothing may be left out of it."""

    prompt: str
    language: str
    expression: str
    strict: bool = False


@dataclass(slots=True)
class Catalogue:
    lines: dict[Line, None] = field(default_factory=dict)
    vocabularies: set[tuple[str, str]] = field(default_factory=set)
    free: dict[FreeText, None] = field(default_factory=dict)
    strict: set[str] = field(default_factory=set)
    """Ids of prompts, empty for those written in place, of which nothing may be left out."""


def catalogue(flow: Flow) -> Catalogue:
    """Lines in the order of the nodes, each once; languages and rates in which values are said; values nobody knows."""
    made = Catalogue(strict=_strict(flow))
    for name, node in flow.nodes.items():
        if isinstance(node, Play):
            for language, file in node.file.items():
                made.lines[Line(flow.name, f"node/{name}", language, "", 0, "", file=file)] = None
        for ref, label, rate in _said(name, node):
            _add(made, flow, label, ref.prompt or flow.prompt(ref.id), rate)
        if isinstance(node, Question) and node.keys_prompt is None:
            _add_keys(made, flow, name, node)
    return made


def _strict(flow: Flow) -> set[str]:
    """What must be heard whole: disclosures, and the words of a consent, its options among them."""
    strict: set[str] = set()
    for node in flow.nodes.values():
        if isinstance(node, Say) and node.disclosure is not None:
            strict |= {ref.id for ref in node.prompt}
        elif isinstance(node, Question) and node.consent:
            strict |= {ref.id for ref in (*node.prompt, *(node.keys_prompt or ()))}
            strict |= {PREFIX + name for name, _, _ in key_words(node, flow.language)}
    return strict


def _said(name: str, node: Node) -> Iterator[tuple[PromptRef, str, str]]:
    """Prompt, its name in the catalogue, how fast it is said."""
    if isinstance(node, Sms):
        return
    normal: set[int] = set()
    if isinstance(node, Gather | Menu | Question):
        normal = {id(ref) for ref in (*node.no_input, *node.invalid)}
    for number, ref in enumerate(node.spoken(), start=1):
        rate = "normal" if id(ref) in normal else getattr(node, "rate", "normal")
        yield ref, ref.id or f"node/{name}/{number}", rate


def _add_keys(made: Catalogue, flow: Flow, name: str, node: Question) -> None:
    for language in flow.head.languages:
        for builtin, option, local in key_words(node, language):
            label = "/".join(part for part in (PREFIX + builtin, name, option) if part)
            _add(made, flow, label, flow.prompt(PREFIX + builtin), node.rate, local, language)


def _add(
    made: Catalogue,
    flow: Flow,
    label: str,
    prompt: Prompt,
    rate: str,
    local: Mapping[str, Value] | None = None,
    only: str = "",
) -> None:
    for variant, wordings in {"": prompt.wordings, **prompt.variants}.items():
        if variant == AGENT:
            continue
        for language, wording in wordings.items():
            if language not in flow.head.languages or (only and language != only):
                continue
            texts, slots = split(wording.text, local or {}, language, flow.head.currency)
            said = [one for one in map(fixed, texts) if one]
            for number, one in enumerate(said, start=1):
                part = number if slots else 0
                made.lines[Line(flow.name, label, language, variant, part, one, rate, wording.file)] = None
            if slots:
                made.vocabularies.add((language, rate))
            for slot in slots:
                _add_values(made, flow, Line(flow.name, label, language, variant, 0, "", rate), slot)


@dataclass(frozen=True, slots=True)
class _Local:
    """Expressions read what a question puts in; nothing else is known before a call."""

    values: Mapping[str, Value]

    def value(self, path: tuple[str, ...]) -> Value:
        return self.values.get(path[0])


def split(
    words: Template, local: Mapping[str, Value], language: str, currency: str
) -> tuple[list[str], list[Slot]]:
    """The fixed texts around the values, one more than those: as `Turn.pieces` makes them on a call."""
    texts, slots = [""], []
    for part in words.parts:
        if isinstance(part, str):
            texts[-1] += part
        elif (names := part.expression.names) and all(path[0] in NAMES for path in names):
            value = part.expression(_Local(local))
            texts[-1] += speak(value, part.how, language, currency) if part.how else text(value)
        else:
            texts.append("")
            slots.append(part)
    return texts, slots


# --- values known beforehand ------------------------------------------------------------------------------------------


def _add_values(made: Catalogue, flow: Flow, line: Line, slot: Slot) -> None:
    if slot.how:
        return
    possible = _possible(flow, slot.expression, line.language)
    if possible is None:
        possible = _examples(flow, slot.expression)
        strict = (line.prompt if not line.prompt.startswith("node/") else "") in made.strict
        made.free[FreeText(line.prompt, line.language, slot.expression.source, strict)] = None
    for one in map(str.strip, possible):
        if one:
            made.lines[Line(flow.name, line.prompt, line.language, "", 0, one, line.rate, value=True)] = None


def _examples(flow: Flow, expression: Expression) -> list[str]:
    """Of contact fields, so that the examples of a flow can be heard as well as rehearsed."""
    fields = [path[1] for path in expression.names if path[0] == "contact" and len(path) == 2]
    simple = len(fields) == 1 and expression.source == f"contact.{fields[0]}"
    return [flow.head.contact_fields.get(fields[0], "")] if simple else []


_NUMERIC: Final = frozenset({"caller", "called", "now", "reference"})


def _possible(flow: Flow, expression: Expression, language: str) -> list[str] | None:
    """All values an expression may come to, as far as they are words; None when nobody knows."""
    if expression.names == {("holiday_name",)}:
        return [label_in(one.label, language, one.name) for one in flow.head.holidays]
    if {path[0] for path in expression.names} <= _NUMERIC | _entered(flow):
        return []
    if len(expression.names) != 1 or expression.source != ".".join(next(iter(expression.names))):
        return None
    (path,) = expression.names
    given = _given(flow, path[0]) if len(path) == 1 else []
    if not given or any(one.names for one in given):
        return None
    return [_constant(one) for one in given]


def _constant(expression: Expression) -> str:
    try:
        return text(expression(_Local({})))
    except ExpressionError:  # no value, on a call neither
        return ""


def _entered(flow: Flow) -> set[str]:
    """Variables that hold what was keyed in and nothing else besides empty text: they are said digit by digit."""
    keyed = {node.into for node in flow.nodes.values() if isinstance(node, Gather)}
    return {name for name in keyed if _written(flow).isdisjoint({name}) and _digits_only(flow, name)}


def _digits_only(flow: Flow, name: str) -> bool:
    return all(
        one.names <= {("caller",)} and not _constant(one).strip("0123456789") for one in _given(flow, name)
    )


def _written(flow: Flow) -> set[str]:
    """Variables that other systems, recordings or facts give a value."""
    written: set[str] = set()
    for node in flow.nodes.values():
        written |= set(getattr(node, "save", ()))
        if not isinstance(node, Gather | Menu) and isinstance(into := getattr(node, "into", None), str):
            written.add(into)
        if isinstance(node, Question):
            written |= {name for option in node.options for name in option.facts}
    return written


def _given(flow: Flow, name: str) -> list[Expression]:
    """The expressions a variable gets its values from; none at all when it also gets some from elsewhere."""
    if name in _written(flow):
        return []
    sources: list[Mapping[str, Expression]] = [flow.head.variables]
    for node in flow.nodes.values():
        if isinstance(node, Set | Subflow):
            sources.append(node.values)
        elif isinstance(node, Menu):
            sources += [choice.set for choice in node.choices.values()]
    return [source[name] for source in sources if name in source]

"""A flow file becomes a `Flow`, or a refusal that lists every mistake with file, line, node and hint."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ivr.flow.builtin import add_builtin
from ivr.flow.kinds import NAME, Json, Pattern, Reading, Target, Wrong, closest, has, scalar
from ivr.flow.model import Flow, Head, Place
from ivr.flow.nodes import NODES, Node
from ivr.flow.places import Item, read_document, read_file, read_text
from ivr.flow.problems import FlowRefused, Problem, Weight
from ivr.flow.records import plain_fields, read_fields
from ivr.flow.validation import problems_of

_PARTS: Final = ("nodes", "subflows")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file amounts to. `flow` is None when it is too broken to be one."""

    flow: Flow | None
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        return self.flow is not None and not any(one.weight is Weight.ERROR for one in self.problems)


def load(path: Path) -> Flow:
    """Raises `FlowRefused` for errors; warnings are passed over (`check` has them)."""
    return _usable(check(path))


def from_text(text: str, name: str = "flow.yaml") -> Flow:
    return _usable(check_text(text, name))


def from_document(document: Mapping[str, Json], name: str = "published") -> Flow:
    """From the canonical form, as `Flow.document` gives it."""
    return _usable(_checked(lambda: _Reader(read_document(document, name), None)))


def check(path: Path) -> Checked:
    return _checked(lambda: _Reader(read_file(path), path.parent))


def check_text(text: str, name: str = "flow.yaml") -> Checked:
    """The same of a text, which cannot import other files."""
    return _checked(lambda: _Reader(read_text(text, name), None))


def _usable(checked: Checked) -> Flow:
    if checked.flow is None or not checked.usable:
        raise FlowRefused([one for one in checked.problems if one.weight is Weight.ERROR])
    return checked.flow


def _checked(begin: Any) -> Checked:
    try:
        reader: _Reader = begin()
    except FlowRefused as refused:
        return Checked(None, refused.problems)
    flow = reader.flow()
    problems = list(reader.reading.problems)
    if flow is not None:
        problems += problems_of(flow, reader.reading)
    return Checked(flow, FlowRefused(problems).problems)


def canonical(document: Mapping[str, Json]) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, no spaces, UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _SubflowHead:
    start: str = has(Target(), "the node the subflow begins with")


@dataclass
class _Parts:
    nodes: dict[str, Node] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    subflows: dict[str, str] = field(default_factory=dict)
    imported: list[Head] = field(default_factory=list)


class _Reader:
    def __init__(self, root: Item, folder: Path | None) -> None:
        self.reading = Reading()
        self._root, self._folder = root, folder
        self._parts = _Parts()

    def flow(self) -> Flow | None:
        head = self._head(self._root)
        fields = self._fields(self._root)
        self._nodes(fields.get("nodes"), "")
        for name, item in self._mapping(fields.get("subflows")).items():
            self._subflow(name, item)
        if head is None or "nodes" not in fields:
            return None
        return _assembled(self._with_imports(head), self._parts)

    def _head(self, item: Item) -> Head | None:
        try:
            head: Head = read_fields(Head, item, self.reading, besides=_PARTS)
        except Wrong as wrong:
            if wrong.problem is not None:
                self.reading.note(wrong.problem)
            return None
        if "nodes" not in self._fields(item):
            self.reading.note(item.problem("missing_key", key="nodes", doc="the nodes by name"))
        return head

    @staticmethod
    def _fields(item: Item) -> dict[str, Item]:
        return item.value if isinstance(item.value, dict) else {}

    def _mapping(self, item: Item | None) -> dict[str, Item]:
        if item is not None and not isinstance(item.value, dict):
            self.reading.note(item.problem("not_a_mapping"))
        return self._fields(item) if item is not None else {}

    # --- nodes ---

    def _nodes(self, item: Item | None, prefix: str) -> None:
        for key, one in self._mapping(item).items():
            name = key if key.startswith(prefix) else prefix + key
            self.reading.node = name
            try:
                Pattern(NAME, "main_menu").read(Item(key, one.file, one.line, one.path), self.reading)
                self._parts.places[name] = Place(one.file, one.line)
                self._parts.nodes[name] = self._node(one)
            except Wrong as wrong:
                if wrong.problem is not None:
                    self.reading.note(wrong.problem)
        self.reading.node = ""

    def _node(self, item: Item) -> Node:
        if not isinstance(item.value, dict):
            raise Wrong(item.problem("not_a_mapping"))
        if "type" not in item.value:
            raise Wrong(item.problem("no_type", allowed=", ".join(NODES)))
        kind = item.value["type"]
        cls = NODES.get(scalar(kind))
        if cls is None:
            near = closest(scalar(kind), list(NODES))
            values = {"given": scalar(kind)[:60], "allowed": ", ".join(NODES), "near": near}
            raise Wrong(kind.problem("unknown_value", **values))
        node: Node = read_fields(cls, item, self.reading, besides=("type",))
        return node

    # --- subflows ---

    def _subflow(self, name: str, item: Item) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            self.reading.note(item.problem("form", given=name[:60], example="confirm_number"))
            return
        prefix = f"{name}/"
        fields = self._mapping(item)
        if "file" in fields:
            self._import(fields["file"], name, prefix)
            return
        self.reading.node_prefix = prefix
        head = _attempted(_SubflowHead, item, self.reading)
        self._nodes(fields.get("nodes"), prefix)
        self.reading.node_prefix = ""
        if head is not None:
            self._parts.subflows[name] = head.start

    def _import(self, item: Item, name: str, prefix: str) -> None:
        root = self._opened(item)
        if root is None:
            return
        self.reading.node_prefix = self.reading.prompt_prefix = prefix
        head = self._head(root)
        fields = self._fields(root)
        self._nodes(fields.get("nodes"), prefix)
        self.reading.node_prefix = self.reading.prompt_prefix = ""
        if "subflows" in fields:
            self.reading.note(fields["subflows"].problem("nested_import"))
        if head is not None:
            self._parts.subflows[name] = head.start
            prompts = {f"{prefix}{key}": one for key, one in head.prompts.items()}
            self._parts.imported.append(replace(head, prompts=prompts))

    def _opened(self, item: Item) -> Item | None:
        """A flow file beside this one: never outside its folder."""
        name = item.value if isinstance(item.value, str) else ""
        if self._folder is None or not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.ya?ml", name):
            self.reading.note(item.problem("no_import", given=name[:60]))
            return None
        try:
            return read_file(self._folder / name, name)
        except FlowRefused as refused:
            for problem in refused.problems:
                self.reading.note(problem)
            return None

    def _with_imports(self, head: Head) -> Head:
        """An imported flow brings its prompts, variables, contact fields, checks and hosts along."""
        for one in self._parts.imported:
            head = replace(
                head,
                prompts={**one.prompts, **head.prompts},
                variables={**one.variables, **head.variables},
                contact_fields={**one.contact_fields, **head.contact_fields},
                checks={**one.checks, **head.checks},
                http_hosts=tuple(dict.fromkeys([*head.http_hosts, *one.http_hosts])),
            )
        return head


def _attempted(cls: type, item: Item, reading: Reading) -> Any:
    try:
        return read_fields(cls, item, reading, besides=("nodes", "file"))
    except Wrong as wrong:
        if wrong.problem is not None:
            reading.note(wrong.problem)
        return None


def _assembled(head: Head, parts: _Parts) -> Flow:
    head, nodes = add_builtin(head, parts.nodes)
    document = _document(head, nodes, parts.subflows)
    version = hashlib.sha256(canonical(document)).hexdigest()
    return Flow(head, nodes, parts.subflows, document, version, parts.places)


def _document(head: Head, nodes: Mapping[str, Node], subflows: Mapping[str, str]) -> dict[str, Json]:
    document = plain_fields(head)
    document["nodes"] = {name: {"type": node.TYPE, **plain_fields(node)} for name, node in nodes.items()}
    if subflows:
        document["subflows"] = {name: {"start": start} for name, start in subflows.items()}
    return document

"""YAML and JSON as items that know their file and line.

Only plain YAML: no aliases (nothing is repeated, nothing grows), no tags, no key twice, at most 1 MB and 20 levels.
Scalars stay the text that was written: a field knows its type, so `no`, `010` and `12:30` are never taken for
something else.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ivr.flow.problems import FlowRefused, Problem

MOST_BYTES: Final = 1_000_000
MOST_LEVELS: Final = 20
_NULLS: Final = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class Item:
    """A text, a list or a mapping; None for nothing. `path` is the full name, such as `nodes.menu.choices.1`."""

    value: "str | list[Item] | dict[str, Item] | None"
    file: str
    line: int
    path: str = ""

    def problem(self, code: str, **values: Any) -> Problem:
        return Problem(code, self.file, self.line, where=self.path, values=values)


def read_file(path: Path, name: str | None = None) -> Item:
    """Raises `FlowRefused`."""
    name = name or str(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _refused(name, 1, "too_big")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as unreadable:
        raise _refused(name, 0, "unreadable", reason=unreadable.strerror or "") from None
    except UnicodeDecodeError:
        raise _refused(name, 1, "not_utf8") from None
    return read_text(text, name)


def read_text(text: str, name: str) -> Item:
    """The one document of a YAML text; raises `FlowRefused` with file and line."""
    if len(text) > MOST_BYTES:
        raise _refused(name, 1, "too_big")
    try:
        item = _Builder(text, name).document()
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        reason = str(wrong.problem or wrong.context)
        raise _refused(name, mark.line + 1 if mark else 1, "not_yaml", reason=reason) from None
    except yaml.YAMLError as wrong:
        raise _refused(name, 1, "not_yaml", reason=str(wrong).splitlines()[0]) from None
    if not isinstance(item.value, dict):
        raise _refused(name, 1, "no_mapping")
    return item


def read_document(document: Any, name: str) -> Item:
    """The same of a JSON value, which has no lines."""
    return _of_json(document, name, "", 0)


def _refused(name: str, line: int, code: str, **values: Any) -> FlowRefused:
    return FlowRefused([Problem(code, name, line, values=values)])


class _Builder:
    """Straight from the parser's events: an alias or a tag is refused before anything is made of it."""

    def __init__(self, text: str, name: str) -> None:
        self._loader, self._name = yaml.SafeLoader(text), name
        self._level = 0

    def document(self) -> Item:
        while not isinstance(event := self._event(), yaml.DocumentStartEvent):
            if isinstance(event, yaml.StreamEndEvent):
                raise _refused(self._name, 1, "no_mapping")
        item = self._item("")
        while not isinstance(event := self._event(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                raise _refused(self._name, _line(event), "two_documents")
        return item

    def _event(self) -> yaml.Event:
        event: yaml.Event = self._loader.get_event()  # type: ignore[no-untyped-call]
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise _refused(self._name, line, "alias", anchor=event.anchor)
        if isinstance(event, yaml.NodeEvent) and (tag := getattr(event, "tag", None)) is not None:
            raise _refused(self._name, line, "tag", tag=tag)
        return event

    def _item(self, path: str, event: yaml.Event | None = None) -> Item:
        event = event or self._event()
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None
            return Item(None if plain and event.value in _NULLS else event.value, self._name, line, path)
        self._level += 1
        if self._level > MOST_LEVELS:
            raise _refused(self._name, line, "too_deep", most=MOST_LEVELS)
        value = self._list(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)
        self._level -= 1
        return Item(value, self._name, line, path)

    def _list(self, path: str) -> list[Item]:
        items: list[Item] = []
        while not isinstance(event := self._event(), yaml.SequenceEndEvent):
            items.append(self._item(f"{path}[{len(items)}]", event))
        return items

    def _mapping(self, path: str) -> dict[str, Item]:
        fields: dict[str, Item] = {}
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused(self._name, line, "odd_key")
            key = event.value
            here = f"{path}.{key}" if path else key
            if key in fields:
                raise _refused(self._name, line, "key_twice", key=here, first=fields[key].line)
            item = self._item(here)
            # a mapping's first line is that of its key, which is where people look
            fields[key] = Item(item.value, item.file, line, here)
        return fields


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _of_json(value: Any, name: str, path: str, level: int) -> Item:
    if level > MOST_LEVELS:
        raise _refused(name, 1, "too_deep", most=MOST_LEVELS)
    if isinstance(value, dict):
        fields = {
            str(key): _of_json(one, name, f"{path}.{key}" if path else str(key), level + 1)
            for key, one in value.items()
        }
        return Item(fields, name, 0, path)
    if isinstance(value, list):
        listed = [_of_json(one, name, f"{path}[{place}]", level + 1) for place, one in enumerate(value)]
        return Item(listed, name, 0, path)
    if value is None or isinstance(value, str):
        return Item(value, name, 0, path)
    return Item(json.dumps(value), name, 0, path)

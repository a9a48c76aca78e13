"""YAML with places: every value knows its file and line, so that a refusal says where the mistake is.

Only plain YAML: no aliases (nothing is repeated, nothing grows), no tags, no key twice, at most 1 MB and 20 levels.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import NoReturn, Self

import yaml

from dialer.errors import BadInput

MOST_BYTES = 1_000_000
_MOST_LEVELS = 20
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null")}
_PLAIN_TAGS |= {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value", "tag:yaml.org,2002:merge"}

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_PIECE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)(?![a-z])")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_SHARE = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*(%?)")
_BEFORE_END = re.compile(r"(.+?)\s+before\s+(?:the\s+)?end")


class _Named(StringIO):
    """A text that knows its file: both parsers of the library take the name from there."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


# the library's own parser is twenty times as slow as that of libyaml, which not every installation has
_QUICK: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str, name: str) -> yaml.Node:
    """The one document of a file; raises `BadInput` with file and line."""
    try:
        node = _node(text, name)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        line = mark.line + 1 if mark else 1
        raise BadInput(f"{name}:{line}: not readable as YAML: {wrong.problem or wrong.context}") from None
    except yaml.YAMLError as wrong:
        raise BadInput(f"{name}:1: not readable as YAML: {str(wrong).splitlines()[0]}") from None
    if not isinstance(node, yaml.MappingNode):
        raise BadInput(f"{name}:1: the file is a mapping of names to values, such as `title: My title`")
    return node


def _node(text: str, name: str) -> yaml.Node | None:
    try:
        _examine(text, name, _QUICK)
        return _QUICK(_Named(text, name)).get_single_node()
    except yaml.YAMLError:
        # the slow one says better where the mistake is
        _examine(text, name, yaml.SafeLoader)
        return yaml.SafeLoader(_Named(text, name)).get_single_node()


def read(path: Path, name: str) -> yaml.Node:
    return parse(read_text(path, name), name)


def read_text(path: Path, name: str) -> str:
    """Raises `BadInput` for a file that cannot be read, is too large or is no text."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{name}: larger than 1 MB: that is no file written by hand")
        return path.read_text("utf-8")
    except OSError as unreadable:
        raise BadInput(f"cannot read {name}: {unreadable.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{name}: not UTF-8 text") from None


def _examine(text: str, name: str, kind: type[yaml.SafeLoader]) -> None:
    """Event by event, before anything is built of them."""
    loader, level = kind(_Named(text, name)), 0
    while (event := loader.get_event()) is not None:  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise BadInput(f"{name}:{line}: aliases (*{event.anchor}) are not allowed: write the value again")
        if isinstance(event, yaml.NodeEvent) and (tag := getattr(event, "tag", None)) is not None:
            raise BadInput(f"{name}:{line}: tags ({tag}) are not allowed")
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > _MOST_LEVELS:
            raise BadInput(f"{name}:{line}: nested more than {_MOST_LEVELS} levels deep")


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the file: `path` is its full name, such as `calls.talk.lognormal.mean`."""

    node: yaml.Node
    path: str = ""

    def of(self, node: yaml.Node, path: str) -> Self:
        """A value inside this one."""
        return type(self)(node, path)

    def wrong(self, what: str) -> NoReturn:
        mark = self.node.start_mark
        name = f" {self.path}:" if self.path else ""
        raise BadInput(f"{mark.name}:{mark.line + 1}:{name} {what}", self.path or None)

    # --- structure ----------------------------------------------------------------------------------------------------

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def mapping(self, allowed: Collection[str] | None = None) -> dict[str, Self]:
        """Its fields by key. With `allowed`, any other key is refused."""
        if not isinstance(self.node, yaml.MappingNode):
            self.wrong(f"must be a mapping of {', '.join(allowed)}" if allowed else "must be a mapping")
        fields: dict[str, Self] = {}
        for key, value in self.node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            at_key = self.of(key, f"{self.path}.{name}" if self.path else name)
            if allowed is not None and name not in allowed:
                at_key.wrong(f"unknown; allowed are {', '.join(allowed)}")
            if name in fields:
                at_key.wrong("is given twice")
            fields[name] = self.of(value, at_key.path)
        return fields

    def items(self) -> Iterator[Self]:
        if not isinstance(self.node, yaml.SequenceNode):
            self.wrong("must be a list: one line each, beginning with -")
        for place, item in enumerate(self.node.value):
            yield self.of(item, f"{self.path}[{place}]")

    # --- values -------------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            self.wrong("must be a single value")
        return str(self.node.value).strip()

    def words(self, most: int = 200) -> str:
        text = self.text
        if not text or len(text) > most or not text.isprintable():
            self.wrong(f"must be 1 to {most} characters on one line")
        return text

    def one_of(self, allowed: Collection[str]) -> str:
        if self.text not in allowed:
            self.wrong(f"{self.text!r} is unknown; allowed are {', '.join(allowed)}")
        return self.text

    def yes(self) -> bool:
        return self.one_of(("yes", "no", "true", "false")) in ("yes", "true")

    def number(self, least: float, most: float) -> float:
        if not _NUMBER.fullmatch(self.text):
            self.wrong(f"{self.text!r} is not a number from {least:g} to {most:g}")
        if not least <= (value := float(self.text)) <= most:
            self.wrong(f"{self.text} is out of range: allowed is {least:g} to {most:g}")
        return value

    def whole(self, least: int, most: int) -> int:
        if not re.fullmatch(r"[-+]?\d{1,15}", self.text):
            self.wrong(f"{self.text!r} is not a whole number from {least} to {most}")
        return int(self.number(least, most))

    def share(self, most: float = 1.0) -> float:
        """0 to 1, or with a percent sign 0 % to 100 %."""
        written = _SHARE.fullmatch(self.text)
        if written is None:
            self.wrong(f"{self.text!r} is not a share: say 0.3 or 30 %")
        value = float(written[1]) / (100.0 if written[2] else 1.0)
        if not 0.0 <= value <= most:
            hint = f"; say {written[1]} % if you mean that" if most < value <= 100 and not written[2] else ""
            self.wrong(f"{self.text} is out of range: allowed is 0 to {most:g}, or 0 % to {most:.0%}{hint}")
        return value

    def duration(self, least: float = 0.0, most: float = 7 * 86_400.0) -> float:
        """Seconds, from "90 s", "15 min", "8 h 30 min"."""
        return self._within(self._seconds(self.text), least, most)

    def moment(self, day_s: float) -> float:
        """A time of the day, from its beginning or its end: "3 h", "20 min before the end"."""
        if (from_end := _BEFORE_END.fullmatch(self.text)) is not None:
            value = day_s - self._seconds(from_end[1])
        else:
            value = self._seconds(self.text)
        if not 0.0 <= value <= day_s:
            self.wrong(f"{self.text} is outside the day of {spoken(day_s)}")
        return value

    def _seconds(self, text: str) -> float:
        total, place = 0.0, 0
        while place < len(text):
            piece = _PIECE.match(text, place)
            if piece is None:
                hint = f"say {text} s" if _NUMBER.fullmatch(text) else "say 90 s, 15 min or 8 h"
                self.wrong(f"{text!r} is not a time: {hint}")
            total, place = total + float(piece[1]) * _UNITS[piece[2]], piece.end()
        if not text:
            self.wrong("is empty: say 90 s, 15 min or 8 h")
        return total

    def _within(self, value: float, least: float, most: float) -> float:
        if not least <= value <= most:
            self.wrong(f"{self.text} is out of range: allowed is {spoken(least)} to {spoken(most)}")
        return value


def spoken(seconds: float) -> str:
    """A time as these files write it."""
    for unit in ("d", "h", "min"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:g} {unit}"
    return f"{seconds:g} s"

"""The marks that turn a usable configuration file into a template. All of them are comments to Asterisk.

key = value      ; @name            the value is replaced; the line is left out when the name has no value
;key = value     ; @name            the same; the line comes to life when the name has a value
key = a-sample   ; @a-{name}        text around names
[sample]         ; @trunk-{name}    the same for a section's name
; @for trunk  …  ; @end             repeated for each trunk; gone when there is none
; @if name    …  ; @end             kept when the name has a value
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dialer.errors import Misconfigured

Values: TypeAlias = Mapping[str, str | None]

_BLOCK = re.compile(r"^\s*; @(for|if|end)\b\s*(\w*)\s*$")
_MARKED = re.compile(r"^(?P<text>.*?)\s*; @(?P<mark>\S+)\s*$")
_NAMED = re.compile(r"\{(\w+)\}")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f;\[\]]")


@dataclass(frozen=True)
class Scope:
    """Values by name, and for each kind of block the values of its repetitions."""

    values: Values
    each: Mapping[str, Sequence[Values]] = field(default_factory=dict)

    def inner(self, values: Values) -> "Scope":
        return Scope({**self.values, **values}, self.each)


def fill(text: str, scope: Scope, file: str) -> str:
    """The text with every mark carried out. Raises `Misconfigured` with file and line for a mark that makes no sense."""
    lines = iter(enumerate(text.splitlines(), start=1))
    return "".join(f"{line}\n" for line in _fill(lines, scope, file))


def _fill(lines: Iterator[tuple[int, str]], scope: Scope, file: str) -> Iterator[str]:
    for number, line in lines:
        place = f"{file}:{number}"
        block = _BLOCK.match(line)
        if block is None:
            yield from _fill_line(line, scope, place)
        elif block[1] == "end":
            raise Misconfigured(f"{place}: '; @end' without a '; @for' or '; @if' before it: remove it")
        else:
            inside = list(_body(lines, place))
            for one in _repetitions(block[1], block[2], scope, place):
                yield from _fill(iter(inside), one, file)


def _body(lines: Iterator[tuple[int, str]], place: str) -> Iterator[tuple[int, str]]:
    """The lines up to the matching end."""
    depth = 1
    for number, line in lines:
        if block := _BLOCK.match(line):
            depth += -1 if block[1] == "end" else 1
            if depth == 0:
                return
        yield number, line
    raise Misconfigured(f"{place}: the block has no '; @end': add one")


def _repetitions(kind: str, name: str, scope: Scope, place: str) -> list[Scope]:
    if kind == "if":
        return [scope] if _value(name, scope, place) is not None else []
    if name not in scope.each:
        raise Misconfigured(
            f"{place}: '@for {name}': there are only {', '.join(sorted(scope.each)) or 'none'}"
        )
    return [scope.inner(values) for values in scope.each[name]]


def _fill_line(line: str, scope: Scope, place: str) -> Iterator[str]:
    marked = _MARKED.match(line)
    if marked is None or marked["text"].lstrip().startswith("; "):
        yield line
        return
    value = _expand(marked["mark"], scope, place)
    if value is None:
        return
    text = marked["text"].lstrip(";")
    if text.startswith("["):
        yield f"[{value}]"
    elif "=" in text:
        arrow = "=>" if "=>" in text else "="
        yield f"{text.split('=', 1)[0].rstrip()} {arrow} {value}"
    else:
        raise Misconfigured(f"{place}: a mark belongs behind '[section]' or 'key = value', not {text!r}")


def _expand(mark: str, scope: Scope, place: str) -> str | None:
    if "{" not in mark:
        return _value(mark, scope, place)
    found = {name: _value(name, scope, place) for name in _NAMED.findall(mark)}
    if None in found.values():
        return None
    return _NAMED.sub(lambda name: found[name[1]] or "", mark)


def _value(name: str, scope: Scope, place: str) -> str | None:
    if name not in scope.values:
        raise Misconfigured(f"{place}: '@{name}' is not a known name: {', '.join(sorted(scope.values))}")
    value = scope.values[name]
    if value is not None and _FORBIDDEN.search(value):
        # the value itself may be a secret
        raise Misconfigured(f"{place}: the value of {name} must be one line without ';', '[' or ']'")
    return value

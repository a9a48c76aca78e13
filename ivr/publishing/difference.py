"""What differs between two versions of a flow: nodes first, then prompts and everything else, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ivr.flow.model import Flow

_NAMED = ("nodes", "prompts", "subflows")


@dataclass(frozen=True, slots=True)
class Change:
    """`part`: nodes, prompts, subflows, or flow for the rest. `field` is empty when the whole was added or removed."""

    part: str
    name: str
    what: Literal["added", "removed", "changed"]
    field: str = ""
    before: Any = None
    after: Any = None


def difference(before: Flow, after: Flow) -> list[Change]:
    one, other = before.document, after.document
    changes = [change for part in _NAMED for change in _named(part, one.get(part, {}), other.get(part, {}))]
    rest = [{key: value for key, value in document.items() if key not in _NAMED} for document in (one, other)]
    return [*changes, *_fields("flow", "", rest[0], rest[1])]


def _named(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield Change(part, name, "removed", before=before[name])
        elif name not in before:
            yield Change(part, name, "added", after=after[name])
        else:
            yield from _fields(part, name, before[name], after[name])


def _fields(part: str, name: str, before: Any, after: Any, path: str = "") -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            below = f"{path}.{key}" if path else key
            if key not in after:
                yield Change(part, name, "changed", below, before=before[key])
            elif key not in before:
                yield Change(part, name, "changed", below, after=after[key])
            else:
                yield from _fields(part, name, before[key], after[key], below)
        return
    yield Change(part, name, "changed", path, before, after)

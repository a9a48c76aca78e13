"""A file of test cases becomes cases, or a refusal that says where and why not."""

from pathlib import Path
from typing import Any

import yaml

from dialer.compliance.vectors.run import Case
from dialer.errors import BadInput
from dialer.rulebook.fields import RuleField
from dialer.yaml_file import parse, read_text

_TOP = ("schema_version", "cases")
_CASE = ("id", "kind", "profile", "given", "expect", "note")
_VERSION = "1"


def read_cases(file: Path) -> list[Case]:
    """Raises `BadInput` with file, line and column."""
    name = str(file)
    return cases_of(read_text(file, name), name)


def cases_of(text: str, name: str) -> list[Case]:
    root = RuleField(parse(text, name))
    top = root.mapping(_TOP)
    for needed in _TOP:
        if needed not in top:
            root.wrong(f"{needed} is missing; a file of cases has {', '.join(_TOP)}")
    if top["schema_version"].text != _VERSION:
        top["schema_version"].wrong(f"is {top['schema_version'].text}; this program reads {_VERSION}")
    found: dict[str, Case] = {}
    for item in top["cases"].items():
        case = _case(item)
        if case.id in found:
            item.mapping()["id"].wrong(
                f"{case.id} is the id of the case in line {found[case.id].line} already"
            )
        found[case.id] = case
    return list(found.values())


def _case(item: RuleField) -> Case:
    given = item.mapping(_CASE)
    for needed in ("id", "kind", "given", "expect"):
        if needed not in given:
            item.wrong(f"{needed} is missing; a case has {', '.join(_CASE)}")
    which = given["id"].words(40)
    return Case(
        id=which,
        kind=given["kind"].words(40),
        profiles=tuple(each.words(40) for each in given["profile"].items()) if "profile" in given else (),
        given=_values(given["given"]),
        expect=_values(given["expect"]),
        note=given["note"].text if "note" in given else "",
        line=item.node.start_mark.line + 1,
    )


def _values(field: RuleField) -> dict[str, Any]:
    field.mapping()
    try:
        made: dict[str, Any] = yaml.SafeLoader("").construct_document(field.node)
    except (yaml.YAMLError, ValueError) as wrong:
        raise BadInput(f"{field.node.start_mark.name}:{field.node.start_mark.line + 1}: {wrong}") from None
    return made

"""The published JSON Schema: good by itself, the same as the one kept, and of one mind with the reader."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ivr.flow.nodes import NODES
from ivr.flow.reader import check_text
from ivr.flow.schema import flow_schema
from ivr.samples import names, sample, text
from tests.unit.ivr.flow.test_reader import GOOD

pytestmark = pytest.mark.unit

KEPT = Path(__file__).parents[4] / "docs" / "ivr-flow.schema.json"


class Core(yaml.SafeLoader):
    """As editors read YAML 1.2: true and false alone are booleans, and a date is text."""


Core.yaml_implicit_resolvers = {
    key: [(tag, form) for tag, form in forms if not tag.endswith((":timestamp", ":bool"))]
    for key, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def valid(source: str) -> bool:
    parsed: Any = yaml.load(source, Loader=Core)  # noqa: S506  a safe loader
    return not list(jsonschema.Draft202012Validator(flow_schema()).iter_errors(parsed))


def test_it_is_a_schema_and_the_one_that_is_published() -> None:
    jsonschema.Draft202012Validator.check_schema(flow_schema())
    assert json.loads(KEPT.read_text("utf-8")) == flow_schema(), (
        "fairdial ivr schema > docs/ivr-flow.schema.json"
    )


@pytest.mark.parametrize("name", names())
def test_flows_that_ship_follow_it_as_written_and_as_published(name: str) -> None:
    validator = jsonschema.Draft202012Validator(flow_schema())
    assert valid(text(name))
    assert [error.message for error in validator.iter_errors(sample(name).document)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("prompt: menu", "promt: menu"),
        ("type: menu", "type: menus"),
        ("type: menu", "type: menu\n    tries: 11"),
        ("type: menu", "type: menu\n    barge_in: maybe"),
        ("start: welcome", "stat: welcome"),
        ("languages: [zh, en]", "languages: []"),
        ('"2": bye', '"2": {nxt: bye}'),
    ],
)
def test_schema_and_reader_refuse_the_same(old: str, new: str) -> None:
    assert valid(GOOD)
    broken = GOOD.replace(old, new)
    assert not valid(broken)
    assert not check_text(broken).usable


def test_every_kind_of_node_and_every_field_is_described() -> None:
    definitions = flow_schema()["$defs"]
    for name in NODES:
        fields = definitions[f"node_{name}"]["properties"]
        assert all(field.get("description") or field.get("const") for field in fields.values()), name

"""The document and the routes come from one registry, and the answers are as the document says."""

import re
from typing import Any

import jsonschema
import pytest

from dialer.web.app import OPERATIONS
from dialer.web.openapi import document
from tests.unit.dialer.web.conftest import Served
from tests.unit.dialer.web.test_access import OPEN, path_of

pytestmark = pytest.mark.unit

DOCUMENT = document(OPERATIONS, "0")
OUTSIDE = re.compile(r"/(static/.*|\{anything\})?")


def test_every_route_is_in_the_document_and_the_other_way_round(served: Served) -> None:
    routes = set()
    for route in served.app.router.routes():
        path = route.resource.canonical if route.resource is not None else ""
        if route.method != "HEAD" and not OUTSIDE.fullmatch(path):
            routes.add((route.method.lower(), path))
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert routes == described


def test_names_of_operations_are_unique() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_every_operation_except_health_and_signing_in_asks_for_a_token() -> None:
    for methods in DOCUMENT["paths"].values():
        for entry in methods.values():
            assert bool(entry["security"]) is (entry["operationId"] not in OPEN)


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for reference in re.findall(r"'#/components/schemas/([^']+)'", str(DOCUMENT)):
        assert reference in schemas


def test_every_schema_is_a_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


async def test_answers_are_as_described(served: Served) -> None:
    for operation in OPERATIONS:
        if operation.method != "GET" or operation.response is None:
            continue
        status, answer = await served.get(path_of(operation))
        assert status == operation.status
        jsonschema.validate(answer, _whole(operation.path))


def _whole(path: str) -> Any:
    schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return {**schema, "components": DOCUMENT["components"]}


async def test_the_document_is_served(served: Served) -> None:
    status, answer = await served.get("/api/v1/openapi.json", role="read_only")
    assert status == 200
    assert answer["openapi"] == "3.1.0"
    assert answer["paths"].keys() == DOCUMENT["paths"].keys()

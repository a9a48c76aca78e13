"""The OpenAPI 3.1 document, made from the same operations as the routes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from dialer.web.models import Problem
from dialer.web.operations import TEXT_PARAMETERS, UUID_PARAMETERS, Operation

_REF = "#/components/schemas/{model}"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}

DOCUMENT: web.AppKey[Mapping[str, Any]] = web.AppKey("openapi", Mapping)


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    wanted = [each for one in operations for each in _models(one)]
    references, schemas = _schemas(tuple(dict.fromkeys([*wanted, (Problem, "serialization")])))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _entry(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fairdial", "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


@cache
def _schemas(models: tuple[tuple[type[BaseModel], str], ...]) -> tuple[Mapping[Any, Any], Mapping[str, Any]]:
    references, definitions = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
    return dict(references), definitions.get("$defs", {})


def _models(operation: Operation) -> Iterator[tuple[type[BaseModel], str]]:
    if operation.request is not None:
        yield operation.request, "validation"
    if operation.response is not None:
        yield operation.response, "serialization"


def _entry(operation: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [_tag(operation.path)],
        "parameters": [*_in_path(operation), *_in_query(operation)],
        "responses": _responses(operation, references),
        "security": [{"token": []}] if operation.role is not None else [],
    }
    if operation.role is not None:
        entry["x-role"] = str(operation.role)
    if (body := _body(operation, references)) is not None:
        entry["requestBody"] = body
    return entry


def _tag(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[2] if parts[0] == "api" else "service"


def _in_path(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in operation.parameters:
        yield {"name": name, "in": "path", "required": True, "schema": _path_schema(name)}


def _path_schema(name: str) -> dict[str, Any]:
    if name in UUID_PARAMETERS:
        return {"type": "string", "format": "uuid"}
    if name in TEXT_PARAMETERS:
        return {"type": "string", "pattern": f"^{TEXT_PARAMETERS[name]}$"}
    return {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**18}


def _in_query(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    schema = operation.query.model_json_schema(ref_template=_REF)
    inlined = schema.get("$defs", {})
    for name, field in schema["properties"].items():
        yield {"name": name, "in": "query", "required": False, "schema": _inline(field, inlined)}


def _inline(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Query fields are small: what they refer to is put in their place."""
    if isinstance(schema, list):
        return [_inline(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return definitions[schema["$ref"].rsplit("/", 1)[-1]]
    return {key: _inline(value, definitions) for key, value in schema.items()}


def _body(operation: Operation, references: Mapping[Any, Any]) -> dict[str, Any] | None:
    if operation.request is not None:
        schema = references[operation.request, "validation"]
        optional = not operation.request.model_json_schema().get("required")
        return {"required": not optional, "content": {operation.takes: {"schema": schema}}}
    if operation.takes != "application/json":
        return {"required": True, "content": {operation.takes: {"schema": {"type": "string"}}}}
    return None


def _responses(operation: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": operation.summary}
    if operation.response is not None:
        good["content"] = {operation.sends: {"schema": references[operation.response, "serialization"]}}
    elif operation.status != 204:
        good["content"] = {operation.sends: {"schema": {}}}
    return {
        str(operation.status): good,
        "default": {"description": "A problem (RFC 9457)", "content": _PROBLEM},
    }

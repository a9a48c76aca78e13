"""The JSON Schema (2020-12) of a flow file, from the same declarations that read it: editors complete and check by it."""

from typing import Any

from ivr.flow.kinds import NAME
from ivr.flow.model import Head
from ivr.flow.nodes import NODES, Node
from ivr.flow.records import schema_of

ID = "https://fairdial.example/schemas/ivr-flow.json"


def flow_schema() -> dict[str, Any]:
    schema = schema_of(Head)
    nodes = {
        "type": "object",
        "description": "the nodes by name",
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": {"$ref": "#/$defs/node"},
    }
    schema["properties"] |= {"nodes": nodes, "subflows": _subflows(nodes)}
    schema["required"].append("nodes")
    kinds = {f"node_{name}": _node(name, cls) for name, cls in NODES.items()}
    chosen = [
        {"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/$defs/node_{name}"}}
        for name in NODES
    ]
    node = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": list(NODES), "description": "what the node does"}},
        "allOf": chosen,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Fairdial IVR flow",
        **schema,
        "$defs": {"node": node, **kinds},
    }


def _node(name: str, cls: type[Node]) -> dict[str, Any]:
    schema = schema_of(cls)
    schema["properties"] = {"type": {"const": name}, **schema["properties"]}
    schema["description"] = " ".join((cls.__doc__ or name).split()) if not _generated(cls) else name
    return schema


def _generated(cls: type) -> bool:
    """A dataclass without a docstring gets its signature for one."""
    return (cls.__doc__ or "").startswith(f"{cls.__name__}(")


def _subflows(nodes: dict[str, Any]) -> dict[str, Any]:
    inside = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "start": {"type": "string", "description": "the node the subflow begins with"},
            "nodes": nodes,
            "file": {"type": "string", "pattern": r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.ya?ml$"},
        },
        "anyOf": [{"required": ["start"]}, {"required": ["file"]}],
    }
    return {"type": "object", "description": "flows within the flow, by name", "additionalProperties": inside}

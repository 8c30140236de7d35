"""/openapi.json, made of the table of routes and of the Structs that parse what they are sent: it cannot differ."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from titans_edge import versions
from titans_edge.server.http import Endpoint

REFERENCE = "#/components/schemas/{name}"
TYPES = {"int": {"type": "integer", "minimum": 0}, "path": {"type": "string"}, "": {"type": "string"}}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
MEMORY = (
    {"name": "X-Memory", "in": "header", "schema": {"type": "string"}, "description": "Which memory; none: without."},
    {"name": "memory", "in": "query", "schema": {"type": "string"}, "description": "The same, where no header says."},
)
LEARN = {"name": "X-Learn", "in": "header", "schema": {"enum": ["on", "off"]}, "description": "off: learn nothing."}
OTHER = {"/": "text/html", "/page/{name}": "*/*", "/metrics": "text/plain", "/v1/memory/export": "application/x-ndjson"}
MADE = ("/v1/memory/spans", "POST")  # answered with 201


def document(table: Sequence[tuple[str, str, Endpoint]]) -> dict[str, Any]:
    """An OpenAPI 3.1 document of these routes: (path, method, endpoint)."""
    bodies = [e.body for _, _, e in table if e.body is not None]
    schemas, named = msgspec.json.schema_components(bodies, ref_template=REFERENCE)
    of = dict(zip(bodies, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, endpoint in table:
        plain = re.sub(r"\{(\w+)(?::\w+)?\}", r"{\1}", path)
        paths.setdefault(plain, {})[method.lower()] = _operation(path, plain, method, endpoint, of)
    key = {"type": "http", "scheme": "bearer", "description": "Where the server has API keys."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Titans Edge", "version": versions.of("titans-edge") or "0"},
        "paths": paths,
        "components": {"schemas": {**named, "Error": ERROR}, "securitySchemes": {"key": key}},
        "security": [{}, {"key": []}],
    }


def _operation(path: str, plain: str, method: str, endpoint: Endpoint, of: dict[type, Any]) -> dict[str, Any]:
    kind = OTHER.get(plain, "application/json")
    good = {"description": "Done.", "content": {kind: {"schema": {"type": "object"} if "json" in kind[:16] else {}}}}
    wrong = {"description": "Refused, and why.", "content": {"application/json": {"schema": _error()}}}
    out: dict[str, Any] = {
        "summary": inspect.getdoc(endpoint.answer),
        "parameters": _parameters(path, endpoint),
        "responses": {"201" if (plain, method) == MADE else "200": good, "default": wrong},
    }
    if endpoint.body is not None:
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": of[endpoint.body]}}}
    return out


def _error() -> dict[str, str]:
    return {"$ref": REFERENCE.format(name="Error")}


def _parameters(path: str, endpoint: Endpoint) -> list[dict[str, Any]]:
    found = re.findall(r"\{(\w+)(?::(\w+))?\}", path)
    out = [{"name": name, "in": "path", "required": True, "schema": TYPES[kind]} for name, kind in found]
    if endpoint.query is not None:
        (schema,), named = msgspec.json.schema_components([endpoint.query], ref_template="{name}")
        fields = named[schema["$ref"]]
        out += [
            {"name": name, "in": "query", "required": name in fields.get("required", ()), "schema": value}
            for name, value in fields["properties"].items()
        ]
    if path.startswith(("/v1/memory", "/v1/chat", "/v1/responses", "/v1/surprise")):
        out += [*MEMORY, *([LEARN] if path.startswith(("/v1/chat", "/v1/responses")) else [])]
    return out

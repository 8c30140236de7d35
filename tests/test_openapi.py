"""/openapi.json says what the server does: each route, each field that is read; and nothing it allows breaks it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.serving import Server, serving
from titans_edge.backbone.sampling import Sampling
from titans_edge.server import app, openapi
from titans_edge.server.settings import Settings
from titans_edge.server.wire import ChatRequest

EXAMPLES = 5  # of each operation


@pytest.fixture(scope="module")
def server(users_home: Path, tiny_path: Path, graft_path: Path) -> Iterator[Server]:
    with serving(tiny_path, graft_path, Settings(port=0, sampling=Sampling(max_tokens=4), reply_seconds=1)) as server:
        yield server


def test_the_document_has_every_route_there_is_and_no_other(server: Server) -> None:
    document = server.client.get("/openapi.json").json()
    described = {(path, method.upper()) for path, ways in document["paths"].items() for method in ways}
    served = {
        (re.sub(r":\w+", "", route.path), method)
        for route in server.app.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
    }
    assert described == served == {(re.sub(r":\w+", "", path), method) for path, method, _ in app.table()}
    for path, ways in document["paths"].items():
        for method, operation in ways.items():
            assert operation["summary"], (path, method)
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_a_body_s_schema_is_of_the_struct_that_parses_it(server: Server) -> None:
    schema = server.client.get("/openapi.json").json()["components"]["schemas"]["ChatRequest"]
    assert set(schema["properties"]) == {f.encode_name for f in msgspec.structs.fields(ChatRequest)}
    assert schema["required"] == ["messages"]
    takes = {(path, method) for path, method, e in app.table() if e.body is not None}
    document = openapi.document(app.table())
    assert takes == {(p, m.upper()) for p, ways in document["paths"].items() for m in ways if "requestBody" in ways[m]}
    assert all(method == "POST" for _, method in takes)
    refs = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert refs == set(document["components"]["schemas"])


def test_queries_are_described_as_they_are_checked(server: Server) -> None:
    found = server.client.get("/openapi.json").json()["paths"]["/v1/memory/search"]["get"]["parameters"]
    by_name: dict[str, Any] = {p["name"]: p for p in found}
    assert by_name["query"]["required"] and not by_name["limit"]["required"]
    most = by_name["limit"]["schema"]["maximum"]
    at = "/v1/memory/search?query=x&limit="
    assert server.client.get(f"{at}{most}").status_code == 200
    wrong = server.client.get(f"{at}{most + 1}")
    assert wrong.status_code == 400 and wrong.json()["error"]["param"] == "limit"
    assert server.client.get("/v1/memory/search").json()["error"]["param"] == "query"


@pytest.mark.slow
def test_nothing_that_the_document_allows_or_forbids_is_answered_with_an_error_of_the_server(server: Server) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    checks = [not_a_server_error, response_schema_conformance, status_code_conformance]
    seen = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:
            quick = settings(
                max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip

            @quick
            @given(case=operation.as_strategy(generation_mode=mode))
            def holds(case: Any) -> None:
                case.call_and_validate(base_url=server.url, checks=checks, timeout=60)

            # of an operation without parameters, or with any text for one, nothing is wrong
            with contextlib.suppress(*[Unsatisfiable] if mode is GenerationMode.NEGATIVE else []):
                holds()
        seen.add((operation.path, operation.method.upper()))
    there = {(re.sub(r":\w+", "", path), method) for path, method, _ in app.table()}
    assert seen == there - {("/openapi.json", "GET")}, "schemathesis leaves out the document itself"
    assert server.client.get("/healthz").json()["waiting"] == 0

"""The documentation is true: what it shows works, and what works it shows."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from prismiq.access import AccessPolicy
from prismiq.api import create_router, public_context
from prismiq.api.documentation import QUERY_BODY, inlined
from prismiq.dashboards import MemoryStore
from prismiq.engine import PrismiqEngine
from prismiq.query import QueryDefinition

EXAMPLES = QUERY_BODY["content"]["application/json"]["examples"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = FastAPI()
    engine = PrismiqEngine("postgresql://nowhere", policy=AccessPolicy.open(), store=MemoryStore())
    app.include_router(create_router(engine, get_context=public_context), prefix="/prismiq")
    return app.openapi()


LINES = "application/x-ndjson"


def test_paths(document: dict[str, Any]) -> None:
    found = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert found == {
        "GET /prismiq/schema",
        "GET /prismiq/schema/tables/{table}",
        "GET /prismiq/schema/tables/{table}/columns/{column}/values",
        "GET /prismiq/schema/table",
        "GET /prismiq/schema/values",
        "POST /prismiq/query",
        "POST /prismiq/query/batch",
        "POST /prismiq/query/validate",
        "POST /prismiq/query/sql",
        "POST /prismiq/query/explain",
        "GET /prismiq/query/schema",
        "GET /prismiq/dashboards",
        "POST /prismiq/dashboards",
        "POST /prismiq/dashboards/import",
        "GET /prismiq/dashboards/{id}",
        "PATCH /prismiq/dashboards/{id}",
        "DELETE /prismiq/dashboards/{id}",
        "POST /prismiq/dashboards/{id}/duplicate",
        "POST /prismiq/dashboards/{id}/data",
        "GET /prismiq/dashboards/{id}/filters/{filter}/values",
        "GET /prismiq/dashboards/{id}/export",
        "POST /prismiq/dashboards/{id}/widgets",
        "PATCH /prismiq/dashboards/{id}/widgets/{widget}",
        "DELETE /prismiq/dashboards/{id}/widgets/{widget}",
        "PUT /prismiq/dashboards/{id}/layout",
        "GET /prismiq/saved-queries",
        "POST /prismiq/saved-queries",
        "GET /prismiq/saved-queries/{id}",
        "PATCH /prismiq/saved-queries/{id}",
        "DELETE /prismiq/saved-queries/{id}",
        "POST /prismiq/saved-queries/{id}/duplicate",
        "GET /prismiq/pins",
        "POST /prismiq/pins",
        "PUT /prismiq/pins/order",
        "DELETE /prismiq/pins/{id}",
        "GET /prismiq/health/live",
        "GET /prismiq/health/ready",
    }


def test_without_a_store_there_are_no_dashboards() -> None:
    app = FastAPI()
    engine = PrismiqEngine("postgresql://nowhere", policy=AccessPolicy.open())
    app.include_router(create_router(engine, get_context=public_context))
    assert not [path for path in app.openapi()["paths"] if path.startswith(("/dashboards", "/saved", "/pins"))]


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    operations: set[str] = set()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert operation["description"], path
            assert operation["operationId"] not in operations
            operations.add(operation["operationId"])
            (success,) = [status for status in operation["responses"] if status.startswith("2")]
            if success != "204":
                content = next(iter(operation["responses"][success]["content"].items()))
                other = {"query/schema": "application/schema+json", "{id}/data": LINES, "query/batch": LINES}
                assert content[0] == other.get("/".join(path.split("/")[-2:]), "application/json"), path
                assert content[1]["schema"], path
            for status, response in operation["responses"].items():
                if status == "304":
                    assert "content" not in response
                    assert [each["name"] for each in operation["parameters"] if each["name"] == "If-None-Match"]
                elif status != success:
                    assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_headers_are_documented(document: dict[str, Any]) -> None:
    query = document["paths"]["/prismiq/query"]["post"]
    sent = [each["name"] for each in query["parameters"] if each["in"] == "header"]
    assert sent == ["Prefer", "If-None-Match", "Cache-Control"]
    assert set(query["responses"]["200"]["headers"]) == {
        "ETag", "X-Query-Id", "Server-Timing", "Age", "Preference-Applied"
    }  # fmt: skip
    assert "Retry-After" in query["responses"]["429"]["headers"]
    conditional = {
        path for path, methods in document["paths"].items() for each in methods.values() if "304" in each["responses"]
    }
    below = ("query", "query/schema", "schema", "schema/table", "schema/tables/{table}")
    assert conditional == {f"/prismiq/{path}" for path in below}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references: list[str] = []

    def collect(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                references.append(part["$ref"])
            for value in part.values():
                collect(value)
        elif isinstance(part, list):
            for item in part:
                collect(item)

    collect(document)
    assert references
    for reference in references:
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_bodies_are_documented(document: dict[str, Any]) -> None:
    for path in ("query", "query/validate", "query/sql", "query/explain"):
        body = document["paths"][f"/prismiq/{path}"]["post"]["requestBody"]
        assert body["required"] is True
        content = body["content"]["application/json"]
        assert set(content["schema"]["properties"]) == set(QueryDefinition.model_fields)
        assert len(content["examples"]) >= 4


def test_inlining_cuts_what_holds_itself() -> None:
    schema = {
        "$defs": {
            "Leaf": {"type": "string"},
            "Tree": {"properties": {"leaf": {"$ref": "#/$defs/Leaf"}, "below": {"$ref": "#/$defs/Tree"}}},
        },
        "properties": {"a": {"$ref": "#/$defs/Tree", "description": "A"}, "b": {"$ref": "#/$defs/Tree"}},
    }
    tree = {"properties": {"leaf": {"type": "string"}, "below": {"type": "object", "title": "Tree"}}}
    assert inlined(schema) == {"properties": {"a": {**tree, "description": "A"}, "b": tree}}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_each_example_works_on_the_demo(flights_dsn: str, connect: Any, name: str) -> None:
    async with PrismiqEngine(flights_dsn, policy=AccessPolicy.open()) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        async with connect(app) as client:
            response: httpx.Response = await client.post("/query", json=EXAMPLES[name]["value"])
            assert response.status_code == 200, response.text
            content = response.json()
            assert content["rows"]
            assert set(content) == {"columns", "rows", "row_count", "truncated", "meta"}
            assert (await client.post("/query/sql", json=EXAMPLES[name]["value"])).status_code == 200
            assert (await client.post("/query/explain", json=EXAMPLES[name]["value"])).status_code == 200

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from prismiq.access import AccessPolicy, RequestContext
from prismiq.api import create_router
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings

REVENUE = {"source": "orders", "dimensions": ["status"], "measures": ["count", "sum(total)"], "order_by": ["status"]}
JSON = {"content-type": "application/json"}


def exact(response: httpx.Response) -> Any:
    return json.loads(response.content, parse_float=Decimal)


async def test_an_answer(client: httpx.AsyncClient, shared_shop_dsn: str) -> None:
    response = await client.post("/query", json=REVENUE)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    content = exact(response)
    connection = await asyncpg.connect(shared_shop_dsn)
    rows = await connection.fetch("SELECT status, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1")
    await connection.close()
    assert [tuple(row) for row in content["rows"]] == [tuple(row) for row in rows]
    assert [(column["name"], column["type"], column["role"]) for column in content["columns"]] == [
        ("status", "enum", "dimension"),
        ("count", "bigint", "measure"),
        ("sum_total", "numeric", "measure"),
    ]
    assert (content["row_count"], content["truncated"]) == (len(rows), False)


async def test_what_differs_per_request_is_in_headers(client: httpx.AsyncClient) -> None:
    responses = [await client.post("/query", json=REVENUE) for _ in range(2)]
    assert len({response.headers["x-query-id"] for response in responses}) == 2
    assert "query;dur=" in responses[0].headers["server-timing"]
    for response in responses:
        content = response.json()
        del content["meta"]["as_of"]
        assert set(content) == {"columns", "rows", "row_count", "truncated", "meta"}
        assert content["meta"] == {"cached": False, "warnings": []}


@pytest.mark.parametrize("path", ["/query", "/query?format=csv"])
async def test_an_error_has_the_id_that_the_audit_has(client: httpx.AsyncClient, path: str) -> None:
    responses = [await client.post(path, json={"source": "nothing", "measures": ["count"]}) for _ in range(2)]
    assert [response.status_code for response in responses] == [422, 422]
    assert len({response.headers["x-query-id"] for response in responses}) == 2


async def test_numbers_in_the_question_keep_their_digits(client: httpx.AsyncClient) -> None:
    """A float would make the total of the rows below and above the bound the same."""
    question = (
        '{"source": "orders", "measures": ["count"], "filters": {"field": "total", "operator": "lt", "value": %s}}'
    )
    responses = [
        await client.post("/query/sql", content=question % value, headers=JSON)
        for value in ("10000000000.000000000000000001", "10000000000")
    ]
    args = [json.loads(response.content, parse_float=str)["args"][0] for response in responses]
    assert args == ["10000000000.000000000000000001", 10000000000]


@pytest.mark.parametrize(
    ("path", "headers", "text"),
    [
        ("/query", {}, False),
        ("/query?numbers=exact", {"prefer": "numbers=string"}, False),
        ("/query?numbers=string", {}, True),
        ("/query", {"prefer": "respond-async, Numbers=String"}, True),
        ("/query", {"prefer": "wait=10"}, False),
    ],
)
async def test_numbers_as_the_client_wants_them(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], text: bool
) -> None:
    response = await client.post(path, json=REVENUE, headers=headers)
    for _, count, total in exact(response)["rows"]:
        assert isinstance(count, str) is text
        assert total is None or isinstance(total, str) is text
    assert response.headers.get("preference-applied") == ("numbers=string" if text else None)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, application/json;q=0.5", 200),
        ("application/*", 200),
        ("text/csv", 200),
        ("application/x-ndjson, text/csv", 200),
        ("image/png, text/html", 406),
    ],
)
async def test_what_the_client_accepts(client: httpx.AsyncClient, accept: str | None, status: int) -> None:
    headers = {} if accept is None else {"accept": accept}
    response = await client.post("/query", json=REVENUE, headers=headers)
    assert response.status_code == status
    if status == 406:
        assert response.json()["code"] == "not_acceptable"
        assert "application/json" in response.json()["hint"]


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/vnd.prismiq+json", "Application/JSON"]
)
async def test_a_body_of_json_by_another_name(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post("/query", content=json.dumps(REVENUE), headers={"content-type": content_type})
    assert response.status_code == 200


async def test_validate_says_everything_and_runs_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.post("/query/validate", json=REVENUE)).json() == {"valid": True, "issues": []}
    wrong = {"source": "orders", "dimensions": ["statu"], "measures": ["sum(totl)"]}
    content = (await client.post("/query/validate", json=wrong)).json()
    assert content["valid"] is False
    assert {(tuple(issue["loc"][:2]), issue["code"]) for issue in content["issues"]} == {
        (("dimensions", 0), "unknown_field"),
        (("measures", 0), "unknown_field"),
    }
    assert all("id you mean" in issue["hint"] for issue in content["issues"])
    broken = await client.post("/query/validate", content=b"{", headers=JSON)
    assert (broken.status_code, broken.json()["valid"]) == (200, False)


async def test_sql_and_explain(client: httpx.AsyncClient) -> None:
    question = {**REVENUE, "filters": [{"field": "total", "operator": "gt", "value": 10.5}]}
    shown = exact(await client.post("/query/sql", json=question))
    assert "$1" in shown["sql"]
    assert Decimal("10.5") in shown["args"]
    assert [column["name"] for column in shown["columns"]] == ["status", "count", "sum_total"]
    explained = exact(await client.post("/query/explain", json=question))
    assert explained["sql"] == shown["sql"]
    assert any("aggregate" in line for line in explained["plan"])
    assert "Node Type" in explained["postgresql"][0]["Plan"]


@pytest.fixture
async def tenants(shared_shop_dsn: str) -> AsyncIterator[FastAPI]:
    policy = AccessPolicy(tenant_column="tenant_id", sql_visible_to=frozenset({"admin"}))

    async def of_header(tenant: str | None = None, role: str = "guest") -> RequestContext:
        return RequestContext(user="u", tenant=tenant, roles=frozenset({role}))

    async with PrismiqEngine(shared_shop_dsn, policy=policy) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=of_header))
        yield app


async def test_sql_is_for_whom_the_policy_says(tenants: FastAPI, connect: Any) -> None:
    async with connect(tenants) as client:
        for path in ("/query/sql", "/query/explain"):
            refused = await client.post(f"{path}?tenant=acme", json=REVENUE)
            assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
            granted = await client.post(f"{path}?tenant=acme&role=admin", json=REVENUE)
            assert granted.status_code == 200


async def test_a_context_without_a_tenant(tenants: FastAPI, connect: Any) -> None:
    async with connect(tenants) as client:
        response = await client.post("/query", json=REVENUE)
        assert (response.status_code, response.json()["code"]) == (403, "context_incomplete")
        assert (await client.post("/query?tenant=acme", json=REVENUE)).status_code == 200


async def test_a_result_beyond_the_cap(shared_shop_dsn: str, connect: Any) -> None:
    async with PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open(), settings=Settings(row_cap=2)) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=lambda: RequestContext(user="u")))
        async with connect(app) as client:
            content = (await client.post("/query", json={"source": "orders", "columns": ["id"]})).json()
            assert (content["row_count"], content["truncated"]) == (2, True)
            content = (await client.post("/query", json={"source": "orders", "columns": ["id"], "limit": 2})).json()
            assert (content["row_count"], content["truncated"]) == (2, False)


async def test_a_large_result_is_encoded_whole(dsn: str, connect: Any) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "CREATE TABLE numbers AS SELECT g AS id, g * 1.10 AS price FROM generate_series(1, 12345) g"
    )
    await connection.close()
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=lambda: RequestContext(user="u")))
        async with connect(app) as client:
            question = {"source": "numbers", "columns": ["id", "price"], "order_by": ["id"]}
            content = exact(await client.post("/query", json=question))
    assert content["rows"] == [[i, i * Decimal("1.10")] for i in range(1, 12346)]

"""Whatever comes in, the answer is a problem with a code, a place and a way out; never a 500."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from prismiq.engine import PrismiqEngine

JSON = {"content-type": "application/json"}


def _nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"field": "id", "value": 1}
    for _ in range(levels):
        node = {"not": node}
    return node


def _filtered(operator: str, value: object, field: str = "id") -> dict[str, Any]:
    condition = {"field": field, "operator": operator, "value": value}
    return {"source": "orders", "measures": ["count"], "filters": [condition]}


MANY = [{"field": "id", "operator": "eq", "value": i} for i in range(10_000)]
BAD: dict[str, tuple[object, str, list[str | int] | None]] = {
    # the issue's name: what is sent, the code of the first reason, its place
    "unknown field": ({"source": "orders", "dimensions": ["statu"]}, "unknown_field", ["dimensions", 0]),
    "unknown table": ({"source": "order", "measures": ["count"]}, "unknown_table", ["source"]),
    "wrong value type": (_filtered("eq", "abc"), "invalid_value", ["filters", 0, "value"]),
    "unknown operator": (_filtered("equals to", 1), "unknown_operator", ["filters", 0, "operator"]),
    "aggregate of the wrong type": (
        {"source": "orders", "measures": ["sum(status)"]},
        "type_mismatch",
        ["measures", 0],
    ),
    "empty query": ({"source": "orders"}, "empty_query", None),
    "no query": ({}, "empty_query", []),
    "ten thousand filters": ({"source": "orders", "measures": ["count"], "filters": MANY[:8000]}, "too_complex", None),
    "200 levels": ({"source": "orders", "measures": ["count"], "filters": _nested(200)}, "too_complex", None),
    "number beyond bigint": (_filtered("eq", 10**19), "value_out_of_range", ["filters", 0, "value"]),
    "number beyond every type": (_filtered("eq", 10**400), "value_out_of_range", ["filters", 0, "value"]),
    "limit -1": ({"source": "orders", "measures": ["count"], "limit": -1}, "value_out_of_range", ["limit"]),
    "limit beyond range": ({"source": "orders", "columns": ["id"], "limit": 2**40}, "value_out_of_range", ["limit"]),
    "offset beyond range": ({"source": "orders", "columns": ["id"], "offset": 2**70}, "value_out_of_range", ["offset"]),
    "unknown key": ({"source": "orders", "measure": ["count"]}, "unknown_key", ["measure"]),
    "null value": (_filtered("eq", None), "null_value", None),
    "nul in a value": (_filtered("eq", "a\0b", "status"), "invalid_value", ["filters", 0, "value"]),
    "nul in a name": ({"source": "or\0ders", "measures": ["count"]}, "invalid_value", ["source"]),
    "unknown time zone": (
        {"source": "orders", "measures": ["count"], "time_zone": "Mars/Olympus"},
        "unknown_time_zone",
        ["time_zone"],
    ),
    "both kinds": ({"source": "orders", "measures": ["count"], "columns": ["id"]}, "mixed_query", None),
    "a list": ([1, 2], "invalid", []),
}
RAW: dict[str, tuple[bytes, str]] = {
    "no body": (b"", "empty"),
    "broken json": (b'{"source": ', "line 1, column 12"),
    "invalid utf-8": (b'{"source": "\xff"}', "UTF-8"),
    "half a surrogate pair": (b'{"source": "\\ud800"}', "surrogate"),
    "half a surrogate pair in a key": (b'{"source": "orders", "\\udfff": NaN}', "surrogate"),
    "nan": (b'{"source": "orders", "limit": NaN}', "NaN"),
    "a number of 5000 digits": (b'{"source": "orders", "limit": ' + b"9" * 5000 + b"}", "5000 digits"),
    "an exponent beyond range": (b'{"source": "orders", "limit": 1e999999999999999999999}', "exponent"),
    "a key twice": (b'{"source": "orders", "source": "customers"}', "twice"),
    "100000 brackets": (b"[" * 100_000, "nested"),
    "deep objects": (b'{"a":' * 50_000, "nested"),
}


def check(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert set(problem) <= {"type", "title", "status", "detail", "code", "hint", "errors"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:prismiq:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["hint"]
    assert "SELECT" not in response.text
    for issue in problem.get("errors", []):
        assert set(issue) == {"loc", "code", "message", "hint"}
        assert issue["message"]
    return problem


@pytest.mark.parametrize("path", ["/query", "/query/sql", "/query/explain"])
@pytest.mark.parametrize("name", BAD)
async def test_a_bad_query_is_a_problem_with_its_place(client: httpx.AsyncClient, name: str, path: str) -> None:
    content, code, loc = BAD[name]
    problem = check(await client.post(path, json=content), 422, "query_invalid")
    first = problem["errors"][0]
    assert first["code"] == code
    assert first["hint"]
    if loc is not None:
        assert first["loc"][: len(loc)] == loc
    found = (await client.post("/query/validate", json=content)).json()
    assert found == {"valid": False, "issues": problem["errors"]}


@pytest.mark.parametrize("name", RAW)
async def test_a_body_that_is_no_json(client: httpx.AsyncClient, name: str) -> None:
    content, text = RAW[name]
    problem = check(await client.post("/query", content=content, headers=JSON), 422, "query_invalid")
    assert text in problem["detail"]


async def test_ten_thousand_filters_are_refused_one_way_or_the_other(client: httpx.AsyncClient) -> None:
    body = json.dumps({"source": "orders", "measures": ["count"], "filters": MANY}, separators=(",", ":")).encode()
    response = await client.post("/query", content=body, headers=JSON)
    check(response, 422, "query_invalid")


async def test_five_megabytes(client: httpx.AsyncClient) -> None:
    body = b'{"source": "' + b"x" * 5_000_000 + b'"}'
    check(await client.post("/query", content=body, headers=JSON), 413, "payload_too_large")


async def test_five_megabytes_that_nobody_announced(client: httpx.AsyncClient, engine: PrismiqEngine) -> None:
    taken = 0

    async def endless() -> Any:
        nonlocal taken
        for _ in range(5_000):
            taken += 1
            yield b" " * 10_000

    check(await client.post("/query", content=endless(), headers=JSON), 413, "payload_too_large")
    assert taken <= engine.settings.max_body_bytes / 10_000 + 1, "the rest was not read"


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_a_body_that_is_not_said_to_be_json(client: httpx.AsyncClient, content_type: str | None) -> None:
    """A page elsewhere can send these without asking; it cannot send JSON."""
    headers = {} if content_type is None else {"content-type": content_type}
    content = b'{"source": "orders", "measures": ["count"]}'
    check(await client.post("/query", content=content, headers=headers), 415, "unsupported_media_type")


async def test_a_compressed_body(client: httpx.AsyncClient) -> None:
    response = await client.post("/query", content=b"\x1f\x8b", headers={**JSON, "content-encoding": "gzip"})
    check(response, 415, "unsupported_media_type")


async def test_a_broken_regular_expression_is_postgresqls_refusal(client: httpx.AsyncClient) -> None:
    response = await client.post("/query", json=_filtered("regex", "(", "customer.name"))
    problem = check(response, 422, "query_failed")
    assert "regular expression" in problem["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/query?numbers=roman",
        "/schema/tables/orders/columns/id/values?limit=0",
        "/schema/tables/orders/columns/id/values?limit=many",
        "/schema/values?table=orders",
        "/schema/table",
        "/schema/table?table=a&table=b&table=c",
    ],
)
async def test_a_bad_parameter(client: httpx.AsyncClient, path: str) -> None:
    method = "POST" if path.startswith("/query") else "GET"
    problem = check(await client.request(method, path), 422, "invalid_parameter")
    assert problem["errors"][0]["loc"][0] == "query"


@pytest.mark.parametrize(
    "path",
    [
        "/schema/tables/nothing",
        "/schema/tables/a.b.c",
        "/schema/tables/%00",
        "/schema/tables/orders/columns/nothing/values",
        "/schema/tables/nothing/columns/id/values",
        "/schema/values?table=nothing&column=id",
        "/schema/table?table=sales&table=nothing",
    ],
)
async def test_what_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    check(await client.get(path), 404, "not_found")

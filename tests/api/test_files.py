"""Answers as files and in pieces, over real connections."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import openpyxl
import pytest
from fastapi import FastAPI

from prismiq.access import AccessPolicy
from prismiq.api import create_router, formats, public_context
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings

QUESTION: dict[str, Any] = {"source": "many", "columns": ["id", "text"], "order_by": ["id"]}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def many(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        """CREATE TABLE many AS SELECT n AS id, 'text number ' || n AS text FROM generate_series(1, 60000) AS n;
        ALTER TABLE many ADD PRIMARY KEY (id); ANALYZE many"""
    )
    await connection.close()
    return dsn


@pytest.fixture
async def client(many: str, serve: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a real server, whose engine has two connections."""
    settings = Settings(pool_max_size=2, export_row_cap=50_000)
    async with PrismiqEngine(many, policy=AccessPolicy.open(), settings=settings) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        async with serve(app) as (host, port), httpx.AsyncClient(base_url=f"http://{host}:{port}") as found:
            yield found


async def test_a_large_answer_is_sent_in_pieces(client: httpx.AsyncClient) -> None:
    async with client.stream("POST", "/query", json=QUESTION) as response:
        assert response.headers["transfer-encoding"] == "chunked"
        assert "etag" not in response.headers
        assert response.headers["x-query-id"]
        body = b"".join([piece async for piece in response.aiter_bytes()])
    found = json.loads(body)
    assert (found["row_count"], found["truncated"]) == (60_000, False)
    assert found["rows"][59_999] == [60_000, "text number 60000"]
    small = await client.post("/query", json={**QUESTION, "limit": 2500})
    assert small.headers["etag"]
    again = await client.post(
        "/query", json={**QUESTION, "limit": 2500}, headers={"if-none-match": small.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("params", "accept", "sent"),
    [
        ({"format": "csv"}, "*/*", "text/csv"),
        ({"format": "csv"}, "application/json", "text/csv"),
        ({}, "text/csv", "text/csv"),
        ({}, "text/csv;q=0.5, */*;q=0.1", "text/csv"),
        ({}, "text/csv;q=0.5, application/json", "application/json"),
        ({}, "text/csv;q=0, */*", "application/json"),
        ({"format": "ndjson"}, "*/*", "application/x-ndjson"),
        ({}, "application/jsonl", "application/x-ndjson"),
        ({"format": "xlsx"}, "*/*", XLSX),
        ({}, XLSX, XLSX),
        ({"format": "json"}, "text/csv", "application/json"),
    ],
)
async def test_what_is_asked_for_is_sent(
    client: httpx.AsyncClient, params: dict[str, str], accept: str, sent: str
) -> None:
    response = await client.post("/query", json={**QUESTION, "limit": 3}, params=params, headers={"accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == sent
    if sent == "text/csv":
        assert response.headers["content-disposition"] == 'attachment; filename="result.csv"'
        assert list(csv.reader(io.StringIO(response.text)))[3] == ["3", "text number 3"]
    elif sent == "application/x-ndjson":
        assert [json.loads(line) for line in response.text.splitlines()][3] == [3, "text number 3"]
    elif sent == XLSX:
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        assert sheet is not None
        assert [cell.value for cell in sheet[4]] == [3, "text number 3"]
    else:
        assert response.json()["rows"][2] == [3, "text number 3"]


async def test_a_format_that_is_none(client: httpx.AsyncClient) -> None:
    response = await client.post("/query", json=QUESTION, params={"format": "pdf"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_parameter")
    assert response.json()["errors"][0]["loc"] == ["query", "format"]


async def test_no_workbooks_without_their_library(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "is_installed", lambda: False)
    response = await client.post("/query", json=QUESTION, params={"format": "xlsx"})
    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")
    assert "csv" in response.json()["hint"]


@pytest.mark.parametrize("wanted", ["csv", "ndjson", "xlsx"])
async def test_an_error_before_the_first_byte_is_an_answer(client: httpx.AsyncClient, wanted: str) -> None:
    unknown = await client.post("/query", json={**QUESTION, "columns": ["nope"]}, params={"format": wanted})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "query_invalid")
    broken = {**QUESTION, "filters": [{"field": "text", "operator": "matches", "value": "(["}]}
    refused = await client.post("/query", json=broken, params={"format": wanted})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"


async def test_an_error_after_it_is_the_last_line_or_breaks_off(client: httpx.AsyncClient) -> None:
    """There are more rows than may be exported, which is known at the end."""
    lines = await client.post("/query", json=QUESTION, params={"format": "ndjson"})
    last = json.loads(lines.text.splitlines()[-1])
    assert last["error"]["code"] == "result_too_large"
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/query", json=QUESTION, params={"format": "csv"})
    workbook = await client.post("/query", json=QUESTION, params={"format": "xlsx"})
    assert workbook.json()["code"] == "result_too_large"


@pytest.mark.parametrize("wanted", ["json", "csv", "ndjson"])
async def test_a_client_that_leaves_within_the_rows(
    client: httpx.AsyncClient, many: str, until: Any, wanted: str
) -> None:
    watcher = await asyncpg.connect(many)

    async def ended() -> bool:
        return not await watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"
        )

    for _ in range(4):
        async with client.stream("POST", "/query", json=QUESTION, params={"format": wanted}) as response:
            assert response.status_code == 200
            await anext(response.aiter_raw())
        await until(ended)
    counted = await client.post("/query", json={"source": "many", "measures": ["count"]})
    assert counted.json()["rows"] == [[60_000]]
    await watcher.close()

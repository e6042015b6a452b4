"""The data of dashboards and batches over HTTP: lines, events, files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.conftest import Connect
from prismiq import GuestKey, GuestTokens, MemoryStore, create_router
from prismiq.access import AccessPolicy
from prismiq.api import guest_context
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings

COUNT = {"source": "orders", "measures": ["count"]}
BY_STATUS = {"source": "orders", "dimensions": ["status"], "measures": ["count", "sum(total)"], "order_by": ["status"]}
BOARD: dict[str, Any] = {
    "title": "Orders",
    "filters": [{"id": "status", "type": "multi_select", "field": "status"}],
    "widgets": [
        {"id": "count", "type": "metric", "query": COUNT},
        {"id": "by-status", "type": "bar", "query": BY_STATUS},
        {"id": "note", "type": "text", "text": "A note"},
    ],
}


@pytest.fixture
async def engine(shared_shop_dsn: str) -> AsyncIterator[PrismiqEngine]:
    settings = Settings(max_batch=3)
    async with PrismiqEngine(
        shared_shop_dsn, policy=AccessPolicy.open(), store=MemoryStore(), settings=settings
    ) as engine:
        yield engine


@pytest.fixture
async def board(client: httpx.AsyncClient) -> str:
    made = await client.post("/dashboards", json=BOARD)
    assert made.status_code == 201, made.text
    return f"/dashboards/{made.json()['id']}"


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


async def test_a_line_for_each_widget_and_one_at_the_end(client: httpx.AsyncClient, board: str) -> None:
    for body in ({}, {"json": {}}, {"json": {"filters": {}}}):
        *answers, done = lines(await client.post(f"{board}/data", **body))
        assert {each["widget"] for each in answers} == {"count", "by-status"}
        for each in answers:
            query = COUNT if each["widget"] == "count" else BY_STATUS
            alone = (await client.post("/query", json=query)).json()
            assert (each["status"], each["skipped_filters"]) == ("ok", [])
            for asked in (alone, each["result"]):
                del asked["meta"]["as_of"]
            assert each["result"] == alone
        assert (done["status"], done["widgets"]) == ("done", 2)
        assert done["duration_ms"] > 0


async def test_numbers_as_they_are_wanted(client: httpx.AsyncClient, board: str) -> None:
    answer, _ = lines(await client.post(f"{board}/data?widget=by-status&numbers=string"))
    assert isinstance(answer["result"]["rows"][0][1], str)


async def test_events_for_who_asks_for_them(client: httpx.AsyncClient, board: str) -> None:
    response = await client.post(f"{board}/data", headers={"accept": "text/event-stream"})
    assert response.headers["content-type"] == "text/event-stream"
    events = [event.split("\n") for event in response.text.strip().split("\n\n")]
    assert [event[0] for event in events] == ["event: widget", "event: widget", "event: done"]
    assert all(json.loads(event[1].removeprefix("data: ")) for event in events)


async def test_a_widget_as_a_file(client: httpx.AsyncClient, board: str) -> None:
    chosen = {"filters": {"status": ["paid"]}}
    response = await client.post(f"{board}/data?widget=by-status&format=csv", json=chosen)
    assert response.headers["content-disposition"] == 'attachment; filename="by-status.csv"'
    heading, *rows = csv.reader(io.StringIO(response.text))
    assert heading == ["status", "count", "sum_total"]
    assert [row[0] for row in rows] == ["paid"]
    assert (await client.post(f"{board}/data?widget=by-status&format=xlsx")).content[:2] == b"PK"
    accepted = await client.post(
        f"{board}/data?widget=by-status", json=chosen, headers={"accept": "text/csv, */*;q=0.1"}
    )
    assert accepted.text == response.text
    for widgets in ("", "widget=count&widget=by-status&"):
        refused = await client.post(f"{board}/data?{widgets}format=csv")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameter")
    assert (await client.post(f"{board}/data?widget=count&format=pdf")).status_code == 422


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"filters": {"nope": 1}}, ["filters", "nope"]),
        ({"filters": {"status": "paid"}}, ["filters", "status"]),
        ({"filters": [1]}, ["filters"]),
        ({"cross_filters": {}}, ["cross_filters"]),
        ({"filtres": {}}, ["filtres"]),
        ([], []),
    ],
)
async def test_what_is_wrong_with_a_request(client: httpx.AsyncClient, board: str, body: Any, loc: list[str]) -> None:
    response = await client.post(f"{board}/data", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "definition_invalid")
    assert [each["loc"] for each in response.json()["errors"]] == [loc]


async def test_dashboards_and_widgets_that_are_not_there(client: httpx.AsyncClient, board: str) -> None:
    nowhere = f"/dashboards/{'0' * 32}"
    for path in (f"{nowhere}/data", f"{board}/data?widget=nope", f"{board}/data?widget=note", "/dashboards/x/data"):
        assert (await client.post(path)).status_code == 404
    for path in (f"{nowhere}/filters/status/values", f"{board}/filters/nope/values"):
        assert (await client.get(path)).status_code == 404


async def test_the_values_of_a_filter(client: httpx.AsyncClient, board: str) -> None:
    found = await client.get(f"{board}/filters/status/values")
    statuses = [row[0] for row in (await client.post("/query", json=BY_STATUS)).json()["rows"]]
    assert [value for (value,) in found.json()["rows"]] == statuses
    limited = await client.get(f"{board}/filters/status/values", params={"limit": 2, "filters": '{"status": ["paid"]}'})
    assert [value for (value,) in limited.json()["rows"]] == statuses[:2]
    for wrong in ("[]", "{", '{"nope": 1}'):
        assert (await client.get(f"{board}/filters/status/values", params={"filters": wrong})).status_code == 422


async def test_a_batch(client: httpx.AsyncClient) -> None:
    wrong = {"source": "nope"}
    response = await client.post("/query/batch", json={"queries": {"one": COUNT, "two": COUNT, "wrong": wrong}})
    *answers, done = lines(response)
    by_name = {each["query"]: each for each in answers}
    assert by_name["one"]["result"]["rows"] == by_name["two"]["result"]["rows"]
    assert by_name["wrong"]["error"]["code"] == "query_invalid"
    assert by_name["wrong"]["error"]["errors"]
    assert (done["status"], done["queries"]) == ("done", 3)
    assert lines(await client.post("/query/batch", json={"queries": {}}))[0]["queries"] == 0
    many = await client.post("/query/batch", json={"queries": {str(n): COUNT for n in range(4)}})
    assert (many.status_code, many.json()["code"]) == (413, "payload_too_large")
    refused = await client.post("/query/batch", json={"queries": [COUNT]})
    assert (refused.status_code, refused.json()["detail"]) == (422, '"queries" must be an object.')
    assert '{"queries": {"a": ' in refused.json()["hint"]


async def test_a_text_with_line_breaks_is_one_line(client: httpx.AsyncClient) -> None:
    query = {"source": "orders", "dimensions": [{"name": "x", "expression": "'a\nb'"}], "measures": ["count"]}
    answer, _ = lines(await client.post("/query/batch", json={"queries": {"a": query}}))
    assert answer["result"]["rows"][0][0] == "a\nb"


async def test_a_guest_from_the_token_to_the_data(
    engine: PrismiqEngine, connect: Connect, client: httpx.AsyncClient, board: str
) -> None:
    tokens = GuestTokens([GuestKey.secret("1", "a secret of more than thirty-two bytes")])
    app = FastAPI()
    app.include_router(create_router(engine, get_context=guest_context(tokens)))
    issued = tokens.issue(
        user="visitor",
        dashboards=[board.rpartition("/")[2]],
        widgets=["by-status"],
        locked_filters={"status": ["paid"]},
    )
    async with connect(app) as guest:
        guest.headers["authorization"] = f"Bearer {issued.text}"
        seen = (await guest.get(board)).json()
        assert seen["title"] == "Orders"
        assert [each["id"] for each in seen["widgets"]] == ["by-status"]
        assert "query" not in seen["widgets"][0]
        assert "owner" not in seen
        answer, _ = lines(await guest.post(f"{board}/data", json={"filters": {"status": ["pending"]}}))
        assert [row[0] for row in answer["result"]["rows"]] == ["paid"]
        assert (await guest.get(f"{board}/filters/status/values")).json()["rows"] == [["paid"]]
        assert (await guest.post(f"{board}/data?widget=by-status&format=csv")).text.count("\n") == 2
        for method, path in (
            ("GET", "/dashboards"),
            ("GET", f"{board}/export"),
            ("POST", "/query"),
            ("POST", "/query/batch"),
        ):
            assert (await guest.request(method, path, json={})).status_code == 403

"""examples/mount_in_fastapi.py: the host's pages, sign-in and pool, and Prismiq beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from runpy import run_path

import httpx
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/mount_in_fastapi.py"
ADA = {"Authorization": "Bearer ada-token"}
HANK = {"Authorization": "Bearer hank-token"}
ORDERS = {"source": "orders", "measures": ["count", "sum(total)"]}


@pytest.fixture
async def client(shared_shop_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    app = run_path(str(EXAMPLE))["create_app"](shared_shop_dsn)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield client


async def test_each_tenant_gets_its_own_numbers(client: httpx.AsyncClient) -> None:
    ada = (await client.post("/analytics/query", json=ORDERS, headers=ADA)).json()
    hank = (await client.post("/analytics/query", json=ORDERS, headers=HANK)).json()
    assert ada["rows"][0][0] == 7
    assert hank["rows"] == [[2, 16666.65]]


async def test_the_hosts_sign_in_counts(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Bearer nobody"}):
        assert (await client.post("/analytics/query", json=ORDERS, headers=headers)).status_code == 401


async def test_the_hosts_own_page_works(client: httpx.AsyncClient) -> None:
    assert (await client.get("/orders/1", headers=ADA)).json() == {"id": 1, "status": "paid", "total": "100.00"}
    assert (await client.get("/orders/1", headers=HANK)).status_code == 404


async def test_the_policy_holds(client: httpx.AsyncClient) -> None:
    async def tables(headers: dict[str, str]) -> dict[str, list[str]]:
        schema = (await client.get("/analytics/schema", headers=headers)).json()
        return {table["name"]: [column["name"] for column in table["columns"]] for table in schema["tables"]}

    assert "audit_log" not in await tables(ADA)
    assert "audit_log" in await tables(HANK)
    assert not {"email", "phone"} & set((await tables(ADA))["customers"])
    assert "plans" in await tables(ADA)
    assert "order_items" not in await tables(ADA)
    assert (await client.post("/analytics/query/sql", json=ORDERS, headers=ADA)).status_code == 403
    assert "tenant_id" in (await client.post("/analytics/query/sql", json=ORDERS, headers=HANK)).json()["sql"]


async def test_the_routes_are_in_the_hosts_documentation(client: httpx.AsyncClient) -> None:
    assert {"/orders/{order_id}", "/analytics/query"} <= set((await client.get("/openapi.json")).json()["paths"])

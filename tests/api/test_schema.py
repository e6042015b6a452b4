from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from prismiq.access import AccessPolicy, TablePolicy
from prismiq.access.context import RequestContext
from prismiq.api import create_router, public_context
from prismiq.engine import PrismiqEngine


async def test_the_whole_schema(client: httpx.AsyncClient) -> None:
    response = await client.get("/schema")
    assert response.headers["content-type"] == "application/json"
    tables = {table["name"]: table for table in response.json()["tables"]}
    assert {"orders", "customers", "products"} <= set(tables)
    assert {column["name"] for column in tables["customers"]["columns"]} >= {"id", "segment", "email"}


async def test_one_table(client: httpx.AsyncClient) -> None:
    one = (await client.get("/schema/tables/customers")).json()
    assert one["name"] == "customers"
    for path in (
        "/schema/tables/public.customers",
        "/schema/table?table=customers",
        "/schema/table?table=public&table=customers",
    ):
        assert (await client.get(path)).json() == one


@pytest.mark.parametrize("path", ["/schema", "/schema/tables/customers", "/schema/table?table=customers"])
async def test_asking_again_is_answered_by_304(client: httpx.AsyncClient, path: str) -> None:
    first = await client.get(path)
    etag = first.headers["etag"]
    assert etag.startswith('W/"')
    assert first.headers["cache-control"] == "private, no-cache"
    for given in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = await client.get(path, headers={"if-none-match": given})
        assert (again.status_code, again.content) == (304, b""), given
        assert again.headers["etag"] == etag
    for given in ('"other"', 'W/"other", "another"', etag.strip('W/"'), ""):
        assert (await client.get(path, headers={"if-none-match": given})).status_code == 200, given


async def test_the_tag_is_of_the_callers_own_schema(shared_shop_dsn: str, connect: Any) -> None:
    policy = AccessPolicy(
        tables={"orders": TablePolicy(visible_to=frozenset({"sales"})), "customers": TablePolicy(visible=False)}
    )

    async def of_role(role: str = "guest") -> RequestContext:
        return RequestContext(user="u", roles=frozenset({role}))

    async with PrismiqEngine(shared_shop_dsn, policy=policy) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=of_role))
        async with connect(app) as client:
            guest, sales = await client.get("/schema"), await client.get("/schema?role=sales")
            assert guest.headers["etag"] != sales.headers["etag"]
            stale = await client.get("/schema", headers={"if-none-match": sales.headers["etag"]})
            assert stale.status_code == 200
            assert "orders" not in {table["name"] for table in guest.json()["tables"]}
            assert "orders" in {table["name"] for table in sales.json()["tables"]}
            hidden = await client.get("/schema/tables/customers")
            unknown = await client.get("/schema/tables/customerx")
            assert hidden.status_code == unknown.status_code == 404
            assert '"customers"' not in unknown.json()["hint"], "a hint tells of no hidden table"


async def test_values(client: httpx.AsyncClient) -> None:
    response = await client.get("/schema/tables/products/columns/category/values")
    assert response.headers["cache-control"] == "no-store"
    content = response.json()
    assert content["rows"] == [["furniture"], ["office"], ["weapons"], [None]]
    assert (await client.get("/schema/values?table=products&column=category")).json()["rows"] == content["rows"]
    found = await client.get("/schema/tables/products/columns/category/values?search=FF&limit=1")
    assert found.json()["rows"] == [["office"]]
    wild = await client.get("/schema/tables/products/columns/category/values?search=%25")
    assert wild.json()["rows"] == [], "a wildcard is text"


NAMES = ["Weiß & Söhne", 'with "quotes"', "with.dot", "with/slash", "with space", "per%cent", "semi;colon", "?query=#x"]


@pytest.fixture
async def odd(dsn: str) -> AsyncIterator[PrismiqEngine]:
    connection = await asyncpg.connect(dsn)
    for name in NAMES:
        quoted = '"' + name.replace('"', '""') + '"'
        await connection.execute(f"CREATE TABLE {quoted} ({quoted} text); INSERT INTO {quoted} VALUES ('x')")
    await connection.close()
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        yield engine


@pytest.mark.parametrize("name", NAMES)
async def test_odd_names(odd: PrismiqEngine, connect: Any, name: str) -> None:
    app = FastAPI()
    app.include_router(create_router(odd, get_context=public_context))
    async with connect(app) as client:
        names = [("table", "public"), ("table", name)]
        assert (await client.get("/schema/table", params=names)).json()["name"] == name
        found = await client.get("/schema/values", params=[*names, ("column", name)])
        assert found.json()["rows"] == [["x"]]
        if "." not in name and "/" not in name:
            path = f"/schema/tables/{quote(name, safe='')}"
            assert (await client.get(path)).json()["name"] == name
            assert (await client.get(f"{path}/columns/{quote(name, safe='')}/values")).json()["rows"] == [["x"]]

"""Migrations: run explicitly, once however many start them, and told of when they are missing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from prismiq import (
    AccessPolicy,
    ConfigurationError,
    PrismiqEngine,
    RequestContext,
    StoreNotReadyError,
    create_router,
    public_context,
)
from prismiq.dashboards import PostgresStore
from prismiq.dashboards.migrations import _scripts, migration_sql
from prismiq.dashboards.records import Caller, Kind, Listing
from prismiq.dashboards.tables import PINS, RECORDS, REVISION

ADA = Caller("acme", "ada", frozenset())


@pytest.fixture
async def admin(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def tables(admin: Any) -> dict[str, dict[str, str]]:
    rows = await admin.fetch(
        "SELECT table_name, column_name, udt_name || is_nullable AS is FROM information_schema.columns "
        "WHERE table_schema = 'prismiq' ORDER BY ordinal_position"
    )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["table_name"], {})[row["column_name"]] = row["is"]
    return found


def test_the_program_needs_the_newest_migration() -> None:
    assert _scripts().get_current_head() == REVISION


async def test_many_at_once_make_it_once(dsn: str, admin: Any) -> None:
    stores = [PostgresStore(dsn) for _ in range(8)]
    for store in stores:
        await store.open()
    applied = await asyncio.gather(*(store.migrate() for store in stores))
    assert sorted(applied) == [[]] * 7 + [["0001"]]
    for store in stores:
        await store.check()
        await store.close()
    found = await tables(admin)
    for table in (*RECORDS.values(), PINS):
        assert list(found[table.name]) == [column.name for column in table.c]
        assert [each.endswith("YES") for each in found[table.name].values()] == [column.nullable for column in table.c]


async def test_the_printed_sql_is_what_is_run(dsn: str, admin: Any) -> None:
    sql = migration_sql()
    assert sql.startswith("CREATE SCHEMA IF NOT EXISTS prismiq;")
    assert migration_sql("0001") == ""
    with pytest.raises(ConfigurationError, match="0999"):
        migration_sql("0999")
    await admin.execute(sql)
    by_hand = await tables(admin)
    async with PrismiqEngine(dsn, store=dsn) as engine:
        assert await engine.migrate() == []
        await engine.check_ready()
        await admin.execute("DROP SCHEMA prismiq CASCADE")
        assert await engine.migrate() == ["0001"]
    assert await tables(admin) == by_hand


async def test_without_tables_nothing_is_stored_and_queries_work(dsn: str, admin: Any) -> None:
    await admin.execute("CREATE TABLE things (id int PRIMARY KEY)")
    async with PrismiqEngine(dsn, policy=AccessPolicy.open(), store=dsn) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
            query = {"source": "things", "measures": ["count"]}
            for method, path in (
                ("GET", "/dashboards"),
                ("POST", "/saved-queries"),
                ("GET", "/pins?context=home"),
                ("GET", "/health/ready"),
            ):
                response = await client.request(method, path, json={"title": "x", "query": query})
                problem = response.json()
                assert (response.status_code, problem["code"]) == (503, "store_not_ready"), path
                assert "prismiq migrate" in problem["hint"]
                assert response.headers["retry-after"] == "30"
            assert (await client.post("/query", json=query)).json()["rows"] == [[0]]
            await engine.migrate()
            assert (await client.get("/dashboards")).json()["items"] == []
            assert (await client.get("/health/ready")).status_code == 200
            await admin.execute("DROP TABLE prismiq.dashboards CASCADE")  # while it runs
            assert (await client.get("/dashboards")).json()["code"] == "store_not_ready"


async def test_an_old_store_says_so_and_a_newer_one_serves(dsn: str, admin: Any) -> None:
    store = PostgresStore(dsn)
    await store.open()
    await store.migrate()
    await admin.execute("UPDATE prismiq.alembic_version SET version_num = '0000'")
    with pytest.raises(StoreNotReadyError, match=r"0000.*0001"):
        await store.check()
    with pytest.raises(StoreNotReadyError, match=r"0000.*0001"):
        await store.find(Kind.DASHBOARD, ADA, Listing(1))
    await admin.execute("UPDATE prismiq.alembic_version SET version_num = '0999'")
    await store.check()
    assert await store.find(Kind.DASHBOARD, ADA, Listing(1)) == []
    assert await store.migrate() == []
    await store.close()


async def test_a_failed_migration_leaves_nothing(dsn: str, admin: Any) -> None:
    await admin.execute("CREATE SCHEMA prismiq; CREATE TABLE prismiq.pins (x int)")
    store = PostgresStore(dsn)
    await store.open()
    with pytest.raises(Exception, match="PostgreSQL"):
        await store.migrate()
    assert list(await tables(admin)) == ["pins"]
    await admin.execute("DROP TABLE prismiq.pins")
    assert await store.migrate() == ["0001"]
    await store.close()


async def test_a_role_that_may_not(dsn: str, admin: Any) -> None:
    role = "keeper_" + re.sub(r"\W", "", dsn.partition("@/")[2].partition("?")[0])
    await admin.execute(f"CREATE ROLE {role} LOGIN")
    theirs = re.sub(r"//[^@]*@", f"//{role}@", dsn)
    store = PostgresStore(theirs)
    await store.open()
    try:
        with pytest.raises(StoreNotReadyError, match="may not"):
            await store.migrate()
        await admin.execute(migration_sql())
        with pytest.raises(StoreNotReadyError, match="may not"):
            await store.check()
        await admin.execute(f"GRANT USAGE ON SCHEMA prismiq TO {role}")
        await admin.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA prismiq TO {role}")
        assert await store.migrate() == []
        assert await store.find(Kind.DASHBOARD, ADA, Listing(1)) == []
    finally:
        await store.close()
        await admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_what_is_stored_is_no_table_to_query(dsn: str) -> None:
    async with PrismiqEngine(dsn, store=dsn) as engine:
        await engine.migrate()
        await engine.dashboards.create({"title": "Secret"}, RequestContext(user="ada"))
        await engine.refresh_schema()
        assert (await engine.get_schema()).tables == ()
        issues = await engine.validate_query({"source": "prismiq.dashboards", "columns": ["title"]})
        assert [issue.code.value for issue in issues] == ["unknown_table"]


async def test_a_store_in_another_database(dsn: str, shared_shop_dsn: str) -> None:
    async with PrismiqEngine(shared_shop_dsn, store=dsn) as engine:
        await engine.migrate()
        widget = {"type": "metric", "query": {"source": "orders", "measures": ["count"]}}
        made = await engine.dashboards.create({"title": "Orders", "widgets": [widget]}, RequestContext(user="ada"))
    async with PrismiqEngine(shared_shop_dsn, store=dsn) as engine:  # another instance
        found = await engine.dashboards.get(made.id, RequestContext(user="ada"))
        assert found == made


async def test_without_a_store(shared_shop_dsn: str) -> None:
    engine = PrismiqEngine(shared_shop_dsn)
    for ask in (lambda: engine.dashboards, lambda: engine.saved_queries, lambda: engine.pins):
        with pytest.raises(ConfigurationError, match="no store"):
            ask()
    with pytest.raises(ConfigurationError, match="no store"):
        await engine.migrate()


async def test_the_address_by_the_environment(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRISMIQ_STORE_DSN", dsn)
    async with PrismiqEngine(dsn) as engine:
        assert await engine.migrate() == ["0001"]
        assert dsn not in repr(engine.settings)

"""Time-outs, crowds, and a database that comes and goes, as HTTP shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from prismiq.access import AccessPolicy
from prismiq.api import create_router, public_context
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings
from prismiq.testing import TemporaryPostgres

SLOW = {"source": "slow", "columns": ["id", "slept"]}
QUICK = {"source": "quick", "measures": ["count"]}
TABLES = """
    CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(120)::text AS slept;
    CREATE TABLE quick (id int);
"""


def mounted(engine: PrismiqEngine) -> FastAPI:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=public_context))
    return app


def check(response: httpx.Response, status: int, code: str, retry_after: str | None) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.get("retry-after") == retry_after
    assert response.json()["hint"]


async def active(connection: Any) -> int:
    return await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )


async def test_a_query_over_its_time(dsn: str, connect: Any, until: Any) -> None:
    watcher = await asyncpg.connect(dsn)
    await watcher.execute(TABLES)
    settings = Settings(statement_timeout=0.2, pool_max_size=1)
    engine = PrismiqEngine(dsn, policy=AccessPolicy.open(), settings=settings)
    async with engine, connect(mounted(engine)) as client:

        async def idle() -> bool:
            return await active(watcher) == 0

        for _ in range(3):
            check(await client.post("/query", json=SLOW), 504, "query_timeout", None)
            await until(idle)  # the statement is ended beside the answer
            assert (await client.post("/query", json=QUICK)).status_code == 200
    await watcher.close()


async def test_more_queries_than_connections(dsn: str, connect: Any, until: Any) -> None:
    watcher = await asyncpg.connect(dsn)
    await watcher.execute(TABLES)
    settings = Settings(pool_max_size=1, acquire_timeout=0.1)
    engine = PrismiqEngine(dsn, policy=AccessPolicy.open(), settings=settings)
    async with engine, connect(mounted(engine)) as client:
        assert (await client.post("/query", json=QUICK)).status_code == 200
        slow = asyncio.create_task(client.post("/query", json=SLOW))

        async def busy() -> bool:
            return await active(watcher) == 1

        await until(busy)
        check(await client.post("/query", json=QUICK), 429, "busy", "1")
        check(await client.get("/health/ready"), 429, "busy", "1")
        assert (await client.get("/health/live")).json() == {"status": "ok"}
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert (await client.post("/query", json=QUICK)).status_code == 200
    await watcher.close()


async def test_a_table_that_was_dropped_since(dsn: str, connect: Any) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(TABLES)
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine, connect(mounted(engine)) as client:
        assert (await client.post("/query", json=QUICK)).status_code == 200
        await admin.execute("DROP TABLE quick")
        check(await client.post("/query", json=QUICK), 503, "database_error", "2")
        await engine.refresh_schema()
        assert (await client.post("/query", json=QUICK)).json()["errors"][0]["code"] == "unknown_table"
    await admin.close()


@pytest.fixture
def own_server() -> Iterator[TemporaryPostgres]:
    with TemporaryPostgres() as server:
        yield server


async def test_postgresql_comes_and_goes(own_server: TemporaryPostgres, connect: Any, until: Any) -> None:
    dsn = await own_server.create_template("app", TABLES)
    own_server.server.stop()
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine, connect(mounted(engine)) as client:

        async def away() -> None:
            check(await client.post("/query", json=QUICK), 503, "database_unavailable", "2")
            check(await client.get("/health/ready"), 503, "database_unavailable", "2")
            assert (await client.get("/health/live")).status_code == 200

        async def there() -> None:
            assert (await client.post("/query", json=QUICK)).json()["rows"] == [[0]]
            assert (await client.get("/health/ready")).json() == {"status": "ok"}

        await away()
        check(await client.get("/schema"), 503, "database_unavailable", "2")
        own_server.server.start()
        await there()

        watcher = await asyncpg.connect(dsn)
        # Two that differ: of equal ones only one would run.
        slow = [asyncio.create_task(client.post("/query", json={**SLOW, "limit": limit})) for limit in (1, 2)]

        async def both_run() -> bool:
            return await active(watcher) == 2

        await until(both_run)
        own_server.server.stop()
        for task in slow:
            check(await task, 503, "database_unavailable", "2")
        await away()
        assert (await client.get("/schema")).status_code == 200, "the schema is known still"

        own_server.server.start()
        await there()

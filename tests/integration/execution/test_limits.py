"""What bounds a query before, while and after it runs, and whose query runs first."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from prismiq import AccessPolicy, PrismiqEngine, RequestContext, create_router
from prismiq.access.caller import Caller, caller_of
from prismiq.errors import BusyError, QueryTooCostlyError
from prismiq.execution import Database
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import OutputColumn, Role, Statement

SLOW, QUICK = Caller(("tenant", "slow")), Caller(("tenant", "quick"))
EVENTS = "CREATE TABLE events (id int PRIMARY KEY, body text); INSERT INTO events SELECT n, 'x' FROM generate_series(1, 5000) n; ANALYZE events"


def statement(sql: str, *args: object) -> Statement:
    return Statement(sql, args, (OutputColumn("c", DataType.OTHER, Role.COLUMN, "C"),))


class TestTurns:
    @pytest.mark.parametrize("kind", ["own", "pipelined", "host"])
    async def test_a_slow_tenant_starves_nobody(self, dsn: str, kind: str, until: Any) -> None:
        """Forty queries of one tenant that never end, and another's are answered at once."""
        pool = await asyncpg.create_pool(dsn, min_size=0, max_size=4) if kind == "host" else None
        driver = "psycopg" if kind == "pipelined" else "asyncpg"
        settings = Settings(pool_max_size=4, statement_timeout=60, driver=driver)
        database = Database(None if pool else dsn, pool=pool, settings=settings)
        await database.open()
        watcher = await asyncpg.connect(dsn)
        try:
            slow = [asyncio.ensure_future(database.run(statement("SELECT pg_sleep(60)"), SLOW)) for _ in range(40)]
            sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"

            async def half_are_taken() -> bool:
                return await watcher.fetchval(sleeping) == 2

            await until(half_are_taken)
            found = await asyncio.wait_for(
                asyncio.gather(*(database.run(statement("SELECT $1::int", n), QUICK) for n in range(50))), 20
            )
            assert [each.rows[0][0] for each in found] == list(range(50))
            assert await watcher.fetchval(sleeping) == 2
            for each in slow:
                each.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        finally:
            await watcher.close()
            await database.close()
            if pool is not None:
                await pool.close()

    async def test_busy_is_a_429_that_says_when(self, shop_dsn: str) -> None:
        settings = Settings(pool_max_size=1, max_waiting_per_tenant=0)
        async with PrismiqEngine(shop_dsn, policy=AccessPolicy.open(), settings=settings) as engine:
            await engine.get_schema()
            app = FastAPI()
            app.include_router(create_router(engine, get_context=lambda: RequestContext(user="u")))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                question = {"source": "orders", "measures": ["count"]}
                async with engine._database.connection():  # pyright: ignore[reportPrivateUsage]
                    answer = await client.post("/query", json=question)
                assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
                assert answer.json()["code"] == "busy"
                assert (await client.post("/query", json=question)).status_code == 200

    async def test_a_tenants_full_house_is_not_anothers(self, shop_dsn: str) -> None:
        """Both ask the same of a table that all share, so one computation would do; but it waits for the first's turn."""
        policy = AccessPolicy.load({"tenant_column": "tenant_id", "tables": {"plans": {"shared": True}}})
        settings = Settings(pool_max_size=2, acquire_timeout=0.2)
        question = {"source": "plans", "measures": ["count"]}
        async with PrismiqEngine(shop_dsn, policy=policy, settings=settings) as engine:
            acme, globex = (RequestContext(user="u", tenant=tenant) for tenant in ("acme", "globex"))
            await engine.get_schema(acme)
            database = engine._database  # pyright: ignore[reportPrivateUsage]
            async with database.connection(caller_of(policy, acme)):
                asked = (engine.answer_query(question, each, max_age=60) for each in (acme, globex))
                refused, answered = await asyncio.gather(*asked, return_exceptions=True)
            assert isinstance(refused, BusyError)
            assert not isinstance(answered, BaseException)


class TestCost:
    async def test_a_query_over_the_ceiling_does_not_run(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(EVENTS)
        await connection.close()
        by_key, whole = "SELECT id FROM events WHERE id < $1", "SELECT count(*) FROM events, events AS e, events AS f"
        database = Database(dsn, settings=Settings(max_cost=50))
        await database.open()
        try:
            assert len((await database.run(statement(by_key, 3))).rows) == 2
            with pytest.raises(QueryTooCostlyError) as caught:
                await database.run(statement(whole))
            assert not any(character.isdigit() for character in str(caught.value)), "an estimate tells of rows"
            with pytest.raises(QueryTooCostlyError):  # the same statement with other values
                await database.run(statement(by_key, 5000))
            assert len((await database.run(statement(by_key, 3))).rows) == 2
        finally:
            await database.close()

    async def test_a_policy_sets_its_own(self, shop_dsn: str) -> None:
        policy = AccessPolicy.model_validate({"is_open": True, "limits": {"max_cost": 0.001, "row_cap": 1}})
        async with PrismiqEngine(shop_dsn, policy=policy) as engine:
            assert engine.settings.row_cap == 1
            with pytest.raises(QueryTooCostlyError):
                await engine.execute_query({"source": "orders", "measures": ["count"]}, RequestContext(user="u"))


class TestBytes:
    async def test_a_result_that_is_too_large(self, shop_dsn: str) -> None:
        settings = Settings(max_result_bytes=400)
        async with PrismiqEngine(shop_dsn, policy=AccessPolicy.open(), settings=settings) as engine:
            app = FastAPI()
            app.include_router(create_router(engine, get_context=lambda: RequestContext(user="u")))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
                rows = await client.post("/query", json={"source": "orders", "columns": ["id", "ordered_at"]})
                assert (rows.status_code, rows.json()["code"]) == (422, "result_too_large")
                one = await client.post("/query", json={"source": "orders", "measures": ["count"]})
                assert one.status_code == 200


async def test_who_waits_for_a_connection_is_told_when_the_engine_closes(dsn: str) -> None:
    database = Database(dsn, settings=Settings(pool_max_size=1))
    await database.open()
    async with database.connection():
        waiting = asyncio.ensure_future(database.run(statement("SELECT 1")))
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(database.close())
        with pytest.raises(Exception, match="not open"):
            await waiting
    await closing
    with pytest.raises(Exception, match="not open"):
        await database.ping()

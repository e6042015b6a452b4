"""Who cancels may do so again and again until all is over, as anyio's cancel scopes do; nothing may be left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none
import pytest

from pgbouncer import MISSING, PROGRAM, transaction_pooler
from prismiq import PrismiqEngine
from prismiq.access.caller import Caller
from prismiq.errors import PrismiqError
from prismiq.execution import Database
from prismiq.execution.result import QueryResult
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import Copying, OutputColumn, Role, Statement

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
WAYS = ["direct", "pooler", "pool of the host's"]
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"


def statement(sql: str) -> Statement:
    return Statement(sql, (), (OutputColumn("c", DataType.TEXT, Role.COLUMN, "C"),))


SLEEP = statement("SELECT pg_sleep(60)::text")


@contextmanager
def address_of(dsn: str, way: str) -> Iterator[str]:
    if way == "pooler" and PROGRAM is None:
        pytest.skip(MISSING)
    with transaction_pooler(dsn, servers=1) if way == "pooler" else nullcontext(dsn) as address:
        yield address


Begin = Callable[[Database, asyncio.Event], Awaitable[object]]
"""Asks for something that takes long; the event is set where the database cannot tell that it has begun."""


async def run(database: Database, _: asyncio.Event) -> None:
    await database.run(SLEEP)


async def copy(database: Database, _: asyncio.Event) -> None:
    async def take(_: bytes) -> None: ...

    await database.copy(replace(SLEEP, copying=Copying("mark")), Caller(), take)


async def read(database: Database, _: asyncio.Event) -> None:
    async def take(_: QueryResult) -> None: ...

    await database.read(SLEEP, Caller(), take)


async def take_slowly(database: Database, begun: asyncio.Event) -> None:
    async def take(_: QueryResult) -> None:
        begun.set()
        await asyncio.Event().wait()

    await database.read(statement("SELECT 'first'"), Caller(), take)


@pytest.mark.parametrize("begin", [run, copy, read, take_slowly])
@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
@pytest.mark.parametrize("way", WAYS)
async def test_cancelled_again_and_again(dsn: str, way: str, driver: Any, begin: Begin, until: Until) -> None:
    settings = Settings(driver=driver, pool_max_size=1, acquire_timeout=3, statement_timeout=20)
    watcher: Any = await asyncpg.connect(dsn)
    begun = asyncio.Event()

    async def is_under_way() -> bool:
        return begun.is_set() or await watcher.fetchval(ASLEEP) == 1

    with address_of(dsn, way) as address:
        pool: Any = await asyncpg.create_pool(address, min_size=0, max_size=1) if way == WAYS[2] else None
        database = Database(None if pool else address, pool=pool, settings=settings)
        await database.open()
        try:
            task = asyncio.ensure_future(begin(database, begun))
            await until(is_under_way)
            while not task.done():
                task.cancel()
                await asyncio.sleep(0)
            assert task.cancelled()
            for _ in range(3):
                found = await database.run(statement("SELECT current_setting('statement_timeout')"))
                assert found.rows == [("20s",)]
                assert await watcher.fetchval(OPEN) == 0
        finally:
            await database.close()
            if pool is not None:
                await pool.close()
            await watcher.close()


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_an_export_that_is_cancelled_anywhere(dsn: str, form: Any) -> None:
    """Its transaction would stay open, with its longer time-out for whoever comes next."""
    setting_up: Any = await asyncpg.connect(dsn)
    await setting_up.execute("CREATE TABLE series AS SELECT n, repeat('x', 40) AS x FROM generate_series(1, 30000) n")
    await setting_up.close()
    everything = {"source": "series", "columns": ["n", "x"]}
    async with PrismiqEngine(dsn, settings=Settings(pool_max_size=1, statement_timeout=20)) as engine:

        async def export() -> None:
            async with aclosing(await engine.export_query(everything, format=form)) as pieces:
                async for _ in pieces:
                    pass

        database = engine._database  # pyright: ignore[reportPrivateUsage]
        await export()
        for steps in range(2, 100, 2):
            task = asyncio.ensure_future(export())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            found = await database.run(statement("SELECT current_setting('statement_timeout')"))
            assert found.rows == [("20s",)]


@pytest.mark.parametrize("error", [asyncpg.PostgresError("anything"), asyncpg.InterfaceError("anything")])
async def test_a_connection_that_was_ended_while_it_was_used(dsn: str, error: Exception) -> None:
    database = Database(dsn, settings=Settings(pool_max_size=1, acquire_timeout=3))
    await database.open()
    try:
        with pytest.raises(PrismiqError):
            async with database.connection() as connection:
                connection.terminate()
                raise error
        assert (await database.run(statement("SELECT 'a'"))).rows == [("a",)]
    finally:
        await database.close()

"""Behind PgBouncer in transaction mode, which gives each transaction another connection to PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pgbouncer import MISSING, PROGRAM, transaction_pooler
from prismiq.errors import DatabaseError, QueryFailedError, QueryTimeoutError
from prismiq.execution import Database
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import OutputColumn, Role, Statement

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

STARTUP = "statement_timeout,default_transaction_read_only,jit,TimeZone"


def statement(sql: str, *args: object, kind: DataType = DataType.OTHER) -> Statement:
    return Statement(sql, args, (OutputColumn("c", kind, Role.COLUMN, "C"),))


async def value(database: Database, sql: str, *args: object) -> Any:
    return (await database.run(statement(sql, *args))).rows[0][0]


@pytest.mark.parametrize("ignore", ["", STARTUP], ids=["refuses startup parameters", "ignores them"])
@pytest.mark.parametrize("pooler", ["auto", "transaction"])
@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_every_value_is_right_and_every_bound_holds(dsn: str, ignore: str, pooler: Any, driver: Any) -> None:
    settings = Settings(driver=driver, pooler=pooler, pool_max_size=12, statement_timeout=20)
    with transaction_pooler(dsn, ignore=ignore, servers=3) as address:
        database = Database(address, settings=settings)
        await database.open()
        try:
            # As many texts as values, so that prepared statements of other connections would answer wrongly.
            asked = [(f"SELECT {n} + $1::int AS n{n % 97}", n * 1000) for n in range(600)]
            found = await asyncio.gather(*(value(database, sql, argument) for sql, argument in asked))
            assert found == [n + n * 1000 for n in range(600)]
            assert await value(database, "SELECT current_setting('transaction_read_only')") == "on"
            assert await value(database, "SELECT current_setting('TimeZone')") == "UTC"
            assert await value(database, "SELECT current_setting('statement_timeout')") == "20s"
            with pytest.raises(DatabaseError):
                await database.run(statement("CREATE TABLE evil ()"))
            with pytest.raises(QueryFailedError):
                await value(database, "SELECT 1 / 0")
            months = await database.run(statement("SELECT interval '1 month'", kind=DataType.INTERVAL))
            assert months.rows == [("P1M",)]
            assert await value(database, "SELECT '20000-01-01'::date") == "+020000-01-01"
        finally:
            await database.close()


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_a_time_out_and_a_cancelled_query_leave_nothing(dsn: str, driver: Any) -> None:
    with transaction_pooler(dsn, servers=1) as address:
        database = Database(address, settings=Settings(driver=driver, pool_max_size=4, statement_timeout=0.2))
        await database.open()
        try:
            with pytest.raises(QueryTimeoutError):
                await value(database, "SELECT pg_sleep(60)::text")
            for _ in range(3):
                task = asyncio.ensure_future(value(database, "SELECT pg_sleep(60)::text"))
                await asyncio.sleep(0.02)  # anywhere in the transaction; whatever it is, what follows must work
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert await value(database, "SELECT 1") == 1
            assert await value(database, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'") == 0
        finally:
            await database.close()


async def test_without_a_pooler_statements_are_prepared(dsn: str) -> None:
    """`auto` must not take PostgreSQL itself for a pooler: every query would be a transaction of its own."""
    database = Database(dsn, settings=Settings(pool_max_size=1))
    await database.open()
    try:
        for _ in range(3):
            await value(database, "SELECT 41 + 1")
        assert (
            await value(database, "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 41 + 1'") == 1
        )
    finally:
        await database.close()

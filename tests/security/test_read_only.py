"""Whatever reaches a connection of ours cannot write, and cannot run for ever: on our own pool and on the host's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from prismiq.access import AccessPolicy, RequestContext
from prismiq.engine import PrismiqEngine
from prismiq.errors import DatabaseError, QueryTimeoutError
from prismiq.settings import Settings
from prismiq.sql import Statement

SETTINGS = Settings(statement_timeout=0.3, pool_max_size=2)
WRITES = [
    "INSERT INTO plans VALUES (9, 'mine', 0)",
    "UPDATE plans SET name = 'mine'",
    "DELETE FROM events",
    "TRUNCATE events",
    "CREATE TABLE mine ()",
    "DROP TABLE events",
    "ALTER TABLE events ADD COLUMN mine int",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SELECT nextval(pg_get_serial_sequence('customers', 'id'))",
    "SELECT lo_create(4711)",
    "SELECT * FROM plans FOR UPDATE",
    "WITH gone AS (DELETE FROM events RETURNING 1) SELECT count(*) FROM gone",
    "COPY plans FROM PROGRAM 'echo 9,mine,0'",
    "REFRESH MATERIALIZED VIEW monthly_revenue",
    "GRANT SELECT ON plans TO public",
    "COMMENT ON TABLE plans IS 'mine'",
]  # fmt: skip


@pytest.fixture(params=["its own pool", "the host's pool"])
async def engine(request: pytest.FixtureRequest, shop_dsn: str) -> AsyncIterator[PrismiqEngine]:
    if request.param == "its own pool":
        async with PrismiqEngine(shop_dsn, policy=AccessPolicy.open(), settings=SETTINGS) as engine:
            yield engine
        return
    async with (
        asyncpg.create_pool(shop_dsn, min_size=1, max_size=2) as pool,
        PrismiqEngine(pool=pool, policy=AccessPolicy.open(), settings=SETTINGS) as engine,
    ):
        yield engine


async def run(engine: PrismiqEngine, sql: str) -> list[tuple[Any, ...]]:
    """As the engine runs what it has compiled: there is no other way to a connection."""
    return list((await engine._database.run(Statement(sql, (), ()))).rows)


@pytest.mark.parametrize("write", WRITES)
async def test_nothing_writes(engine: PrismiqEngine, write: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        await run(engine, write)
    assert isinstance(caught.value.__cause__, asyncpg.ReadOnlySQLTransactionError), caught.value.__cause__
    assert "mine" not in str(caught.value)


async def test_the_session_says_so(engine: PrismiqEngine) -> None:
    async with engine._database.connection() as connection:
        assert await connection.fetchval("SHOW transaction_read_only") == "on"
        assert await connection.fetchval("SHOW statement_timeout") == "300ms"
        assert await connection.fetchval("SHOW TimeZone") == "UTC"


async def test_nothing_runs_beyond_its_time(engine: PrismiqEngine) -> None:
    with pytest.raises(QueryTimeoutError):
        await run(engine, "SELECT count(*) FROM generate_series(1, 1000000000)")
    result = await engine.execute_query({"source": "plans", "measures": ["count"]}, RequestContext(user="u"))
    assert result.rows == [(3,)]


async def test_every_connection_is_so_and_stays_so(engine: PrismiqEngine) -> None:
    """Also those that were opened later, and those that a failed or a refused statement was on."""
    for _ in range(2):
        async with engine._database.connection() as one, engine._database.connection() as other:
            for connection in (one, other):
                assert await connection.fetchval("SHOW transaction_read_only") == "on"
                assert await connection.fetchval("SHOW statement_timeout") == "300ms"
        for refused in (WRITES[0], "SELECT 1 / 0", "SELECT nothing"):
            with pytest.raises(DatabaseError):
                await run(engine, refused)


async def test_the_hosts_pool_is_left_as_it_was(shop_dsn: str) -> None:
    async with asyncpg.create_pool(shop_dsn, min_size=1, max_size=1) as pool:
        async with PrismiqEngine(pool=pool, policy=AccessPolicy.open(), settings=SETTINGS) as engine:
            await engine.execute_query({"source": "plans", "measures": ["count"]}, RequestContext(user="u"))
            with pytest.raises(DatabaseError):
                await run(engine, WRITES[0])
        assert await pool.fetchval("SHOW transaction_read_only") == "off"
        assert await pool.fetchval("SHOW statement_timeout") == "0"
        await pool.execute("INSERT INTO plans VALUES (9, 'the host may', 0)")

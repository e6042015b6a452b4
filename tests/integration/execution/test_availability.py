"""PostgreSQL comes and goes; the engine's connections come back by themselves."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from prismiq.errors import DatabaseUnavailableError
from prismiq.execution import Database
from prismiq.settings import Settings
from prismiq.sql.statement import Statement
from prismiq.testing import TemporaryPostgres

ONE = Statement("SELECT 1", (), ())
PID = Statement("SELECT pg_backend_pid()", (), ())
SLEEP = Statement("SELECT pg_sleep(60)", (), ())


@pytest.mark.parametrize("kind", ["own", "pipelined", "host"])
async def test_not_there_at_start_going_in_mid_query_and_coming_back(
    own_server: TemporaryPostgres, kind: str, until: Any
) -> None:
    dsn = own_server.server.dsn()
    own_server.server.stop()
    driver = "psycopg" if kind == "pipelined" else "asyncpg"
    settings = Settings(pool_max_size=3, connect_timeout=2, driver=driver)
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=3) if kind == "host" else None
    database = Database(None if pool else dsn, pool=pool, settings=settings)
    await database.open()  # must not fail
    try:
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await database.run(ONE)
        with pytest.raises(DatabaseUnavailableError):
            await database.ping()

        for _ in range(2):
            own_server.server.start()
            await database.run(ONE)

            sleeping = [asyncio.create_task(database.run(SLEEP)) for _ in range(2)]

            async def both_sleep() -> bool:
                async with database.connection() as connection:
                    found = await connection.fetchval(
                        "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active'", SLEEP.sql
                    )
                return found == 2

            await until(both_sleep)
            own_server.server.stop()
            for task in sleeping:
                with pytest.raises(DatabaseUnavailableError):
                    await task
            with pytest.raises(DatabaseUnavailableError):
                await database.run(ONE)

        own_server.server.start()
        await asyncio.gather(*(database.run(ONE) for _ in range(10)))
    finally:
        await database.close()
        if pool is not None:
            await pool.close()


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_a_connection_that_an_administrator_ended(dsn: str, driver: Any, until: Any) -> None:
    admin = await asyncpg.connect(dsn)
    database = Database(dsn, settings=Settings(pool_max_size=1, driver=driver))
    await database.open()
    try:
        for _ in range(3):
            [[pid]] = (await database.run(PID)).rows
            assert await admin.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)

            async def served() -> bool:
                try:
                    await database.run(ONE)
                except DatabaseUnavailableError:  # the news had not come yet: at most one query pays for it
                    return False
                return True

            await until(served)
    finally:
        await database.close()
        await admin.close()


async def test_a_wrong_password_or_database_is_no_crash(dsn: str) -> None:
    database = Database(dsn.replace("/test_", "/no_such_"))
    await database.open()
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.run(ONE)
    assert "no_such" not in str(caught.value)
    await database.close()


async def test_a_server_that_never_answers() -> None:
    """A port that accepts and stays silent: connecting takes too long, which is no lack of connections."""
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = Database(f"postgresql://u@127.0.0.1:{port}/x", settings=Settings(connect_timeout=0.2, pool_min_size=0))
    await database.open()
    with pytest.raises(DatabaseUnavailableError):
        await database.run(ONE)
    await database.close()
    server.close()

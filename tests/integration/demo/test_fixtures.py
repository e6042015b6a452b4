"""The fixtures that every other test stands on."""

from __future__ import annotations

import asyncpg


async def test_each_test_gets_an_empty_database_of_its_own(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.execute("CREATE TABLE left_behind ()")
    await connection.close()


async def test_and_the_next_test_another(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT to_regclass('left_behind')") is None
    await connection.close()


async def test_a_shop_may_be_changed(shop_dsn: str) -> None:
    connection = await asyncpg.connect(shop_dsn)
    await connection.execute("DELETE FROM order_items")
    await connection.close()


async def test_and_is_whole_again(shop_dsn: str) -> None:
    connection = await asyncpg.connect(shop_dsn)
    assert await connection.fetchval("SELECT count(*) FROM order_items") == 9
    new = await connection.fetchval("INSERT INTO plans VALUES (4, 'new', 1) RETURNING id")
    assert new == 4
    order = await connection.fetchval(
        "INSERT INTO orders (tenant_id, status, region, ordered_at) VALUES ('acme', 'paid', 'EU', now()) RETURNING id"
    )
    assert order == 1001
    await connection.close()


async def test_a_connection_left_open_does_not_keep_a_database(postgres_server) -> None:
    address = await postgres_server.create_database()
    connection = await asyncpg.connect(address)
    await postgres_server.drop_database(address)
    connection.terminate()
    admin = await asyncpg.connect(postgres_server.server.dsn())
    assert await admin.fetchval("SELECT count(*) FROM pg_database WHERE $1 LIKE '%/' || datname || '?%'", address) == 0
    await admin.close()

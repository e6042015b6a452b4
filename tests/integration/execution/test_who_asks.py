"""PostgreSQL's own row level security and roles, told who asks: on the engine's connections, on a host's, through
PgBouncer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from pgbouncer import MISSING, PROGRAM, transaction_pooler
from prismiq import AccessPolicy, PrismiqEngine, RequestContext
from prismiq.errors import ContextError, DatabaseError, PrismiqError
from prismiq.settings import Settings

TENANTS = ["t1", "t2", "t3", "t4", "t5"]

SCHEMA = """
    CREATE TABLE notes (id int PRIMARY KEY, tenant text NOT NULL, region text NOT NULL, body text);
    INSERT INTO notes SELECT n, 't' || (1 + n % 5), (ARRAY['EU', 'US'])[1 + n % 2], 'note ' || n
    FROM generate_series(1, 1000) AS n;
    CREATE TABLE staff (id int PRIMARY KEY, wage int);
    INSERT INTO staff VALUES (1, 10), (2, 20);
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY of_tenant ON notes FOR SELECT USING (tenant = current_setting('app.tenant'));
    CREATE POLICY auditors ON notes FOR SELECT TO auditor USING (true);
    GRANT SELECT ON notes TO app, reader, auditor;
    GRANT SELECT ON staff TO auditor;
"""

ROLES = """
    DO $$
    BEGIN
        CREATE ROLE reader; CREATE ROLE auditor; CREATE ROLE app LOGIN NOINHERIT IN ROLE reader, auditor;
    EXCEPTION WHEN duplicate_object THEN
    END $$
"""

COUNT = {"source": "notes", "dimensions": ["tenant"], "measures": ["count"], "order_by": ["tenant"]}
WAGES = {"source": "staff", "measures": [{"aggregate": "sum", "field": "wage"}]}
FEW = {"pool_max_size": 2, "pool_min_size": 1}


@pytest.fixture
async def guarded_dsn(postgres_server: Any, dsn: str) -> str:
    """The address, for the role `app`, of a database whose rows PostgreSQL itself guards."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(ROLES)
    await connection.execute(SCHEMA)
    name = await connection.fetchval("SELECT current_database()")
    await connection.close()
    return postgres_server.server.dsn(name, "app")


@pytest.fixture(params=["own", "pipelined", "host", "pooler", "pipelined through a pooler", "host behind a pooler"])
async def connected(
    request: pytest.FixtureRequest, guarded_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, Any]]:
    """What an engine connects by."""
    if "pipelined" in request.param:
        monkeypatch.setenv("PRISMIQ_DRIVER", "psycopg")
    async with AsyncExitStack() as stack:
        if "pooler" in request.param:
            if PROGRAM is None:
                pytest.skip(MISSING)
            guarded_dsn = stack.enter_context(transaction_pooler(guarded_dsn))
        if "host" not in request.param:
            yield {"dsn": guarded_dsn}
            return
        own = {"statement_cache_size": 0} if "pooler" in request.param else {}
        pool = await stack.enter_async_context(asyncpg.create_pool(guarded_dsn, min_size=0, max_size=2, **own))
        yield {"pool": pool}


def of(tenant: str, **more: Any) -> RequestContext:
    return RequestContext(user="u", tenant=tenant, **more)


async def test_each_caller_sees_its_own_rows_whoever_came_before(connected: dict[str, Any]) -> None:
    policy = AccessPolicy.model_validate({"session": {"app.tenant": "tenant"}})
    chance = random.Random(7)
    async with PrismiqEngine(**connected, policy=policy, settings=Settings(**FEW)) as engine:

        async def ask(tenant: str) -> None:
            if chance.random() < 0.1:  # a statement that fails or is cut short must leave nothing behind
                broken = asyncio.ensure_future(
                    engine.execute_query({**COUNT, "filters": [{"field": "body", "operator": "regex", "value": "("}]},
                    of(chance.choice(TENANTS)))
                )  # fmt: skip
                await asyncio.sleep(0)
                if chance.random() < 0.5:
                    broken.cancel()
                with pytest.raises((PrismiqError, asyncio.CancelledError)):
                    await broken
            assert (await engine.execute_query(COUNT, of(tenant))).rows == [(tenant, 200)]

        for _ in range(3):
            await asyncio.gather(*(ask(chance.choice(TENANTS)) for _ in range(60)))


async def test_a_missing_value_is_an_error_and_never_the_one_before(connected: dict[str, Any]) -> None:
    policy = AccessPolicy.model_validate({"session": {"app.tenant": "tenant"}})
    async with PrismiqEngine(**connected, policy=policy, settings=Settings(**FEW)) as engine:
        await engine.execute_query(COUNT, of("t1"))
        with pytest.raises(ContextError, match="tenant"):
            await engine.execute_query(COUNT, RequestContext(user="u"))


async def test_a_role_by_attribute(connected: dict[str, Any]) -> None:
    policy = AccessPolicy.model_validate({"session": {"app.tenant": "tenant"}, "role": {"attribute": "db"}})
    async with PrismiqEngine(**connected, policy=policy, settings=Settings(**FEW)) as engine:
        for _ in range(3):
            seen = await engine.execute_query(COUNT, of("t1", attributes={"db": "auditor"}))
            assert len(seen.rows) == 5
            seen = await engine.execute_query(COUNT, of("t2", attributes={"db": "reader"}))
            assert seen.rows == [("t2", 200)]
        for name in ("postgres", "nobody_of_this_name", 'reader"; SET ROLE postgres; --'):
            with pytest.raises(DatabaseError) as caught:
                await engine.execute_query(COUNT, of("t2", attributes={"db": name}))
            assert name not in str(caught.value)
        assert (await engine.execute_query(COUNT, of("t3", attributes={"db": "reader"}))).rows == [("t3", 200)]


async def test_a_role_for_all_reads_the_schema_too(guarded_dsn: str) -> None:
    for role, tables in (("reader", {"notes"}), ("auditor", {"notes", "staff"})):
        policy = AccessPolicy.model_validate({"session": {"app.tenant": "tenant"}, "role": role})
        async with PrismiqEngine(guarded_dsn, policy=policy, settings=Settings(**FEW)) as engine:
            schema = await engine.get_schema(of("t1"))
            assert {table.name for table in schema.tables} == tables
    async with PrismiqEngine(guarded_dsn, policy=AccessPolicy(role="auditor"), settings=Settings(**FEW)) as engine:
        assert (await engine.execute_query(WAGES, of("t1"))).rows == [(30,)]


async def test_nothing_stays_on_a_hosts_connection(guarded_dsn: str) -> None:
    async def keep(_: object) -> None:
        """A host may save the reset."""

    policy = AccessPolicy.model_validate({"session": {"app.tenant": "tenant"}, "role": "reader"})
    async with asyncpg.create_pool(guarded_dsn, min_size=1, max_size=1, reset=keep) as pool:
        async with PrismiqEngine(pool=pool, policy=policy) as engine:
            await engine.execute_query(COUNT, of("t1"))
        assert await pool.fetchval("SELECT current_setting('app.tenant', true)") in (None, "")
        assert await pool.fetchval("SELECT current_user") == "app"


async def test_what_was_set_for_one_is_cleared_for_who_sets_nothing(guarded_dsn: str) -> None:
    """The engine's own reading of the catalog runs as itself, on whatever connection it gets."""
    policy = AccessPolicy.model_validate({"session": {"app.tenant": "tenant"}, "role": {"attribute": "db"}})
    one = Settings(pool_max_size=1, driver="asyncpg")
    async with PrismiqEngine(guarded_dsn, policy=policy, settings=one) as engine:
        await engine.execute_query(COUNT, of("t1", attributes={"db": "reader"}))
        async with engine._database.connection() as connection:  # pyright: ignore[reportPrivateUsage]
            found = await connection.fetchrow("SELECT current_setting('app.tenant'), current_user, current_role")
        assert tuple(found) == ("", "app", "app")

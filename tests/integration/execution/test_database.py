"""Statements on a real server, through a pool of our own and through a host's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from prismiq.access.caller import Caller
from prismiq.errors import (
    BusyError,
    ConfigurationError,
    DatabaseError,
    EngineNotOpenError,
    QueryFailedError,
    QueryTimeoutError,
)
from prismiq.execution import Database, QueryResult, encode_json
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import OutputColumn, Role, Statement


def statement(sql: str, *types: DataType, args: tuple[object, ...] = (), **more: Any) -> Statement:
    columns = tuple(OutputColumn(f"c{i}", each, Role.COLUMN, f"C{i}") for i, each in enumerate(types))
    return Statement(sql, args, columns, **more)


@asynccontextmanager
async def opened(dsn: str, kind: str, **limits: Any) -> AsyncIterator[Database]:
    settings = Settings(**{"statement_timeout": 20.0, "pool_max_size": 2, **limits})
    if kind != "host":
        if kind == "pipelined":
            settings = settings.model_copy(update={"driver": "psycopg"})
        database = Database(dsn, settings=settings)
        await database.open()
        try:
            yield database
        finally:
            await database.close()
    else:
        async with asyncpg.create_pool(dsn, min_size=0, max_size=settings.pool_max_size) as pool:
            database = Database(pool=pool, settings=settings)
            await database.open()
            yield database
            await database.close()
            assert await pool.fetchval("SELECT 1") == 1, "the host's pool stays open"


@pytest.fixture(params=["own", "pipelined", "host"])
async def database(request: pytest.FixtureRequest, dsn: str) -> AsyncIterator[Database]:
    async with opened(dsn, request.param) as database:
        yield database


async def value(database: Database, sql: str, *args: object) -> Any:
    return (await database.run(statement(sql, DataType.OTHER, args=args))).rows[0][0]


async def running(connection: Any, marker: str) -> int:
    """How many statements with the marker the server is executing."""
    return await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()",
        f"%{marker}%",
    )


class TestSession:
    async def test_is_read_only_in_utc_and_bounded(self, database: Database) -> None:
        assert await value(database, "SELECT current_setting('transaction_read_only')") == "on"
        assert await value(database, "SELECT current_setting('TimeZone')") == "UTC"
        assert await value(database, "SELECT current_setting('statement_timeout')") == "20s"

    async def test_cannot_write(self, database: Database) -> None:
        with pytest.raises(DatabaseError) as caught:
            await database.run(statement("CREATE TABLE evil ()"))
        assert "evil" not in str(caught.value)

    async def test_nothing_is_left_on_a_hosts_connection(self, dsn: str) -> None:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=1, reset=_nothing) as pool:

            async def settings() -> list[Any]:
                return await pool.fetch("SELECT name, setting FROM pg_settings ORDER BY name")

            before = await settings()
            database = Database(pool=pool)
            await database.open()
            await value(database, "SELECT 1")
            with pytest.raises(QueryFailedError):
                await value(database, "SELECT 1 / 0")
            assert await settings() == before
            assert await pool.fetchval("SELECT pg_current_xact_id_if_assigned() IS NULL")

    async def test_own_connections_are_named(self, dsn: str) -> None:
        async with opened(dsn, "own") as database:
            assert await value(database, "SELECT current_setting('application_name')") == "prismiq"
            assert await value(database, "SELECT current_setting('jit')") == "off"

    async def test_a_connection_for_more_than_one_statement(self, database: Database) -> None:
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1
            assert await connection.fetchval("SELECT 2") == 2
        with pytest.raises(QueryFailedError):
            async with database.connection() as connection:
                await connection.fetchval("SELECT 1 / 0")
        await database.ping()

    async def test_an_address_of_sqlalchemys_kind(self, dsn: str) -> None:
        async with opened(dsn.replace("postgresql://", "postgresql+asyncpg://"), "own") as database:
            await database.ping()


async def _nothing(_: object) -> None:
    """A host may save the reset, too."""


class TestRows:
    async def test_the_cap_is_told(self, database: Database) -> None:
        sql = "SELECT g FROM generate_series(1, $1::int) AS g ORDER BY g"
        beyond = await database.run(statement(sql, DataType.INTEGER, args=(6,), row_cap=5))
        assert (beyond.rows, beyond.truncated) == ([(i,) for i in range(1, 6)], True)
        within = await database.run(statement(sql, DataType.INTEGER, args=(5,), row_cap=5))
        assert (within.row_count, within.truncated) == (5, False)

    async def test_values_as_postgresql_computed_them(self, database: Database) -> None:
        sql = """
            SELECT 12345678901234567890.123456789::numeric, 9007199254740993::bigint, 'x'::text,
                   '{"a": [1.10, "é"]}'::jsonb, '"text"'::json, 'null'::jsonb, '2026-07-01 12:00+00'::timestamptz,
                   '2026-07-01'::date, '1 day 02:00'::interval
        """
        types = [DataType.NUMERIC, DataType.BIGINT, DataType.TEXT, DataType.JSONB, DataType.JSON, DataType.JSONB]
        types += [DataType.TIMESTAMPTZ, DataType.DATE, DataType.INTERVAL]
        result = await database.run(statement(sql, *types, time_zone="Europe/Berlin"))
        noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
        assert result.rows == [
            (
                Decimal("12345678901234567890.123456789"),
                9007199254740993,
                "x",
                {"a": [Decimal("1.10"), "é"]},
                "text",
                None,
                noon,
                date(2026, 7, 1),
                timedelta(days=1, hours=2),
            )
        ]
        content = json.loads(encode_json(result), parse_float=Decimal)
        assert content["rows"] == [
            [
                Decimal("12345678901234567890.123456789"),
                9007199254740993,
                "x",
                {"a": [Decimal("1.10"), "é"]},
                "text",
                None,
                "2026-07-01T14:00:00+02:00",
                "2026-07-01",
                "P1DT2H",
            ]
        ]

    async def test_a_month_stays_a_month(self, database: Database) -> None:
        sql = """
            SELECT '1 month'::interval, '-14 months 3 days -01:02:03.5'::interval, '1 year'::interval, '30 days'::interval,
                   'infinity'::interval, justify_days('30 days') + $1, ARRAY['2 months'::interval, '-00:00:01']
        """
        types = [DataType.INTERVAL] * 6 + [DataType.ARRAY]
        result = await database.run(statement(sql, *types, args=(timedelta(days=2, seconds=1),)))
        days, second = timedelta(days=30), timedelta(seconds=-1)
        assert result.rows == [
            ("P1M", "P-1Y-2M3DT-1H-2M-3.5S", "P1Y", days, "infinity", "P1M2DT1S", ["P2M", second])
        ]  # fmt: skip
        (row,) = json.loads(encode_json(result))["rows"]
        assert row == ["P1M", "P-1Y-2M3DT-1H-2M-3.5S", "P1Y", "P30D", "infinity", "P1M2DT1S", ["P2M", "-PT1S"]]

    async def test_a_host_may_have_a_codec_for_intervals(self, dsn: str) -> None:
        async def init(connection: Any) -> None:
            await connection.set_type_codec("interval", schema="pg_catalog", encoder=str, decoder=str.upper)

        async with asyncpg.create_pool(dsn, min_size=0, max_size=1, init=init) as pool:
            database = Database(pool=pool)
            await database.open()
            for _ in range(2):  # it stays the host's
                assert (await database.run(statement("SELECT interval '1 month'", DataType.INTERVAL))).rows == [
                    ("1 MON",)
                ]

    async def test_a_host_may_have_codecs_for_json(self, dsn: str) -> None:
        async def init(connection: Any) -> None:
            for name in ("json", "jsonb"):
                await connection.set_type_codec(name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)

        async with asyncpg.create_pool(dsn, min_size=0, max_size=1, init=init) as pool:
            database = Database(pool=pool)
            await database.open()
            sql = """SELECT '"text"'::jsonb, '{"a": 1}'::json, 'null'::jsonb, '[1]'::jsonb"""
            types = [DataType.JSONB, DataType.JSON, DataType.JSONB, DataType.JSONB]
            result = await database.run(statement(sql, *types))
            assert result.rows == [("text", {"a": 1}, None, [1])]
            assert json.loads(encode_json(result))["rows"] == [["text", {"a": 1}, None, [1]]]
            assert (await database.explain(statement("SELECT 1")))[0]["Plan"]

    ODD = """
        SELECT '20000-01-01'::date, '0044-03-15 BC 10:00+00'::timestamptz, '0044-03-15 BC 10:00:00.5'::timestamp,
               '24:00'::time, '24:00+02'::timetz, 'infinity'::date, '-infinity'::timestamp,
               '2026-07-01'::date, '2026-07-01 12:00+00'::timestamptz, '10:00'::time, $1::timestamptz, $2::date
    """
    ODD_TYPES = tuple(
        DataType(name)
        for name in (
            *("date", "timestamptz", "timestamp", "time", "timetz", "date", "timestamp"),
            *("date", "timestamptz", "time", "timestamptz", "date"),
        )
    )

    async def test_years_that_python_does_not_have(self, dsn: str) -> None:
        args = (datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2))), date(2026, 2, 28))
        async with opened(dsn, "own", pool_max_size=1) as database:
            result = await database.run(statement(self.ODD, *self.ODD_TYPES, args=args))
            expected = [
                "+020000-01-01",
                "-000043-03-15T10:00:00+00:00",
                "-000043-03-15T10:00:00.500000",
                "24:00:00",
                "24:00:00+02:00",
                "infinity",
                "-infinity",
                date(2026, 7, 1),
                datetime(2026, 7, 1, 12, tzinfo=timezone.utc),
                time(10),
                args[0],
                args[1],
            ]
            assert list(result.rows[0]) == expected
            assert json.loads(encode_json(result))["rows"][0][:3] == expected[:3]
            # The same connection decodes as before.
            assert await value(database, "SELECT '2026-01-01'::date") == date(2026, 1, 1)
            assert await value(database, "SELECT $1::timestamptz", args[0]) == args[0]

    @pytest.mark.parametrize("kind", ["own", "host"])
    async def test_the_last_day_is_no_infinity(self, dsn: str, kind: str) -> None:
        """Which is what the driver makes of it, though tables have it for what has no end."""
        sql = """
            SELECT day::text, $1 = day, $2 = at FROM (VALUES ('9999-12-31'::date, '9999-12-31 23:59:59.999999'::timestamp),
            ('0001-01-01', '0001-01-01'), ('infinity', 'infinity'), ('2026-01-01', '2026-01-01')) AS days(day, at)
            WHERE day = ANY ($3::date[])
        """
        types = (DataType.TEXT, DataType.BOOLEAN, DataType.BOOLEAN)
        args = (date.max, datetime.max, [date.max, date.min])
        expected = [("9999-12-31", True, True), ("0001-01-01", False, False)]
        async with opened(dsn, kind) as database:
            asked = statement(sql, *types, args=args)
            assert (await database.run(asked)).rows == expected
            assert (
                await database.run(statement("SELECT $1::date::text", DataType.TEXT, args=(date(2026, 1, 1),)))
            ).rows
            found: list[Any] = []

            async def take(part: QueryResult) -> None:
                found.extend(part.rows)

            await database.read(asked, Caller(), take)
            assert found == expected

    @pytest.mark.parametrize("kind", ["own", "host"])
    async def test_an_infinity_is_no_last_day(self, dsn: str, kind: str) -> None:
        sql = """
            SELECT day, at, at::timestamptz, ARRAY[day], ARRAY[at], ARRAY[at::timestamptz] FROM (VALUES
                ('9999-12-31'::date, '9999-12-31 23:59:59.999999'::timestamp), ('infinity', 'infinity'),
                ('0001-01-01', '0001-01-01'), ('-infinity', '-infinity'), (NULL, '2026-01-01')) AS days(day, at)
        """
        types = (DataType.DATE, DataType.TIMESTAMP, DataType.TIMESTAMPTZ, *[DataType.ARRAY] * 3)
        last, first = "9999-12-31T23:59:59.999999", "0001-01-01T00:00:00"
        async with opened(dsn, kind) as database:
            rows = json.loads(encode_json(await database.run(statement(sql, *types))))["rows"]
        assert [row[3:] for row in rows] == [[[value] for value in row[:3]] for row in rows]
        assert [row[:3] for row in rows] == [
            ["9999-12-31", last, f"{last}+00:00"],
            ["infinity"] * 3,
            ["0001-01-01", first, f"{first}+00:00"],
            ["-infinity"] * 3,
            [None, "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00"],
        ]

    async def test_years_that_a_hosts_connection_cannot_read(self, dsn: str) -> None:
        async with opened(dsn, "host") as database:
            with pytest.raises(QueryFailedError, match="9999"):
                await value(database, "SELECT '20000-01-01'::date")
            assert await value(database, "SELECT 1") == 1

    async def test_types_of_their_own(self, database: Database) -> None:
        sql = """SELECT '1.2.3.4'::inet, '[1,3)'::int4range, b'101', point(1, 2), row(1, 2.50), '{1.50,2}'::numeric[],
                        '\\x00ff'::bytea, 'f'::"char", '08:00:2b:01:02:03'::macaddr, '{[1,3)}'::int4multirange"""
        types = [DataType.OTHER] * 5 + [DataType.ARRAY, DataType.BYTEA] + [DataType.OTHER] * 3
        row = json.loads(encode_json(await database.run(statement(sql, *types))), parse_float=Decimal)["rows"][0]
        assert row[:3] == ["1.2.3.4", "[1,3)", "101"]
        assert row[3:7] == [[1, 2], [1, Decimal("2.50")], [Decimal("1.50"), 2], "AP8="]
        assert row[8:] == ["08:00:2b:01:02:03", ["[1,3)"]]

    async def test_explain_has_the_plan_and_runs_nothing(self, database: Database) -> None:
        plan = await database.explain(statement("SELECT pg_sleep(1000) WHERE $1::int > 0", args=(1,)))
        assert "Node Type" in plan[0]["Plan"]

    async def test_a_table_that_changed_under_a_prepared_statement(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        for kind in ("own", "pipelined", "host"):
            async with opened(dsn, kind, pool_max_size=1) as database:
                before = await value(database, "SELECT a FROM t")
                await connection.execute(
                    f"ALTER TABLE t ALTER a TYPE {'text' if isinstance(before, int) else 'int USING a::int'}"
                )
                assert str(await value(database, "SELECT a FROM t")) == "1"
                await connection.execute("ALTER TABLE t RENAME TO gone")
                with pytest.raises(DatabaseError) as caught:
                    await value(database, "SELECT a FROM t")
                assert caught.value.details == {"schema_changed": True}
                await connection.execute("ALTER TABLE gone RENAME TO t")
        await connection.close()

    async def test_a_role_that_lost_its_right(self, postgres_server: Any, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("CREATE TABLE secrets (a int); DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN")
        name = await connection.fetchval("SELECT current_database()")
        async with opened(postgres_server.server.dsn(name, "reader"), "own") as database:
            with pytest.raises(DatabaseError) as caught:
                await value(database, "SELECT a FROM secrets")
            assert caught.value.details == {"schema_changed": True}
            assert "secrets" not in str(caught.value)
        await connection.execute("DROP ROLE reader")
        await connection.close()


class TestBounds:
    @pytest.mark.parametrize("kind", ["own", "pipelined", "host"])
    async def test_a_statement_over_its_time_is_gone_and_the_pool_is_well(self, dsn: str, kind: str) -> None:
        watcher = await asyncpg.connect(dsn)
        async with opened(dsn, kind, statement_timeout=0.15) as database:
            for _ in range(3):
                with pytest.raises(QueryTimeoutError):
                    await database.run(statement("SELECT pg_sleep(60) /* slow */"))
                assert await running(watcher, "slow") == 0
            for _ in range(5):
                assert await value(database, "SELECT 1") == 1
        await watcher.close()

    async def test_a_cancelled_task_cancels_its_statement(self, dsn: str, database: Database, until: Any) -> None:
        watcher = await asyncpg.connect(dsn)
        for _ in range(5):
            task = asyncio.create_task(database.run(statement("SELECT pg_sleep(60) /* unwanted */")))
            await until(lambda: _is(running(watcher, "unwanted"), 1))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: _is(running(watcher, "unwanted"), 0))
        results = await asyncio.gather(*(value(database, "SELECT $1::int", i) for i in range(20)))
        assert results == list(range(20))
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert await watcher.fetchval(idle) == 0
        await watcher.close()

    @pytest.mark.parametrize("kind", ["own", "pipelined", "host"])
    async def test_no_connection_became_free(self, dsn: str, kind: str) -> None:
        async with opened(dsn, kind, pool_max_size=1, acquire_timeout=0.1) as database:
            async with database.connection():
                with pytest.raises(BusyError):
                    await value(database, "SELECT 1")
            assert await value(database, "SELECT 1") == 1


async def _is(found: Awaitable[int], expected: int) -> bool:
    return await found == expected


class TestOpening:
    @pytest.mark.parametrize("kind", ["own", "host"])
    async def test_before_and_after(self, dsn: str, kind: str) -> None:
        pool = None if kind == "own" else asyncpg.create_pool(dsn, min_size=0)
        database = Database(dsn if kind == "own" else None, pool=pool)
        with pytest.raises(EngineNotOpenError):
            await database.ping()
        if pool is not None:
            await pool
        await database.open()
        await database.open()
        await database.ping()
        await database.close()
        await database.close()
        with pytest.raises(EngineNotOpenError):
            await database.ping()
        await database.open()
        await database.ping()
        await database.close()
        if pool is not None:
            await pool.close()

    async def test_neither_address_nor_pool(self) -> None:
        with pytest.raises(ConfigurationError):
            Database()

    @pytest.mark.parametrize("dsn", ["mysql://x", "postgresql://host:port/x"])
    async def test_an_address_that_is_none(self, dsn: str) -> None:
        eager, lazy = Database(dsn), Database(dsn, settings=Settings(pool_min_size=0))
        await lazy.open()
        for attempt in (eager.open, lazy.ping):
            with pytest.raises(ConfigurationError) as caught:
                await attempt()
            assert dsn not in str(caught.value)
        await eager.close()
        await lazy.close()

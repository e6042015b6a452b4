"""The pipelined driver against asyncpg: equal values, equal errors, nothing left on a connection."""

from __future__ import annotations

import asyncio
import math
import random
import sys
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from integration.execution.conftest import Until
from pgbouncer import MISSING, PROGRAM, transaction_pooler
from prismiq.access.caller import ROLE, Caller
from prismiq.errors import DatabaseError, PrismiqError
from prismiq.execution import Database, database, encode_json
from prismiq.execution.pipelined_link import PREPARED
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import OutputColumn, Role, Statement

COLUMN = {each: (OutputColumn("c", each, Role.COLUMN, "C"),) for each in DataType}
PAIR = ("asyncpg", "psycopg")


def statement(sql: str, *args: object, kind: DataType = DataType.OTHER, zone: str = "UTC") -> Statement:
    return Statement(sql, args, COLUMN[kind], time_zone=zone)


async def opened(dsn: str, driver: Any, **settings: Any) -> Database:
    found = Database(dsn, settings=Settings(driver=driver, **settings))
    await found.open()
    return found


@pytest.fixture(params=["direct", "PgBouncer"])
async def both(dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[list[Database]]:
    """The same database by asyncpg and by the pipeline, straight and through a pooler."""
    connection = await asyncpg.connect(dsn)
    # What the text form of values depends on is set otherwise by whoever owns the database.
    name = await connection.fetchval("SELECT current_database()")
    for setting in ("DateStyle = 'German'", "IntervalStyle = 'sql_standard'", "extra_float_digits = 0"):
        await connection.execute(f'ALTER DATABASE "{name}" SET {setting}')
    await connection.execute(
        "CREATE TYPE mood AS ENUM ('ok', 'so, so'); CREATE DOMAIN size AS int; CREATE TYPE pair AS (a int, b text)"
    )
    await connection.close()
    if request.param == "direct":
        found = [await opened(dsn, driver) for driver in PAIR]
        yield found
    else:
        if PROGRAM is None:
            pytest.skip(MISSING)
        with transaction_pooler(dsn) as address:
            found = [await opened(address, driver, pooler="transaction") for driver in PAIR]
            yield found
            for each in found:
                await each.close()
        return
    for each in found:
        await each.close()


def alike(value: Any) -> Any:
    """A form in which NaN equals itself, and what is equal but of another scale, zone or type does not."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, UUID):
        return ("uuid", str(value))  # asyncpg's is a class of its own
    if isinstance(value, Decimal):
        return ("numeric", format(value, "f"))  # 1E+30 or all of its digits
    if isinstance(value, list):
        return [alike(each) for each in value]
    return (type(value).__name__, repr(value))


READ = {
    DataType.BOOLEAN: ("boolean", ["true", "false"]),
    DataType.SMALLINT: ("smallint", ["0", "-32768", "32767"]),
    DataType.INTEGER: ("integer", ["0", "-2147483648", "2147483647"]),
    DataType.BIGINT: ("bigint", ["0", "-9223372036854775808", "9223372036854775807"]),
    DataType.NUMERIC: (
        "numeric",
        [
            "0",
            "0.00",
            "-0.00001",
            "1.50",
            "1e30",
            "1e-30",
            "100000",
            "12345678901234567.123",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e130000",
            "10000",
            "0.0001",
            "-10000.00010000",
            "99999999999999999999999999999999999999999999999999.0000000000000000000000000000001",
        ],
    ),
    DataType.REAL: ("real", ["0", "-0", "0.1", "1e20", "NaN", "Infinity", "-Infinity", "1e-40"]),
    DataType.DOUBLE: ("double precision", ["0", "-0", "0.1", "1e300", "NaN", "Infinity", "-Infinity", "5e-324"]),
    DataType.TEXT: ("text", ["", "a", "ünï ☃ 😀", "NULL", "a\nb\t\x01", "\\", "x" * 70_000]),
    DataType.UUID: ("uuid", ["00000000-0000-0000-0000-000000000000", "d3b07384-d9a0-4c9b-8f3e-1e6e0f5a3c21"]),
    DataType.DATE: ("date", ["2020-02-29", "0001-01-01", "9999-12-31"]),
    DataType.TIME: ("time", ["00:00", "23:59:59.999999", "12:00:00.01"]),
    DataType.TIMETZ: ("timetz", ["12:00+00", "12:00:00.5-05:30", "23:59:59.999999+14"]),
    DataType.TIMESTAMP: (
        "timestamp",
        ["2020-01-01 00:00:00.5", "0001-01-01", "9999-12-31 23:59:59.999998"],
    ),
    DataType.TIMESTAMPTZ: (
        "timestamptz",
        [
            "2020-01-01T00:00:00.5+00",
            "1850-01-01T00:00+00",
            "0001-01-01T00:00+00",
            "9999-12-31T23:59:59+00",
            "2020-11-01T05:30+00",
            "2020-11-01T06:30+00",
        ],
    ),
    DataType.INTERVAL: (
        "interval",
        ["0", "1 month", "-14 months 3 days", "1 day 02:00", "-00:00:00.5", "1 year -1 day 00:00:01", "999999 days"],
    ),
    DataType.JSON: ("json", ["null", '"a"', '{"a": [1.10, "é"]}', '{"a":1,\n"a":2}']),
    DataType.JSONB: ("jsonb", ["null", '"a"', '{"a": [1.10, "é"]}', "12345678901234567890.10"]),
    DataType.BYTEA: ("bytea", ["", "\\x00ff", "\\xdeadbeef"]),
    DataType.ENUM: ("mood", ["ok", "so, so"]),
    DataType.OTHER: ("size", ["7"]),
}
ODD = {  # what one driver alone reads, one way or another
    DataType.DATE: ("date", ["0044-03-15 BC", "12020-01-01", "infinity", "-infinity"]),
    DataType.TIME: ("time", ["24:00"]),
    DataType.TIMETZ: ("timetz", ["24:00+02"]),
    DataType.TIMESTAMP: ("timestamp", ["0044-03-15 10:00 BC", "12020-01-01 00:00:01.25", "infinity"]),
    DataType.TIMESTAMPTZ: ("timestamptz", ["0044-03-15 10:00+00 BC", "12020-01-01 00:00:01.25+00"]),
    DataType.ARRAY: ("text[]", ["{}", '{a,NULL,"b,c"}', "{{a,b},{c,d}}"]),
    DataType.OTHER: ("int4range", ["[1,3)", "empty"]),
}
OTHERS = [
    "'1.2.3.4'::inet",
    "'(1,2)'::point",
    "ROW(1, 'x')::pair",
    "B'101'",
    "'a b'::tsvector",
    '1::"char"',
    "'12'::money",
]


@pytest.mark.parametrize(
    ("kind", "type_", "values", "ours_reads"),
    [(kind, *each, given is READ) for given in (READ, ODD) for kind, each in given.items()],
)
async def test_values_come_as_the_same_objects_and_bytes(
    both: list[Database], kind: DataType, type_: str, values: list[str], ours_reads: bool
) -> None:
    for zone in ("UTC", "America/New_York"):
        asked = statement(f"SELECT v::{type_} FROM unnest($1::text[]) AS v", [*values, None], kind=kind, zone=zone)
        theirs, ours = [await each.run(asked) for each in both]
        assert [alike(value) for (value,) in ours.rows] == [alike(value) for (value,) in theirs.rows]
        assert [alike(*row) for row in ours.records] == [alike(*row) for row in theirs.records]
        for numbers in ("exact", "string"):
            rows = [
                encode_json(each, numbers).partition(b'"rows"')[2].rpartition(b'"as_of"')[0] for each in (theirs, ours)
            ]
            assert rows[0] == rows[1]
    fetched = await _pipelined(both).fetch(asked, Caller())
    assert (fetched is not None) == ours_reads, "who has read it"


@pytest.mark.parametrize("sql", OTHERS)
async def test_what_only_asyncpg_reads_is_read_by_it(both: list[Database], sql: str) -> None:
    for _ in range(2):
        theirs, ours = [await each.run(statement(f"SELECT {sql}")) for each in both]
        assert [alike(*row) for row in ours.rows] == [alike(*row) for row in theirs.rows]
    assert await _pipelined(both).fetch(statement(f"SELECT {sql}"), Caller()) is None


def _pipelined(both: list[Database]) -> Any:
    return both[1]._pipelined  # pyright: ignore[reportPrivateUsage]


MOMENT = datetime(2020, 7, 1, 12, 30, 15, 250, timezone.utc)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")  # 00:19:32 ahead of UTC then
BOUND = [
    ("text", ["", "a'b\\", "NULL", "{}", "☃ 😀", "a\nb"]),
    ("integer", [0, -5, 2**31 - 1]),
    ("bigint", [2**63 - 1, -(2**63)]),
    ("numeric", [Decimal("1.50"), Decimal("1E+30"), Decimal("-0.00"), Decimal("NaN"), Decimal("Infinity"), 5, 0.1]),
    ("double precision", [0.1, -0.0, 5e-324, 1e300, math.inf, -math.inf, math.nan, 1 / 3]),
    ("real", [0.1, 1e20, math.inf, 16777217.0, 1.0000000596046448, 1 + 2**-24 + 2**-50]),
    ("boolean", [True, False]),
    ("date", [date(2020, 2, 29), date(9999, 12, 30), date(1, 1, 2)]),
    ("time", [time(12, 30, 0, 10), time.max]),
    ("timetz", [time(12, 30, tzinfo=timezone(timedelta(hours=-5)))]),
    ("timestamp", [datetime(2020, 1, 1, 0, 0, 0, 5), datetime(9999, 12, 31), datetime(1, 1, 1, 1)]),
    (
        "timestamptz",
        [MOMENT.replace(tzinfo=timezone(timedelta(hours=20))), MOMENT.replace(year=1900, tzinfo=AMSTERDAM)],
    ),
    ("timestamptz", [MOMENT, MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))]),
    (
        "interval",
        [timedelta(), timedelta(days=-1, microseconds=7), timedelta(days=999, hours=5), -timedelta(seconds=1)],
    ),
    ("uuid", [UUID("d3b07384-d9a0-4c9b-8f3e-1e6e0f5a3c21")]),
    ("bytea", [b"", b"\x00\xff\\'"]),
    ("jsonb", ['{"a": [1, "é\\u0001"]}', "null"]),
]


@pytest.mark.parametrize(("type_", "values"), BOUND)
async def test_arguments_arrive_as_asyncpg_binds_them(both: list[Database], type_: str, values: list[Any]) -> None:
    for value in values:
        found = [(await each.run(statement(f"SELECT ($1::{type_})::text", value))).rows for each in both]
        assert found[0] == found[1], value
    found = [(await each.run(statement(f"SELECT ($1::{type_}[])::text", [*values, None]))).rows for each in both]
    assert found[0] == found[1]
    found = [
        (await each.run(statement(f"SELECT ($1::{type_})::text IS NULL, $2::{type_}[]::text", None, [])))
        for each in both
    ]
    assert found[0].rows == found[1].rows == [(True, "{}")]


async def test_the_first_and_the_last_day_are_no_infinity(dsn: str) -> None:
    found = await opened(dsn, "psycopg")
    for day, moment in ((date.max, datetime.max), (date.min, datetime.min)):
        asked = statement("SELECT $1::date::text, $2::timestamp::text", day, moment)
        assert (await found.run(asked)).rows == [(str(day), str(moment))]
    await found.close()


WRONG = [
    ("SELECT 1 / $1::int", 0),
    ("SELECT 'a' ~ $1::text", "("),
    ("SELECT $1::text", "a\0b"),
    ("SELECT $1::text", "a\ud800"),
    ("SELECT $1::text[]", ["a\0b"]),
    ("SELECT $1::int * 2147483647", 2),
    ("SELECT missing FROM pg_class WHERE $1::int = 1", 1),
    ("SELECT * FROM missing WHERE $1::int = 1", 1),
    ("CREATE TABLE evil ()",),
    ("SELECT pg_sleep($1::int)::text", 60),
    ("SELECT $1::jsonb", "{"),
    ("SELECT convert_from('\\xff', 'SQL_ASCII') || $1::text", "x"),
]


@pytest.mark.parametrize("asked", WRONG, ids=lambda asked: asked[0])
async def test_errors_are_the_same(dsn: str, asked: tuple[Any, ...]) -> None:
    said: list[Any] = []
    for driver in PAIR:
        found = await opened(dsn, driver, statement_timeout=0.3)
        for _ in range(2):  # also once it is prepared
            with pytest.raises(PrismiqError) as caught:
                await found.run(statement(*asked))
            said.append((type(caught.value), str(caught.value), caught.value.hint, caught.value.details))
        assert (await found.run(statement("SELECT 1"))).rows == [(1,)], "the connection is of use still"
        await found.close()
    assert len({repr(each) for each in said}) == 1, said


async def test_a_cancelled_wait_ends_the_statement_on_the_server(dsn: str, until: Until) -> None:
    watching = await asyncpg.connect(dsn)

    async def sleeping() -> int:
        return await watching.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(59)%' "
            "AND pid <> pg_backend_pid()"
        )

    async def one() -> bool:
        return await sleeping() == 1

    async def none() -> bool:
        return await sleeping() == 0

    found = await opened(dsn, "psycopg", pool_max_size=1)
    for _ in range(3):
        task = asyncio.ensure_future(found.run(statement("SELECT pg_sleep(59)::text")))
        await until(one)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(none)
        assert (await found.run(statement("SELECT 1"))).rows == [(1,)]
    # The one connection was kept, and so is what it prepared.
    assert await watching.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'prismiq'") == 1
    await found.close()
    await watching.close()


async def test_a_server_that_does_not_answer_in_time(dsn: str, monkeypatch: pytest.MonkeyPatch, until: Until) -> None:
    """The time-out is the server's; where it does not come, the wait ends all the same."""
    monkeypatch.setattr(database, "GRACE", -19.9)
    found = await opened(dsn, "psycopg", statement_timeout=20.0, pool_max_size=1)
    with pytest.raises(PrismiqError):
        await found.run(statement("SELECT pg_sleep(58)::text"))

    async def free() -> bool:
        return (await found.run(statement("SELECT 1"))).rows == [(1,)]

    await until(free)
    await found.close()


RULES = """
    CREATE TABLE notes (id int PRIMARY KEY, tenant text NOT NULL);
    INSERT INTO notes SELECT n, 't' || n % 5 FROM generate_series(1, 500) AS n;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (tenant = current_setting('app.tenant', true));
"""
ROLES = """
    DO $$ BEGIN CREATE ROLE teller LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN END $$;
    GRANT SELECT ON notes TO teller
"""
SEEN = "SELECT tenant || ' ' || count(*) || ' ' || current_setting('app.tenant') FROM notes GROUP BY tenant"


@pytest.mark.parametrize("way", ["direct", "PgBouncer"])
@pytest.mark.parametrize("size", [1, 3])
async def test_tenants_share_connections_and_see_their_own_rows(
    postgres_server: Any, dsn: str, way: str, size: int
) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(RULES)
    await admin.execute(ROLES)
    name = await admin.fetchval("SELECT current_database()")
    address = postgres_server.server.dsn(name, "teller")
    if way == "direct":
        await _alternate(address, size)
    elif PROGRAM is None:
        pytest.skip(MISSING)
    else:
        with transaction_pooler(address, servers=2) as pooler:
            await _alternate(pooler, size)
    await admin.execute("DROP OWNED BY teller")
    await admin.close()


async def _alternate(address: str, size: int) -> None:
    found = await opened(address, "psycopg", pool_max_size=size)
    drawn = random.Random(7)

    async def seen(tenant: int) -> None:
        caller = Caller(("tenant", tenant), (("app.tenant", f"t{tenant}"),))
        if drawn.random() < 0.1:  # an error in between
            with pytest.raises(DatabaseError):
                await found.run(statement("SELECT 1 / 0"), caller)
        assert (await found.run(statement(SEEN), caller)).rows == [(f"t{tenant} 100 t{tenant}",)]

    for tenant in (0, 1, 0, 2):
        await seen(tenant)
    await asyncio.gather(*(seen(drawn.randrange(5)) for _ in range(300)))
    # Nobody's setting is left for who sets none, and the session stays as it was.
    for asked in (SEEN, "SELECT id FROM notes"):
        assert (await found.run(statement(asked))).rows == []
    left = "SELECT current_setting('app.tenant', true) || current_setting('transaction_read_only') || current_user"
    assert (await found.run(statement(left))).rows == [("onteller",)]
    refused = Caller(settings=(("app.tenant", "t1"), (ROLE, "postgres")))
    with pytest.raises(DatabaseError, match="refused the role or the settings"):
        await found.run(statement(SEEN), refused)
    assert (await found.run(statement(SEEN))).rows == []
    await found.close()


async def test_a_table_that_changes_is_read_again(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute("CREATE TABLE things (a int); INSERT INTO things VALUES (1)")
    found = await opened(dsn, "psycopg", pool_max_size=2)
    asked = statement("SELECT * FROM things")
    assert (await found.run(asked)).rows == [(1,)]
    await admin.execute("ALTER TABLE things ALTER a TYPE text USING 'it is ' || a")
    assert (await found.run(asked)).rows == [("it is 1",)]
    await admin.execute("ALTER TABLE things ALTER a TYPE int USING 7")
    assert (await found.run(asked)).rows == [(7,)]
    left = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT * FROM things'"
    assert (await found.run(statement(left))).rows == [(1,)]
    await found.close()
    await admin.close()


async def test_prepared_statements_that_are_gone_or_too_many(dsn: str) -> None:
    found = await opened(dsn, "psycopg", pool_max_size=1)
    many = "SELECT count(*) FROM pg_prepared_statements"
    for n in range(PREPARED + 50):
        assert (await found.run(statement(f"SELECT {n}"))).rows == [(n,)]
        with pytest.raises(DatabaseError):
            await found.run(statement(f"SELECT no{n}"))
    [(count,)] = (await found.run(statement(many))).rows
    assert count <= PREPARED + 1
    await found.run(statement("DISCARD PLANS"))
    await found.run(statement("DEALLOCATE ALL"))  # as a pooler would, between two transactions
    assert (await found.run(statement(many))).rows == [(1,)]
    assert (await found.run(statement("SELECT 3"))).rows == [(3,)]
    await found.close()


async def test_both_sets_together_are_no_more_connections_than_allowed(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    found = await opened(dsn, "psycopg", pool_max_size=3)

    async def other() -> None:
        async with found.connection() as connection:
            await connection.fetchval("SELECT pg_sleep(0.01)::text")

    async def ours() -> None:
        await found.run(statement("SELECT pg_sleep(0.01)::text"))

    for works in ([ours] * 9, [other] * 9, [ours, other] * 9):
        await asyncio.gather(*(work() for work in works))
        open_ = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'prismiq' AND datname = current_database()"
        )
        assert await admin.fetchval(open_) <= 4, "three, and one that is just ending"
    await found.close()
    await admin.close()


async def test_a_large_result_and_large_arguments(dsn: str) -> None:
    found = await opened(dsn, "psycopg", pool_max_size=1)
    rows = (await found.run(statement("SELECT g, 'text ' || g FROM generate_series(1, 30000) AS g"))).rows
    assert rows == [(n, f"text {n}") for n in range(1, 30001)]
    numbers = list(range(400_000))
    assert (await found.run(statement("SELECT sum(v) FROM unnest($1::bigint[]) AS v", numbers))).rows == [
        (sum(numbers),)
    ]
    text = "é" * 8_000_000
    assert (await found.run(statement("SELECT $1::text", text))).rows == [(text,)]
    await found.close()


def test_without_psycopg_the_driver_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("prismiq.execution.pipelined")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(PrismiqError, match="not installed") as caught:
        Database("postgresql://", settings=Settings(driver="psycopg"))
    assert "prismiq[pipeline]" in str(caught.value.hint)


async def test_an_address_that_only_asyncpg_reads(dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    found = await opened(f"{dsn}&search_path=information_schema", "psycopg")
    for _ in range(2):
        assert (await found.run(statement("SELECT current_setting('search_path')"))).rows == [("information_schema",)]
    assert [each.message for each in caplog.records] == ["psycopg cannot connect (ProgrammingError); asyncpg is used."]
    await found.close()


async def test_options_of_the_address_stay(dsn: str) -> None:
    found = await opened(f"{dsn}&options=-c%20work_mem%3D7MB", "psycopg")
    asked = "SELECT current_setting('work_mem') || current_setting('default_transaction_read_only')"
    fetched = await _pipelined([found, found]).fetch(statement(asked), Caller())
    assert fetched == [("7MBon",)]
    await found.close()


async def test_each_connection_forgets_what_it_had_prepared_for_a_changed_table(dsn: str) -> None:
    """Both have, and a second try may come to either."""
    admin = await asyncpg.connect(dsn)
    await admin.execute("CREATE TABLE changing AS SELECT 1 AS a")
    found = await opened(dsn, "psycopg", pool_max_size=2)
    asked = statement("SELECT a FROM changing, pg_sleep(0.05)", kind=DataType.INTEGER)
    try:
        for kind in ("bigint", "int", "bigint"):
            await asyncio.gather(found.run(asked), found.run(asked))
            await admin.execute(f"ALTER TABLE changing ALTER a TYPE {kind}")
            both = await asyncio.gather(*(found.run(asked) for _ in range(4)))
            assert [each.rows for each in both] == [[(1,)]] * 4
    finally:
        await found.close()
        await admin.close()

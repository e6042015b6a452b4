"""One round trip over pg_catalog, against the same facts from information_schema.

uv run pytest tests/benchmarks/test_introspection.py --benchmark -s
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from prismiq.introspection import introspect
from prismiq.schema import ColumnSchema, DatabaseSchema

TABLES = 1_000
FOREIGN_KEYS = 1_500
ROUNDS = 2

COLUMNS_SQL = """
    SELECT c.table_schema, c.table_name, c.column_name, c.udt_schema, c.udt_name, c.is_nullable = 'YES' AS nullable,
           c.column_default,
           CASE WHEN c.udt_name = 'numeric' THEN c.numeric_precision END AS precision,
           CASE WHEN c.udt_name = 'numeric' THEN c.numeric_scale END AS scale
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema')
    ORDER BY c.table_schema, c.table_name, c.ordinal_position
"""
KEYS_SQL = """
    SELECT k.table_schema, k.table_name, c.constraint_type, k.constraint_name, k.column_name
    FROM information_schema.table_constraints c
    JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_schema, table_name)
    WHERE c.constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND k.table_schema NOT IN ('pg_catalog', 'information_schema')
    ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position
"""
FOREIGN_KEYS_SQL = """
    SELECT k.table_schema, k.table_name, k.constraint_name, k.column_name,
           target.table_schema AS target_schema, target.table_name AS target_name, target.column_name AS target_column
    FROM information_schema.referential_constraints r
    JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
    JOIN information_schema.key_column_usage target
      ON target.constraint_schema = r.unique_constraint_schema AND target.constraint_name = r.unique_constraint_name
     AND target.ordinal_position = k.position_in_unique_constraint
    ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position
"""


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    script = [
        f"""CREATE TABLE t{n} (
            id bigint PRIMARY KEY, a_id bigint, b_id bigint NOT NULL, name text NOT NULL, code varchar(20) UNIQUE,
            total numeric(12,2) DEFAULT 0, active boolean DEFAULT true, placed date, seen timestamptz, data jsonb
        )"""
        for n in range(TABLES)
    ]
    script += [f"ALTER TABLE t{n} ADD FOREIGN KEY (a_id) REFERENCES t{n // 2}" for n in range(1, TABLES)]
    more = FOREIGN_KEYS - (TABLES - 1)
    script += [f"ALTER TABLE t{n} ADD FOREIGN KEY (b_id) REFERENCES t{n // 3}" for n in range(1, more + 1)]
    async with connection.transaction():
        await connection.execute(";".join(script))
    await connection.execute("ANALYZE")
    yield connection
    await connection.close()


Facts = dict[str, set[tuple[object, ...]]]


async def by_information_schema(connection: asyncpg.Connection) -> Facts:
    columns = await connection.fetch(COLUMNS_SQL)
    keys: dict[tuple[str, ...], tuple[str, ...]] = {}
    for schema, table, kind, name, column in await connection.fetch(KEYS_SQL):
        keys[schema, table, kind, name] = (*keys.get((schema, table, kind, name), ()), column)
    pairs: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for schema, table, name, *pair in await connection.fetch(FOREIGN_KEYS_SQL):
        pairs[schema, table, name] = (*pairs.get((schema, table, name), ()), tuple(pair))
    return {
        "columns": set(map(tuple, columns)),
        "keys": {(schema, table, kind, columns) for (schema, table, kind, _), columns in keys.items()},
        "foreign_keys": {(*key, pairs) for key, pairs in pairs.items()},
    }


def facts(schema: DatabaseSchema) -> Facts:
    return {
        "columns": {
            (*table.ref, each.name, each.type_schema, each.type_name, *optional(each))
            for table in schema.tables
            for each in table.columns
        },
        "keys": {(*table.ref, "PRIMARY KEY", table.primary_key) for table in schema.tables if table.primary_key}
        | {(*table.ref, "UNIQUE", columns) for table in schema.tables for columns in table.unique},
        "foreign_keys": {
            (
                *table.ref,
                key.constraint,
                tuple((own, *key.target, theirs) for own, theirs in zip(key.columns, key.target_columns, strict=True)),
            )
            for table in schema.tables
            for key in table.foreign_keys
        },
    }


def optional(column: ColumnSchema) -> tuple[object, ...]:
    return column.nullable, column.default, column.precision, column.scale


@pytest.mark.benchmark
async def test_one_round_trip_against_information_schema(connection: asyncpg.Connection):
    queries: list[str] = []

    async def timed(read: Callable[[asyncpg.Connection], Awaitable[object]]) -> tuple[float, object]:
        queries.clear()
        started = time.perf_counter()
        result = await read(connection)
        seconds = time.perf_counter() - started
        await asyncio.sleep(0)  # loggers are called in a turn of their own
        return seconds, result

    connection.add_query_logger(lambda record: queries.append(record.query))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        seconds, schema = await timed(introspect)
        ours.append(seconds)
        assert len(queries) == 1
        seconds, expected = await timed(by_information_schema)
        theirs.append(seconds)
        assert len(queries) == 3
    assert isinstance(schema, DatabaseSchema)
    assert facts(schema) == expected
    assert len(schema.tables) == TABLES
    assert sum(len(table.foreign_keys) for table in schema.tables) == FOREIGN_KEYS

    stalls = await longest_stall(lambda: introspect(connection))
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"\n{TABLES} tables × 10 columns, {FOREIGN_KEYS} foreign keys: one round trip {mine * 1000:.0f} ms, "
        f"information_schema {other * 1000:.0f} ms: {other / mine:.1f}×; event loop stalled {stalls * 1000:.0f} ms"
    )


async def longest_stall(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds that the event loop at most kept another task waiting while `work` ran."""
    task = asyncio.ensure_future(work())
    longest = 0.0
    while not task.done():
        before = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - before)
    return longest

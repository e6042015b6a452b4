from __future__ import annotations

import asyncio

import asyncpg
import pytest

from prismiq.introspection import introspect
from prismiq.schema import DatabaseSchema, TableKind, TableRef, TableSchema, apply


def table(schema: DatabaseSchema, name: str, namespace: str = "public") -> TableSchema:
    return schema.by_ref[TableRef(namespace, name)]


async def test_an_empty_database(read):
    assert await read("") == DatabaseSchema(tables=(), default_schema="public")


async def test_every_kind_of_relation_and_nothing_else(read):
    schema = await read("""
        CREATE TABLE plain (id int);
        CREATE TABLE parted (id int) PARTITION BY RANGE (id);
        CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
        CREATE TABLE parted_lowest PARTITION OF parted_low FOR VALUES FROM (0) TO (5);
        CREATE VIEW seen AS SELECT id FROM plain;
        CREATE MATERIALIZED VIEW kept AS SELECT id FROM plain;
        CREATE FOREIGN DATA WRAPPER nowhere;
        CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
        CREATE FOREIGN TABLE abroad (id int NOT NULL) SERVER far;
        CREATE SEQUENCE numbers;
        CREATE INDEX ON plain (id);
        CREATE TYPE pair AS (a int, b int);
        CREATE TEMPORARY TABLE passing (id int);
    """)
    assert {each.name: each.kind for each in schema.tables} == {
        "abroad": TableKind.FOREIGN_TABLE,
        "kept": TableKind.MATERIALIZED_VIEW,
        "parted": TableKind.PARTITIONED_TABLE,
        "plain": TableKind.TABLE,
        "seen": TableKind.VIEW,
    }


async def test_a_table_without_columns(read):
    schema = await read("CREATE TABLE bare ()")
    assert table(schema, "bare").columns == ()


NAMES = ["MixedCase", "with space", 'with "quotes"', "with.dot", "it's", "größe", "数量", "a\\b", "select", "%s $1 :x"]


async def test_names_of_any_kind(read):
    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    script = ""
    for name in NAMES:
        own, mood = quoted(name), quoted(name + " mood")
        script += f"""
            CREATE SCHEMA {own};
            CREATE TYPE {own}.{mood} AS ENUM ('{name.replace("'", "''")}', '');
            CREATE TABLE {own}.{own} ({own} int PRIMARY KEY, parent int REFERENCES {own}.{own}, mood {own}.{mood});
            COMMENT ON COLUMN {own}.{own}.{own} IS '{name.replace("'", "''")}';
        """
    schema = await read(script)
    assert {each.ref for each in schema.tables} == {TableRef(name, name) for name in NAMES}
    for name in NAMES:
        found = table(schema, name, name)
        assert found.primary_key == (name,)
        assert found.by_name[name].description == name
        assert (found.by_name["mood"].type_schema, found.by_name["mood"].type_name) == (name, name + " mood")
        assert found.by_name["mood"].enum_values == (name, "")
        (key,) = found.foreign_keys
        assert (key.columns, key.target, key.target_columns) == (("parent",), TableRef(name, name), (name,))


async def test_comments(read):
    schema = await read("""
        CREATE TABLE orders (id int, total int);
        COMMENT ON TABLE orders IS 'What was bought.';
        COMMENT ON COLUMN orders.total IS 'Gross.';
    """)
    orders = table(schema, "orders")
    assert orders.description == "What was bought."
    assert [column.description for column in orders.columns] == [None, "Gross."]


async def test_columns_stand_in_their_order_without_dropped_ones(read):
    schema = await read("CREATE TABLE t (z int, gone int, a int); ALTER TABLE t DROP COLUMN gone, ADD COLUMN m int")
    assert [column.name for column in table(schema, "t").columns] == ["z", "a", "m"]


async def test_schemas_can_be_chosen_and_system_ones_never_are(read):
    script = """
        CREATE SCHEMA sales; CREATE TABLE sales.orders (id int);
        CREATE SCHEMA "Sales"; CREATE TABLE "Sales".orders (id int);
        CREATE TABLE here (id int);
    """
    names = ["Sales.orders", "public.here", "sales.orders"]
    assert [str(each.ref) for each in (await read(script)).tables] == names
    chosen = await read("", ["sales", "pg_catalog", "information_schema", "none"])
    assert [str(each.ref) for each in chosen.tables] == ["sales.orders"]
    assert (await read("", [])).tables == ()


async def test_the_default_schema_is_where_the_connection_looks_first(read):
    assert (await read("CREATE SCHEMA app; SET search_path = missing, app, public")).default_schema == "app"
    assert (await read("SET search_path = ''")).default_schema == "public"


async def test_row_estimates_and_sizes(read, connection: asyncpg.Connection):
    script = """
        CREATE TABLE orders (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off);
        INSERT INTO orders SELECT n, repeat('x', 100) FROM generate_series(1, 1000) n;
        CREATE TABLE events (id int, kind int) PARTITION BY LIST (kind);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
        CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2) PARTITION BY RANGE (id);
        CREATE TABLE events_2_low PARTITION OF events_2 FOR VALUES FROM (0) TO (1000000);
        CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);
        INSERT INTO events SELECT n, 1 + n % 2 FROM generate_series(1, 700) n;
        INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (3);
        CREATE TABLE empty (id int);
        CREATE VIEW view AS SELECT * FROM orders;
    """
    names = ("orders", "events", "parent", "empty", "view")
    before = await read(script)
    assert [table(before, name).row_estimate for name in names] == [None] * 5
    assert [table(before, name).size_bytes for name in names] == [None] * 5

    after = await read("ANALYZE")
    assert [table(after, name).row_estimate for name in names] == [1000, 700, 3, 0, None]
    sizes = await connection.fetchrow("""
        SELECT pg_table_size('orders') - pg_relation_size('orders', 'fsm') - pg_relation_size('orders', 'vm')
               + pg_indexes_size('orders'),
               pg_relation_size('events_1') + pg_relation_size('events_2_low'),
               pg_relation_size('parent') + pg_relation_size('child')
    """)
    index_grown = await connection.fetchval("SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass")
    assert index_grown == 1
    assert table(after, "events").size_bytes == sizes[1]
    assert table(after, "parent").size_bytes == sizes[2]
    assert table(after, "orders").size_bytes == pytest.approx(sizes[0], abs=2 * 8192), "TOAST's own index aside"
    assert apply(before).version == apply(after).version


async def test_a_locked_table_does_not_hold_it_up(read, connection: asyncpg.Connection, dsn: str):
    await connection.execute("CREATE TABLE orders (id int PRIMARY KEY, at timestamptz DEFAULT now()); ANALYZE")
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            schema = await read("SET lock_timeout = '2s'")
            assert table(schema, "orders").by_name["at"].default == "now()"
    finally:
        await other.close()


async def test_it_is_one_statement(connection: asyncpg.Connection):
    await connection.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a)")
    queries: list[str] = []
    connection.add_query_logger(lambda record: queries.append(record.query))
    await introspect(connection)
    await asyncio.sleep(0)  # loggers are called in a turn of their own
    assert len(queries) == 1


async def test_it_ends_with_relationships_once_applied(read):
    schema = apply(
        await read("""
            CREATE TABLE airports (code text PRIMARY KEY);
            CREATE TABLE flights (id int PRIMARY KEY, origin text REFERENCES airports, dest text REFERENCES airports);
        """)
    )
    assert {each.name for each in table(schema, "flights").relationships} == {
        "airports_via_origin",
        "airports_via_dest",
    }
    assert len(schema.version) == 16

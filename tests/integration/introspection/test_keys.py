from __future__ import annotations

import asyncpg
import pytest

from prismiq.schema import DatabaseSchema, ForeignKey, TableRef, TableSchema


def table(schema: DatabaseSchema, name: str, namespace: str = "public") -> TableSchema:
    return schema.by_ref[TableRef(namespace, name)]


def keys(schema: DatabaseSchema, name: str) -> list[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    return [(key.columns, str(key.target), key.target_columns) for key in table(schema, name).foreign_keys]


async def test_primary_keys_and_unique_constraints_in_their_own_order(read):
    t = table(await read("CREATE TABLE t (a int, b int, c int UNIQUE, d int, PRIMARY KEY (b, a), UNIQUE (d, a))"), "t")
    assert t.primary_key == ("b", "a")
    assert t.unique == (("c",), ("d", "a"))
    assert [column.name for column in t.columns if not column.nullable] == ["a", "b"]


async def test_unique_indexes_count_without_their_included_columns(read):
    t = table(
        await read("""
            CREATE TABLE t (a int NOT NULL, b int, c int, PRIMARY KEY (b) INCLUDE (c));
            CREATE UNIQUE INDEX ON t (a) INCLUDE (b, c);
            CREATE INDEX ON t (c);
        """),
        "t",
    )
    assert (t.primary_key, t.unique) == (("b",), (("a",),))


@pytest.mark.parametrize(
    "index",
    [
        "CREATE UNIQUE INDEX ON t (a) WHERE b > 0",
        "CREATE UNIQUE INDEX ON t ((a + 1))",
        "CREATE UNIQUE INDEX ON t (a, lower(c))",
        "ALTER TABLE t ADD UNIQUE (a) DEFERRABLE INITIALLY IMMEDIATE",
        "ALTER TABLE t ADD PRIMARY KEY (a) DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE t ADD EXCLUDE USING btree (a WITH =)",
        "CREATE UNIQUE INDEX ON t (a); UPDATE pg_index SET indisvalid = false WHERE indrelid = 't'::regclass",
    ],
)
async def test_what_does_not_prove_uniqueness(read, index: str):
    t = table(await read(f"CREATE TABLE t (a int, b int, c text); {index}"), "t")
    assert (t.primary_key, t.unique) == (None, ())


async def test_a_unique_index_by_another_equality_proves_nothing(read, connection: asyncpg.Connection):
    if not await connection.fetchval("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'"):
        pytest.skip("citext is not installed")
    t = table(
        await read("""
            CREATE EXTENSION citext;
            CREATE TABLE t (a citext, b citext);
            CREATE UNIQUE INDEX ON t (a text_ops);
            CREATE UNIQUE INDEX ON t (b);
            INSERT INTO t VALUES ('x', 'x'), ('X', 'y');
        """),
        "t",
    )
    assert t.unique == (("b",),)
    assert await connection.fetchval("SELECT count(DISTINCT a) FROM t") == 1


async def test_a_unique_index_of_another_collation(read):
    schema = await read("""
        CREATE TABLE t (a text);
        CREATE UNIQUE INDEX ON t (a COLLATE "C");
        -- In which 'a' and 'A' could be equal; told to the catalog, since not every build can create one.
        CREATE COLLATION folding (locale = 'C');
        CREATE TABLE u (a text COLLATE folding, b text COLLATE folding UNIQUE);
        CREATE UNIQUE INDEX ON u (a COLLATE "C");
        UPDATE pg_collation SET collisdeterministic = false WHERE collname = 'folding';
    """)
    assert table(schema, "t").unique == (("a",),), "deterministic collations agree in what is equal"
    assert table(schema, "u").unique == (("b",),)


async def test_foreign_keys_of_several_columns_keep_their_pairs(read):
    schema = await read("""
        CREATE TABLE customers (tenant int, id int, PRIMARY KEY (tenant, id));
        CREATE TABLE orders (
            customer int, tenant int,
            CONSTRAINT placed_by FOREIGN KEY (customer, tenant) REFERENCES customers (id, tenant)
        );
    """)
    assert table(schema, "orders").foreign_keys == (
        ForeignKey(
            constraint="placed_by",
            columns=("customer", "tenant"),
            target=TableRef("public", "customers"),
            target_columns=("id", "tenant"),
        ),
    )


async def test_self_references_and_keys_across_schemas(read):
    schema = await read("""
        CREATE SCHEMA crm;
        CREATE TABLE crm.people (id int PRIMARY KEY, email text UNIQUE, manager_id int REFERENCES crm.people);
        CREATE TABLE orders (buyer text REFERENCES crm.people (email));
    """)
    assert keys(schema, "orders") == [(("buyer",), "crm.people", ("email",))]
    (own,) = table(schema, "people", "crm").foreign_keys
    assert (own.columns, own.target) == (("manager_id",), TableRef("crm", "people"))


async def test_a_key_to_a_schema_that_is_not_read_is_left_out(read):
    script = """
        CREATE SCHEMA crm; CREATE TABLE crm.people (id int PRIMARY KEY);
        CREATE TABLE orders (person_id int REFERENCES crm.people);
    """
    assert keys(await read(script, ["public"]), "orders") == []


async def test_keys_of_partitioned_tables_without_their_clones(read):
    schema = await read("""
        CREATE TABLE customers (id int PRIMARY KEY);
        CREATE TABLE orders (id int, day date, customer_id int REFERENCES customers, PRIMARY KEY (id, day))
            PARTITION BY RANGE (day);
        CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE TABLE lines (order_id int, day date, FOREIGN KEY (order_id, day) REFERENCES orders);
        CREATE TABLE notes (order_id int, day date, FOREIGN KEY (order_id, day) REFERENCES orders_2025);
    """)
    assert table(schema, "orders").primary_key == ("id", "day")
    assert keys(schema, "orders") == [(("customer_id",), "public.customers", ("id",))]
    assert keys(schema, "lines") == [(("order_id", "day"), "public.orders", ("id", "day"))]
    assert keys(schema, "notes") == [], "it leads to a partition, which is no table of its own"


async def test_a_unique_index_that_not_every_partition_has(read):
    schema = await read("""
        CREATE TABLE t (a int NOT NULL) PARTITION BY RANGE (a);
        CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (1);
        CREATE UNIQUE INDEX ON ONLY t (a);
    """)
    assert table(schema, "t").unique == ()


async def test_keys_of_a_table_with_inheritance_children_prove_nothing(read, connection: asyncpg.Connection):
    schema = await read("""
        CREATE TABLE parent (id int PRIMARY KEY, code int NOT NULL UNIQUE, group_id int REFERENCES parent);
        CREATE TABLE child (own int UNIQUE) INHERITS (parent);
        CREATE TABLE pointing (parent_id int REFERENCES parent, child_own int REFERENCES child (own));
        INSERT INTO parent VALUES (1, 1);
        INSERT INTO child VALUES (1, 1);
    """)
    assert await connection.fetchval("SELECT count(*) FROM parent WHERE id = 1") == 2
    parent = table(schema, "parent")
    assert (parent.primary_key, parent.unique, parent.key, parent.foreign_keys) == (None, (), None, ())
    assert all(column.nullable for column in parent.columns)
    assert table(schema, "child").unique == (("own",),)
    assert keys(schema, "pointing") == [(("child_own",), "public.child", ("own",))]


async def test_a_table_whose_last_child_is_gone_has_its_keys_again(read):
    schema = await read("""
        CREATE TABLE parent (id int PRIMARY KEY);
        CREATE TABLE child () INHERITS (parent);
        DROP TABLE child;
    """)
    assert table(schema, "parent").primary_key == ("id",)


async def test_views_and_foreign_tables_have_no_keys(read):
    schema = await read("""
        CREATE TABLE t (id int PRIMARY KEY);
        CREATE VIEW v AS SELECT id FROM t;
        CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
        CREATE UNIQUE INDEX ON m (id);
        CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
        CREATE FOREIGN TABLE f (id int NOT NULL) SERVER far;
    """)
    for name in "vmf":
        assert table(schema, name).key is None
        assert table(schema, name).by_name["id"].nullable
    assert table(schema, "m").unique == (("id",),)


async def test_temporal_keys_are_no_equality(read, connection: asyncpg.Connection):
    extensions = await connection.fetchval("SELECT count(*) FROM pg_available_extensions WHERE name = 'btree_gist'")
    if connection.get_server_version() < (18,) or not extensions:
        pytest.skip("needs PostgreSQL 18 and btree_gist")
    schema = await read("""
        CREATE EXTENSION btree_gist;
        CREATE TABLE rooms (id int, at daterange, PRIMARY KEY (id, at WITHOUT OVERLAPS));
        CREATE TABLE stays (room int, at daterange, FOREIGN KEY (room, PERIOD at) REFERENCES rooms (id, PERIOD at));
    """)
    assert table(schema, "rooms").key is None
    assert keys(schema, "stays") == []

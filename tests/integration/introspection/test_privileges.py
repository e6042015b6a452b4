"""What the connected role cannot SELECT does not exist, and no key shrinks to the part that it can."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from prismiq.introspection import introspect
from prismiq.schema import TableRef

ORDERS = TableRef("public", "orders")
CUSTOMERS = TableRef("public", "customers")

SCRIPT = """
    CREATE SCHEMA closed;
    CREATE TABLE closed.secrets (id int PRIMARY KEY);
    CREATE TABLE customers (id int PRIMARY KEY, tenant int, code text, email text UNIQUE, UNIQUE (tenant, code));
    CREATE TABLE orders (
        id int PRIMARY KEY, tenant int, number int, customer_id int REFERENCES customers, customer_tenant int,
        customer_code text, email text REFERENCES customers (email), secret_id int REFERENCES closed.secrets,
        FOREIGN KEY (customer_tenant, customer_code) REFERENCES customers (tenant, code), UNIQUE (tenant, number)
    );
    CREATE TABLE unseen (id int PRIMARY KEY, order_id int REFERENCES orders);
    CREATE VIEW totals AS SELECT count(*) FROM unseen;
    GRANT SELECT ON closed.secrets TO {role};
"""


@pytest.fixture
async def restricted(dsn: str) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """A connection to become a role that may read nothing yet, and that role's name."""
    connection = await asyncpg.connect(dsn)
    role = f"reader_{uuid.uuid4().hex}"
    await connection.execute(f"CREATE ROLE {role}")
    try:
        await connection.execute(SCRIPT.format(role=role))
        yield connection, role
    finally:
        await connection.execute(f"RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")
        await connection.close()


async def read(restricted: tuple[asyncpg.Connection, str], grants: str):
    connection, role = restricted
    await connection.execute(f"{grants.format(role=role)}; SET ROLE {role}")
    return (await introspect(connection)).by_ref


async def test_nothing_granted_nothing_found(restricted):
    assert await read(restricted, "") == {}


async def test_a_schema_without_usage_is_closed_whatever_was_granted_in_it(restricted):
    tables = await read(restricted, "GRANT SELECT ON orders TO {role}")
    assert set(tables) == {ORDERS}
    assert tables[ORDERS].foreign_keys == ()
    assert tables[ORDERS].primary_key == ("id",)


async def test_other_privileges_than_select_do_not_count(restricted):
    assert await read(restricted, "GRANT INSERT, UPDATE, DELETE, REFERENCES ON orders TO {role}") == {}


async def test_whole_tables(restricted):
    tables = await read(
        restricted,
        "GRANT SELECT ON orders, customers, totals TO {role}; GRANT USAGE ON SCHEMA closed TO {role}",
    )
    assert set(map(str, tables)) == {"public.orders", "public.customers", "public.totals", "closed.secrets"}
    assert len(tables[ORDERS].foreign_keys) == 4


async def test_single_columns(restricted):
    tables = await read(
        restricted,
        """
        GRANT SELECT (number, customer_id, customer_code, email) ON orders TO {role};
        GRANT SELECT (id, code) ON customers TO {role};
        """,
    )
    orders, customers = tables[ORDERS], tables[CUSTOMERS]
    assert [column.name for column in orders.columns] == ["number", "customer_id", "customer_code", "email"]
    assert (orders.primary_key, orders.unique) == (None, ()), "(tenant, number) is no key over number alone"
    assert (customers.primary_key, customers.unique) == (("id",), ())
    assert [key.columns for key in orders.foreign_keys] == [("customer_id",)]


async def test_what_is_inherited_from_another_role_counts(restricted):
    connection, role = restricted
    group = f"{role}_group"
    await connection.execute(f"CREATE ROLE {group}; GRANT SELECT ON orders TO {group}; GRANT {group} TO {role}")
    try:
        assert set(await read(restricted, "")) == {ORDERS}
    finally:
        await connection.execute(f"RESET ROLE; DROP OWNED BY {group}; DROP ROLE {group}")


async def test_a_partitioned_table_is_readable_without_its_partitions(restricted):
    tables = await read(
        restricted,
        """
        CREATE TABLE events (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
        INSERT INTO events VALUES (1), (2); ANALYZE events;
        GRANT SELECT ON events TO {role};
        """,
    )
    assert set(map(str, tables)) == {"public.events"}
    assert tables[TableRef("public", "events")].row_estimate == 2

"""Questions against the SQL that a person would write, and the schema of a large database.

uv run pytest tests/benchmarks/test_sql.py --benchmark -s
"""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from benchmarks.served import serving
from benchmarks.ways import in_turns, report
from prismiq import PrismiqEngine

FACTS = """
    CREATE TABLE stores (id int PRIMARY KEY, region text);
    CREATE TABLE sales (id bigint PRIMARY KEY, store_id int REFERENCES stores, amount numeric(10, 2));
    CREATE TABLE visits (id bigint PRIMARY KEY, store_id int REFERENCES stores, minutes int);
    INSERT INTO stores SELECT n, 'region ' || n % 20 FROM generate_series(1, 2000) n;
    INSERT INTO sales SELECT n, n % 2000 + 1, n % 977 * 1.5 FROM generate_series(1, 500000) n;
    INSERT INTO visits SELECT n, n % 1999 + 1, n % 61 FROM generate_series(1, 800000) n;
    CREATE INDEX ON sales (store_id); CREATE INDEX ON visits (store_id); ANALYZE
"""
BY_HAND = """
    WITH s AS (SELECT store_id, sum(amount) AS amount FROM sales GROUP BY store_id),
         v AS (SELECT store_id, sum(minutes) AS minutes, count(*) AS visits FROM visits GROUP BY store_id)
    SELECT region, sum(s.amount), sum(v.minutes), sum(v.visits)
    FROM stores LEFT JOIN s ON s.store_id = stores.id LEFT JOIN v ON v.store_id = stores.id
    GROUP BY region ORDER BY region
"""
PLAINLY = """
    SELECT coalesce(s.region, v.region), s.amount, v.minutes, v.visits
    FROM (SELECT region, sum(amount) AS amount FROM sales JOIN stores ON stores.id = store_id GROUP BY region) AS s
    FULL JOIN (SELECT region, sum(minutes) AS minutes, count(*) AS visits FROM visits JOIN stores ON stores.id = store_id
               GROUP BY region) AS v ON s.region = v.region
    ORDER BY 1
"""
FAN_OUT = {
    "source": "stores",
    "dimensions": ["region"],
    "measures": [
        "sum(sales.amount)",
        "sum(visits.minutes)",
        {"name": "visits", "aggregate": "count", "field": "visits.id"},
    ],
    "order_by": ["region"],
}


@pytest.mark.benchmark
async def test_two_facts(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    await connection.execute(FACTS)
    async with PrismiqEngine(dsn) as engine:
        found: list[Any] = []

        async def ours() -> None:
            found[:] = (await engine.execute_query(FAN_OUT)).rows

        ways = {
            "by hand, each fact with its dimension": lambda: connection.fetch(PLAINLY),
            "by hand, each fact by its key": lambda: connection.fetch(BY_HAND),
            "Prismiq": ours,
        }
        times = await in_turns(ways, 9)
        assert found == [tuple(row) for row in await connection.fetch(BY_HAND)]
        ratios = report("two facts of 500,000 and 800,000 rows over 2,000 stores", times)
    await connection.close()
    assert ratios["Prismiq"] < 10


@pytest.mark.benchmark
async def test_the_schema_of_a_thousand_tables(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    for n in range(1000):
        await connection.execute(
            f"CREATE TABLE t{n} (id bigint PRIMARY KEY, name text, total numeric(12, 2), at timestamptz, "
            f"parent_id bigint {f'REFERENCES t{n // 2}' if n else ''})"
        )
    async with serving(dsn) as server:
        link = await server.connect()
        sizes: list[int] = []

        async def schema() -> None:
            sizes.append((await link.ask("GET", "/schema"))[1])

        etag = "If-None-Match: *\r\n"
        ways = {
            "a Starlette route of a constant": lambda: link.ask("POST", "/bare"),
            "GET /schema": schema,
            "GET /schema, 304": lambda: link.ask("GET", "/schema", None, etag),
            "GET /schema/tables/t500": lambda: link.ask("GET", "/schema/tables/t500"),
        }
        times = await in_turns(ways, 30)
        report("the schema of 1,000 tables", times, kilobytes=sizes[0] // 1000)
        link.close()
    await connection.close()
    assert sizes[0] > 100_000

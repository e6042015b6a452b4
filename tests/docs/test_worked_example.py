"""The worked example in queries.md, "What a query means", on the very rows that it shows."""

from __future__ import annotations

from decimal import Decimal

import asyncpg

from prismiq import PrismiqEngine

ORDERS = """
CREATE TABLE orders (id integer PRIMARY KEY, total integer NOT NULL);
CREATE TABLE order_items (
    id text PRIMARY KEY, order_id integer NOT NULL REFERENCES orders, product text NOT NULL, quantity integer NOT NULL
);
INSERT INTO orders VALUES (1, 100), (2, 50), (3, 20);
INSERT INTO order_items VALUES ('a', 1, 'pen', 2), ('b', 1, 'paper', 5), ('c', 2, 'desk', 1);
"""
NAIVE = """
SELECT sum(total), count(*), sum(quantity), avg(total)
FROM orders LEFT JOIN order_items ON order_items.order_id = orders.id
"""
MEASURES = [
    "sum(total)",
    "count",
    "sum(order_items.quantity)",
    {"name": "items", "aggregate": "count", "table": "order_items"},
    {"name": "average", "aggregate": "avg", "field": "total"},
]


async def test_the_worked_example(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(ORDERS)
    naive = tuple(await connection.fetchrow(NAIVE))
    await connection.close()
    assert naive == (270, 4, 8, Decimal("67.5"))
    by_product = {"source": "orders", "dimensions": ["order_items.product"]}
    async with PrismiqEngine(dsn) as engine:
        (whole,) = (await engine.execute_query({"source": "orders", "measures": MEASURES})).rows
        groups = (await engine.execute_query({**by_product, "measures": [MEASURES[0], MEASURES[2]]})).rows
        # The same with the join forced into the measures' own rows: a filter that every joined row passes.
        joined = await engine.execute_query(
            {
                "source": "orders",
                "measures": MEASURES,
                "filters": {
                    "or": [
                        {"field": "order_items.quantity", "operator": "gt", "value": 0},
                        {"field": "order_items.id", "operator": "is_null"},
                    ]
                },
            }
        )
    assert whole == (170, 3, 8, 3, Decimal("56.6666666666666667"))
    assert joined.rows == [whole]
    assert groups == [("desk", 50, 1), ("paper", 100, 5), ("pen", 100, 2), (None, 20, None)]

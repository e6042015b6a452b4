"""A metric gives what the same measure written out gives, wherever it is used."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq import PrismiqEngine, SchemaConfiguration

CONFIGURATION = SchemaConfiguration.load(
    {
        "metrics": {
            "revenue": {
                "table": "order_items",
                "aggregate": "sum",
                "expression": "quantity * unit_price",
                "filters": {"field": "order.status", "operator": "neq", "value": "draft"},
                "label": "Turnover",
                "format": "currency",
            },
            "orders_placed": {"table": "orders", "aggregate": "count"},
        },
        "dimensions": {
            "market": {"table": "customers", "expression": "coalesce(segment, 'none')"},
            "order_month": {"table": "orders", "field": "ordered_at", "granularity": "month", "format": "%b %Y"},
        },
    }
)
NOT_DRAFT = {"operator": "neq", "value": "draft"}


def revenue(path: str, status: str) -> dict[str, Any]:
    return {
        "name": "revenue",
        "aggregate": "sum",
        "expression": f"{path}quantity * {path}unit_price",
        "filters": {"field": status, **NOT_DRAFT},
    }


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (
            {"source": "order_items", "dimensions": ["order_month"], "measures": ["revenue"]},
            {
                "source": "order_items",
                "dimensions": [{"name": "order_month", "field": "order.ordered_at", "granularity": "month"}],
                "measures": [revenue("", "order.status")],
            },
        ),
        (
            {
                "source": "customers",
                "dimensions": ["market"],
                "measures": [{"metric": "revenue", "path": "orders.order_items"}, {"metric": "orders_placed", "path": "orders"}],
                "order_by": "-revenue",
            },
            {
                "source": "customers",
                "dimensions": [{"name": "market", "expression": "coalesce(segment, 'none')"}],
                "measures": [
                    revenue("orders.order_items.", "orders.order_items.order.status"),
                    {"name": "orders_placed", "aggregate": "count", "table": "orders"},
                ],
                "order_by": "-revenue",
            },
        ),
        (  # without a source
            {"dimensions": ["order_month"], "measures": ["revenue", "orders_placed"]},
            {
                "dimensions": [
                    {
                        "name": "order_month",
                        "fields": {"order_items": "order.ordered_at", "orders": "ordered_at"},
                        "granularity": "month",
                    }
                ],
                "measures": [
                    revenue("order_items.", "order_items.order.status"),
                    {"name": "orders_placed", "aggregate": "count", "table": "orders"},
                ],
            },
        ),
        (  # through a join, in a nested query, in a query that a filter asks
            {
                "source": "addresses",
                "joins": [{"table": "orders", "alias": "billed", "on": [{"left": "id", "right": "billing_address_id"}]}],
                "dimensions": ["city", {"dimension": "order_month", "path": "billed"}],
                "measures": [{"metric": "orders_placed", "path": "billed"}],
            },
            {
                "source": "addresses",
                "joins": [{"table": "orders", "alias": "billed", "on": [{"left": "id", "right": "billing_address_id"}]}],
                "dimensions": ["city", {"name": "order_month", "field": "billed.ordered_at", "granularity": "month"}],
                "measures": [{"name": "orders_placed", "aggregate": "count", "table": "billed"}],
            },
        ),
        (
            {"source": {"query": {"source": "orders", "dimensions": ["status"], "measures": ["orders_placed"]}}, "measures": ["max(orders_placed)"]},
            {
                "source": {
                    "query": {
                        "source": "orders",
                        "dimensions": ["status"],
                        "measures": [{"name": "orders_placed", "aggregate": "count"}],
                    }
                },
                "measures": ["max(orders_placed)"],
            },
        ),
        (
            {
                "source": "orders",
                "columns": ["id", {"dimension": "market", "path": "customer"}],
                "filters": {"field": "total", "operator": "gte", "query": {"source": "order_items", "measures": ["revenue"]}},
            },
            {
                "source": "orders",
                "columns": ["id", {"name": "market", "expression": "coalesce(customer.segment, 'none')"}],
                "filters": {
                    "field": "total",
                    "operator": "gte",
                    "query": {"source": "order_items", "measures": [revenue("", "order.status")]},
                },
            },
        ),
    ],
    ids=["own table", "along a path", "no source", "join", "nested source", "nested in a filter"],
)  # fmt: skip
async def test_short_is_long(short: dict[str, Any], long: dict[str, Any], shared_shop_dsn: str) -> None:
    async with PrismiqEngine(shared_shop_dsn, configuration=CONFIGURATION) as engine:
        answers = [await engine.execute_query(each) for each in (short, long)]
    assert answers[0].rows == answers[1].rows
    names = [[column.name for column in answer.columns] for answer in answers]
    assert names[0] == names[1]


async def test_the_column_has_label_and_format(shared_shop_dsn: str) -> None:
    question = {
        "source": "orders",
        "dimensions": ["order_month"],
        "measures": ["revenue", {"name": "n", "aggregate": "count", "format": ",d"}],
        "calculations": [{"name": "each", "expression": "revenue / n", "format": "currency"}],
    }
    async with PrismiqEngine(shared_shop_dsn, configuration=CONFIGURATION) as engine:
        columns = (await engine.execute_query(question)).columns
    assert [(each.label, each.format) for each in columns] == [
        ("Order month", "%b %Y"),
        ("Turnover", "currency"),
        ("N", ",d"),
        ("Each", "currency"),
    ]


async def test_a_metrics_rows_count_once(shared_shop_dsn: str) -> None:
    """Whatever else is joined: a metric over orders is not multiplied by the orders' items."""
    question = {"source": "orders", "measures": ["orders_placed", "revenue", "sum(order_items.quantity)"]}
    async with PrismiqEngine(shared_shop_dsn, configuration=CONFIGURATION) as engine:
        together = (await engine.execute_query(question)).rows[0]
        apart = [
            (await engine.execute_query({"source": table, "measures": [name]})).rows[0][0]
            for table, name in (
                ("orders", "orders_placed"),
                ("order_items", "revenue"),
                ("order_items", "sum(quantity)"),
            )
        ]
    assert list(together) == apart

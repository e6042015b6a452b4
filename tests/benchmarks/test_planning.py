"""What a question costs before PostgreSQL is asked: the same again, with other values, of a shape not seen before.

uv run pytest tests/benchmarks/test_planning.py --benchmark -s
"""

from __future__ import annotations

import json
from itertools import count

import pytest

from benchmarks.ways import in_turns, report
from prismiq import PrismiqEngine


def question(*, month: str, since: int) -> bytes:
    """Ten fields of four tables. The month's name belongs to the shape, the year does not."""
    asked = {
        "source": "order_items",
        "dimensions": [
            "order.customer.segment",
            "order.status",
            {"name": month, "field": "order.ordered_at", "granularity": "month"},
            "product.name",
        ],
        "measures": [
            "count",
            {"name": "revenue", "aggregate": "sum", "expression": "quantity * unit_price"},
            {"name": "average", "aggregate": "avg", "field": "quantity"},
            {"name": "dearest", "aggregate": "max", "field": "unit_price"},
        ],
        "filters": [
            {"field": "order.ordered_at", "operator": "gte", "value": f"{since}-01-01"},
            {"field": "order.customer.segment", "operator": "in", "value": ["consumer", "business"]},
        ],
        "order_by": ["-revenue"],
        "limit": 100,
    }
    return json.dumps(asked).encode()


@pytest.mark.benchmark
async def test_a_question_before_it_is_asked(shared_shop_dsn: str) -> None:
    numbers = count(1000)
    async with PrismiqEngine(shared_shop_dsn) as engine:
        known = question(month="month", since=2025)
        ways = {
            "the same again": lambda: engine.compile_query(known),
            "with other values": lambda: engine.compile_query(question(month="month", since=next(numbers))),
            "of a new shape": lambda: engine.compile_query(question(month=f"month_{next(numbers)}", since=2025)),
        }
        ratios = report("a question of ten fields and three joins, planned", await in_turns(ways, 300))
    assert ratios["with other values"] < ratios["of a new shape"]

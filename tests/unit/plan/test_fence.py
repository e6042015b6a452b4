"""A table is fenced where a condition could fail for a row that its row rules keep out of sight."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.access import AccessPolicy
from unit.schemas import Definition, compiled, counted, scoped_for, where

SCOPED = scoped_for(AccessPolicy(tenant_column="tenant_id"), tenant="a")
FENCE = "OFFSET 0)"


def asked(expression: str) -> Definition:
    return counted(filters=[{"expression": expression}])


@pytest.mark.parametrize(
    "definition",
    [
        asked("total * 2 > 1"),
        asked("ratio + 1 > 1"),
        asked("items * items * items > 1"),
        asked("due_on + 5 > ordered_at"),
        asked("ordered_at - interval '1 day' > paid_at"),
        asked("order_items.quantity * order_items.unit_price > 100"),
        asked("ratio > total"),
        asked("round(total, items) > 1"),
        where("ordered_at", "in", ["2026-01-01"]),  # the last hours of the calendar have no clock time in some zones
        where("region", "regex", "("),
        asked("region ~ '('"),
        asked("region !~* '('"),
        counted(dimensions=[{"name": "x", "expression": "region ~ '('"}], having=[{"field": "x", "value": True}]),
        where("closes", "eq", "10:00"),
        counted(filters={"not": {"exists": "order_items", "filters": {"expression": "unit_price * 2 > 1"}}}),
        counted(measures=[{"aggregate": "count", "filters": {"expression": "order_items.unit_price / 3 > 1"}}]),
        # PostgreSQL moves a condition on a group's key below the grouping, to where the key is computed.
        counted(dimensions=[{"name": "x", "expression": "total * 2"}], having=[{"field": "x", "operator": "gt", "value": 1}]),
    ],
)  # fmt: skip
def test_what_may_fail_is_computed_on_the_callers_rows_alone(definition: Definition) -> None:
    sql = compiled(definition, SCOPED).sql
    assert sql.count(FENCE) == sql.count(".tenant_id = ")
    assert FENCE not in compiled(definition).sql  # without row rules every row is in sight


@pytest.mark.parametrize(
    "definition",
    [
        counted(),
        where("total", "gt", 1.5),
        where("ordered_at", "gt", "2026-01-01"),
        where("region", "contains", "x"),
        asked("items * items > 2"),  # as a bigint, which holds any product of two integers
        asked("cast(region as integer) > 1"),
        counted(dimensions=[{"name": "x", "expression": "total * 2"}]),
        counted(measures=[{"name": "x", "aggregate": "sum", "expression": "total * 2"}]),
        counted(having=[{"field": "count", "operator": "gt", "value": 1}]),
        {"source": "orders", "columns": [{"name": "x", "expression": "total * 2"}]},
    ],
)
def test_nothing_is_fenced_without_need(definition: dict[str, Any]) -> None:
    assert FENCE not in compiled(definition, SCOPED).sql

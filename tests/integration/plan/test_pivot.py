"""Pivots of the shop's orders, whose answers are written by hand."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from prismiq import PrismiqEngine, QueryError, Settings
from prismiq.execution import QueryResult

ORDERS = {"source": "orders", "measures": ["count"]}


async def answer(dsn: str, row_cap: int = 1_000, **parts: Any) -> QueryResult:
    async with PrismiqEngine(dsn, settings=Settings(row_cap=row_cap)) as engine:
        return await engine.execute_query({**ORDERS, **parts})


def names(result: QueryResult) -> list[str]:
    return [column.name for column in result.columns]


async def test_columns_are_in_the_order_of_postgresql(shared_shop_dsn: str) -> None:
    result = await answer(shared_shop_dsn, dimensions=["region", "status"], pivot={"dimension": "status"})
    assert names(result) == ["region", *(f"count__{s}" for s in ("draft", "paid", "sent", "returned", "cancelled"))]
    assert result.rows == [
        ("APAC", None, 1, None, None, None),
        ("EU", None, 4, 1, 1, None),
        ("US", 1, None, None, None, 1),
    ]


async def test_order_and_page_are_of_the_rows(shared_shop_dsn: str) -> None:
    asked = {"dimensions": ["status", "region"], "pivot": {"dimension": "status"}, "order_by": "-region"}
    first = await answer(shared_shop_dsn, **asked, limit=1)
    second = await answer(shared_shop_dsn, **asked, limit=1, offset=1)
    assert [row[0] for row in (*first.rows, *second.rows)] == ["US", "EU"]
    assert names(first) == names(second)
    assert not first.truncated


async def test_null_is_a_column_and_the_last(shared_shop_dsn: str) -> None:
    result = await answer(
        shared_shop_dsn,
        source="refunds",
        dimensions=["reason"],
        measures=["count", "sum(amount)"],
        pivot={"dimension": "reason", "values": ["sum_amount"]},
    )
    assert names(result)[-1] == "sum_amount__null"
    assert result.columns[-1].pivot is not None and result.columns[-1].pivot.value is None
    assert [str(value) for value in result.rows[0]] == ["20.00", "1.00", "80.00", "5.00"]


async def test_the_others_are_the_last_column(shared_shop_dsn: str) -> None:
    top = {"dimension": "due_on", "n": 1, "by": "last", "other": "Rest"}
    result = await answer(
        shared_shop_dsn,
        dimensions=["due_on", "region"],
        measures=["count", {"name": "last", "aggregate": "min", "field": "due_on", "hidden": True}],
        top=top,
        pivot={"dimension": "due_on"},
    )
    assert names(result) == ["region", "count__2026-01-31", "count__Rest"]
    assert [each.pivot.is_other for each in result.columns if each.pivot] == [False, True]
    assert result.rows == [("APAC", None, 1), ("EU", 1, 5), ("US", None, 2)]


async def test_the_flag_of_a_remaining_dimension_stays(shared_shop_dsn: str) -> None:
    result = await answer(
        shared_shop_dsn,
        dimensions=["region", "status"],
        top={"dimension": "region", "n": 1, "by": "count", "other": "AAA"},
        filters={"field": "status", "operator": "eq", "value": "paid"},
        pivot={"dimension": "status"},
    )
    assert names(result) == ["region", "region__is_other", "count__paid"]
    assert result.rows == [("EU", False, 4), ("AAA", True, 1)]


async def test_a_calculation_is_a_value_and_what_it_needs_is_none(shared_shop_dsn: str) -> None:
    result = await answer(
        shared_shop_dsn,
        dimensions=["region"],
        calculations=[{"name": "double", "expression": "count * 2"}],
        pivot={"dimension": "region", "values": ["double"]},
    )
    assert names(result) == ["double__APAC", "double__EU", "double__US"]
    assert result.rows == [(2, 12, 4)]


async def test_nothing_found(shared_shop_dsn: str) -> None:
    none = {"field": "region", "operator": "eq", "value": "nowhere"}
    result = await answer(shared_shop_dsn, dimensions=["region", "status"], filters=none, pivot={"dimension": "status"})
    assert (names(result), result.rows) == (["region"], [])


async def test_more_cells_than_the_row_cap_are_refused(shared_shop_dsn: str) -> None:
    asked = {"dimensions": ["region", "status"], "pivot": {"dimension": "status"}, "limit": 1}
    assert (await answer(shared_shop_dsn, row_cap=6, **asked)).row_count == 1
    with pytest.raises(QueryError, match="more than 5 cells"):
        await answer(shared_shop_dsn, row_cap=5, **asked)


async def test_too_many_columns_are_refused(shared_shop_dsn: str) -> None:
    measures = [{"aggregate": "count", "name": f"m{number}"} for number in range(21)]
    with pytest.raises(QueryError, match="5 values of 21 columns"):
        await answer(shared_shop_dsn, dimensions=["status"], measures=measures, pivot={"dimension": "status"})


async def test_without_a_source(shared_shop_dsn: str) -> None:
    result = await answer(
        shared_shop_dsn,
        source=None,
        dimensions=[{"name": "region", "fields": {"orders": "region", "order_items": "order.region"}}],
        measures=["count(orders.id)", "count(order_items.id)"],
        pivot={"dimension": "region"},
    )
    assert len(result.rows) == 1
    assert len(result.columns) == 6


async def test_filled_buckets_are_columns_and_compared_measures_values(shared_shop_dsn: str) -> None:
    month = {"name": "month", "field": "ordered_at", "granularity": "month", "fill": True}
    result = await answer(
        shared_shop_dsn,
        dimensions=["region", month],
        filters={"field": "ordered_at", "operator": "in_period", "value": {"from": "2025-10-01", "to": "2026-01-01"}},
        compare={"field": "ordered_at", "to": "previous_year"},
        pivot={"dimension": "month", "values": ["count", "count__previous"]},
    )
    assert names(result) == [
        "region",
        *(f"count{each}__2025-{month}-01" for month in (10, 11, 12) for each in ("", "__previous")),
    ]
    assert result.rows == [("EU", 2, 0, 0, 0, 1, 0), ("US", 0, 0, 0, 0, 1, 0)]


async def test_the_others_are_last_whatever_they_are_called(shared_shop_dsn: str) -> None:
    result = await answer(
        shared_shop_dsn,
        dimensions=["region"],
        top={"dimension": "region", "n": 1, "by": "count", "other": "AAA"},
        pivot={"dimension": "region"},
    )
    assert names(result) == ["count__EU", "count__AAA"]
    assert result.rows == [(6, 3)]


@pytest.mark.parametrize(
    ("type_", "values", "expected"),
    [
        ("real", ["0.1", "1.5"], [0.1, 1.5]),
        ("timetz", ["10:00+02", "09:30+00"], ["10:00:00+02:00", "09:30:00+00:00"]),
        ("time", ["10:00:00.01"], ["10:00:00.010000"]),
    ],
)
async def test_a_columns_value_is_written_as_a_row_would(
    dsn: str, type_: str, values: list[str], expected: list[object]
) -> None:
    connection = await asyncpg.connect(dsn)
    rows = ", ".join(f"('{value}'::{type_})" for value in values)
    await connection.execute(f"CREATE TABLE seen AS SELECT * FROM (VALUES {rows}) AS found(at)")
    await connection.close()
    asked = {"source": "seen", "dimensions": ["at"], "measures": ["count"]}
    async with PrismiqEngine(dsn) as engine:
        listed = json.loads((await engine.answer_query(asked))[0].body(cached=False))
        spread = json.loads((await engine.answer_query({**asked, "pivot": {"dimension": "at"}}))[0].body(cached=False))
    assert [row[0] for row in listed["rows"]] == expected
    assert [column["pivot"]["value"] for column in spread["columns"]] == expected
    assert [column["name"] for column in spread["columns"]] == [f"count__{value}" for value in expected]

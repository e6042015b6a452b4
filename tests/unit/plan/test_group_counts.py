"""How many groups dimensions make at most, by PostgreSQL's statistics."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from prismiq.plan.group_counts import ColumnStatistics, GroupCounts
from prismiq.plan.sharing import Cube, shareable
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from unit.schemas import OPEN, SHOP

DAY = 24 * 3600.0
ORDERS = next(table.ref for table in SHOP.tables if table.name == "orders")
STATISTICS = {
    (ORDERS, "status"): ColumnStatistics(5),
    (ORDERS, "total"): ColumnStatistics(900),
    (ORDERS, "ordered_at"): ColumnStatistics(10_000, 364 * DAY),
}


def groups(*dimensions: Any, buckets: int | None = None, **more: Any) -> float:
    definition = QueryDefinition.model_validate(
        {"source": "orders", "dimensions": dimensions, "measures": ["count"], **more}
    )
    question = shareable(split(definition)[0], OPEN)
    assert question is not None
    cube = Cube.of(question)
    return GroupCounts(cube.instances, STATISTICS, lambda _: buckets).at_most(cube.dimensions)


def at(granularity: str) -> dict[str, Any]:
    return {"name": granularity, "field": "ordered_at", "granularity": granularity}


def test_one_group_without_dimensions() -> None:
    assert groups() == 1


def test_null_is_a_value() -> None:
    assert groups("status") == 6


def test_dimensions_multiply() -> None:
    assert groups("status", "total") == 6 * 901


def test_what_is_not_analysed_has_no_bound() -> None:
    assert groups("status", "id") == inf


def test_an_expression_has_no_more_values_than_its_columns() -> None:
    assert groups({"name": "cents", "expression": "round(total)"}) == 901


@pytest.mark.parametrize(
    ("granularities", "expected"),
    [
        (["day"], 366),
        (["week"], 54),
        (["hour_of_day"], 25),
        (["day", "week", "month"], 366),
        (["day", "hour_of_day"], 364 * 24 + 2),
        (["month", "day_of_week"], 15 * 8),
    ],
)
def test_buckets_of_one_moment_are_no_more_than_the_finest_has(granularities: list[str], expected: float) -> None:
    assert groups(*(at(each) for each in granularities)) == pytest.approx(expected, rel=0.01)

"""Which questions one grouping of their rows can answer, and what that grouping is."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.calendars import ISO, Clock
from prismiq.plan import render
from prismiq.plan.nodes import QueryPlan
from prismiq.plan.sharing import Cube, plan_together, shareable
from prismiq.query import QueryDefinition
from prismiq.query.pooled import Pool, Posed, same_rows
from prismiq.query.split import split
from unit.schemas import OPEN

UTC = Clock("UTC", ISO)


def posed(definition: dict[str, Any]) -> Posed:
    return Posed(*split(QueryDefinition.model_validate({"source": "orders", **definition})), UTC)


def is_shareable(**definition: Any) -> bool:
    return shareable(posed(definition).shape, OPEN) is not None


@pytest.mark.parametrize(
    "measure", ["count", "count(paid_at)", "sum(total)", "avg(items)", "min(ratio)", "max(due_on)"]
)
def test_what_adds_up(measure: str) -> None:
    assert is_shareable(dimensions=["status", "customer.segment"], measures=[measure])


@pytest.mark.parametrize(
    "measure",
    [
        "count_distinct(customer_id)",
        "median(total)",
        "stddev(total)",
        "sum(ratio)",  # whose sum depends on the order
        "avg(weight)",
        "sum(took)",
        "sum(order_items.quantity)",  # of other rows
        "count(customer)",
        {"aggregate": "array_agg", "field": "status"},
        {"aggregate": "count", "filters": {"field": "order_items.quantity", "operator": "gt", "value": 1}},
    ],
)
def test_what_does_not_add_up(measure: Any) -> None:
    assert not is_shareable(measures=[measure])


@pytest.mark.parametrize(
    "definition",
    [
        {"columns": ["id"]},
        {"dimensions": ["order_items.quantity"], "measures": ["count"]},  # of which an order has several
        {
            "dimensions": [{"field": "ordered_at", "granularity": "day"}],
            "measures": ["count"],
            "filters": {"field": "ordered_at", "operator": "in_period", "value": "this_month"},
            "compare": {"field": "ordered_at", "to": "previous_period"},
        },
        {"measures": ["count"], "dimensions": ["nothing_of_that_name"]},
    ],
    ids=["rows", "of its children", "two periods", "wrong"],
)
def test_what_is_not_one_group_a_row(definition: dict[str, Any]) -> None:
    assert not is_shareable(**definition)


def test_questions_of_the_same_rows_ask_the_same_source_joins_and_filters() -> None:
    paid, sent = ([{"field": "status", "value": value}] for value in ("paid", "sent"))
    asked: list[dict[str, Any]] = [
        {"measures": ["count"], "filters": paid},
        {"measures": ["sum(total)"], "filters": sent},
        {"dimensions": ["customer.segment"], "measures": ["sum(total)"], "filters": paid, "limit": 3},
        {"measures": ["count"]},
        {"source": "customers", "measures": ["count"]},
        {"measures": ["avg(total)"], "filters": sent, "order_by": ["avg_total"]},
    ]
    assert same_rows([posed(each) for each in asked]) == [[0, 2], [1, 5]]


def test_by_another_clock_it_is_another_question() -> None:
    asked = [{"measures": ["count"]}, {"measures": ["count"], "time_zone": "Asia/Tokyo"}]
    assert same_rows([posed(each) for each in asked]) == []


def together(*definitions: dict[str, Any]) -> list[QueryPlan] | None:
    pool = Pool()
    cube: Cube | None = None
    for each in definitions:
        question = shareable(pool.shape_of(posed(each)), OPEN)
        assert question is not None
        cube = Cube.of(question) if cube is None else cube.with_question(question)
        if cube is None:
            return None
    assert cube is not None
    found = plan_together(cube, [(pool.add(10), pool.add(0)) for _ in definitions])
    return None if found is None else found[1]


def test_the_cube_groups_by_all_dimensions_and_has_the_parts_of_all_measures_once() -> None:
    plans = together(
        {"dimensions": ["status"], "measures": ["count", "avg(total)"]},
        {"dimensions": ["customer.segment"], "measures": ["sum(total)"]},
        {"measures": ["sum(total)", "max(total)"]},
    )
    assert plans is not None
    plan = render(plans[0])
    assert "by d1 = orders.status, d2 = customer.segment" in plan
    assert "m1 = count(), m2 = sum(orders.total), m3 = count(orders.total), m4 = max(orders.total)" in plan
    assert "sum of groups(cube.m2)" in render(plans[1])


def test_other_rows_have_another_cube() -> None:
    paid = [{"field": "status", "value": "paid"}]
    assert together({"measures": ["count"]}, {"measures": ["count"], "filters": paid}) is None


def test_equal_values_are_one_wherever_they_stand() -> None:
    pool = Pool()
    first = pool.shape_of(posed({"measures": ["count"], "filters": [{"field": "total", "value": 5}]}))
    again = pool.shape_of(posed({"measures": ["sum(total)"], "filters": [{"field": "total", "value": 5}]}))
    other = pool.shape_of(posed({"measures": ["count"], "filters": [{"field": "total", "value": 6}]}))
    assert first.filters == again.filters != other.filters
    assert pool.values().slots == (5, 6)

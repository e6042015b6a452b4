"""When the rows of a large table are grouped by their key before they are joined to a small one."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.access import scope
from prismiq.plan import PASSES, plan, render
from prismiq.plan.passes import PRE_AGGREGATE
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.schema.models import DatabaseSchema
from unit.schemas import SHOP


def sized(**rows: int) -> DatabaseSchema:
    tables = tuple(table.model_copy(update={"row_estimate": rows.get(table.name)}) for table in SHOP.tables)
    return SHOP.model_copy(update={"tables": tables})


LARGE = sized(orders=1_000_000, customers=2_000, addresses=10, order_items=3_000_000, products=50)


def is_grouped_first(schema: DatabaseSchema = LARGE, **definition: Any) -> bool:
    shape, _ = split(QueryDefinition.model_validate(definition))
    return "orders_by_key" in render(plan(shape, scope(schema, None, None)))


CHILD = {"source": "customers", "dimensions": ["segment"]}
PARENT = {"source": "orders", "dimensions": ["customer.segment"]}


@pytest.mark.parametrize("measure", ["count", "sum(total)", "avg(items)", "min(due_on)"])
def test_by_a_column_of_the_parent(measure: str) -> None:
    assert is_grouped_first(**PARENT, measures=[measure])


@pytest.mark.parametrize("measure", ["sum(orders.total)", "count(orders.id)", "max(orders.ordered_at)"])
def test_by_a_column_of_the_source_over_its_children(measure: str) -> None:
    assert is_grouped_first(**CHILD, measures=[measure])


def test_filters_of_its_own_row_are_asked_before() -> None:
    paid = {"field": "status", "value": "paid"}
    assert is_grouped_first(**PARENT, measures=["count"], filters=[paid])
    assert is_grouped_first(**PARENT, measures=[{"aggregate": "count", "filters": paid}])


def test_a_filter_of_the_others_may_leave_few_rows() -> None:
    paid, named = {"field": "status", "value": "paid"}, {"field": "customer.name", "value": "Ada"}
    assert not is_grouped_first(**PARENT, measures=["count"], filters=[named])
    assert not is_grouped_first(**PARENT, measures=["count"], filters={"or": [paid, named]})


@pytest.mark.parametrize(
    "definition",
    [
        {**PARENT, "measures": ["sum(ratio)"]},
        {**PARENT, "measures": ["count_distinct(status)"]},
        {**PARENT, "dimensions": ["customer.segment", "status"], "measures": ["count"]},
        {**PARENT, "measures": ["sum(customer.id)"]},
        {**PARENT, "measures": [{"aggregate": "sum", "expression": "items * customer.id", "name": "n"}]},
        {**PARENT, "measures": ["count"], "filters": {"field": "order_items.quantity", "operator": "gt", "value": 1}},
        {"source": "orders", "measures": ["count"]},
    ],
    ids=["floats", "distinct", "by its own", "of the parent", "of both", "another relation", "nothing joined"],
)
def test_where_it_would_not_be_the_same_it_is_not(definition: dict[str, Any]) -> None:
    assert not is_grouped_first(**definition)


def test_few_rows_for_a_key_are_joined_first() -> None:
    assert not is_grouped_first(sized(orders=1_000_000, customers=100_000), **PARENT, measures=["count"])
    assert not is_grouped_first(sized(orders=1_000, customers=2), **PARENT, measures=["count"])
    assert not is_grouped_first(SHOP, **PARENT, measures=["count"])


def test_the_pass_can_be_left_out() -> None:
    shape, _ = split(QueryDefinition.model_validate({**PARENT, "measures": ["count"]}))
    assert "_by_key" not in render(plan(shape, scope(LARGE, None, None), PASSES - {PRE_AGGREGATE}))


def test_only_a_foreign_key_says_that_there_are_no_more_keys_than_parents() -> None:
    """Of a join on any other columns most rows may have keys that nothing is joined to."""
    join = {"table": "customers", "alias": "c", "on": [{"left": "items", "right": "id"}]}
    by_hand = {**join, "on": [{"left": "customer_id", "right": "id"}]}
    asked: dict[str, Any] = {"source": "orders", "dimensions": ["c.segment"], "measures": ["count"]}
    assert not is_grouped_first(**asked, joins=[join])
    assert is_grouped_first(**asked, joins=[by_hand]), "the same columns as the foreign key"

"""The oracle, checked by hand: small data, and answers that can be computed on paper.

`test_traps` checks it against SQL; here are the rules that a reader should be able to follow without any.
"""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prismiq.query import Aggregate, Condition, Granularity, QueryDefinition
from prismiq.schema import apply
from prismiq.schema.models import ColumnSchema, DatabaseSchema, ForeignKey, TableRef, TableSchema
from prismiq.schema.types import DataType
from soundness.oracle.aggregates import Clock, aggregate, bucket
from soundness.oracle.conditions import condition_holds
from soundness.oracle.oracle import Oracle
from soundness.oracle.stages import NoAnswerError

BERLIN = ZoneInfo("Europe/Berlin")


def table(name: str, columns: str, *links: tuple[str, str], key: str | None = "id") -> TableSchema:
    return TableSchema(
        schema_name="public",
        name=name,
        columns=tuple(
            ColumnSchema(name=each, type=DataType.INTEGER, database_type="integer") for each in columns.split()
        ),
        primary_key=(key,) if key else None,
        foreign_keys=tuple(
            ForeignKey(constraint=column, columns=(column,), target=TableRef("public", target), target_columns=("id",))
            for column, target in links
        ),
    )


SCHEMA = apply(
    DatabaseSchema(
        tables=(
            table("customers", "id segment credit"),
            table("orders", "id customer_id total", ("customer_id", "customers")),
            table("items", "id order_id quantity", ("order_id", "orders")),
            table("refunds", "id order_id amount", ("order_id", "orders")),
            table("visits", "customer_id page", ("customer_id", "customers"), key=None),
        )
    )
)
DATA = {
    "customers": [
        {"id": 1, "segment": 7, "credit": 100},
        {"id": 2, "segment": None, "credit": 40},
        {"id": 3, "segment": 7, "credit": 3},  # orders nothing
    ],
    "orders": [
        {"id": 1, "customer_id": 1, "total": 10},
        {"id": 2, "customer_id": 1, "total": 10},  # equal to the first but for its key
        {"id": 3, "customer_id": 2, "total": None},
        {"id": 4, "customer_id": None, "total": 5},  # of nobody
    ],
    "items": [
        {"id": 1, "order_id": 1, "quantity": 2},
        {"id": 2, "order_id": 1, "quantity": 3},
        {"id": 3, "order_id": 3, "quantity": 4},
    ],
    "refunds": [
        {"id": 1, "order_id": 1, "amount": 1},
        {"id": 2, "order_id": 1, "amount": 1},
        {"id": 3, "order_id": 4, "amount": 5},
    ],
    "visits": [{"customer_id": 1, "page": 1}, {"customer_id": 1, "page": 1}],
}


def oracle() -> Oracle:
    return Oracle(SCHEMA, {TableRef("public", name): rows for name, rows in DATA.items()})


def answer(**question: Any) -> list[tuple[Any, ...]]:
    for kind in ("dimensions", "measures", "columns"):
        parts = question.get(kind, [])
        question[kind] = [{"name": f"{kind}{number}"} | part for number, part in enumerate(parts)]
    return oracle().answer(QueryDefinition.model_validate(question)).rows


def total(path: str = "total", **more: Any) -> dict[str, Any]:
    return {"aggregate": "sum", "field": path, **more}


def count(path: str | None = None, **more: Any) -> dict[str, Any]:
    return {"aggregate": "count", **({"table": path} if path else {}), **more}


def test_two_children_of_one_parent_multiply_nothing() -> None:
    # Order 1 has two items and two refunds: four joined rows, and still 10 once, 2 + 3 once, 1 + 1 once.
    measures = [total(), total("items.quantity"), total("refunds.amount"), count()]
    assert answer(source="orders", measures=measures) == [(25, 9, 7, 4)]


def test_null_is_a_group_and_nobody_is_in_it_too() -> None:
    rows = answer(source="orders", dimensions=[{"field": "customer.segment"}], measures=[count(), count("customer")])
    assert rows == [
        (7, 2, 1),
        (None, 2, 1),
    ]  # customer 2 has no segment, order 4 no customer; one of them is a customer


def test_a_childless_parent_is_counted_as_a_parent() -> None:
    rows = answer(
        source="customers", dimensions=[{"field": "id"}], measures=[count(), count("orders"), total("orders.total")]
    )
    assert rows == [(1, 1, 2, 20), (2, 1, 1, None), (3, 1, 0, None)]


def test_an_average_over_customers_and_one_over_orders() -> None:
    over: dict[str, Any] = {"aggregate": "avg", "field": "customer.credit"}
    assert answer(source="orders", measures=[over, over | {"grain": "orders"}]) == [(70, 80)]


def test_a_measures_filter_takes_no_group_away() -> None:
    own: dict[str, Any] = {"filters": {"field": "items.quantity", "operator": "gt", "value": 3}}
    rows = answer(source="orders", dimensions=[{"field": "total"}], measures=[count(**own), total(**own)])
    assert rows == [(5, 0, None), (10, 0, None), (None, 1, None)]


def test_a_filter_sees_the_row_without_related_ones() -> None:
    missing = {"field": "items.id", "operator": "is_null"}
    assert answer(source="orders", columns=[{"field": "id"}], filters=missing) == [(2,), (4,)]


def test_not_over_a_to_many_path_asks_for_some_row_and_exists_for_none() -> None:
    leaf = {"field": "items.quantity", "value": 2}
    inner = {"exists": "items", "filters": {"field": "quantity", "value": 2}}
    assert answer(source="orders", columns=[{"field": "id"}], filters={"not": leaf}) == [(1,), (3,)]
    assert answer(source="orders", columns=[{"field": "id"}], filters={"not": inner}) == [(2,), (3,), (4,)]


def test_conditions_along_one_path_speak_of_one_row() -> None:
    both = [{"field": "items.quantity", "value": 2}, {"field": "items.id", "value": 2}]
    assert answer(source="orders", columns=[{"field": "id"}], filters=both) == []
    assert answer(source="orders", columns=[{"field": "id"}], filters={"or": both}) == [(1,)]


def test_a_child_row_is_listed_for_each_and_a_filter_lists_nothing_twice() -> None:
    refunded = {"field": "refunds.amount", "value": 1}
    assert answer(source="orders", columns=[{"field": "id"}], filters=refunded) == [(1,)]
    rows = answer(source="orders", columns=[{"field": "id"}, {"field": "items.quantity"}], filters=refunded)
    assert rows == [(1, 2), (1, 3)]


def test_rows_of_a_table_without_a_key_count_one_by_one() -> None:
    assert answer(source="visits", measures=[count(), total("page")]) == [(2, 2)]


def test_no_group_is_one_group_and_dimensions_alone_are_distinct() -> None:
    nothing = {"field": "id", "value": 99}
    assert answer(source="orders", measures=[count(), total()], filters=nothing) == [(0, None)]
    assert answer(source="orders", dimensions=[{"field": "total"}], measures=[count()], filters=nothing) == []
    assert answer(source="orders", dimensions=[{"field": "total"}]) == [(5,), (10,), (None,)]


def test_nulls_are_last_both_ways_and_the_dimensions_break_ties() -> None:
    question: dict[str, Any] = {
        "source": "customers",
        "dimensions": [{"field": "id"}],
        "measures": [total("orders.total")],
    }
    assert answer(**question, order_by="-measures0") == [(1, 20), (2, None), (3, None)]
    assert answer(**question, order_by=["measures0", "-dimensions0"]) == [(1, 20), (3, None), (2, None)]


def test_having_sees_groups() -> None:
    rows = answer(
        source="orders",
        dimensions=[{"field": "customer_id"}],
        measures=[count()],
        having={"field": "measures0", "operator": "gt", "value": 1},
    )
    assert rows == [(1, 2)]


NOWHERE = {"field": "id", "value": -1}
WITHOUT_AN_ANSWER = {
    "field": "id",
    "operator": "in",
    "query": {"source": "items", "columns": [{"name": "q", "field": "order.refunds.id"}]},
}


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"columns": [{"field": "items.id"}, {"field": "refunds.id"}]}, "independent_branches"),
        ({"columns": [{"field": "id"}], "order_by": "items.id"}, "independent_branches"),
        ({"measures": [total("items.quantity", grain="orders")]}, "grain_unreachable"),
        ({"measures": [count()], "filters": [NOWHERE, WITHOUT_AN_ANSWER]}, "independent_branches"),
    ],
)
def test_some_questions_have_no_answer(question: dict[str, Any], why: str) -> None:
    with pytest.raises(NoAnswerError, match=why):
        answer(source="orders", **question)


NIGHT = datetime(2026, 3, 31, 21, 59, tzinfo=timezone.utc)  # one minute before midnight in Berlin


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("eq", 1, None, None),
        ("neq", 1, None, None),
        ("in", [], None, False),
        ("not_in", [], None, True),
        ("not_in", [1], None, None),
        ("not_in", [1], 2, True),
        ("is_null", None, None, True),
        ("between", [1, 3], 3, True),
        ("not_between", [1, 3], 3, False),
        ("eq", 50.1, Decimal("50.1"), True),
        ("eq", 1.5, 1, False),
        ("contains", "%", "100%", True),
        ("contains", "_", "abc", False),
        ("not_contains", "b", None, None),
        ("like", "1__\\%", "100%", True),
        ("like", "1__\\%", "1000", False),
        ("like", "a", "A", False),
        ("ilike", "a", "A", True),
        ("lte", date(2026, 3, 31), NIGHT, True),
        ("gt", date(2026, 3, 30), NIGHT, True),
        ("gt", date(2026, 3, 31), NIGHT, False),
        ("eq", date(2026, 3, 31), NIGHT, True),
        ("eq", datetime(2026, 3, 31, 23, 59), NIGHT, True),
        ("in_period", {"from": date(2026, 3, 1), "to": date(2026, 3, 31)}, NIGHT, False),
        ("in_period", {"from": date(2026, 3, 31)}, NIGHT, True),
    ],
)
def test_conditions(operator: str, wanted: Any, value: Any, holds: bool | None) -> None:
    condition = Condition.model_validate({"field": "x", "operator": operator, "value": wanted})
    assert condition_holds(condition, value, BERLIN) is holds


@pytest.mark.parametrize(
    ("granularity", "value", "expected"),
    [
        ("day", NIGHT, date(2026, 3, 31)),
        ("month", datetime(2026, 3, 31, 22, 0, tzinfo=timezone.utc), date(2026, 4, 1)),
        ("week", date(2026, 1, 1), date(2025, 12, 29)),
        ("quarter", date(2026, 6, 30), date(2026, 4, 1)),
        ("day_of_week", date(2026, 11, 22), 7),  # a Sunday
        ("hour", NIGHT, datetime(2026, 3, 31, 21, 0, tzinfo=timezone.utc)),
        ("hour_of_day", NIGHT, 23),
        ("hour_of_day", datetime(2026, 3, 31, 21, 59), 21),  # a timestamp without a zone is wall time already
        ("month", None, None),
    ],
)
def test_buckets(granularity: str, value: Any, expected: Any) -> None:
    assert bucket(Granularity(granularity), value, Clock(BERLIN)) == expected


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        ("count", [1, None, 1], 2),
        ("count_distinct", [1, None, 1], 1),
        ("count", [], 0),
        ("sum", [None], None),
        ("sum", [Decimal("12345678901234567890.12345"), Decimal("0.00001")], Decimal("12345678901234567890.12346")),
        ("avg", [1, None, 2], Decimal("1.5")),
        ("median", [1, 2, 4, 10], 3.0),
        ("variance", [1, 3], Decimal(2)),
        ("stddev", [1], None),
        ("bool_and", [True, None, False], False),
        ("bool_or", [None], None),
    ],
)
def test_aggregates(function: str, values: list[Any], expected: Any) -> None:
    assert aggregate(Aggregate(function), values) == expected


def test_percentiles_interpolate() -> None:
    assert aggregate(Aggregate.PERCENTILE, [10, 20, 30, 40, 50], 0.9) == 46.0

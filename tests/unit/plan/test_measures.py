"""Which aggregate takes which type, and the rows a measure is computed over."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.access import scope
from prismiq.errors import IssueCode
from prismiq.query.definition import Aggregate
from unit.schemas import SHOP, Definition, database, planned, refusal, table

NUMBERS = {
    "items": ("bigint", "numeric", "integer", "double", "numeric"),
    "id": ("numeric", "numeric", "bigint", "double", "numeric"),
    "total": ("numeric", "numeric", "numeric", "double", "numeric"),
    "ratio": ("double", "double", "double", "double", "double"),
    "weight": ("real", "double", "real", "double", "double"),
}
"""The types of sum, avg, min/max, median/percentile and stddev/variance, as PostgreSQL gives them."""
FIELDS = {
    "status": "enum", "region": "text", "due_on": "date", "paid_at": "timestamp", "ordered_at": "timestamptz",
    "token": "uuid", "took": "interval", "opens": "time", "closes": "timetz", "document": "json", "extra": "jsonb",
    "tags": "array", "raw": "bytea", "moods": "other", "customer.active": "boolean",
}  # fmt: skip
ORDERED = {"status", "region", "due_on", "paid_at", "ordered_at", "took", "opens", "closes"}


def expected(aggregate: str, field: str) -> str | None:
    """The type of an aggregate over a field, or None where it takes none."""
    if aggregate == "count":
        return "bigint"
    if aggregate in ("first", "last"):
        return (
            str({**FIELDS, **{name: types[2] for name, types in NUMBERS.items()}}[field]) if field != "tags" else None
        )
    if aggregate == "array_agg":
        return None if field in ("document", "extra", "tags", "raw", "moods") else "array"
    if aggregate == "count_distinct":
        return None if field in ("document", "moods") else "bigint"
    if field in NUMBERS:
        total, average, extreme, quantile, spread = NUMBERS[field]
        by_name = {"sum": total, "avg": average, "min": extreme, "max": extreme, "median": quantile}
        by_name |= {"percentile": quantile, "stddev": spread, "variance": spread}
        return by_name.get(aggregate)
    if aggregate in ("min", "max"):
        return FIELDS[field] if field in ORDERED else None
    if aggregate == "string_agg":
        return "text" if field == "region" else None
    if field == "took":
        return "interval" if aggregate in ("sum", "avg", "median", "percentile") else None
    return "boolean" if field == "customer.active" and aggregate in ("bool_and", "bool_or") else None


def measured(aggregate: str, field: str, **parts: Any) -> Definition:
    p: dict[str, Any] = {"p": 0.9} if aggregate == "percentile" else {}
    p |= {"order_by": "ordered_at"} if aggregate in ("first", "last") and not field.startswith("customer") else {}
    p |= {"order_by": "customer.birthday"} if aggregate in ("first", "last") and field.startswith("customer") else {}
    return {"source": "orders", "measures": [{"aggregate": aggregate, "field": field, "name": "m", **p, **parts}]}


PLAIN = [aggregate for aggregate in Aggregate if aggregate is not Aggregate.APPROX_COUNT_DISTINCT]
CASES = [(str(aggregate), field) for aggregate in PLAIN for field in (*NUMBERS, *FIELDS)]


@pytest.mark.parametrize(("aggregate", "field"), [case for case in CASES if expected(*case) is not None])
def test_an_aggregate_has_the_type_postgresql_gives_it(aggregate: str, field: str) -> None:
    (output,) = planned(measured(aggregate, field)).outputs
    assert str(output.type) == expected(aggregate, field)


@pytest.mark.parametrize(("aggregate", "field"), [case for case in CASES if expected(*case) is None])
def test_an_aggregate_of_another_type_is_refused_with_those_that_fit(aggregate: str, field: str) -> None:
    issue = refusal(measured(aggregate, field))
    assert (issue.loc, issue.code) == (("measures", 0, "aggregate"), IssueCode.TYPE_MISMATCH)
    assert aggregate in issue.message
    assert "count" in str(issue.hint)
    assert aggregate not in str(issue.hint).replace("count_distinct", "" if aggregate == "count" else "count_distinct")


@pytest.mark.parametrize(
    ("measure", "grain"),
    [
        ("count", "orders"),
        ({"aggregate": "sum", "field": "total"}, "orders"),
        ({"aggregate": "max", "field": "customer.birthday"}, "customer"),
        ({"aggregate": "sum", "field": "order_items.quantity"}, "order_items"),
        ({"aggregate": "count", "table": "order_items.product"}, "order_items.product"),
        ({"aggregate": "count", "table": "orders"}, "orders"),
        ({"aggregate": "max", "field": "customer.birthday", "grain": "orders"}, "orders"),
        ({"aggregate": "sum", "field": "total", "grain": "order_items"}, "order_items"),
        ({"aggregate": "count", "grain": "order_items"}, "order_items"),
        (
            {"name": "m", "aggregate": "sum", "expression": "order_items.quantity * order_items.unit_price"},
            "order_items",
        ),
        ({"name": "m", "aggregate": "sum", "expression": "order_items.quantity * total"}, "order_items"),
        ({"name": "m", "aggregate": "sum", "expression": "total * 2"}, "orders"),
        ({"name": "m", "aggregate": "sum", "expression": "1"}, "orders"),
    ],
)
def test_a_measure_says_over_which_rows_it_is(measure: Any, grain: str) -> None:
    (output,) = planned({"source": "orders", "measures": [measure]}).outputs
    assert output.grain == grain


@pytest.mark.parametrize(
    ("measure", "place", "code"),
    [
        ({"aggregate": "sum"}, "field", IssueCode.MISSING),
        ({"aggregate": "sum", "table": "order_items"}, "table", IssueCode.INVALID),
        ({"aggregate": "count", "field": "total", "table": "order_items"}, "table", IssueCode.INVALID),
        ({"aggregate": "count", "table": "order_items", "grain": "customer"}, "grain", IssueCode.INVALID),
        ({"aggregate": "sum", "field": "order_items.quantity", "grain": "orders"}, "grain", IssueCode.GRAIN_UNREACHABLE),
        ({"aggregate": "sum", "field": "order_items.quantity", "grain": "refunds"}, "grain", IssueCode.GRAIN_UNREACHABLE),
        (
            {"name": "m", "aggregate": "sum", "expression": "order_items.quantity * refunds.amount"},
            "expression",
            IssueCode.GRAIN_UNREACHABLE,
        ),
        ({"aggregate": "percentile", "field": "total"}, "p", IssueCode.MISSING),
        ({"aggregate": "sum", "field": "total", "p": 0.5}, "p", IssueCode.INVALID),
        ({"aggregate": "first", "field": "total"}, "order_by", IssueCode.MISSING),
        ({"aggregate": "sum", "field": "total", "order_by": "id"}, "order_by", IssueCode.INVALID),
        ({"aggregate": "count", "order_by": ["id"]}, "order_by", IssueCode.INVALID),
        ({"aggregate": "array_agg", "field": "total", "separator": "; "}, "separator", IssueCode.INVALID),
        ({"aggregate": "sum", "field": "nowhere"}, "field", IssueCode.UNKNOWN_FIELD),
        ({"aggregate": "count", "table": "nowhere"}, "table", IssueCode.UNKNOWN_FIELD),
        ({"aggregate": "count", "grain": "nowhere"}, "grain", IssueCode.UNKNOWN_FIELD),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_measure_is_told_with_its_place(measure: Any, place: str, code: IssueCode) -> None:
    issue = refusal({"source": "orders", "measures": [measure]})
    assert (issue.loc, issue.code) == (("measures", 0, place), code)


def test_a_field_and_an_expression_are_one_too_many() -> None:
    issue = refusal({"source": "orders", "measures": [{"aggregate": "sum", "field": "total", "expression": "total"}]})
    assert (issue.loc, issue.code) == (("measures", 0), IssueCode.MISSING)


def test_an_expression_needs_a_name() -> None:
    issue = refusal({"source": "orders", "measures": [{"aggregate": "sum", "expression": "total * 2"}]})
    assert (issue.loc, issue.code) == (("measures", 0), IssueCode.MISSING)


def test_a_to_one_path_both_ways_is_a_grain() -> None:
    """From an order item its order is to-one, and from there the customer."""
    definition = {"source": "order_items", "measures": [{"aggregate": "max", "field": "order.customer.birthday"}]}
    (output,) = planned(definition).outputs
    assert output.grain == "order.customer"


WITH_HLL = scope(SHOP.model_copy(update={"hll_schema": "extensions"}), None, None)


@pytest.mark.parametrize("field", ["total", "items", "status", "token", "ordered_at", "customer.active"])
def test_distinct_values_are_estimated_where_the_database_can(field: str) -> None:
    (output,) = planned(measured("approx_count_distinct", field), WITH_HLL).outputs
    assert str(output.type) == "bigint"


@pytest.mark.parametrize("field", ["took", "tags", "extra", "closes"])
def test_what_has_no_single_form_is_not_estimated(field: str) -> None:
    issue = refusal(measured("approx_count_distinct", field), WITH_HLL)
    assert (issue.loc, issue.code) == (("measures", 0, "aggregate"), IssueCode.TYPE_MISMATCH)


def test_without_the_extension_an_estimate_is_refused_with_the_way_out() -> None:
    issue = refusal(measured("approx_count_distinct", "total"))
    assert (issue.loc, issue.code) == (("measures", 0, "aggregate"), IssueCode.UNKNOWN_AGGREGATE)
    assert "hll" in issue.message
    assert "count_distinct" in str(issue.hint)


@pytest.mark.parametrize(
    ("measure", "code", "word"),
    [
        ({"field": "total", "order_by": "nowhere"}, IssueCode.UNKNOWN_FIELD, "nowhere"),
        ({"field": "total", "order_by": "document"}, IssueCode.TYPE_MISMATCH, "json"),
        ({"field": "total", "order_by": "order_items.quantity"}, IssueCode.GRAIN_UNREACHABLE, "many"),
        ({"field": "customer.segment", "order_by": "ordered_at"}, IssueCode.GRAIN_UNREACHABLE, "many"),
    ],
)
def test_rows_are_ordered_by_what_each_has_one_of(measure: Definition, code: IssueCode, word: str) -> None:
    issue = refusal({"source": "orders", "measures": [{"name": "m", "aggregate": "first", **measure}]})
    assert (issue.loc, issue.code) == (("measures", 0, "order_by", 0), code)
    assert word in issue.message


def test_a_grain_makes_an_order_reachable() -> None:
    measure = {
        "name": "m",
        "aggregate": "last",
        "field": "customer.segment",
        "order_by": "ordered_at",
        "grain": "orders",
    }
    (output,) = planned({"source": "orders", "measures": [measure]}).outputs
    assert (str(output.type), output.grain) == ("text", "orders")


def test_rows_that_nothing_tells_apart_have_no_first() -> None:
    keyless = scope(database(table("events", "at timestamptz", "kind text", "body json", key=None)), None, None)
    first = {"aggregate": "first", "order_by": "at"}
    planned({"source": "events", "measures": [{**first, "field": "kind"}]}, keyless)
    issue = refusal({"source": "events", "measures": [{**first, "field": "body"}]}, keyless)
    assert (issue.loc, issue.code) == (("measures", 0, "order_by"), IssueCode.KEY_REQUIRED)

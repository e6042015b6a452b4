"""What cannot be planned is refused, each reason with its place, its code and a way out, and all of them at once."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.errors import IssueCode, Location, QueryError
from prismiq.plan import PASSES
from unit.schemas import Definition, compiled, counted, planned, refusal, refusals

IN_JANUARY = {"field": "due_on", "operator": "in_period", "value": {"from": "2026-01-01", "to": "2026-02-01"}}


def compared(to: object, field: str = "due_on", **parts: Any) -> Definition:
    """How many orders were due in a month, beside another period."""
    return counted(**{"filters": IN_JANUARY, "compare": {"field": field, "to": to}, **parts})


@pytest.mark.parametrize(
    ("definition", "loc", "code", "told"),
    [
        ({"source": "order", "measures": ["count"]}, ("source",), IssueCode.UNKNOWN_TABLE, "orders"),
        ({"source": "sales.quota", "measures": ["count"]}, ("source",), IssueCode.UNKNOWN_TABLE, "GET /schema"),
        ({"source": "a.b.c", "measures": ["count"]}, ("source",), IssueCode.UNKNOWN_TABLE, "GET /schema"),
        ({"source": "orders"}, (), IssueCode.EMPTY_QUERY, "measures"),
        (counted(columns=["id"]), ("columns",), IssueCode.MIXED_QUERY, "two queries"),
        (
            counted(dimensions=[{"name": "x", "expression": "rank() over (order by total)"}]),
            ("dimensions", 0, "expression"),
            IssueCode.TYPE_MISMATCH,
            "row query",
        ),
        (
            counted(filters={"expression": "count(*) over () > 1"}),
            ("filters", "expression"),
            IssueCode.TYPE_MISMATCH,
            "row query",
        ),
        (
            {"source": "orders", "columns": [{"name": "x", "expression": "sum(count(*) over ()) over ()"}]},
            ("columns", 0, "expression"),
            IssueCode.TYPE_MISMATCH,
            "row query",
        ),
        (counted(dimensions=["totl"]), ("dimensions", 0, "field"), IssueCode.UNKNOWN_FIELD, "total"),
        (counted(dimensions=["custmer.name"]), ("dimensions", 0, "field"), IssueCode.UNKNOWN_FIELD, "customer"),
        (counted(dimensions=["customer.nme"]), ("dimensions", 0, "field"), IssueCode.UNKNOWN_FIELD, "name"),
        (counted(dimensions=["customer"]), ("dimensions", 0, "field"), IssueCode.UNKNOWN_FIELD, '"customer.id"'),
        (counted(dimensions=["TOTAL"]), ("dimensions", 0, "field"), IssueCode.UNKNOWN_FIELD, '"total"'),
        (counted(order_by=["count desc"]), ("order_by", 0, "field"), IssueCode.UNKNOWN_OUTPUT, '"-count"'),
        (
            {"source": "orders", "columns": ["id"], "order_by": ["id ASC"]},
            ("order_by", 0, "field"),
            IssueCode.UNKNOWN_FIELD,
            '"id" alone',
        ),
        ({"source": "orders", "columns": ["*"]}, ("columns", 0, "field"), IssueCode.UNKNOWN_FIELD, "Name the columns"),
        (counted(dimensions=[{"field": "due_on", "fill": True}]), ("dimensions", 0, "fill"), IssueCode.MISSING, "day"),
        (
            counted(dimensions=[{"field": "total", "fill": True, "granularity": "day"}]),
            ("dimensions", 0, "granularity"),
            IssueCode.TYPE_MISMATCH,
            "bins",
        ),
        (
            {"source": "orders", "columns": [{"field": "due_on", "granularity": "day", "fill": True}]},
            ("columns", 0, "fill"),
            IssueCode.INVALID,
            "dimensions",
        ),
        (compared("previous_period", filters=()), ("compare", "field"), IssueCode.MISSING, "in_period"),
        (
            compared("previous_period", filters=[{"field": "due_on", "operator": "gte", "value": "2026-01-01"}]),
            ("compare", "field"),
            IssueCode.MISSING,
            "both sides",
        ),
        (
            compared("previous_period", filters=[{"field": "due_on", "operator": "lt", "value": "2026-01-01"}]),
            ("compare", "field"),
            IssueCode.MISSING,
            "both sides",
        ),
        (compared("previous_period", filters=[IN_JANUARY, IN_JANUARY]), ("compare", "field"), IssueCode.INVALID, "one"),
        (
            compared("previous_period", filters={"or": [IN_JANUARY, {"field": "status", "value": "paid"}]}),
            ("compare", "field"),
            IssueCode.MISSING,
            "in_period",
        ),
        (compared("previous_period", field="ordered_at"), ("compare", "field"), IssueCode.MISSING, "ordered_at"),
        (compared("previous_period", field="total"), ("compare", "field"), IssueCode.TYPE_MISMATCH, "timestamp"),
        (compared("previous_period", field="totl"), ("compare", "field"), IssueCode.UNKNOWN_FIELD, "total"),
        (compared("previous_period", measures=(), dimensions=["due_on"]), ("compare",), IssueCode.MISSING, "count"),
        (
            {"source": "orders", "columns": ["id"], "compare": {"field": "due_on", "to": "previous_year"}},
            ("compare",),
            IssueCode.MIXED_QUERY,
            "measures",
        ),
        (compared("previous_decade"), ("compare", "to"), IssueCode.INVALID_VALUE, "last_month"),
        (compared(7), ("compare", "to"), IssueCode.INVALID_VALUE, "previous_period"),
        (compared(None), ("compare", "to"), IssueCode.INVALID_VALUE, "previous_period"),
        (compared({"from": "2025-01-01"}), ("compare", "to"), IssueCode.MISSING, "`to`"),
        (compared({"from": "2025-01-01", "to": 7}), ("compare", "to"), IssueCode.TYPE_MISMATCH, "YYYY-MM-DD"),
        (
            compared(
                "previous_year", measures=["count", {"aggregate": "sum", "field": "total", "name": "count__change"}]
            ),
            ("measures", 1, "name"),
            IssueCode.DUPLICATE_NAME,
            "another",
        ),
        (
            compared("previous_year", measures=[{"aggregate": "count", "name": "n" * 50}]),
            ("measures", 0, "name"),
            IssueCode.INVALID,
            "shorter",
        ),
        (
            compared("previous_year", dimensions=[{"name": "late", "expression": "due_on > date '2026-01-15'"}]),
            ("dimensions", 0),
            IssueCode.INVALID,
            "granularity",
        ),
        (
            compared(
                "previous_year",
                field="ordered_at",
                dimensions=["ordered_at"],
                filters={**IN_JANUARY, "field": "ordered_at"},
            ),
            ("dimensions", 0, "granularity"),
            IssueCode.MISSING,
            "granularity",
        ),
        (counted(dimensions=["document"]), ("dimensions", 0), IssueCode.TYPE_MISMATCH, "column"),
        (counted(filters=[{"field": "xyz", "value": 1}]), ("filters", 0, "field"), IssueCode.UNKNOWN_FIELD, "/orders"),
        (
            counted(filters={"exists": "xyz"}),
            ("filters", "exists"),
            IssueCode.UNKNOWN_FIELD,
            "/orders",
        ),
        (counted(filters={"exists": "orders"}), ("filters", "exists"), IssueCode.INVALID, "relationship"),
        (counted(having={"exists": "refunds"}), ("having",), IssueCode.INVALID, "filters"),
        (counted(having=[{"field": "total", "value": 1}]), ("having", 0, "field"), IssueCode.UNKNOWN_OUTPUT, "count"),
        (counted(having=[{"field": "coumt", "value": 1}]), ("having", 0, "field"), IssueCode.UNKNOWN_OUTPUT, "count"),
        (counted(order_by=["-cuont"]), ("order_by", 0, "field"), IssueCode.UNKNOWN_OUTPUT, "count"),
        (counted(order_by=["total"]), ("order_by", 0, "field"), IssueCode.UNKNOWN_OUTPUT, "count"),
        (counted(time_zone="Europe/Berln"), ("time_zone",), IssueCode.UNKNOWN_TIME_ZONE, "Europe/Berlin"),
        (counted(time_zone="+02:00"), ("time_zone",), IssueCode.UNKNOWN_TIME_ZONE, "IANA"),
        (
            counted(dimensions=["status", {"field": "region", "name": "status"}]),
            ("dimensions", 1, "name"),
            IssueCode.DUPLICATE_NAME,
            "another",
        ),
        (counted(measures=["count", "count"]), ("measures", 1, "name"), IssueCode.DUPLICATE_NAME, "another"),
        (
            counted(dimensions=["customer.name", {"field": "region", "name": "customer_name"}]),
            ("dimensions", 1, "name"),
            IssueCode.DUPLICATE_NAME,
            "another",
        ),
        (
            counted(calculations=[{"name": "count", "expression": "1 + 1"}]),
            ("calculations", 0, "name"),
            IssueCode.DUPLICATE_NAME,
            "another",
        ),
        (
            counted(dimensions=[{"field": "status", "name": "ü" * 32}]),
            ("dimensions", 0, "name"),
            IssueCode.INVALID,
            "shorter",
        ),
        (
            counted(filters={"expression": "total * 2"}),
            ("filters", "expression"),
            IssueCode.TYPE_MISMATCH,
            "operator",
        ),
        (
            {"source": "events", "dimensions": ["customer.orders.status"], "measures": ["count"]},
            ("measures", 0),
            IssueCode.KEY_REQUIRED,
            "key",
        ),
        (
            {"source": "orders", "columns": ["order_items.quantity", "refunds.amount"]},
            ("columns",),
            IssueCode.INDEPENDENT_BRANCHES,
            "two queries",
        ),
        (
            {"source": "orders", "columns": ["id", "customer.orders.total"]},
            ("columns",),
            IssueCode.INDEPENDENT_BRANCHES,
            "two queries",
        ),
        (
            {"source": "orders", "columns": ["id"], "order_by": ["refunds.amount"]},
            ("order_by", 0, "field"),
            IssueCode.INDEPENDENT_BRANCHES,
            "source",
        ),
        (
            {"source": "orders", "columns": ["id"], "order_by": ["document"]},
            ("order_by", 0, "field"),
            IssueCode.TYPE_MISMATCH,
            "another",
        ),
        (
            {"source": "orders", "columns": ["id"], "having": [{"field": "id", "value": 1}]},
            ("having",),
            IssueCode.INVALID,
            "filters",
        ),
        (
            {"source": "orders", "columns": ["id"], "calculations": [{"name": "x", "expression": "id + 1"}]},
            ("calculations",),
            IssueCode.MIXED_QUERY,
            "column",
        ),
        (
            counted(calculations=[{"name": "a", "expression": "b"}, {"name": "b", "expression": "a"}]),
            ("calculations", 0, "expression"),
            IssueCode.CIRCULAR,
            "circle",
        ),
    ],
)
def test_a_refusal_has_place_code_and_way_out(
    definition: Definition, loc: Location, code: IssueCode, told: str
) -> None:
    issue = refusals(definition)[0]
    assert (issue.loc, issue.code) == (loc, code)
    assert told in str(issue.hint)


def test_everything_wrong_with_a_definition_is_told_at_once() -> None:
    definition = {
        "source": "orders",
        "time_zone": "Nowhere",
        "dimensions": ["nothing", {"field": "region", "granularity": "month"}],
        "measures": [{"aggregate": "sum", "field": "region"}, {"aggregate": "sum"}],
        "filters": [{"field": "total", "value": "x" * 3}, {"field": "items", "operator": "like", "value": "x"}],
        "having": [{"field": "nobody", "value": 1}],
        "order_by": ["nobody"],
    }
    found = [(issue.loc[0], issue.code) for issue in refusals(definition)]
    assert ("time_zone", IssueCode.UNKNOWN_TIME_ZONE) in found
    assert ("dimensions", IssueCode.UNKNOWN_FIELD) in found
    assert ("dimensions", IssueCode.TYPE_MISMATCH) in found
    assert ("measures", IssueCode.TYPE_MISMATCH) in found
    assert ("measures", IssueCode.MISSING) in found
    assert ("filters", IssueCode.TYPE_MISMATCH) in found


def test_values_are_all_looked_at_when_they_are_bound() -> None:
    filters = [
        {"field": "total", "value": "abc"},
        {"field": "items", "operator": "in", "value": [1, 2**70, "x"]},
        {"field": "status", "value": "lost"},
    ]
    found = [(issue.loc, issue.code) for issue in refusals(counted(filters=filters[:1] + filters[2:]))]
    assert found == [
        (("filters", 0, "value"), IssueCode.INVALID_VALUE),
        (("filters", 1, "value"), IssueCode.INVALID_VALUE),
    ]
    found = [
        (issue.loc, issue.code) for issue in refusals(counted(filters=[{**filters[1], "value": ["x", str(2**70)]}]))
    ]
    assert found == [
        (("filters", 0, "value", 0), IssueCode.INVALID_VALUE),
        (("filters", 0, "value", 1), IssueCode.VALUE_OUT_OF_RANGE),
    ]


def test_a_missing_output_is_not_told_twice() -> None:
    """What could not be resolved itself may be the output that having and order name."""
    definition = counted(
        measures=[{"aggregate": "sum", "field": "nothing", "name": "x"}],
        having=[{"field": "x", "value": 1}],
        order_by=["-x"],
        calculations=[{"name": "y", "expression": "x * 2"}],
    )
    assert [issue.loc for issue in refusals(definition)] == [("measures", 0, "field")]


def test_a_table_without_a_key_is_counted_where_nothing_multiplies_it() -> None:
    assert "DISTINCT" not in compiled({"source": "events", "dimensions": ["customer.name"], "measures": ["count"]}).sql
    filters = [{"field": "customer.orders.status", "value": "paid"}]
    assert "EXISTS" in compiled({"source": "events", "measures": ["count"], "filters": filters}).sql
    issue = refusal({"source": "events", "dimensions": ["customer.orders.region"], "measures": ["count"]})
    assert "customer.orders" in issue.message


def test_a_query_joins_no_more_tables_than_allowed() -> None:
    filters = {"exists": "customer.addresses"}
    definition = counted(dimensions=["customer.name", "billing_address.city"], filters=filters)
    planned(definition, max_tables=5)
    with pytest.raises(QueryError) as caught:
        planned(definition, max_tables=4)
    assert [issue.code for issue in caught.value.issues] == [IssueCode.TOO_COMPLEX]
    assert "5 tables" in caught.value.issues[0].message


def test_a_name_of_63_bytes_is_kept_whole() -> None:
    name = "ü" * 31 + "x"
    assert f'AS "{name}"' in compiled(counted(dimensions=[{"field": "status", "name": name}])).sql


GRANULARITIES = {
    "due_on": {"day", "week", "month", "quarter", "year", "day_of_week", "day_of_month", "month_of_year", "quarter_of_year"},
    "paid_at": {
        "second", "minute", "hour", "day", "week", "month", "quarter", "year",
        "day_of_week", "hour_of_day", "day_of_month", "month_of_year", "quarter_of_year",
    },
}  # fmt: skip
CYCLIC = {"day_of_week", "hour_of_day", "day_of_month", "month_of_year", "quarter_of_year"}
FIELDS = ["due_on", "paid_at", "ordered_at", "region", "total", "took", "opens", "extra", "tags", "customer.active"]


@pytest.mark.parametrize("granularity", sorted(GRANULARITIES["paid_at"]))
@pytest.mark.parametrize("field", FIELDS)
def test_a_granularity_fits_dates_and_timestamps(field: str, granularity: str) -> None:
    definition: Any = counted(dimensions=[{"field": field, "granularity": granularity}])
    kept = GRANULARITIES.get("paid_at" if field == "ordered_at" else field, set())
    if granularity not in kept:
        issue = refusal(definition)
        assert (issue.loc, issue.code) == (("dimensions", 0, "granularity"), IssueCode.TYPE_MISMATCH)
        assert f'"{field}"' in issue.message
        return
    output = planned(definition).outputs[0]
    within_day = granularity in ("second", "minute", "hour")
    types = {"paid_at": "timestamp", "ordered_at": "timestamptz"}
    expected = "integer" if granularity in CYCLIC else types[field] if within_day else "date"
    assert (str(output.type), output.granularity) == (expected, granularity)


@pytest.mark.parametrize("passes", [PASSES, frozenset()], ids=["optimised", "naive"])
def test_a_query_over_independent_branches_is_answered_when_grouped(passes: frozenset[str]) -> None:
    """Each measure has its own branch; only rows of both at once would have no meaning."""
    measures = [{"aggregate": "sum", "field": "order_items.quantity"}, {"aggregate": "sum", "field": "refunds.amount"}]
    plan = planned({"source": "orders", "dimensions": ["status"], "measures": measures}, passes=passes)
    assert [output.name for output in plan.outputs] == ["status", "sum_order_items_quantity", "sum_refunds_amount"]

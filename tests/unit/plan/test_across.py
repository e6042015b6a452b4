"""Without a source: what is wrong is told with its place and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.errors import IssueCode, Location
from unit.schemas import planned, refusal, refusals

TOTAL = {"name": "total", "aggregate": "sum", "field": "orders.total"}
REFUNDED = {"name": "refunded", "aggregate": "sum", "field": "refunds.amount"}


def both(**parts: object) -> dict[str, Any]:
    return {"measures": [TOTAL, REFUNDED], **parts}


@pytest.mark.parametrize(
    ("definition", "loc", "code", "told"),
    [
        ({"measures": ["count"]}, ("measures", 0), IssueCode.MISSING, "source"),
        ({"measures": ["sum(total)"]}, ("measures", 0, "field"), IssueCode.UNKNOWN_TABLE, "GET /schema"),
        ({"measures": ["sum(ordrs.total)"]}, ("measures", 0, "field"), IssueCode.UNKNOWN_TABLE, "orders"),
        (
            {"measures": [{"name": "n", "aggregate": "count", "table": "refund"}]},
            ("measures", 0, "table"),
            IssueCode.UNKNOWN_TABLE,
            "refunds",
        ),
        ({"dimensions": ["orders.status"]}, ("source",), IssueCode.MISSING, "source"),
        ({"columns": ["orders.id"]}, ("columns",), IssueCode.MISSING, "source"),
        (
            both(joins=[{"table": "refunds", "on": [{"left": "orders.id", "right": "order_id"}]}]),
            ("joins",),
            IssueCode.MISSING,
            "source",
        ),
        (
            both(dimensions=[{"fields": {"orders": "status", "refunds": "order.status"}}]),
            ("dimensions", 0),
            IssueCode.MISSING,
            "name",
        ),
        (
            both(dimensions=[{"name": "s", "fields": {"orders": "status"}}]),
            ("dimensions", 0, "fields"),
            IssueCode.MISSING,
            "refunds",
        ),
        (
            both(dimensions=[{"name": "s", "fields": {"orders": "status", "refund": "order.status"}}]),
            ("dimensions", 0, "fields", "refund"),
            IssueCode.UNKNOWN_TABLE,
            "refunds",
        ),
        (
            both(filters={"fields": {"orders": "status"}, "value": "paid"}),
            ("filters", "fields"),
            IssueCode.MISSING,
            "refunds",
        ),
        (
            both(dimensions=[{"name": "r", "fields": {"orders": "refunds.id", "refunds": "id"}}]),
            ("dimensions", 0),
            IssueCode.GRAIN_UNREACHABLE,
            "to-one",
        ),
        (
            both(filters={"fields": {"orders": "refunds.amount", "refunds": "amount"}, "value": 1}),
            ("filters",),
            IssueCode.GRAIN_UNREACHABLE,
            "to-one",
        ),
        (
            both(dimensions=[{"name": "x", "fields": {"orders": "total", "refunds": "order_id"}}]),
            ("dimensions", 0),
            IssueCode.TYPE_MISMATCH,
            "cast",
        ),
        (both(order_by="totl"), ("order_by", 0, "field"), IssueCode.UNKNOWN_OUTPUT, "total"),
        ({"measures": [TOTAL, {**REFUNDED, "name": "total"}]}, ("measures", 1, "name"), IssueCode.DUPLICATE_NAME, "another"),
    ],
)  # fmt: skip
def test_refused(definition: dict[str, Any], loc: Location, code: IssueCode, told: str) -> None:
    issue = refusal(definition)
    assert (issue.loc, issue.code) == (loc, code), issue
    assert issue.hint is not None
    assert told in issue.hint


def test_a_table_that_is_not_measured_has_no_field() -> None:
    fields = {"orders": "status", "refunds": "order.status", "customers": "segment"}
    (issue,) = refusals(both(dimensions=[{"name": "s", "fields": fields}]))
    assert (issue.loc, issue.code) == (("dimensions", 0, "fields", "customers"), IssueCode.INVALID)


def test_measures_are_named_by_their_tables_and_come_as_written() -> None:
    definition = {"measures": ["sum(refunds.amount)", "sum(orders.total)", {"aggregate": "count", "table": "refunds"}]}
    outputs = planned(definition).outputs
    assert [each.name for each in outputs] == ["sum_refunds_amount", "sum_orders_total", "count_refunds"]
    assert [each.grain for each in outputs] == ["refunds", "orders", "refunds"]

"""What cannot be asked of a nested query, an explicit join or another field: the reason, its place and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.errors import IssueCode, Location
from unit.schemas import Definition, counted, planned, refusal


def asked(operator: str, query: Definition, **more: Any) -> Definition:
    return counted(filters={"field": "id", "operator": operator, "query": query, **more})


def joined(left: str, right: str, **more: Any) -> Definition:
    return counted(joins=[{"table": "customers", "alias": "c", "on": [{"left": left, "right": right}], **more}])


IDS: Definition = {"source": "customers", "columns": ["id"]}
NESTED: Definition = {"source": {"query": {"source": "orders", "columns": ["id"]}}, "measures": ["count"]}


@pytest.mark.parametrize(
    ("definition", "loc", "code", "message", "hint"),
    [
        (joined("id", "idd"), ("joins", 0, "on", 0, "right"), IssueCode.UNKNOWN_FIELD, '"idd"', '"id"'),
        (joined("idd", "id"), ("joins", 0, "on", 0, "left"), IssueCode.UNKNOWN_FIELD, "idd", '"id"'),
        (joined("id", "name"), ("joins", 0, "on", 0), IssueCode.TYPE_MISMATCH, "never joined", "casts"),
        (joined("id", "id", table="custmers"), ("joins", 0, "table"), IssueCode.UNKNOWN_TABLE, "custmers", "customers"),
        (
            {**NESTED, "filters": {"exists": "order_items"}},
            ("filters", "exists"),
            IssueCode.UNKNOWN_FIELD,
            "order_items",
            "No relationship leads from query to",
        ),
        (asked("like", IDS), ("filters", "operator"), IssueCode.INVALID, "like does not", "not_in"),
        (asked("eq", IDS), ("filters", "query"), IssueCode.INVALID, "several", '"limit": 1'),
        (
            asked("in", {"source": "customers", "columns": ["id", "name"]}),
            ("filters", "query"),
            IssueCode.INVALID,
            "this has 2",
            "hidden",
        ),
        (
            asked("in", {"source": "customers", "columns": ["name"]}),
            ("filters", "query"),
            IssueCode.TYPE_MISMATCH,
            "cannot be compared",
            "output of the field's type",
        ),
        (asked("in", IDS, value=[1]), ("filters", "query"), IssueCode.INVALID, "`value` or with a `query`", "Leave"),
        (asked("in", IDS, case_sensitive=False), ("filters", "case_sensitive"), IssueCode.INVALID, "differ", "lower"),
        (
            counted(filters={"field": "id", "value": {"outer": "id"}}),
            ("filters", "value"),
            IssueCode.INVALID,
            "not inside one",
            '{"field": …}',
        ),
        (
            counted(filters={"field": "region", "operator": "like", "value": {"field": "tenant_id"}}),
            ("filters", "value"),
            IssueCode.INVALID_VALUE,
            "like takes no field",
            "between",
        ),
        (
            {"source": {"query": IDS, "alias": "listed"}, "columns": ["name"]},
            ("columns", 0, "field"),
            IssueCode.UNKNOWN_FIELD,
            "listed",
            '"id"',
        ),
    ],
)
def test_each_reason_has_a_place_and_a_way_out(
    definition: Definition, loc: Location, code: IssueCode, message: str, hint: str
) -> None:
    issue = refusal(definition)
    assert (issue.loc, issue.code) == (loc, code)
    assert message in issue.message
    assert hint in issue.message + (issue.hint or "")


@pytest.mark.parametrize("wrong", [{"table": "custmers"}, {"on": [{"left": "id", "right": "idd"}]}])
def test_of_a_join_with_an_issue_nothing_else_is_said(wrong: dict[str, Any]) -> None:
    """Its fields are not unknown: they cannot be known yet."""
    join = {"table": "customers", "alias": "c", "on": [{"left": "customer_id", "right": "id"}], **wrong}
    issue = refusal(counted(joins=[join], dimensions=["c.name"], filters={"field": "c.region", "value": "EU"}))
    assert issue.loc[:2] == ("joins", 0)


def test_the_rows_of_a_query_of_one_row_are_one() -> None:
    """So that it may be joined to many, and still count once."""
    one = {"source": "orders", "measures": [{"name": "n", "aggregate": "count"}]}
    listed = {"source": {"query": one, "alias": "one"}, "columns": ["n"]}
    many = {"table": "order_items", "alias": "i", "on": [{"left": "n", "right": "order_id"}]}
    joined_to_many = {
        "source": {"query": listed, "alias": "listed"},
        "joins": [many],
        "measures": [{"name": "s", "aggregate": "sum", "field": "n"}],
        "dimensions": ["i.quantity"],
    }
    assert planned(joined_to_many).outputs

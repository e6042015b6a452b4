"""What cannot be asked of a nested query, an explicit join or another field: the reason, its place and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.errors import IssueCode, Location
from unit.schemas import Definition, counted, refusal


def asked(operator: str, query: Definition, **more: Any) -> Definition:
    return counted(filters={"field": "id", "operator": operator, "query": query, **more})


def joined(left: str, right: str, **more: Any) -> Definition:
    return counted(joins=[{"table": "customers", "alias": "c", "on": [{"left": left, "right": right}], **more}])


IDS: Definition = {"source": "customers", "columns": ["id"]}


@pytest.mark.parametrize(
    ("definition", "loc", "code", "message", "hint"),
    [
        (joined("id", "idd"), ("joins", 0, "on", 0, "right"), IssueCode.UNKNOWN_FIELD, '"idd"', '"id"'),
        (joined("idd", "id"), ("joins", 0, "on", 0, "left"), IssueCode.UNKNOWN_FIELD, "idd", '"id"'),
        (joined("id", "name"), ("joins", 0, "on", 0), IssueCode.TYPE_MISMATCH, "never joined", "casts"),
        (joined("id", "id", table="custmers"), ("joins", 0, "table"), IssueCode.UNKNOWN_TABLE, "custmers", "customers"),
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

"""`pivot`: what it refuses, and that its page is not PostgreSQL's."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.errors import IssueCode, Location
from unit.schemas import Definition, compiled, counted, refusal


def by_status(*dimensions: Any, pivot: Any = None, **parts: Any) -> Definition:
    """Orders by these dimensions and their status, which is pivoted."""
    return counted(dimensions=[*dimensions, "status"], pivot={"dimension": "status"} | (pivot or {}), **parts)


@pytest.mark.parametrize(
    ("definition", "loc", "code", "told"),
    [
        (by_status(pivot={"dimension": "region"}), ("pivot", "dimension"), IssueCode.UNKNOWN_OUTPUT, '"status"'),
        (by_status(pivot={"values": ["region"]}), ("pivot", "values", 0), IssueCode.UNKNOWN_OUTPUT, '"count"'),
        (by_status(pivot={"values": ["count", "count"]}), ("pivot", "values", 1), IssueCode.DUPLICATE_NAME, "once"),
        (by_status() | {"measures": []}, ("pivot",), IssueCode.MISSING, "measure"),
        (by_status(order_by="-count"), ("order_by", 0, "field"), IssueCode.INVALID, "remaining dimension"),
        (by_status(order_by="status"), ("order_by", 0, "field"), IssueCode.INVALID, "columns"),
        (
            by_status(
                top={"dimension": "status", "n": 1, "by": "count", "other": "Other"}, order_by="status__is_other"
            ),
            ("order_by", 0, "field"),
            IssueCode.INVALID,
            "columns",
        ),
        (by_status(totals="grand"), ("pivot",), IssueCode.INVALID, "totals"),
        (
            {"source": "orders", "columns": ["id"], "pivot": {"dimension": "id"}},
            ("pivot",),
            IssueCode.MIXED_QUERY,
            "row query",
        ),
        (
            {"source": {"query": by_status("region")}, "measures": ["count"]},
            ("source", "query", "pivot"),
            IssueCode.INVALID,
            "outer",
        ),
        (
            counted(filters={"field": "status", "operator": "in", "query": by_status() | {"measures": ["count"]}}),
            ("filters", "query", "pivot"),
            IssueCode.INVALID,
            "outer",
        ),
    ],
)
def test_what_cannot_be_pivoted_is_refused(definition: Definition, loc: Location, code: IssueCode, told: str) -> None:
    issue = refusal(definition)
    assert (issue.loc, issue.code) == (loc, code)
    assert told in f"{issue.message} {issue.hint}"


def test_the_statement_asks_for_all_cells() -> None:
    sql = compiled(by_status("region", order_by="-region", limit=1, offset=1)).sql
    assert "OFFSET" not in sql
    assert sql.count("LIMIT") == 1
    assert sql.count("dense_rank()") == 2


def test_the_ranks_leave_the_names_of_outputs_alone() -> None:
    definition = by_status("region") | {"measures": [{"aggregate": "count", "name": "row_rank"}]}
    assert "AS row_rank_," in compiled(definition).sql

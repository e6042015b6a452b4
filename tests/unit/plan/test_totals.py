"""`totals`: what they refuse, their mark, and when one aggregation computes all levels."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.errors import IssueCode, Location
from prismiq.plan import render
from prismiq.plan.outputs import Role
from unit.schemas import Definition, compiled, counted, planned, refusal


def totalled(*dimensions: Any, totals: str = "rollup", **parts: Any) -> Definition:
    """Orders by these dimensions, with totals."""
    return counted(dimensions=list(dimensions), totals=totals, **parts)


@pytest.mark.parametrize(
    ("definition", "loc", "code", "told"),
    [
        (totalled(), ("totals",), IssueCode.MISSING, "one group"),
        (totalled("region") | {"measures": []}, ("totals",), IssueCode.MISSING, "measure"),
        ({"source": "orders", "columns": ["region"], "totals": "grand"}, ("totals",), IssueCode.MIXED_QUERY, "second"),
        (
            totalled("region", {"field": "status", "name": "total_level"}),
            ("totals", "name"),
            IssueCode.DUPLICATE_NAME,
            "total_level",
        ),
        (
            totalled("region") | {"measures": [{"aggregate": "count", "name": "total_level"}]},
            ("measures", 0, "name"),
            IssueCode.DUPLICATE_NAME,
            "total_level",
        ),
        (
            totalled(*({"field": "region", "name": f"d{number}"} for number in range(9))),
            ("totals",),
            IssueCode.TOO_COMPLEX,
            "grand",
        ),
        (
            {"source": {"query": totalled("region")}, "measures": ["count"]},
            ("source", "query", "totals"),
            IssueCode.INVALID,
            "outer",
        ),
    ],
)
def test_what_has_no_totals_is_refused(definition: Definition, loc: Location, code: IssueCode, told: str) -> None:
    issue = refusal(definition)
    assert (issue.loc, issue.code) == (loc, code)
    assert told in f"{issue.message} {issue.hint}"


def test_the_mark_follows_the_dimensions() -> None:
    columns = compiled(totalled("region", "status")).columns
    assert [(column.name, column.role) for column in columns] == [
        ("region", Role.DIMENSION),
        ("status", Role.DIMENSION),
        ("total_level", Role.FLAG),
        ("count", Role.MEASURE),
    ]


MONTH = {"name": "month", "field": "ordered_at", "granularity": "month"}
DAY = {"name": "day", "field": "ordered_at", "granularity": "day"}


@pytest.mark.parametrize(
    ("dimensions", "together"),
    [
        (("region", "status"), True),
        ((MONTH, DAY), True),
        (("region", {"name": "again", "field": "region"}), False),
        (("items", {"name": "same", "expression": "cast(items as integer)"}), False),
        (("region", {"name": "one", "expression": "coalesce(1, 2)"}), False),
        (("region", {"name": "more", "expression": "items + 1"}), True),
        (("order_items.quantity", "region"), False),
    ],
)
def test_one_aggregation_where_dimensions_are_told_apart(dimensions: tuple[Any, ...], together: bool) -> None:
    """Equal or constant ones PostgreSQL would take for one; and rows made distinct by more are too many for fewer."""
    assert (" sets " in render(planned(totalled(*dimensions)))) is together

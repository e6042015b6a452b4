"""Cells become rows and columns by their ranks."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest

from prismiq.errors import IssueCode, QueryError
from prismiq.execution import QueryResult, encode_json
from prismiq.execution.pivot import reshape
from prismiq.plan.outputs import PivotedFrom
from prismiq.schema.types import DataType
from prismiq.sql.statement import OutputColumn, Pivoting, Role, Statement


def pivoted(
    *cells: tuple[Any, ...], type_: DataType = DataType.TEXT, zone: str = "UTC", cap: int = 1_000, **page: Any
) -> QueryResult:
    """Cells are (region, status, total, row's rank, column's rank)."""
    columns = (
        OutputColumn("region", DataType.TEXT, Role.DIMENSION, "Region"),
        OutputColumn("status", type_, Role.DIMENSION, "Status"),
        OutputColumn("total", DataType.NUMERIC, Role.MEASURE, "Total", format="currency"),
    )
    pivot = Pivoting(1, (2,), None, None, cap, page.get("limit"), page.get("offset", 0))
    return QueryResult.of(*reshape(Statement("", (), columns, time_zone=zone, pivot=pivot), cells))


CELLS = (
    ("EU", "paid", Decimal(1), 1, 1),
    ("US", None, Decimal(2), 2, 3),
    ("US", "sent", Decimal(3), 2, 2),
    (None, "paid", Decimal(4), 3, 1),
)


def test_the_ranks_say_the_places() -> None:
    result = pivoted(*CELLS)
    assert [each.name for each in result.columns] == ["region", "total__paid", "total__sent", "total__null"]
    assert result.rows == [("EU", 1, None, None), ("US", None, 3, 2), (None, 4, None, None)]
    assert result.columns[1] == OutputColumn(
        "total__paid",
        DataType.NUMERIC,
        Role.MEASURE,
        "Total: paid",
        format="currency",
        pivot=PivotedFrom("status", "paid", "total"),
    )


def test_a_page_is_of_the_rows_and_keeps_the_columns() -> None:
    result = pivoted(*CELLS, limit=1, offset=1)
    assert result.rows == [("US", None, 3, 2)]
    assert (len(result.columns), result.row_count, result.truncated) == (4, 1, False)
    assert pivoted(*CELLS, offset=9).rows == []


def test_without_cells_the_other_dimensions_are_left() -> None:
    result = pivoted()
    assert ([each.name for each in result.columns], result.rows) == (["region"], [])


def test_the_exports_have_the_new_columns() -> None:
    result = pivoted(*CELLS)
    sent = orjson.loads(encode_json(result))
    assert sent["rows"][1] == ["US", None, 3, 2]
    assert sent["columns"][3]["pivot"] == {"dimension": "status", "value": None, "measure": "total"}
    assert result.to_dicts()[0] == {"region": "EU", "total__paid": 1, "total__sent": None, "total__null": None}
    assert result.to_arrow().column_names == [each.name for each in result.columns]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ((None, "null", "null_2"), ["total__null", "total__null_2", "total__null_2_2"]),
        (("a" * 300, "a" * 301), [("total__" + "a" * 300)[:200], ("total__" + "a" * 300)[:200] + "_2"]),
        ((True, False), ["total__true", "total__false"]),
        ((Decimal("1E+3"), Decimal("-Infinity")), ["total__1000", "total__-Infinity"]),
        ((datetime(2025, 1, 1, 23, tzinfo=timezone.utc),), ["total__2025-01-02T00:00:00+01:00"]),
    ],
)
def test_names_are_the_values_as_text_and_unique(values: tuple[Any, ...], names: list[str]) -> None:
    moment = isinstance(values[0], datetime)
    result = pivoted(
        *(("EU", value, Decimal(1), 1, rank) for rank, value in enumerate(values, 1)),
        type_=DataType.TIMESTAMPTZ if moment else DataType.TEXT,
        zone="Europe/Berlin",
    )
    assert [each.name for each in result.columns[1:]] == names
    assert len(orjson.loads(encode_json(result))["columns"]) == len(names) + 1


@pytest.mark.parametrize(
    ("cells", "cap", "loc"),
    [
        (CELLS, 3, ("pivot",)),
        (tuple(("EU", str(rank), Decimal(1), 1, rank) for rank in range(1, 102)), 1_000, ("pivot", "dimension")),
    ],
)
def test_too_much_is_no_half_pivot(cells: tuple[Any, ...], cap: int, loc: tuple[str, ...]) -> None:
    with pytest.raises(QueryError) as caught:
        pivoted(*cells, cap=cap)
    (issue,) = caught.value.issues
    assert (issue.code, issue.loc) == (IssueCode.TOO_COMPLEX, loc)
    assert issue.hint is not None and "fewer" in issue.hint

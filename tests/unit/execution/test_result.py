from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from prismiq.execution import QueryResult
from prismiq.schema.types import DataType
from prismiq.sql.statement import OutputColumn, Role, Statement, TotalRows

COLUMNS = (
    OutputColumn("id", DataType.BIGINT, Role.COLUMN, "Id"),
    OutputColumn("at", DataType.TIMESTAMPTZ, Role.COLUMN, "At"),
)
NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


def test_rows_are_tuples_in_the_querys_zone() -> None:
    result = QueryResult.of(Statement("", (), COLUMNS, time_zone="Europe/Berlin"), [[1, NOON], [2, None]])
    assert result.rows == [(1, NOON), (2, None)]
    assert result.rows[0][1].utcoffset() == timedelta(hours=2)
    assert list(result) == result.rows
    assert result.to_dicts() == [{"id": 1, "at": NOON}, {"id": 2, "at": None}]


@pytest.mark.parametrize(("count", "kept", "truncated"), [(0, 0, False), (2, 2, False), (3, 2, True)])
def test_a_row_beyond_the_cap_only_tells_that_there_are_more(count: int, kept: int, truncated: bool) -> None:
    result = QueryResult.of(Statement("", (), COLUMNS, row_cap=2), [(i, NOON) for i in range(count)])
    assert (len(result), result.row_count, result.truncated) == (kept, kept, truncated)


@pytest.mark.parametrize(
    ("details", "totals", "cap", "kept", "truncated"),
    [
        (0, 1, 2, [10], False),
        (2, 2, 2, [0, 1, 10, 11], False),
        (3, 1, 2, [0, 1, 10], True),
        (1, 3, 2, [0, 10, 11], True),
        (3, 1, None, [0, 1, 2, 10], False),
    ],
)
def test_totals_have_a_cap_of_their_own(
    details: int, totals: int, cap: int | None, kept: list[int], truncated: bool
) -> None:
    rows = [(0, i) for i in range(details)] + [(1, 10 + i) for i in range(totals)]
    columns = (OutputColumn("total_level", DataType.INTEGER, Role.FLAG, "Total level"), COLUMNS[0])
    result = QueryResult.of(Statement("", (), columns, row_cap=cap, totals=TotalRows(0, 2)), rows)
    assert ([row[1] for row in result.rows], result.truncated) == (kept, truncated)


def test_without_a_cap_nothing_is_cut() -> None:
    result = QueryResult.of(Statement("", (), COLUMNS), [(i, NOON) for i in range(9)])
    assert (len(result), result.truncated) == (9, False)


def test_an_answer_without_rows_is_true_and_has_columns() -> None:
    result = QueryResult.of(Statement("", (), COLUMNS), [])
    assert result
    assert [column.name for column in result.columns] == ["id", "at"]


def test_repr_is_short() -> None:
    assert repr(QueryResult.of(Statement("", (), COLUMNS, row_cap=1), [(1, NOON)] * 2)) == (
        "<QueryResult (id, at): 1 row, truncated>"
    )


def test_moments_at_the_edge_of_the_calendar_stay() -> None:
    last = datetime.max.replace(tzinfo=timezone.utc)
    assert QueryResult.of(Statement("", (), COLUMNS, time_zone="Asia/Tokyo"), [(1, last)]).rows[0][1] == last

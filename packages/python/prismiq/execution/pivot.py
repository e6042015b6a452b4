"""The cells of a pivot become rows: one for each of the remaining dimensions' values, with a column for each of the
pivoted dimension's. Which cell stands where is told by the ranks that PostgreSQL gave it, not by comparing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from prismiq.errors import Issue, IssueCode, QueryError
from prismiq.execution.encode import shortest
from prismiq.execution.infinities import named
from prismiq.execution.result import Row, in_zone
from prismiq.plan.outputs import OutputColumn, PivotedFrom
from prismiq.schema.types import DataType
from prismiq.sql.statement import Pivoting, Statement
from prismiq.zones import zone_of

MAX_PIVOTED = 100
"""Columns that a pivot makes."""
MAX_NAME = 200
"""Characters of such a column's name, before what makes it unique."""


def reshape(statement: Statement, records: Sequence[Sequence[Any]]) -> tuple[Statement, Sequence[Sequence[Any]]]:
    """What a statement answers in the form that was asked for: the pivot's columns and the page of its rows.

    Without a pivot both are as they were. Raises QueryError for more cells or columns than a result may have.
    """
    pivot = statement.pivot
    if pivot is None:
        return statement, records
    if len(records) > pivot.row_cap:
        _refuse(f"The pivot has more than {pivot.row_cap} cells.", "pivot")
    found: dict[int, Sequence[Any]] = {record[-1]: record for record in records}
    if len(found) * len(pivot.values) > MAX_PIVOTED:
        made = f"{len(found)} values of {len(pivot.values)}" if len(pivot.values) > 1 else str(len(found))
        _refuse(f"The pivot would have {made} columns, and {MAX_PIVOTED} are allowed.", "pivot", "dimension")
    spread = {pivot.dimension, pivot.flag, *pivot.values}
    kept = [place for place in range(len(statement.columns)) if place not in spread]
    columns = [statement.columns[place] for place in kept]
    taken = {column.name for column in columns}
    for rank in sorted(found):
        columns += [_column(statement, pivot, found[rank], place, taken) for place in pivot.values]
    first = pivot.offset
    last = None if pivot.limit is None else first + pivot.limit
    rows = _rows(records, pivot, kept, len(columns))[first:last]
    return replace(statement, columns=tuple(columns), pivot=None), rows


def _rows(records: Sequence[Sequence[Any]], pivot: Pivoting, kept: Sequence[int], width: int) -> list[Row]:
    rows: dict[int, list[Any]] = {}
    for record in records:
        *_, row_rank, column_rank = record
        row = rows.get(row_rank)
        if row is None:
            row = rows[row_rank] = [None] * width
            row[: len(kept)] = [record[place] for place in kept]
        start = len(kept) + (column_rank - 1) * len(pivot.values)
        row[start : start + len(pivot.values)] = [record[place] for place in pivot.values]
    return [tuple(row) for row in rows.values()]


def _column(statement: Statement, pivot: Pivoting, cell: Sequence[Any], place: int, taken: set[str]) -> OutputColumn:
    measure = statement.columns[place]
    is_other = pivot.flag is not None and bool(cell[pivot.flag])
    spread = statement.columns[pivot.dimension]
    value = named(in_zone(cell[pivot.dimension], zone_of(statement.time_zone)))
    if spread.type is DataType.REAL and value is not None:
        value = shortest(value)
    text = pivot.other or "other" if is_other else _text(value)
    name = _unique(f"{measure.name}__{text}", taken)
    taken.add(name)
    source = PivotedFrom(spread.name, value, measure.name, is_other)
    label = f"{measure.label}: {text}"[:MAX_NAME]
    return replace(measure, name=name, label=label, pivot=source)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | time):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _unique(name: str, taken: set[str]) -> str:
    short, number = name[:MAX_NAME], 1
    unique = short
    while unique in taken:
        number += 1
        unique = f"{short}_{number}"
    return unique


def _refuse(message: str, *loc: str) -> None:
    hint = "Ask for fewer values or groups, by `filters`, by `top` on the pivoted dimension, or with wider buckets."
    raise QueryError([Issue(loc, IssueCode.TOO_COMPLEX, message, hint)])

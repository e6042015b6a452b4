"""A nested query as a table: its outputs are the columns, and what tells its rows apart is the key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prismiq.query import Aggregate, Dimension, Measure
from prismiq.query.definition import QueryDefinition
from prismiq.query.fields import segments
from prismiq.schema.models import ColumnSchema, TableSchema
from prismiq.schema.types import DataType
from soundness.oracle.joined import Ground

CLOCK = ("time_zone", "week_start", "fiscal_year_start")
"""What a nested query takes from the one around it, where it says nothing itself."""
_KINDS = {Aggregate.COUNT: DataType.BIGINT, Aggregate.COUNT_DISTINCT: DataType.BIGINT, Aggregate.SUM: DataType.NUMERIC}


def page(runs: Sequence[Sequence[tuple[Any, ...]]], query: QueryDefinition) -> list[tuple[Any, ...]]:
    """The rows of a query's own page."""
    rows = [row for run in runs for row in run]
    if query.limit is None and not query.offset:
        return rows
    assert all(len(run) == 1 for run in runs), "which rows are on a page is anyone's guess"
    return rows[query.offset :][: query.limit]


def derived_table(name: str, outputs: Sequence[str], query: QueryDefinition, ground: Ground) -> TableSchema:
    """What the query around a nested one sees of it."""
    kinds = {str(each.name): _kind(each, ground) for each in (*query.dimensions, *query.measures, *query.columns)}
    columns = (
        ColumnSchema(name=each, type=kind, database_type=str(kind))
        for each in outputs
        for kind in [kinds.get(each, DataType.BOOLEAN)]  # the mark of a row of others
    )
    return TableSchema(schema_name="", name=name, columns=tuple(columns), declared_key=_key(outputs, query, ground))


def _kind(part: Any, ground: Ground) -> DataType:
    if isinstance(part, Measure) and part.aggregate in _KINDS:
        return _KINDS[part.aggregate]
    if part.field is None:
        return DataType.NUMERIC
    *way, name = segments(part.field)
    return ground.table(tuple(way)).by_name[name].type


def _key(outputs: Sequence[str], query: QueryDefinition, ground: Ground) -> tuple[str, ...] | None:
    """A grouped query's dimensions; of a row query its source's key, where that is output and nothing multiplies it."""
    if query.limit is not None and query.limit <= 1:
        return ()
    if not query.columns:
        return tuple(outputs[: len(outputs) - len(query.measures)])
    listed = [segments(each.field)[:-1] for each in query.columns if isinstance(each, Dimension) and each.field]
    shown = {segments(each.field): each.name for each in query.columns if isinstance(each, Dimension) and each.field}
    key = [shown.get((name,)) for name in ground.source.key or ()]
    multiplied = not all(ground.to_one((), path) for path in ground.closed({*listed, *ground.joins}))
    return None if multiplied or not key or None in key else tuple(str(name) for name in key)

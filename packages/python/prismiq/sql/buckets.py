"""The buckets of a time dimension as a set of rows that PostgreSQL makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.plan.nodes import Buckets
from prismiq.query.definition import Granularity
from prismiq.schema.types import DataType
from prismiq.sql.types import sql_type

SQL = sa.ColumnElement[Any]
_CYCLES: Mapping[Granularity, tuple[int, int]] = {
    Granularity.DAY_OF_WEEK: (1, 7),
    Granularity.HOUR_OF_DAY: (0, 23),
    Granularity.DAY_OF_MONTH: (1, 31),
    Granularity.MONTH_OF_YEAR: (1, 12),
    Granularity.QUARTER_OF_YEAR: (1, 4),
}
_LENGTHS: Mapping[Granularity, str] = {
    Granularity.SECOND: "1 second",
    Granularity.MINUTE: "1 minute",
    Granularity.HOUR: "1 hour",
    Granularity.DAY: "1 day",
    Granularity.WEEK: "7 days",
    Granularity.MONTH: "1 month",
    Granularity.QUARTER: "3 months",
    Granularity.YEAR: "1 year",
}
_SHORTEST_HOUR = "15 minutes"
"""Of the shifts of clocks since 1972 the finest: where one is not of whole hours, hours begin off the old beat."""


def whole_cycle(granularity: Granularity) -> Any:
    """Every value of a cyclic granularity."""
    return sa.func.generate_series(*(sa.literal_column(str(end)) for end in _CYCLES[granularity]))


def from_first_to_last(bucket: SQL, node: Buckets, zone: SQL) -> SQL:
    """Every bucket between the first and the last of a column's, infinity aside.

    Days and longer step by the calendar. Hours and shorter of an instant step by time and are bucketed in the zone once
    more, since a clock may be shifted by half an hour; the first is there without being computed.
    """
    kind = node.type.kind
    finite = sa.func.isfinite(bucket)
    first = sa.func.min(bucket).filter(finite)
    last = sa.func.max(bucket).filter(finite)
    length = _interval(_LENGTHS[node.granularity])
    if kind is DataType.DATE:
        every = sa.func.generate_series(sa.cast(first, pg.TIMESTAMP()), sa.cast(last, pg.TIMESTAMP()), length)
        return sa.cast(every, sa.Date())
    if kind is DataType.TIMESTAMP:
        return sa.func.generate_series(first, last, length, type_=sql_type(node.type))
    step = _interval(_SHORTEST_HOUR) if node.granularity is Granularity.HOUR else length
    word = sa.literal(str(node.granularity), pg.TEXT(), literal_execute=True)
    every = sa.func.generate_series(first + length, last, step)
    return sa.func.date_trunc(word, every, zone, type_=sql_type(node.type))


def _interval(length: str) -> SQL:
    return sa.literal_column(f"INTERVAL '{length}'", pg.INTERVAL())

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
_LENGTHS: Mapping[Granularity, tuple[int, str]] = {
    Granularity.SECOND: (1, "second"),
    Granularity.MINUTE: (1, "minute"),
    Granularity.HOUR: (1, "hour"),
    Granularity.DAY: (1, "day"),
    Granularity.WEEK: (7, "day"),
    Granularity.MONTH: (1, "month"),
    Granularity.QUARTER: (3, "month"),
    Granularity.YEAR: (1, "year"),
}
_SHORTEST_HOUR = (15, "minute")
"""Of the shifts of clocks since 1972 the finest: where one is not of whole hours, hours begin off the old beat."""


def whole_cycle(granularity: Granularity) -> Any:
    """Every value of a cyclic granularity."""
    return sa.func.generate_series(*(sa.literal_column(str(end)) for end in _CYCLES[granularity]))


def from_first_to_last(bucket: SQL, node: Buckets, zone: SQL) -> SQL:
    """Every bucket between the first and the last of a column's, infinity aside.

    Days and longer step by the calendar. Hours and shorter of an instant step by time and are bucketed in the zone once
    more, since a clock may be shifted by half an hour; the first is there without being computed.
    """
    first, last = _ends(bucket, node)
    length = _interval(_LENGTHS[node.granularity])
    if node.type.kind is DataType.DATE:
        return sa.cast(sa.func.generate_series(first, last, length), sa.Date())
    if node.type.kind is DataType.TIMESTAMP:
        return sa.func.generate_series(first, last, length, type_=sql_type(node.type))
    step = _interval(_SHORTEST_HOUR) if node.granularity is Granularity.HOUR else length
    word = sa.literal(str(node.granularity), pg.TEXT(), literal_execute=True)
    every = sa.func.generate_series(first + length, last, step)
    return sa.func.date_trunc(word, every, zone, type_=sql_type(node.type))


def stepped(moment: SQL, granularity: Granularity, first: SQL) -> SQL:
    """The bucket of a moment, where all are equally long and `first` is the beginning of one."""
    return sa.func.date_bin(_interval(_LENGTHS[granularity]), moment, first, type_=sa.DateTime(timezone=True))


def hour_of_day(moment: SQL, first: SQL, last: SQL, zone: SQL) -> SQL:
    """What the clock shows in the hour of a moment. PostgreSQL asks it once for each hour from `first` to `last`."""
    series = sa.func.generate_series(first, last, _interval(_LENGTHS[Granularity.HOUR]))
    hours = series.column_valued("hour")
    shown = sa.cast(sa.extract("hour", sa.func.timezone(zone, hours)), sa.Integer())

    def in_order(value: SQL, type_: Any) -> SQL:
        values = sa.func.array_agg(pg.aggregate_order_by(value, hours), type_=pg.ARRAY(type_))
        return sa.select(values).scalar_subquery()

    place = sa.func.width_bucket(moment, in_order(hours, sa.DateTime(timezone=True)), type_=sa.Integer())
    return in_order(shown, sa.Integer())[place]


def refused_beyond(most: int, bucket: SQL, node: Buckets) -> SQL:
    """A LIMIT that PostgreSQL refuses where there are more than so many buckets between the first and the last, and
    that is none elsewhere.

    It is computed before the first bucket is, so a date of the year 9999 costs nothing. The error has a code of its own
    (2201W), and reaches the caller from wherever in the statement the buckets are.
    """
    first, last = _ends(bucket, node)
    negative: SQL = sa.literal_column("-1")
    return sa.case((last >= first + _interval(_LENGTHS[node.granularity], most), negative)).label("refused")


def _ends(bucket: SQL, node: Buckets) -> tuple[SQL, SQL]:
    finite = sa.func.isfinite(bucket)
    ends = sa.func.min(bucket).filter(finite), sa.func.max(bucket).filter(finite)
    if node.type.kind is DataType.DATE:
        return sa.cast(ends[0], pg.TIMESTAMP()), sa.cast(ends[1], pg.TIMESTAMP())
    return ends


def _interval(length: tuple[int, str], times: int = 1) -> SQL:
    count, unit = length[0] * times, length[1]
    return sa.literal_column(f"INTERVAL '{count} {unit}{'s' if count > 1 else ''}'", pg.INTERVAL())

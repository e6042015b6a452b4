"""Which types each aggregate takes, and the type PostgreSQL gives back.

Source: PostgreSQL's documentation, "Aggregate Functions". `percentile_cont` knows double and interval only, so the
median of a numeric is said to be a double rather than passed off as exact.
"""

from __future__ import annotations

from collections.abc import Mapping

from prismiq.plan.expressions import BIGINT, BOOLEAN, DOUBLE, NUMERIC, TEXT, ValueType
from prismiq.query.definition import Aggregate
from prismiq.schema.types import EXACT, FLOATS, NUMBERS, DataType

_INTERVAL = ValueType(DataType.INTERVAL)
_REAL = ValueType(DataType.REAL)

_SUM: Mapping[DataType, ValueType] = {
    DataType.SMALLINT: BIGINT,
    DataType.INTEGER: BIGINT,
    DataType.BIGINT: NUMERIC,
    DataType.NUMERIC: NUMERIC,
    DataType.REAL: _REAL,
    DataType.DOUBLE: DOUBLE,
    DataType.INTERVAL: _INTERVAL,
}
_AVG: Mapping[DataType, ValueType] = {
    **dict.fromkeys(EXACT, NUMERIC),
    **dict.fromkeys(FLOATS, DOUBLE),
    DataType.INTERVAL: _INTERVAL,
}
_SPREAD: Mapping[DataType, ValueType] = {**dict.fromkeys(EXACT, NUMERIC), **dict.fromkeys(FLOATS, DOUBLE)}
_QUANTILE: Mapping[DataType, ValueType] = {**dict.fromkeys(NUMBERS, DOUBLE), DataType.INTERVAL: _INTERVAL}
_BOOLEANS: Mapping[DataType, ValueType] = {DataType.BOOLEAN: BOOLEAN}

_RESULTS: Mapping[Aggregate, Mapping[DataType, ValueType]] = {
    Aggregate.SUM: _SUM,
    Aggregate.AVG: _AVG,
    Aggregate.MEDIAN: _QUANTILE,
    Aggregate.PERCENTILE: _QUANTILE,
    Aggregate.STDDEV: _SPREAD,
    Aggregate.VARIANCE: _SPREAD,
    Aggregate.BOOL_AND: _BOOLEANS,
    Aggregate.BOOL_OR: _BOOLEANS,
    Aggregate.STRING_AGG: {DataType.TEXT: TEXT},
}
ORDERED = NUMBERS | {
    DataType.TEXT,
    DataType.ENUM,
    DataType.DATE,
    DataType.TIME,
    DataType.TIMETZ,
    DataType.TIMESTAMP,
    DataType.TIMESTAMPTZ,
    DataType.INTERVAL,
}
"""The types that PostgreSQL has min() and max() for in every supported version."""

NULL_FREE = frozenset({Aggregate.COUNT, Aggregate.COUNT_DISTINCT})
"""The aggregates that give 0 where there is no row."""

ZERO_WITHOUT_ROWS = NULL_FREE | {Aggregate.SUM}
"""The aggregates that are 0 in a group that was not found: one that `fill` adds, or one of another period alone."""


def result_type(aggregate: Aggregate, argument: ValueType) -> ValueType | None:
    """The type of an aggregate over values of `argument`'s type, or None where it does not take them."""
    if aggregate is Aggregate.COUNT:
        return BIGINT
    if aggregate is Aggregate.COUNT_DISTINCT:
        return BIGINT if argument.comparable else None
    if aggregate in (Aggregate.MIN, Aggregate.MAX):
        return argument if argument.kind in ORDERED and argument.comparable else None
    return _RESULTS[aggregate].get(argument.kind)


def fitting(argument: ValueType) -> list[str]:
    """The aggregates that take values of this type, for a hint."""
    return [str(each) for each in Aggregate if result_type(each, argument) is not None]

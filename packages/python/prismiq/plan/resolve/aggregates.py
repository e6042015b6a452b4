"""Which types each aggregate takes, and the type PostgreSQL gives back.

Source: PostgreSQL's documentation, "Aggregate Functions". `percentile_cont` knows double and interval only, so the
median of a numeric is said to be a double rather than passed off as exact.
"""

from __future__ import annotations

from collections.abc import Mapping

from prismiq.plan.expressions import BIGINT, BOOLEAN, DOUBLE, NUMERIC, TEXT, AsText, Expression, ValueType
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
_ELEMENTS = NUMBERS | {
    DataType.BOOLEAN,
    DataType.TEXT,
    DataType.ENUM,
    DataType.UUID,
    DataType.DATE,
    DataType.TIME,
    DataType.TIMETZ,
    DataType.TIMESTAMP,
    DataType.TIMESTAMPTZ,
    DataType.INTERVAL,
}
"""The types of which arrays are made; an enum's values are texts in them."""

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

HASHED = _ELEMENTS - {DataType.INTERVAL, DataType.TIMETZ}
"""The types of which equal values have one form to be hashed in; as intervals a day and 24 hours are equal."""

NULL_FREE = frozenset({Aggregate.COUNT, Aggregate.COUNT_DISTINCT, Aggregate.APPROX_COUNT_DISTINCT})
"""The aggregates that give 0 where there is no row."""

TAKES_ALL = frozenset({Aggregate.COUNT, Aggregate.FIRST, Aggregate.LAST})
"""The aggregates that never compare what they are given."""

KEEPS_NULLS = frozenset({Aggregate.ARRAY_AGG, Aggregate.FIRST, Aggregate.LAST})
"""The aggregates to which a null is a value like any other."""

ZERO_WITHOUT_ROWS = NULL_FREE | {Aggregate.SUM}
"""The aggregates that are 0 in a group that was not found: one that `fill` adds, or one of another period alone."""


def result_type(aggregate: Aggregate, argument: ValueType) -> ValueType | None:
    """The type of an aggregate over values of `argument`'s type, or None where it does not take them."""
    if aggregate is Aggregate.COUNT:
        return BIGINT
    if aggregate is Aggregate.COUNT_DISTINCT:
        return BIGINT if argument.comparable else None
    if aggregate is Aggregate.APPROX_COUNT_DISTINCT:
        return BIGINT if argument.kind in HASHED else None
    if aggregate in (Aggregate.FIRST, Aggregate.LAST):
        return None if argument.kind is DataType.ARRAY else argument
    if aggregate is Aggregate.ARRAY_AGG:
        return _array_of(argument) if argument.kind in _ELEMENTS else None
    if aggregate in (Aggregate.MIN, Aggregate.MAX):
        return argument if argument.kind in ORDERED and argument.comparable else None
    return _RESULTS[aggregate].get(argument.kind)


def as_element(value: Expression) -> Expression:
    """A value as it stands in an array: that of a type that the database alone knows is a text."""
    return value if value.type.type_name is None else AsText(value)


def _array_of(element: ValueType) -> ValueType:
    return ValueType(DataType.ARRAY, DataType.TEXT if element.type_name is not None else element.kind)


def fitting(argument: ValueType) -> list[str]:
    """The aggregates that take values of this type, for a hint."""
    needing = Aggregate.APPROX_COUNT_DISTINCT  # an extension
    return [str(each) for each in Aggregate if each is not needing and result_type(each, argument) is not None]

"""A result as an Arrow table, and from there as a data frame.

A column's Arrow type follows from its PostgreSQL type, whatever its values are, so that an empty result has the types
of a full one. Only what PostgreSQL's types leave open is read off the values: the scale of `numeric`, and how many
dimensions an array has. Nothing is rounded: what Arrow cannot hold is refused, but for the NaN and the infinities of
`numeric`, which are null as in JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import orjson

from prismiq.errors import ConfigurationError, RequestError
from prismiq.execution.encode import plain_value
from prismiq.execution.result import QueryResult
from prismiq.plan.outputs import OutputColumn
from prismiq.schema.types import DataType

if TYPE_CHECKING:
    import pandas  # pyright: ignore[reportMissingTypeStubs]  it holds its types itself
    import polars

NARROW, WIDE = 38, 76
"""Digits of Arrow's two decimal types."""


def to_arrow(result: QueryResult) -> Any:
    """The result as a `pyarrow.Table`. Raises ConfigurationError without pyarrow, RequestError for what Arrow lacks."""
    pa = _library("pyarrow", "arrow")
    names = [column.name for column in result.columns]
    arrays = [
        _array(pa, column, [record[index] for record in result.records], result)
        for index, column in enumerate(result.columns)
    ]
    return pa.Table.from_arrays(arrays, names=names)


def to_pandas(result: QueryResult) -> pandas.DataFrame:
    """The result as a pandas frame whose columns are of Arrow's types: exact, also where there are nulls."""
    pd = _library("pandas", "pandas")
    return _table(result, "pandas").to_pandas(types_mapper=pd.ArrowDtype)


def to_polars(result: QueryResult) -> polars.DataFrame:
    """The result as a polars frame, whose decimals have 38 digits at most."""
    pl = _library("polars", "polars")
    table = _table(result, "polars")
    for field in table.schema:
        if "decimal256" in str(field.type):
            raise _too_long(field.name, NARROW)
    return pl.from_arrow(table)


def _table(result: QueryResult, extra: str) -> Any:
    _library("pyarrow", extra)
    return to_arrow(result)


def _library(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise ConfigurationError(
            f"{name} is not installed.", hint=f"Install it: pip install 'prismiq[{extra}]'."
        ) from None


def _array(pa: Any, column: OutputColumn, values: list[Any], result: QueryResult) -> Any:
    kind, depth = column.type, 0
    if kind is DataType.ARRAY:
        kind, depth = column.element or DataType.TEXT, max((_depth(value) for value in values), default=0) or 1
    convert = _converter(kind, json_is_text=result.json_is_text)
    if convert is not None:
        values = _each(values, convert, nested=depth > 0)
    type_ = _scalar_type(pa, kind, result, column, values)
    for _ in range(depth):
        type_ = pa.list_(type_)
    try:
        return pa.array(values, type_)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise RequestError(
            f'"{column.name}" holds what an Arrow {type_} cannot: {error}.', hint="Read it from `rows`."
        ) from None


def _scalar_type(pa: Any, kind: DataType, result: QueryResult, column: OutputColumn, values: Sequence[Any]) -> Any:
    if kind is DataType.NUMERIC:
        return _decimal_type(pa, column.name, values)
    if kind is DataType.TIMESTAMPTZ:
        return pa.timestamp("us", tz=result.time_zone)
    plain = {
        DataType.BOOLEAN: pa.bool_,
        DataType.SMALLINT: pa.int16,
        DataType.INTEGER: pa.int32,
        DataType.BIGINT: pa.int64,
        DataType.REAL: pa.float32,
        DataType.DOUBLE: pa.float64,
        DataType.DATE: pa.date32,
        DataType.BYTEA: pa.binary,
    }
    if kind in plain:
        return plain[kind]()
    clock = {DataType.TIME: pa.time64, DataType.TIMESTAMP: pa.timestamp, DataType.INTERVAL: pa.duration}
    return clock[kind]("us") if kind in clock else pa.string()


def _decimal_type(pa: Any, name: str, values: Sequence[Any]) -> Any:
    """The narrower of the two decimal types that holds every digit of every value."""
    scale = whole = 0
    for value in _leaves(values):
        scale = max(scale, -cast("int", value.as_tuple().exponent))
        whole = max(whole, value.adjusted() + 1)
    if scale + whole > WIDE:
        raise _too_long(name, WIDE)
    return pa.decimal128(NARROW, scale) if scale + whole <= NARROW else pa.decimal256(WIDE, scale)


def _too_long(name: str, digits: int) -> RequestError:
    return RequestError(
        f'"{name}" has numbers of more than {digits} digits, which is the most there is room for.',
        hint="Round it in the query, or read it from `rows`.",
    )


def _converter(kind: DataType, *, json_is_text: bool) -> Callable[[Any], object] | None:
    """What a value must become before Arrow takes it, or None where it takes what the driver gives."""
    if kind is DataType.NUMERIC:
        return _finite
    if kind in (DataType.JSON, DataType.JSONB):
        return None if json_is_text else _json
    if kind in (DataType.UUID, DataType.TIMETZ):
        return str
    return _text if kind is DataType.OTHER else None


def _finite(value: Any) -> Decimal | None:
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return number if number.is_finite() else None


def _json(value: Any) -> str:
    return orjson.dumps(value, default=plain_value).decode()


def _text(value: Any) -> str:
    """A value of a type that only PostgreSQL has, written as in JSON."""
    plain: object = value if isinstance(value, str | int | float) else plain_value(value)
    return plain if isinstance(plain, str) else _json(plain)


def _each(values: Sequence[Any], convert: Callable[[Any], object], *, nested: bool) -> list[Any]:
    """The values converted; those of arrays one by one."""
    return [
        None
        if value is None
        else _each(cast("list[Any]", value), convert, nested=True)
        if nested and isinstance(value, list)
        else convert(value)
        for value in values
    ]


def _leaves(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _leaves(cast("list[Any]", value))
        elif value is not None:
            yield value


def _depth(value: object) -> int:
    if not isinstance(value, list):
        return 0
    items = cast("list[object]", value)
    return 1 + max((_depth(item) for item in items), default=0)

"""A result as JSON, straight from the driver's rows.

The converter of a column is picked once, by its type; most types need none, since orjson writes them itself. Decimals
and bigints keep every digit.
"""

from __future__ import annotations

import base64
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from math import isfinite, isnan
from typing import Any, Literal, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none
import orjson

from prismiq.errors import ResultTooLargeError
from prismiq.execution.infinities import is_any_infinite, named
from prismiq.execution.result import QueryResult, ResultMeta, in_zone
from prismiq.plan.outputs import OutputColumn, PivotedFrom
from prismiq.schema.types import DataType

Numbers = Literal["exact", "string"]
"""How `numeric` and `bigint` are written: as JSON numbers with every digit, or as strings for clients that round."""

Converter = Callable[[Any], object]

CHUNK = 12_000
"""Values encoded at once: between two chunks other threads get their turn."""


def rows_of(values: int, columns: int) -> int:
    """How many rows of so many columns have about so many values."""
    return max(1, values // max(1, columns))


def encode_json(result: QueryResult, numbers: Numbers = "exact") -> bytes:
    """The result as the JSON object that `POST /query` answers with."""
    content, rest = encode_parts(result, numbers)
    return b"".join((content, b"true" if result.meta.cached else b"false", rest))


def encode_parts(result: QueryResult, numbers: Numbers = "exact") -> tuple[bytes, bytes]:
    """The same JSON before and after what says whether the result was kept: that alone is told per request."""
    tail, rest = tail_json(result.row_count, result.truncated, result.meta)
    return b"".join((head_json(result.columns), b",".join(rows_json(result, numbers)), tail)), rest


def head_json(columns: tuple[OutputColumn, ...]) -> bytes:
    """The JSON of a result up to its rows."""
    return b'{"columns":' + _columns_json(columns) + b',"rows":['


def tail_json(row_count: int, truncated: bool, meta: ResultMeta) -> tuple[bytes, bytes]:
    """The JSON of a result from the end of its rows, before and after what says whether it was kept."""
    rest = orjson.dumps({"as_of": meta.as_of, "warnings": meta.warnings}, option=_OPTIONS)
    content = b'],"row_count":%d,"truncated":%b,"meta":{"cached":' % (row_count, _BOOLEANS[truncated])
    return content, b"," + rest[1:] + b"}"


def check_size(size: int, limit: int) -> None:
    """Raises ResultTooLargeError for an answer of more than `limit` bytes."""
    if size > limit:
        raise ResultTooLargeError(
            f"The result is larger than {limit} bytes.",
            hint="Ask for fewer columns or rows (`limit`), or raise PRISMIQ_MAX_RESULT_BYTES.",
        )


_BOOLEANS = {True: b"true", False: b"false"}

_DESCRIBED: OrderedDict[int, tuple[tuple[OutputColumn, ...], bytes]] = OrderedDict()
"""The JSON of the columns described last, by their identity: a compiled statement's are the same each time."""


def _columns_json(columns: tuple[OutputColumn, ...]) -> bytes:
    found = _DESCRIBED.get(id(columns))
    if found is None or found[0] is not columns:
        described = orjson.dumps([column_json(column) for column in columns], default=plain_value)
        found = _DESCRIBED[id(columns)] = (columns, described)
        if len(_DESCRIBED) > 1000:
            _DESCRIBED.popitem(last=False)
    return found[1]


def column_json(column: OutputColumn) -> Mapping[str, object]:
    """A column as the result describes it; what it does not have is left out."""
    described = {
        "name": column.name,
        "type": column.type.value,
        "element": None if column.element is None else column.element.value,
        "role": column.role.value,
        "granularity": column.granularity,
        "label": column.label,
        "format": column.format,
        "source": column.source,
        "grain": column.grain,
        "binned": column.binned or None,
        "pivot": None if column.pivot is None else _pivot_json(column.pivot),
    }
    return {key: value for key, value in described.items() if value is not None}


def _pivot_json(pivot: PivotedFrom) -> Mapping[str, object]:
    value = pivot.value
    if isinstance(value, Decimal) and not value.is_finite():
        value = str(value)  # a bin of its own, and null is another
    elif isinstance(value, time):  # which orjson refuses where it has a zone
        value = str(value)
    other = {"is_other": True} if pivot.is_other else {}
    return {"dimension": pivot.dimension, "value": value, "measure": pivot.measure, **other}


_OPTIONS = orjson.OPT_UTC_Z


def rows_json(result: QueryResult, numbers: Numbers) -> Iterator[bytes]:
    """The rows as JSON arrays with commas between them, without the outer brackets, some at a time."""
    converters = _converters(result, numbers)
    plain = not any(converters)
    step = rows_of(CHUNK, len(result.columns))
    for start in range(0, result.row_count, step):
        rows = result.records[start : start + step]
        yield orjson.dumps(rows if plain else _converted(rows, converters), default=plain_value)[1:-1]


def lines_json(result: QueryResult, numbers: Numbers) -> bytes:
    """The rows as JSON arrays, each on a line of its own."""
    rows = _converted(result.records, _converters(result, numbers))
    lines = (orjson.dumps(row, default=plain_value) for row in rows)
    if any(column.type is DataType.JSON for column in result.columns):
        lines = (one_line(line) for line in lines)
    return b"".join(line + b"\n" for line in lines)


def one_line(content: bytes) -> bytes:
    """JSON without the line breaks that a column of type json may have between its tokens; in a text there are none."""
    if b"\n" in content or b"\r" in content:
        return content.replace(b"\n", b" ").replace(b"\r", b" ")
    return content


def cells(result: QueryResult) -> Iterator[Iterator[str | None]]:
    """The rows as texts, each as JSON writes the value, but without quotes; a number that is none by its name."""
    converters = [_by_name if each is _number else each for each in _converters(result, "exact")]
    for row in _converted(result.records, converters):
        yield (_cell(value) for value in row)


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    written = orjson.dumps(value, default=plain_value)
    if written == b"null":  # of JSON
        return None
    return orjson.loads(written) if written[:1] == b'"' else written.decode()


def _converted(rows: Sequence[Sequence[Any]], converters: Sequence[Converter | None]) -> list[tuple[object, ...]]:
    """The rows with their columns converted, column by column."""
    if not rows:
        return []
    columns = [
        column if convert is None else [None if value is None else convert(value) for value in column]
        for convert, column in zip(converters, zip(*rows, strict=True), strict=True)
    ]
    return list(zip(*columns, strict=True))


def _converters(result: QueryResult, numbers: Numbers) -> list[Converter | None]:
    by_type = dict(_BY_TYPE)
    zone = result.zone
    by_type[DataType.TIMESTAMPTZ] = lambda value: _moment(value, zone)
    by_type[DataType.ARRAY] = by_type[DataType.OTHER] = lambda value: _nested(value, zone)
    if not result.json_is_text:
        del by_type[DataType.JSON], by_type[DataType.JSONB]
    if numbers == "string":
        by_type[DataType.NUMERIC] = _digits
        by_type[DataType.BIGINT] = str
    for place, column in enumerate(result.columns):
        if column.type in _DAYS and is_any_infinite(row[place] for row in result.records):
            by_type[column.type] = named
    return [_bound_in(numbers) if column.binned else by_type.get(column.type) for column in result.columns]


_DAYS = (DataType.DATE, DataType.TIMESTAMP)
"""Which orjson writes itself."""


def _number(value: Any) -> object:
    """A Decimal as a JSON number with its digits as they are; NaN and the infinities are null."""
    text = str(value)
    if text[-1] > "9":
        return None
    return orjson.Fragment(format(value, "f") if "E" in text else text)


def _by_name(value: Any) -> object:
    """The same, and what is no number by its name."""
    return _number(value) or str(value)


def _bound_in(numbers: Numbers) -> Converter:
    """A bin's lower bound. The infinities and NaN are bins of their own, and null is another."""
    finite = _digits if numbers == "string" else _number
    return lambda value: finite(value) if value.is_finite() else str(value)


def _digits(value: Any) -> str | None:
    text = format(value, "f")
    return None if text[-1] > "9" else text


def shortest(value: float) -> float:
    """The shortest number that is this `real`, as PostgreSQL writes it: 0.1, where the double of it has 17 digits."""
    try:
        single = struct.pack("f", value)
    except OverflowError:  # the host's codec gave a number that is no real
        return value
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == single:
            return short
    return float(f"{value:.9g}")


def _moment(value: Any, zone: ZoneInfo) -> object:
    """A timestamp with the zone's offset."""
    local = in_zone(value, zone)
    if not isinstance(local, datetime):
        return local
    if local.tzinfo is None:  # the driver's sign for the infinities
        return "infinity" if local.year > 1 else "-infinity"
    offset = local.utcoffset()
    if offset is not None and offset.seconds % 60:  # ISO 8601 has no seconds there: local mean time of long ago
        return local.astimezone(timezone.utc)
    return local


def moment_json(value: datetime, zone: ZoneInfo) -> bytes:
    """A timestamp with a time zone, as the encoder writes it."""
    return orjson.dumps(_moment(value, zone))


def _duration(value: Any) -> str:
    """A timedelta by ISO 8601: `P1DT2H30M`, `-PT0.5S`."""
    if not isinstance(value, timedelta):
        return str(value)
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    days = f"{value.days}D" if value.days else ""
    clock = (
        (f"{hours}H" if hours else "")
        + (f"{minutes}M" if minutes else "")
        + (f"{seconds}{fraction}S" if seconds or fraction else "")
    )
    return f"{sign}P{days}T{clock}" if clock else f"{sign}P{days}" if days else "PT0S"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _range(value: Any) -> str:
    """A range as PostgreSQL writes it: `[1,3)`."""
    if value.isempty:
        return "empty"
    lower = "" if value.lower is None else str(named(value.lower))
    upper = "" if value.upper is None else str(named(value.upper))
    return f"{'[' if value.lower_inc else '('}{lower},{upper}{']' if value.upper_inc else ')'}"


def _points(value: Any) -> list[tuple[float, float]]:
    """A path, or a polygon, which is one to the driver."""
    return [tuple(point) for point in value.points]


def _bits(value: Any) -> str:
    return value.as_string().replace(" ", "")


_BY_KIND: dict[type, Converter] = {
    Decimal: _number,
    timedelta: _duration,
    bytes: _base64,
    UUID: str,
    time: time.isoformat,
    asyncpg.Range: _range,
    asyncpg.BitString: _bits,
    asyncpg.Path: _points,
}


def plain_value(value: Any) -> object:
    """A value that orjson does not know, as one that it does. Anything unknown becomes its text."""
    if isinstance(value, asyncpg.Record | tuple):  # also a point, which is a tuple of a class of its own
        return tuple(cast("tuple[Any, ...]", value))
    for kind, convert in _BY_KIND.items():
        if isinstance(value, kind):
            return convert(value)
    return str(value)


def _nested(value: Any, zone: ZoneInfo) -> object:
    """An array, a composite or a value of a type of its own. orjson asks `plain_value` for what it does not know."""
    if isinstance(value, list):
        return [_nested(item, zone) for item in cast("list[Any]", value)]
    if isinstance(value, asyncpg.Record):
        return [_nested(item, zone) for item in value]
    if isinstance(value, datetime) and value.tzinfo is not None:
        return _moment(value, zone)
    return str(value) if isinstance(value, time) else named(value)


_BY_TYPE: dict[DataType, Converter] = {
    DataType.NUMERIC: _number,
    DataType.REAL: shortest,
    DataType.UUID: str,
    DataType.TIME: str,  # orjson 3.13 writes 10 ms as ".10000"
    DataType.TIMETZ: str,
    DataType.INTERVAL: _duration,
    DataType.JSON: orjson.Fragment,
    DataType.JSONB: orjson.Fragment,
    DataType.BYTEA: _base64,
}

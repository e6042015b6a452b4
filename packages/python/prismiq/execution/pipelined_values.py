"""Values on the way through psycopg: arguments as text that PostgreSQL reads by the types of the statement, rows from
the binary form into the objects that asyncpg makes of it.

What is not surely the same as asyncpg's is refused, and asyncpg has the statement.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import AdaptersMap, Loader, Transformer
from psycopg.pq import Format
from psycopg.types.string import TextBinaryLoader

from prismiq.execution.calendar import span_of
from prismiq.plan.outputs import OutputColumn
from prismiq.schema.types import DataType

_BOOL, _BYTEA, _NAME, _INT8, _INT2, _INT4, _TEXT, _JSON = 16, 17, 19, 20, 21, 23, 25, 114
_FLOAT4, _FLOAT8, _UNKNOWN, _BPCHAR, _VARCHAR = 700, 701, 705, 1042, 1043
_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ, _INTERVAL, _TIMETZ = 1082, 1083, 1114, 1184, 1186, 1266
_NUMERIC, _UUID, _JSONB = 1700, 2950, 3802

_READ_ALIKE = frozenset(
    {_BOOL, _BYTEA, _INT8, _INT2, _INT4, _TEXT, _JSON, _FLOAT4, _FLOAT8, _BPCHAR, _VARCHAR, _NAME, _UNKNOWN}
    | {_DATE, _TIME, _TIMETZ, _TIMESTAMP, _TIMESTAMPTZ, _INTERVAL, _NUMERIC, _UUID, _JSONB}
)
"""Types, by PostgreSQL's own numbers, that psycopg and the loaders here read as asyncpg does."""

_MOST = 32_767
"""Arguments that asyncpg binds."""

DECODED = 10_000
"""Values decoded at once: between two parts others have their turn."""


class UnreadableError(Exception):
    """Rows with a type or a value that asyncpg reads, and nothing here does."""


def encoded(args: Sequence[object]) -> list[bytes | None]:
    """The arguments as PostgreSQL reads them. Raises ValueError for what asyncpg is to bind, or to refuse."""
    if len(args) > _MOST:
        raise ValueError("more arguments than there can be")
    try:
        return [None if each is None else _ENCODERS[type(each)](each).encode() for each in args]
    except (KeyError, OverflowError):
        raise ValueError("a value of another type") from None


def _text(value: Any) -> str:
    if "\0" in value:  # it would end there
        raise ValueError("a text with NUL")
    return value


def _array(value: Any) -> str:
    return "{" + ",".join(_item(each) for each in value) + "}"


def _item(value: object) -> str:
    if value is None:
        return "NULL"
    written = _ENCODERS[type(value)](value)
    if type(value) is list or type(value) is tuple:
        return written
    return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _boolean(value: Any) -> str:
    return "t" if value else "f"


def _digits(value: Any) -> str:
    """All digits of a double, so that it is the same number as a numeric, and is rounded once as a real."""
    return str(Decimal(value))


def _bytes(value: Any) -> str:
    return "\\x" + value.hex()


def _moment(value: Any) -> str:
    # In UTC, since PostgreSQL reads no offset of 16 hours and more.
    return value.isoformat(" ") if value.tzinfo is None else value.astimezone(timezone.utc).isoformat(" ")


def _clock(value: Any) -> str:
    return value.isoformat()


def _duration(value: Any) -> str:
    # Each with its sign: by the SQL standard a first minus alone is one for all, where IntervalStyle says so.
    return f"{value.days:+} days {value.seconds:+} seconds {value.microseconds:+} microseconds"


_ENCODERS: dict[type, Callable[[Any], str]] = {
    str: _text,
    int: str,
    bool: _boolean,
    Decimal: str,
    float: _digits,
    datetime: _moment,
    date: date.isoformat,
    time: _clock,
    timedelta: _duration,
    UUID: str,
    bytes: _bytes,
    list: _array,
    tuple: _array,
}


class _JsonbLoader(Loader):
    format = Format.BINARY

    def load(self, data: Any) -> Any:
        return bytes(data)[1:].decode()  # the first byte is the format's version


class _SpanLoader(Loader):
    format = Format.BINARY

    def load(self, data: Any) -> Any:
        microseconds, days, months = _SPAN.unpack(data)
        return span_of((months, days, microseconds))


_SPAN = struct.Struct("!qii")


class _Context:
    """What the loaders are found by."""

    connection = None

    def __init__(self) -> None:
        self.adapters = AdaptersMap(psycopg.adapters)
        for number in (_JSON, _NAME, _UNKNOWN):
            self.adapters.register_loader(number, TextBinaryLoader)
        self.adapters.register_loader(_JSONB, _JsonbLoader)
        self.adapters.register_loader(_INTERVAL, _SpanLoader)


_CONTEXT = _Context()


class Reading:
    """How the rows of one statement are read."""

    __slots__ = ("_loaders", "_types")

    def __init__(self) -> None:
        self._types: tuple[int, ...] | None = None
        self._loaders = Transformer(_CONTEXT)

    def reads(self, result: Any, columns: Sequence[OutputColumn]) -> None:
        """Gets ready for a result. Raises UnreadableError for a type that is asyncpg's to read."""
        types: tuple[int, ...] = tuple(map(result.ftype, range(result.nfields)))
        if types != self._types:
            known = [self._known(number, columns, place) for place, number in enumerate(types)]
            self._loaders.set_loader_types(known, Format.BINARY)
            self._types = types

    def rows(self, result: Any, start: int, end: int) -> list[tuple[Any, ...]]:
        """Some of the rows. Raises UnreadableError for a value that is asyncpg's to read."""
        loaders = self._loaders
        try:
            loaders.set_pgresult(result, set_loaders=False)
            return loaders.load_rows(start, end, tuple)
        except UnicodeDecodeError:
            raise  # asyncpg cannot read it, either
        except (psycopg.DataError, ValueError, OverflowError) as error:
            raise UnreadableError from error
        finally:
            loaders.set_pgresult(None, set_loaders=False)  # which would keep the rows

    @staticmethod
    def _known(number: int, columns: Sequence[OutputColumn], place: int) -> int:
        if number in _READ_ALIKE:
            return number
        if place < len(columns) and columns[place].type is DataType.ENUM:
            return _TEXT
        raise UnreadableError

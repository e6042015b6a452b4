"""Rows that PostgreSQL writes out itself: several times faster than rows of objects, in pieces, as they come.

COPY's CSV is JSON already, but for the ends of rows and what JSON has no word for. The statement's random mark tells
where those are, so nothing that a text holds can be taken for one.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from prismiq.execution.connections import Connection
from prismiq.execution.encode import moment_json
from prismiq.schema.types import FLOATS, DataType
from prismiq.sql.statement import Statement
from prismiq.zones import zone_of

Sink = Callable[[bytes], Awaitable[None]]
"""Takes some of what is written. What it does not take yet is not read from PostgreSQL."""

_CONTROLS = bytes(range(32))
_CONTROL = re.compile(rb"[\x00-\x1f]")
_ESCAPES = {code: b"\\u%04x" % code for code in range(32)} | {8: b"\\b", 9: b"\\t", 10: b"\\n", 12: b"\\f", 13: b"\\r"}
_NO_NUMBER = re.compile(rb'("(?:[^"\\]|\\.)*")|NaN|-?Infinity', re.DOTALL)
_MOMENT = re.compile(r"(\d+)-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?))?(\+00)?( BC)?")


async def copy(connection: Connection, statement: Statement, sink: Sink) -> int:
    """Has PostgreSQL write a statement's rows to a sink. Returns how many. Raises what the sink raises, and what the
    driver does."""
    assert statement.copying is not None, "a statement in a form for COPY"
    in_json: dict[str, Any] = {}
    if statement.copying.quoted is not None:
        names = [f"c{place}" for place in statement.copying.quoted]
        in_json = {"quote": '"', "escape": "\\", "null": "null", "force_quote": names or None}
    guarded = _Guarded(sink)
    try:
        status = await connection.copy_from_query(
            statement.sql, *statement.args, output=guarded.take, format="csv", **in_json
        )
    except (asyncio.CancelledError, Exception):
        if guarded.failure is None:
            raise
    else:
        if guarded.failure is None:
            return int(status.rpartition(" ")[2])
    await guarded.settle()
    raise guarded.failure


class _Guarded:
    """A sink whose errors end the statement while the driver waits for PostgreSQL: where they end it within the sink,
    and this was the last piece, asyncpg (0.31) waits forever for an end that has come."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.failure: BaseException | None = None
        self._task: asyncio.Task[Any] | None = None

    async def take(self, data: bytes) -> None:
        if self.failure is not None:
            return
        try:
            await self._sink(data)
        except BaseException as error:
            self.failure = error
            self._task = task = asyncio.current_task()
            assert task is not None
            task.cancel()

    async def settle(self) -> None:
        """Takes the cancellation back."""
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)  # where it has not come yet
        if sys.version_info >= (3, 11) and self._task is not None:
            self._task.uncancel()


def in_parts(data: bytes, size: int) -> Iterator[bytes]:
    """What COPY wrote in parts of about so many bytes, each of which ends where a line does: memory is faster that way,
    and the event loop held for less."""
    start = 0
    while len(data) - start > size:
        end = data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start + size) + 1 or len(data)
        yield data[start:end]
        start = end
    if start < len(data):
        yield data[start:] if start else data


class JsonRows:
    """Makes JSON of what COPY writes, piece by piece: `[…]` for each row, with commas between them or as lines.

    `count` is how many rows there were, of which at most `cap` are given.
    """

    def __init__(self, statement: Statement, *, cap: int | None, lines: bool = False) -> None:
        self._unusual = _Unusual(statement, quote=b'"')
        self._end = b"," + self._unusual.mark + b"\n"
        self._between = b"]\n[" if lines else b"],["
        self._before, self._after_first, self._after = (b"[", b"[", b"]\n") if lines else (b"[", b",[", b"]")
        self._has_numbers = any(column.type in FLOATS | {DataType.NUMERIC} for column in statement.columns)
        self._cap = cap
        self._begun: list[bytes] = []
        self._last = b""
        self.count = 0

    def feed(self, data: bytes) -> bytes:
        """The rows that end in this piece; empty where none does, or the cap is reached."""
        if self._begun:
            if self._end not in self._last + data:  # of a long row each part is looked at once
                self._hold(data)
                return b""
            data = b"".join((*self._begun, data))
            self._begun.clear()
            self._last = b""
        if not data.endswith(self._end):
            whole = data.rfind(self._end) + len(self._end)
            if whole < len(self._end):
                self._hold(data)
                return b""
            self._hold(data[whole:])
            data = data[:whole]
        rows = data.count(self._end)
        before, self.count = self.count, self.count + rows
        if self._cap is not None and self.count > self._cap:
            left = self._cap - before
            if left <= 0:
                return b""
            data = self._end.join(data.split(self._end, left)[:left]) + self._end
            rows = left
        return self._finished(data, rows)

    def _hold(self, data: bytes) -> None:
        """Keeps a part of a row that has not ended, and as much as the end of one may have begun in."""
        self._begun.append(data)
        self._last = (self._last + data)[1 - len(self._end) :]

    def _finished(self, data: bytes, rows: int) -> bytes:
        check_utf8(data)
        if self._has_numbers and (b"NaN" in data or b"Infinity" in data):
            data = _NO_NUMBER.sub(lambda found: found[1] or b"null", data)
        if len(data) - len(data.translate(None, _CONTROLS)) != rows:  # there are others than the ends of rows
            pieces = data.split(self._end)
            data = self._end.join(_CONTROL.sub(lambda found: _ESCAPES[found[0][0]], each) for each in pieces)
        rows_between = data[: -len(self._end)].replace(self._end, self._between)
        before, self._before = self._before, self._after_first
        return b"".join((before, self._unusual.finished(rows_between), self._after))


class CsvRows:
    """Finishes the CSV that COPY writes."""

    def __init__(self, statement: Statement) -> None:
        self._unusual = _Unusual(statement, quote=b"")

    def feed(self, data: bytes) -> bytes:
        """The same rows."""
        check_utf8(data)
        return self._unusual.finished(data)


class _Unusual:
    """Moments that PostgreSQL does not write as ISO 8601: of another era, by a clock of seconds, infinite."""

    def __init__(self, statement: Statement, *, quote: bytes) -> None:
        assert statement.copying is not None
        self.mark = statement.copying.mark.encode()
        self._zone = zone_of(statement.time_zone)
        self._quote = quote
        self._pattern: re.Pattern[bytes] | None = None

    def finished(self, data: bytes) -> bytes:
        if self.mark not in data:
            return data
        if self._pattern is None:  # a new one for each answer, which few need
            self._pattern = re.compile(self._quote + re.escape(self.mark) + b'([^",\n]*)' + self._quote)
        return self._pattern.sub(lambda found: self._quote + self._written(found[1].decode()) + self._quote, data)

    def _written(self, text: str) -> bytes:
        parts = _MOMENT.fullmatch(text)
        if parts is None:
            return text.encode()  # infinity
        year, month, day, clock, utc, bc = parts.groups()
        astronomical = 1 - int(year) if bc else int(year)
        if 1 <= astronomical <= 9999:
            if clock is None:
                return f"{astronomical:04}-{month}-{day}".encode()
            written = f"{astronomical:04}-{month}-{day}T{_six_digits(clock)}"
            if utc is None:
                return written.encode()
            return moment_json(datetime.fromisoformat(f"{written}+00:00"), self._zone).strip(b'"')
        day_of_year = f"{'-' if astronomical < 0 else '+'}{abs(astronomical):06}-{month}-{day}"
        return (day_of_year + ("" if clock is None else f"T{_six_digits(clock)}{'+00:00' if utc else ''}")).encode()


def check_utf8(data: bytes) -> None:
    """Raises UnicodeDecodeError for what a database without an encoding may hold."""
    if not data.isascii():
        data.decode()


def _six_digits(clock: str) -> str:
    whole, _, fraction = clock.partition(".")
    return f"{whole}.{fraction:0<6}" if fraction else whole

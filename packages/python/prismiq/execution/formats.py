"""What a result is written as, piece by piece: JSON, JSON lines, CSV.

A format says what comes before the rows, between them and after them, and makes its rows either of what COPY writes or
of parts that were read as values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Literal, Protocol

import orjson

from prismiq.execution.copying import CsvRows, JsonRows
from prismiq.execution.encode import (
    Numbers,
    cells,
    check_size,
    column_json,
    head_json,
    lines_json,
    plain_value,
    tail_json,
)
from prismiq.execution.result import QueryResult, ResultMeta
from prismiq.plan.outputs import OutputColumn
from prismiq.schema.types import MOMENTS, NUMBERS, DataType
from prismiq.sql.copied import FORMULA, Form
from prismiq.sql.statement import Statement

Format = Literal["json", "ndjson", "csv", "xlsx"]
"""What an answer can be written as."""


class Written(Protocol):
    """One result in the making."""

    form: Form
    """In what form COPY writes for it."""

    def head(self, columns: tuple[OutputColumn, ...]) -> bytes:
        """What comes before the rows."""
        ...

    def copied(self, statement: Statement) -> Callable[[bytes], bytes]:
        """What makes rows of what COPY writes."""
        ...

    def part(self, part: QueryResult) -> bytes:
        """Some of the rows."""
        ...

    def tail(self, count: int) -> bytes:
        """What comes after so many rows."""
        ...


class WrittenJson:
    """The object that `POST /query` answers with. Of more rows than the cap it says that they were cut."""

    form = Form.JSON
    content: bytes = b""
    """After the rows, up to what says whether the answer was kept."""
    rest: bytes = b""
    """What follows that."""
    count: int = 0

    def __init__(self, statement: Statement, *, limit: int) -> None:
        self._cap = statement.row_cap
        self._warnings = statement.warnings
        self._limit = limit
        self._size = 0

    def head(self, columns: tuple[OutputColumn, ...]) -> bytes:
        """Everything before the rows."""
        head = head_json(columns)
        self._size += len(head)
        return head

    def copied(self, statement: Statement) -> Callable[[bytes], bytes]:
        """Rows with commas before all but the first. Raises ResultTooLargeError beyond the limit of bytes."""
        feed = JsonRows(statement, cap=self._cap).feed

        def rows(data: bytes) -> bytes:
            found = feed(data)
            self._size += len(found)
            check_size(self._size, self._limit)
            return found

        return rows

    def part(self, part: QueryResult) -> bytes:
        """Not needed: JSON of values is encoded whole."""
        raise NotImplementedError

    def tail(self, count: int) -> bytes:
        """Everything after the rows."""
        self.count = count if self._cap is None else min(count, self._cap)
        meta = ResultMeta(datetime.now(timezone.utc), warnings=self._warnings)
        self.content, self.rest = tail_json(self.count, self.count < count, meta)
        check_size(self._size + len(self.content), self._limit)
        return self.content + b"false" + self.rest


class WrittenLines:
    """Lines of JSON: `{"columns": …}`, each row an array, and at the end `{"row_count": …}`, which says that nothing is
    missing."""

    form = Form.JSON

    def __init__(self, statement: Statement, numbers: Numbers) -> None:
        self._statement = statement
        self._numbers: Numbers = numbers

    def head(self, columns: tuple[OutputColumn, ...]) -> bytes:
        """The line of the columns."""
        described = [column_json(column) for column in columns]
        head = {"columns": described, "warnings": self._statement.warnings}
        return orjson.dumps(head, default=plain_value, option=orjson.OPT_APPEND_NEWLINE)

    def copied(self, statement: Statement) -> Callable[[bytes], bytes]:
        """Rows with a line's end after each."""
        return JsonRows(statement, cap=None, lines=True).feed

    def part(self, part: QueryResult) -> bytes:
        """The same of values."""
        return lines_json(part, self._numbers)

    def tail(self, count: int) -> bytes:
        """The line that ends it."""
        end = {"row_count": count, "as_of": datetime.now(timezone.utc)}
        return orjson.dumps(end, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


class WrittenCsv:
    """CSV (RFC 4180, with the line ends of Unix) under the columns' names. Null is an empty cell, an empty text `""`;
    what a spreadsheet would take for a formula has an apostrophe before it."""

    form = Form.CSV

    def head(self, columns: tuple[OutputColumn, ...]) -> bytes:
        """The columns' names."""
        return _line(_no_formula(column.name) for column in columns)

    def copied(self, statement: Statement) -> Callable[[bytes], bytes]:
        """What COPY writes is nearly that."""
        return CsvRows(statement).feed

    def part(self, part: QueryResult) -> bytes:
        """The same of values."""
        safe = [column.type in NUMBERS | MOMENTS | {DataType.INTERVAL} for column in part.columns]
        return b"".join(
            _line(
                cell if cell is None or is_safe else _no_formula(cell) for cell, is_safe in zip(row, safe, strict=True)
            )
            for row in cells(part)
        )

    def tail(self, count: int) -> bytes:
        """Nothing: CSV has no way to say it."""
        return b""


def _line(texts: Iterable[str | None]) -> bytes:
    return (",".join(map(_quoted, texts)) + "\n").encode()


def _quoted(text: str | None) -> str:
    if text is None:
        return ""
    if text in ("", "\\.") or not _SPECIAL.isdisjoint(text):
        return '"' + text.replace('"', '""') + '"'
    return text


_SPECIAL = frozenset('",\n\r')


def _no_formula(text: str) -> str:
    return "'" + text if text and ord(text[0]) in FORMULA else text

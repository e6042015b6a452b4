"""A result as an XLSX workbook: typed cells under a heading, written to a file while the rows come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Any

from prismiq.errors import ConfigurationError, ResultTooLargeError
from prismiq.execution.encode import cells
from prismiq.execution.result import QueryResult
from prismiq.plan.outputs import OutputColumn
from prismiq.schema.types import DataType

MAX_ROWS = 1_048_575
"""Rows that a sheet has below its heading."""
MAX_TEXT = 32_767
"""Characters that a cell takes."""
_EXACT = 15
"""Digits that a number in a cell keeps; one of more is written as text."""
_FORMATS = {
    DataType.DATE: "yyyy-mm-dd",
    DataType.TIMESTAMP: "yyyy-mm-dd hh:mm:ss",
    DataType.TIMESTAMPTZ: "yyyy-mm-dd hh:mm:ss",
    DataType.TIME: "hh:mm:ss",
    DataType.INTERVAL: "[h]:mm:ss",
}
_EPOCH = date(1900, 3, 1)
"""The first day that all spreadsheets agree on."""


class Workbook:
    """One sheet in the making. None of its methods may run on the event loop."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError where XlsxWriter is not installed."""
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        }
        self._book: Any = _library().Workbook(str(path), options)
        self._sheet: Any = _plain(self._book.add_worksheet("Result"))
        self._writers: list[Callable[[int, int, Any, str], None]] = []
        self._row = 0

    def begin(self, columns: tuple[OutputColumn, ...]) -> None:
        """Writes the heading: the columns' labels, which stay in sight."""
        bold = self._book.add_format({"bold": True, "bottom": 1})
        kinds = {kind: self._book.add_format({"num_format": shown}) for kind, shown in _FORMATS.items()}
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, max(12, min(len(column.label) + 2, 40)))
            self._sheet.write_string(0, place, column.label, bold)
            self._writers.append(self._writer(column, kinds.get(column.type)))
        self._sheet.freeze_panes(1, 0)

    def add(self, part: QueryResult) -> None:
        """Writes some rows. Raises ResultTooLargeError for more than a sheet or a cell takes."""
        for row, texts in zip(part.rows, cells(part), strict=True):
            self._row += 1
            if self._row > MAX_ROWS:
                raise ResultTooLargeError(
                    f"A sheet has {MAX_ROWS} rows, and the result has more.", hint="Ask for CSV, or set a `limit`."
                )
            for place, (value, text) in enumerate(zip(row, texts, strict=True)):
                if value is not None and text is not None:
                    self._writers[place](self._row, place, value, text)

    def close(self) -> None:
        """Writes the file."""
        self._book.close()

    def _writer(self, column: OutputColumn, shown: Any) -> Callable[[int, int, Any, str], None]:
        sheet = self._sheet

        def write(row: int, place: int, value: Any, text: str) -> None:
            if isinstance(value, bool):
                sheet.write_boolean(row, place, value)
            elif _is_number(value):
                sheet.write_number(row, place, value)
            elif shown is not None and _is_moment(value):
                sheet.write_datetime(row, place, value.replace(tzinfo=None) if _has_zone(value) else value, shown)
            elif len(text) > MAX_TEXT:
                raise ResultTooLargeError(
                    f'A text in "{column.name}" is longer than the {MAX_TEXT} characters that a cell takes.',
                    hint="Ask for CSV or NDJSON, or leave the column out.",
                )
            else:
                sheet.write_string(row, place, text)

        return write


def is_installed() -> bool:
    """Whether workbooks can be written."""
    try:
        _library()
    except ConfigurationError:
        return False
    return True


def _plain(sheet: Any) -> Any:
    """The sheet, which takes no text for its own XML.

    XlsxWriter (3.3) writes a text from `<r>` to `</r>` as it stands, for a rich string of its own. None is made here.
    """

    def write(text: str, attributes: Sequence[tuple[str, str]] = ()) -> None:
        sheet._xml_inline_string(text, True, attributes)

    sheet._xml_rich_inline_string = write
    return sheet


def _library() -> Any:
    try:
        return import_module("xlsxwriter")
    except ImportError:
        raise ConfigurationError(
            "XlsxWriter is not installed.", hint="`pip install prismiq[xlsx]` for workbooks."
        ) from None


def _is_number(value: Any) -> bool:
    """Whether a cell keeps every digit: it holds a double."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, int):
        return abs(value) < 10**_EXACT
    return isinstance(value, Decimal) and value.is_finite() and len(value.as_tuple().digits) <= _EXACT


def _is_moment(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.date() >= _EPOCH
    if isinstance(value, date):
        return value >= _EPOCH
    return isinstance(value, time) or (isinstance(value, timedelta) and value >= timedelta())


def _has_zone(value: Any) -> bool:
    return isinstance(value, datetime | time) and value.tzinfo is not None

"""What a query answers."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from prismiq.plan.outputs import OutputColumn
from prismiq.schema.types import DataType
from prismiq.sql.statement import Statement
from prismiq.zones import zone_of

if TYPE_CHECKING:
    import pandas  # pyright: ignore[reportMissingTypeStubs]  it holds its types itself
    import polars

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ResultMeta:
    """What is true of a result for as long as it is kept: nothing here differs from one request to the next."""

    as_of: datetime
    """When PostgreSQL had answered, in UTC."""
    cached: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueryResult:
    """The answer to a query: rows under columns, in the query's order.

    Numbers of PostgreSQL's `numeric` are `Decimal`, with every digit; timestamps with a time zone carry the query's;
    JSON is parsed. `truncated` is true exactly when more rows existed than the engine's row cap let through.
    """

    columns: tuple[OutputColumn, ...]
    records: Sequence[Sequence[Any]] = field(repr=False)
    """The rows as the driver gave them; `rows` is what to read."""
    truncated: bool
    meta: ResultMeta
    time_zone: str = "UTC"
    json_is_text: bool = True
    """Whether JSON in `records` is text still."""

    @classmethod
    def of(cls, statement: Statement, records: Sequence[Sequence[Any]], *, json_is_text: bool = True) -> QueryResult:
        """The result of a statement. The row beyond the cap, which only tells that there are more, is cut."""
        kept = _within_cap(statement, records)
        return cls(
            columns=statement.columns,
            records=kept,
            truncated=len(kept) < len(records),
            meta=ResultMeta(as_of=datetime.now(timezone.utc), warnings=statement.warnings),
            time_zone=statement.time_zone,
            json_is_text=json_is_text,
        )

    @cached_property
    def rows(self) -> list[Row]:
        """The rows as tuples, in the order of `columns`."""
        converters = self._converters()
        if not any(converters):
            return [tuple(record) for record in self.records]
        return [
            tuple(
                value if convert is None or value is None else convert(value)
                for convert, value in zip(converters, record, strict=True)
            )
            for record in self.records
        ]

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.records)

    @property
    def zone(self) -> ZoneInfo:
        """The query's time zone."""
        return zone_of(self.time_zone)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries by column name."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def to_arrow(self) -> Any:
        """A `pyarrow.Table`, typed by the columns' PostgreSQL types, also where there are no rows: `prismiq[arrow]`.

        Numeric is a decimal with every digit, its NaN and infinities null; a moment has the query's time zone; JSON,
        uuid, enum and what Arrow has no type for are text. Raises ConfigurationError where pyarrow is not installed,
        RequestError for a value that Arrow cannot hold, such as a number of 80 digits.
        """
        return _export().to_arrow(self)

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame with the types of `to_arrow`, so that a bigint beside a null stays one: `prismiq[pandas]`."""
        return _export().to_pandas(self)

    def to_polars(self) -> polars.DataFrame:
        """A polars frame with the types of `to_arrow`; its decimals have 38 digits at most: `prismiq[polars]`."""
        return _export().to_polars(self)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return self.row_count

    def __bool__(self) -> bool:
        return True  # an answer without rows is an answer

    def __repr__(self) -> str:
        names = ", ".join(column.name for column in self.columns)
        count = "1 row" if self.row_count == 1 else f"{self.row_count} rows"
        return f"<QueryResult ({names}): {count}{', truncated' if self.truncated else ''}>"

    def _converters(self) -> list[Callable[[Any], object] | None]:
        by_type: dict[DataType, Callable[[Any], object]] = {}
        if self.json_is_text:
            by_type |= {DataType.JSON: _parsed, DataType.JSONB: _parsed}
        if self.time_zone != "UTC":
            zone = self.zone
            by_type[DataType.TIMESTAMPTZ] = lambda value: in_zone(value, zone)
        return [by_type.get(column.type) for column in self.columns]


def _export() -> ModuleType:
    return import_module("prismiq.execution.arrow")  # which reads results itself


def _within_cap(statement: Statement, records: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """The rows without those beyond the cap; the cap is one for the rows of totals and one for the others."""
    cap, totals = statement.row_cap, statement.totals
    if totals is None:
        return records if cap is None or len(records) <= cap else records[:cap]
    details = bisect_left(records, 1, key=lambda record: record[totals.column])
    end = details + totals.row_cap
    if len(records) <= end and (cap is None or details <= cap):
        return records
    return [*records[: details if cap is None else min(cap, details)], *records[details:end]]


def in_zone(value: Any, zone: ZoneInfo) -> Any:
    """The moment in a zone. What is no moment (the driver's naive value for infinity, a text) stays as it is."""
    if not isinstance(value, datetime) or value.tzinfo is None or zone.key == "UTC":
        return value
    try:
        return value.astimezone(zone)
    except OverflowError:  # the zone's wall clock shows another year than Python has
        return value


def _parsed(text: str) -> object:
    return json.loads(text, parse_float=Decimal)

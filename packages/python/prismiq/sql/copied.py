"""Statements whose rows PostgreSQL writes out itself, by COPY: as JSON, or as CSV.

Each value is written as the encoder of results would write it. What COPY cannot write so (an array, a span, a time
outside of the years 1 to 9999) is either not copied at all, or is marked for the encoder to finish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timezone
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.plan.expressions import Zone
from prismiq.plan.outputs import OutputColumn
from prismiq.schema.types import INTEGERS, MOMENTS, DataType
from prismiq.sql.parameters import Parameters
from prismiq.sql.scalars import SQL


class Form(str, Enum):
    """What a statement answers with."""

    ROWS = "rows"
    """The values themselves."""
    JSON = "json"
    """COPY's CSV, so quoted that it is JSON but for what ends a row."""
    CSV = "csv"
    """CSV that a spreadsheet may open."""


_PLAIN = INTEGERS | {DataType.NUMERIC, DataType.REAL, DataType.DOUBLE, DataType.BOOLEAN}
_QUOTED = MOMENTS | {DataType.TEXT, DataType.ENUM, DataType.UUID, DataType.TIME}

FORMULA = (9, 10, 13, 43, 45, 61, 64)
"""Characters at which a spreadsheet takes a text for a formula: white space, + - = @."""

_DATE_AND_TIME = 'YYYY-MM-DD"T"HH24:MI:SS'
_FIRST, _LAST = datetime(1, 1, 2), datetime(9999, 12, 30)
_WHOLE_MINUTES = datetime(1973, 1, 1)
"""Since when every zone is whole minutes away from UTC."""


_NAMES = re.compile(r"""("[^"]*"|'[^']*'|\b[^\W\d][\w$]*)""")
_PLACEHOLDER = re.compile(r"\$\d")


def can_be_copied(columns: Sequence[OutputColumn], sql: str) -> bool:
    """Whether COPY can write all of the columns.

    COPY takes no parameters: the driver has PostgreSQL quote the values and puts them where it finds `$1`, also within
    a name. Such names are not copied.
    """
    if any(column.type not in _PLAIN | _QUOTED or column.binned for column in columns):
        return False
    return not any(_PLACEHOLDER.search(name) for name in _NAMES.findall(sql))


def quoted_places(columns: Sequence[OutputColumn]) -> tuple[int, ...]:
    """The places of the columns that are quoted in JSON."""
    return tuple(place for place, column in enumerate(columns) if column.type in _QUOTED)


def copied(
    select: sa.Select[Any], columns: Sequence[OutputColumn], form: Form, zone: Zone, parameters: Parameters
) -> sa.Select[Any]:
    """The statement that COPY is given, for the rows of `select`, in their order.

    What begins with the mark is for the encoder to finish. In JSON a last column holds it, too, which ends the row.
    """
    rows = select.subquery("rows")
    write = _Writer(form, zone, parameters)
    cells = [write.cell(rows.c[column.name], column.type) for column in columns]
    if form is Form.JSON:
        cells.append(write.mark)
    return sa.select(*(cell.label(f"c{place}") for place, cell in enumerate(cells))).select_from(rows)


class _Writer:
    def __init__(self, form: Form, zone: Zone, parameters: Parameters) -> None:
        self._form = form
        self._zone = zone
        self._parameters = parameters

    @property
    def mark(self) -> SQL:
        return self._parameters.mark()

    def cell(self, value: SQL, type_: DataType) -> SQL:
        match type_:
            case DataType.BOOLEAN:
                return sa.cast(value, pg.TEXT())
            case DataType.TIME:
                return _time(value)
            case DataType.DATE | DataType.TIMESTAMP | DataType.TIMESTAMPTZ:
                return self._moment(value, type_)
            case DataType.TEXT | DataType.ENUM if self._form is Form.CSV:
                return _no_formula(value)
            case _:
                return value

    def _moment(self, value: SQL, type_: DataType) -> SQL:
        """ISO 8601, with the zone's offset; in another form, with the mark before it, where PostgreSQL has none."""
        unusual = sa.cast(value, pg.TEXT())
        first = _FIRST
        if type_ is DataType.DATE:
            usual = unusual
        elif type_ is DataType.TIMESTAMP:
            usual = _date_and_time(value)
        else:
            # Of a value with a zone, which is the session's and so UTC, only the clock.
            unusual = sa.cast(sa.func.timezone(self._utc, value), pg.TEXT()) + "+00"
            usual, first = self._with_offset(value)
        low, high = (_literal(each, type_) for each in (first, _LAST))
        return sa.case((sa.between(value, low, high), usual), else_=self.mark + unusual)

    def _with_offset(self, value: SQL) -> tuple[SQL, datetime]:
        """Date and time by the zone's clock, and since when this is how to write them."""
        if self._zone.name == "UTC":
            return _date_and_time(sa.func.timezone(self._utc, value)) + "+00:00", _FIRST
        local = sa.func.timezone(self._parameters.zone(self._zone), value)
        ahead = sa.cast(sa.func.extract("epoch", local - sa.func.timezone(self._utc, value)) / 60, sa.Integer())
        clock = sa.func.to_char(sa.func.make_interval(0, 0, 0, 0, 0, sa.func.abs(ahead)), "HH24:MI")
        offset = sa.case((ahead < 0, "-" + clock), else_="+" + clock)
        return _date_and_time(local) + offset, _WHOLE_MINUTES

    @property
    def _utc(self) -> SQL:
        return self._parameters.zone(Zone("UTC"))


def _literal(value: datetime, type_: DataType) -> SQL:
    if type_ is DataType.DATE:
        return sa.literal(value.date(), sa.Date())
    with_zone = type_ is DataType.TIMESTAMPTZ
    return sa.literal(value.replace(tzinfo=timezone.utc if with_zone else None), pg.TIMESTAMP(timezone=with_zone))


def _date_and_time(value: SQL) -> SQL:
    """A timestamp, with six digits of its second where it has a fraction."""
    whole = sa.func.date_trunc("second", value) == value
    return sa.func.to_char(value, sa.case((whole, _DATE_AND_TIME), else_=f"{_DATE_AND_TIME}.US"))


def _time(value: SQL) -> SQL:
    """The same for a time of day."""
    text = sa.cast(value, pg.TEXT())
    with_fraction = sa.func.rpad(text, len("00:00:00.000000"), "0")
    return sa.case((sa.func.length(text) == len("00:00:00"), text), else_=with_fraction)


def _no_formula(value: SQL) -> SQL:
    """A text with an apostrophe before what would make it a formula."""
    text = sa.cast(value, pg.TEXT())
    return sa.case((sa.func.ascii(text).in_(FORMULA), "'" + text), else_=text)

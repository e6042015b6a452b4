"""Statements whose rows PostgreSQL writes out itself, by COPY: as JSON, or as CSV.

Each value is written as the encoder of results would write it. What COPY cannot write so (an array, a span, a time
outside of the years 1 to 9999) is either not copied at all, or is marked for the encoder to finish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
"""Characters at which a spreadsheet takes a text for a formula: tab, the ends of lines, + - = @. All are before A."""

_DATE_AND_TIME = 'YYYY-MM-DD"T"HH24:MI:SS'


def _constant(sql: str) -> SQL:
    """A constant of ours in SQL: with COPY each bound value costs a little."""
    return sa.literal_column(sql)


# What PostgreSQL writes as ISO 8601 has it, far enough from the ends for every zone.
_DATES = _constant("DATE '0001-01-02'"), _constant("DATE '9999-12-30'")
_TIMESTAMPS = _constant("TIMESTAMP '0001-01-02'"), _constant("TIMESTAMP '9999-12-30'")
_MOMENTS = _constant("TIMESTAMPTZ '0001-01-02 00:00+00'"), _constant("TIMESTAMPTZ '9999-12-30 00:00+00'")
_MOMENTS_OF_WHOLE_MINUTES = _constant("TIMESTAMPTZ '1973-01-01 00:00+00'"), _MOMENTS[1]
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
        if type_ is DataType.DATE:
            usual, bounds = unusual, _DATES
        elif type_ is DataType.TIMESTAMP:
            usual, bounds = _date_and_time(value, type_), _TIMESTAMPS
        elif self._zone.name == "UTC":  # which is the session's zone, too
            usual, bounds = _date_and_time(value, type_, offset='"+00:00"'), _MOMENTS
        else:
            usual, bounds = self._with_offset(value), _MOMENTS_OF_WHOLE_MINUTES
        return sa.case((sa.between(value, *bounds), usual), else_=self.mark + unusual)

    def _with_offset(self, value: SQL) -> SQL:
        """Date and time by the zone's clock, with its offset."""
        local = sa.func.timezone(self._parameters.zone(self._zone), value)
        ahead = sa.cast(sa.func.extract("epoch", local - sa.cast(value, pg.TIMESTAMP())) / 60, sa.Integer())
        clock = sa.func.to_char(sa.func.make_interval(0, 0, 0, 0, 0, sa.func.abs(ahead)), "HH24:MI")
        offset = sa.case((ahead < 0, "-" + clock), else_="+" + clock)
        return _date_and_time(local, DataType.TIMESTAMP) + offset


def _date_and_time(value: SQL, type_: DataType, *, offset: str = "") -> SQL:
    """A timestamp, with six digits of its second where it has a fraction. `to_char` writes so, and takes longest: it is
    asked only for a fraction that PostgreSQL would shorten."""

    def with_digits(precision: int) -> SQL:
        return sa.cast(value, pg.TIMESTAMP(timezone=type_ is DataType.TIMESTAMPTZ, precision=precision))

    shortened = sa.and_(with_digits(5) == value, with_digits(0) != value)
    plain: SQL = sa.func.replace(sa.cast(value, pg.TEXT()), _constant("' '"), _constant("'T'"), type_=pg.TEXT())
    if offset:
        plain = plain + _constant("':00'")  # after its "+00"
    return sa.case((shortened, sa.func.to_char(value, _constant(f"'{_DATE_AND_TIME}.US{offset}'"))), else_=plain)


def _time(value: SQL) -> SQL:
    """The same for a time of day."""
    text = sa.cast(value, pg.TEXT())
    with_fraction = sa.func.rpad(text, _constant(str(len("00:00:00.000000"))), _constant("'0'"))
    return sa.case((sa.func.length(text) == _constant(str(len("00:00:00"))), text), else_=with_fraction)


def _no_formula(value: SQL) -> SQL:
    """A text with an apostrophe before what would make it a formula."""
    text = sa.cast(value, pg.TEXT())
    by_bytes = text.collate("C")  # `ascii` fails on what is not ASCII in most encodings but UTF-8
    is_one = sa.func.left(by_bytes, _constant("1")).in_([sa.func.chr(_constant(str(code))) for code in FORMULA])
    # Most texts begin with a letter, and are told by one comparison.
    return sa.case((sa.and_(by_bytes < _constant("'A'"), is_one), _constant("''''") + text), else_=text)

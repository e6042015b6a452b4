"""Collects what a statement takes: the values it will be bound with, each once, and the tables it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.plan.expressions import Beat, Conversion, MovedBound, Parameter, Starts, Zone
from prismiq.schema.models import TableRef
from prismiq.sql.types import SQLType, sent_as, sql_type

LIMIT = "limit"
OFFSET = "offset"
ROW_CAP = "row_cap"
MARK = "mark"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number of the shape's own that SQLAlchemy binds: the rows of a window's frame."""

    value: object


Computed = MovedBound | Starts | Beat
Bound = Parameter | Computed | Zone | Fixed | str
"""What a placeholder stands for: a value, what is computed from values, the query's time zone, a fixed number, the
page, or the mark in what COPY writes."""


class Parameters:
    """Makes bind parameters, and remembers by name what each stands for."""

    def __init__(self) -> None:
        self.tables: set[TableRef] = set()
        """Every table that has entered the statement."""
        self.by_name: dict[str, Bound] = {}
        self._names: dict[Bound, str] = {}

    def bind(self, parameter: Parameter) -> sa.ColumnElement[Any]:
        """The value in SQL, with its type; the same value is the same placeholder."""
        wanted, sent = sql_type(parameter.type), sent_as(parameter.type)
        if parameter.conversion is Conversion.SPAN:
            sent = pg.TEXT()  # months, which the driver's timedelta does not have
        if parameter.many:
            wanted, sent = pg.ARRAY(wanted), None if sent is None else pg.ARRAY(sent)
        if sent is None:
            return self._placeholder(parameter, wanted)
        return sa.cast(self._placeholder(parameter, sent), wanted)

    def computed(self, bound: Computed) -> sa.ColumnElement[Any]:
        """What is computed from values, in SQL."""
        return self._placeholder(bound, sql_type(bound.type))

    def zone(self, zone: Zone) -> sa.ColumnElement[str]:
        """The time zone's name in SQL."""
        return self._placeholder(zone, pg.TEXT())

    def page(self, part: str) -> sa.ColumnElement[int]:
        """The limit, the offset or the row cap in SQL."""
        return self._placeholder(part, sa.BigInteger())

    def mark(self) -> sa.ColumnElement[str]:
        """What no value holds, chosen when values are bound, in SQL."""
        return self._placeholder(MARK, pg.TEXT())

    def _placeholder(self, bound: Bound, type_: SQLType) -> sa.ColumnElement[Any]:
        name = self._names.get(bound)
        if name is None:
            name = bound if isinstance(bound, str) else f"p{len(self._names)}"
            self._names[bound] = name
            self.by_name[name] = bound
        return sa.bindparam(name, type_=type_, required=False)

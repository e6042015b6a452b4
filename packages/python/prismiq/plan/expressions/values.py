"""What stands for itself: columns, outputs, bound values and the plan's own constants."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from prismiq.access.rules import ContextValue, PolicyValue
from prismiq.errors import Location
from prismiq.plan.expressions.types import BIGINT, BOOLEAN, INTEGER, TEXT, ValueType


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table instance."""

    alias: str
    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the node below."""

    name: str
    type: ValueType


class Conversion(str, Enum):
    """How a caller's value becomes the bound one."""

    PLAIN = "plain"
    DAY_START = "day_start"
    """The first instant of the date, in the query's time zone."""
    NEXT_DAY = "next_day"
    """The first instant of the day after."""
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    """A LIKE pattern in which the caller's wildcards are data."""
    PATTERN = "pattern"
    """The caller's own LIKE pattern."""
    PERIOD_START = "period_start"
    """Where a named or relative period begins, by the clock of the query's time zone."""
    PERIOD_END = "period_end"
    """The first instant after the period."""
    SPAN = "span"
    """An interval in PostgreSQL's words, already checked."""
    BIN_WIDTH = "bin_width"
    BIN_START = "bin_start"
    BIN_EDGES = "bin_edges"
    """The lower bounds of the bins: of all values below the first, and then the edges."""
    EVEN_BINS = "even_bins"
    """The same for a minimum, a maximum and how many bins lie between."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value to be bound: of the definition (a slot's index), of the context or of the policy."""

    source: int | ContextValue | PolicyValue
    type: ValueType
    conversion: Conversion = Conversion.PLAIN
    many: bool = False
    loc: Location = ()


@dataclass(frozen=True, slots=True)
class Zone:
    """The query's time zone, as a bound text."""

    name: str
    type: ValueType = TEXT


@dataclass(frozen=True, slots=True)
class Null:
    """A typed NULL."""

    type: ValueType


@dataclass(frozen=True, slots=True)
class Zero:
    """0 of a number's or an interval's type."""

    type: ValueType


@dataclass(frozen=True, slots=True)
class Truth:
    """TRUE, FALSE, or with None SQL's unknown."""

    value: bool | None
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number of the plan's own."""

    value: int
    type: ValueType = INTEGER


@dataclass(frozen=True, slots=True)
class RowCap:
    """How many rows a result may have, and one more, which tells that there are more."""

    type: ValueType = BIGINT


TRUE = Truth(True)
FALSE = Truth(False)

"""Scalar expressions of a plan: typed, immutable, and without a value in them.

A value is a `Parameter`, bound when the statement is. Columns are named by the alias of the table instance they belong
to; above an aggregation or a distinct, by the output they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from prismiq.access.rules import ContextValue, PolicyValue
from prismiq.errors import Location
from prismiq.query.definition import Aggregate, Granularity
from prismiq.query.shape import Another
from prismiq.schema.models import ColumnSchema
from prismiq.schema.types import DataType

if TYPE_CHECKING:
    from prismiq.plan.nodes import Node


@dataclass(frozen=True, slots=True)
class ValueType:
    """A data type with what an enum, an array or a type of an extension needs to be written in SQL."""

    kind: DataType
    element: DataType | None = None
    type_schema: str | None = None
    type_name: str | None = None
    labels: tuple[str, ...] | None = None
    comparable: bool = True

    @classmethod
    def of(cls, column: ColumnSchema) -> ValueType:
        """The type of a column's values."""
        # citext compares with its own operators only where both sides are citext.
        named = column.type in (DataType.ENUM, DataType.OTHER) or column.type_name == "citext"
        return cls(
            column.type,
            column.element_type,
            column.type_schema if named else None,
            column.type_name if named else None,
            column.enum_values,
            column.comparable,
        )

    @classmethod
    def raw(cls, column: ColumnSchema) -> ValueType:
        """The type of what the database holds, which the configuration may call an instant."""
        return cls.of(column) if column.stored_in is None else TIMESTAMP


BOOLEAN = ValueType(DataType.BOOLEAN)
BIGINT = ValueType(DataType.BIGINT)
INTEGER = ValueType(DataType.INTEGER)
INTERVAL = ValueType(DataType.INTERVAL)
JSONB = ValueType(DataType.JSONB)
NUMERIC = ValueType(DataType.NUMERIC)
DOUBLE = ValueType(DataType.DOUBLE)
TEXT = ValueType(DataType.TEXT)
DATE = ValueType(DataType.DATE)
TIMESTAMP = ValueType(DataType.TIMESTAMP)
TIMESTAMPTZ = ValueType(DataType.TIMESTAMPTZ)


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
class Edge:
    """Where a range begins or ends; `inclusive` says whether the value itself belongs to it."""

    value: Parameter
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Span:
    """The range that conditions bound on both sides: from the last of `lows` to the first of `highs`."""

    lows: tuple[Edge, ...]
    highs: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """The range that a current one is compared with: one that follows from it, or another. A current range that now
    lies in is compared with as much of the other as has passed of it."""

    span: Span
    to: Another | Span


@dataclass(frozen=True, slots=True)
class MovedBound:
    """Where a moved range begins, or with `end` the first moment after it; computed when the statement is bound."""

    range: Moved
    end: bool
    type: ValueType


@dataclass(frozen=True, slots=True)
class Starts:
    """The buckets that a range touches, in order: an array of their starts, computed when the statement is bound.

    With `like` there are as many as of that other range, the first being that of this one.
    """

    range: Span | Moved
    granularity: Granularity
    type: ValueType
    like: Moved | None = None


@dataclass(frozen=True, slots=True)
class Aligned:
    """The label at the place that a bucket has among `starts`, which are in order and hold it."""

    part: Expression
    starts: Starts
    labels: Starts
    type: ValueType


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


@dataclass(frozen=True, slots=True)
class RolledUp:
    """How many of the keys the grouping set of a group lacks."""

    keys: tuple[Expression, ...]
    type: ValueType = INTEGER


Comparator = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Compare:
    """Compares two values; `lower` folds the case of both sides."""

    operator: Comparator
    left: Expression
    right: Expression
    fold_case: bool = False
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The left side equals some element of an array: stable SQL whatever the list's length."""

    left: Expression
    right: Expression
    fold_case: bool = False
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Match:
    """Text against a pattern."""

    kind: Literal["like", "regex"]
    left: Expression
    pattern: Expression
    fold_case: bool = False
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Holds:
    """An array holds some or all of the elements; a jsonb object has some or all of the keys."""

    kind: Literal["any", "all"]
    left: Expression
    right: Expression
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a value is NULL; never NULL itself."""

    part: Expression
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class And:
    """SQL's AND; of no parts TRUE."""

    parts: tuple[Expression, ...]
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Or:
    """SQL's OR; of no parts FALSE."""

    parts: tuple[Expression, ...]
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """SQL's NOT."""

    part: Expression
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether the relation has a row. `outer` are the fields of the row around it that its conditions ask about."""

    relation: Node
    outer: tuple[Expression, ...] = ()
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Within:
    """Whether a value is among those of a relation's only output, which refers to nothing outside of itself.

    Of no values it is false, whatever is asked for. The output must not be null.
    """

    left: Expression
    relation: Node
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class OneValue:
    """The value of a relation's only output in its only row, or NULL where it has none."""

    relation: Node
    type: ValueType


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A timestamptz as wall time in a zone."""

    part: Expression
    zone: Zone
    type: ValueType = TIMESTAMP


@dataclass(frozen=True, slots=True)
class Instant:
    """A column that holds the wall time of a zone, as the instant it means."""

    part: Expression
    zone: Zone
    type: ValueType = TIMESTAMPTZ


@dataclass(frozen=True, slots=True)
class AsDate:
    """The date of a wall time."""

    part: Expression
    type: ValueType = DATE


@dataclass(frozen=True, slots=True)
class AsTimestamp:
    """The midnight that a date starts with, as wall time."""

    part: Expression
    type: ValueType = TIMESTAMP


@dataclass(frozen=True, slots=True)
class AsText:
    """A value in PostgreSQL's text form."""

    part: Expression
    type: ValueType = TEXT


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum, difference, product, quotient or remainder, in the arithmetic of `type`; by zero gives NULL."""

    operator: Literal["+", "-", "*", "/", "%"]
    left: Expression
    right: Expression
    type: ValueType


@dataclass(frozen=True, slots=True)
class Call:
    """A function of PostgreSQL's, total over its arguments' types. `unit` is the word it takes, if any."""

    function: str
    arguments: tuple[Expression, ...]
    type: ValueType
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """The result of the first condition that is true."""

    conditions: tuple[Expression, ...]
    results: tuple[Expression, ...]
    otherwise: Expression | None
    type: ValueType


@dataclass(frozen=True, slots=True)
class Cast:
    """A value as another type, by a cast that cannot fail for the values that reach it."""

    part: Expression
    type: ValueType
    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class Differs:
    """Whether two values differ, NULL being a value."""

    left: Expression
    right: Expression
    type: ValueType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Truncate:
    """The start of the bucket that a moment falls in; `zone` only for a timestamptz."""

    part: Expression
    granularity: Granularity
    zone: Zone | None
    type: ValueType


@dataclass(frozen=True, slots=True)
class Extract:
    """A cyclic part of a wall time, as an integer."""

    part: Expression
    granularity: Granularity
    type: ValueType = INTEGER


@dataclass(frozen=True, slots=True)
class Shift:
    """A wall time so many days or months later, or earlier."""

    part: Expression
    unit: Literal["days", "months"]
    count: int
    type: ValueType


@dataclass(frozen=True, slots=True)
class WidthBin:
    """The lower bound of the bin a number falls in, of bins of one width; some bin begins at `start`, or at 0."""

    part: Expression
    width: Parameter
    start: Parameter | None
    type: ValueType = NUMERIC


@dataclass(frozen=True, slots=True)
class BoundsBin:
    """The greatest of the ascending bounds that a number reaches; the first is minus infinity."""

    part: Expression
    bounds: Parameter
    type: ValueType = NUMERIC


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """An aggregate of the rows below. `count` without an argument counts them all."""

    function: Aggregate
    argument: Expression | None
    type: ValueType
    where: Expression | None = None
    p: Parameter | None = None


@dataclass(frozen=True, slots=True)
class WindowCall:
    """A function over the rows around one. A frame's ends are rows from the current one, None being unbounded."""

    function: str
    arguments: tuple[Expression, ...]
    partition: tuple[Expression, ...]
    order: tuple[Expression, ...]
    descending: tuple[bool, ...]
    frame: tuple[int | None, int | None] | None
    type: ValueType


@dataclass(frozen=True, slots=True)
class Single:
    """The one value that a group has besides NULLs, or `default` where it has none.

    With `unless`, a condition, a group in which that is true of some row has no default.
    """

    part: Output
    type: ValueType
    default: Literal[0] | None = None
    unless: Output | None = None


Expression = (
    Column
    | Output
    | Parameter
    | MovedBound
    | Starts
    | Aligned
    | Zone
    | Null
    | Zero
    | Truth
    | Whole
    | RowCap
    | RolledUp
    | Compare
    | AnyOf
    | Match
    | Holds
    | IsNull
    | And
    | Or
    | Not
    | Exists
    | Within
    | OneValue
    | LocalTime
    | Instant
    | AsDate
    | AsText
    | AsTimestamp
    | Arithmetic
    | Call
    | Case
    | Cast
    | Differs
    | Truncate
    | Extract
    | Shift
    | WidthBin
    | BoundsBin
    | AggregateCall
    | WindowCall
    | Single
)

TRUE = Truth(True)
FALSE = Truth(False)


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name it goes by in the relation it helps to make."""

    name: str
    expression: Expression

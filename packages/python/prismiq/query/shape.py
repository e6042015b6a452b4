"""A definition without its values: what `plan()` sees, and what keys compiled plans.

Shapes are hashable: two definitions that differ only in values have equal ones. A value leaves a `Slot` behind, which
keeps the value's place and its form (what JSON says it is), since `"2026-03-31"` against a timestamp means a whole day
where `"2026-03-31T10:00"` means an instant. The shape promises nothing about names or types: `prismiq.plan.resolve`
checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from prismiq.calendars import ISO, Calendar, Clock
from prismiq.errors import Location
from prismiq.query.definition import (
    Aggregate,
    Granularity,
)
from prismiq.query.expressions import Tree
from prismiq.query.fields import Segments
from prismiq.query.filters import Operator
from prismiq.query.stages import Totals


class Form(str, Enum):
    """What a value is, before any column gives it a type."""

    NULL = "null"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    """Text that is a calendar date and nothing else."""
    OBJECT = "object"
    LIST = "list"
    EMPTY = "empty"
    """As the item form of an empty list."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one value.

    `item` is what a list's values have in common, `has_null` says that one of them is null, `mixed` that some are dates
    and some other text.
    """

    index: int
    form: Form
    loc: Location
    item: Form | None = None
    has_null: bool = False
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class FieldShape:
    """Another field in the place of a value; an `outer` one is of the row around `exists`."""

    path: Segments
    outer: bool
    loc: Location


Compared = Slot | FieldShape
"""What a condition compares with."""


FieldsShape = tuple[tuple[Segments, Segments], ...]
"""In a query without a source: tables, and the field of each in the place of the one field."""


@dataclass(frozen=True, slots=True)
class ConditionShape:
    """A condition; `value` is two for `between` and for a period's bounds, either of which may be open."""

    field: Segments
    operator: Operator
    value: Compared | tuple[Compared | None, Compared | None] | None
    case_sensitive: bool
    loc: Location
    expression: Tree[Slot] | None = None
    """In the place of the field."""
    query: QueryShape | None = None
    """In the place of the value."""
    fields: FieldsShape = ()


@dataclass(frozen=True, slots=True)
class ExpressionShape:
    """An expression that is a condition itself."""

    expression: Tree[Slot]
    loc: Location


@dataclass(frozen=True, slots=True)
class ExistsShape:
    """Whether there is a related row that satisfies `filters`."""

    path: Segments
    filters: FilterShape | None
    loc: Location


@dataclass(frozen=True, slots=True)
class AndShape:
    """True when every part is."""

    parts: tuple[FilterShape, ...]


@dataclass(frozen=True, slots=True)
class OrShape:
    """True when some part is."""

    parts: tuple[FilterShape, ...]


@dataclass(frozen=True, slots=True)
class NotShape:
    """SQL's NOT."""

    part: FilterShape


FilterShape = ConditionShape | ExpressionShape | ExistsShape | AndShape | OrShape | NotShape


@dataclass(frozen=True, slots=True)
class WidthShape:
    """Bins of one width."""

    width: Slot
    start: Slot | None


@dataclass(frozen=True, slots=True)
class BoundsShape:
    """Bins between bounds: `edges` as they are, or of an `even` count the minimum, the maximum and the count."""

    value: Slot
    even: bool


@dataclass(frozen=True, slots=True)
class DimensionShape:
    """A dimension, or a column of a row query."""

    field: Segments | None
    expression: Tree[Slot] | None
    name: str | None
    granularity: Granularity | None
    bins: WidthShape | BoundsShape | None
    fill: bool
    label: str | None
    format: str | None
    loc: Location
    fields: FieldsShape = ()


@dataclass(frozen=True, slots=True)
class MeasureShape:
    """A measure."""

    aggregate: Aggregate
    field: Segments | None
    expression: Tree[Slot] | None
    table: Segments | None
    p: Slot | None
    filters: FilterShape | None
    grain: Segments | None
    name: str | None
    hidden: bool
    label: str | None
    format: str | None
    loc: Location
    separator: Slot | None = None
    order_by: tuple[OrderShape, ...] = ()


@dataclass(frozen=True, slots=True)
class CalculationShape:
    """A calculation."""

    name: str
    expression: Tree[Slot]
    hidden: bool
    label: str | None
    format: str | None
    loc: Location


@dataclass(frozen=True, slots=True)
class OutputShape:
    """The name of an output; `raw` is the reference as one name, for outputs whose name holds a dot."""

    field: Segments
    raw: str
    loc: Location

    def names(self, output: str) -> bool:
        """Whether the output of that name is meant."""
        return output in (self.raw, "_".join(self.field))


@dataclass(frozen=True, slots=True)
class TopShape:
    """The first values of a dimension by a measure; `other` is the label of the rest."""

    dimension: OutputShape
    by: OutputShape
    descending: bool
    count: Slot
    other: Slot | None
    loc: Location


Another = Literal["previous_period", "previous_year"]
"""A period that follows from the current one."""


@dataclass(frozen=True, slots=True)
class ComparisonShape:
    """Another period to compare with: one that follows from the current, or as a condition's value."""

    field: Segments
    to: Another | Slot | tuple[Slot | None, Slot | None]
    loc: Location


@dataclass(frozen=True, slots=True)
class PivotShape:
    """The dimension whose values become columns, and what is spread over them; without `values` all that is shown."""

    dimension: OutputShape
    values: tuple[OutputShape, ...]
    loc: Location


@dataclass(frozen=True, slots=True)
class OrderShape:
    """One sort key; `raw` is the reference as one name, for outputs whose name holds a dot."""

    field: Segments
    raw: str
    descending: bool
    loc: Location


@dataclass(frozen=True, slots=True)
class NestedShape:
    """A query in the place of a table."""

    query: QueryShape
    alias: str


@dataclass(frozen=True, slots=True)
class JoinShape:
    """An explicit join; each pair is a field of what is there and a column of what is joined."""

    table: Segments | QueryShape
    alias: str
    kind: Literal["left", "inner"]
    on: tuple[tuple[Segments, str], ...]
    loc: Location


@dataclass(frozen=True, slots=True)
class QueryShape:
    """A definition without its values."""

    source: Segments | NestedShape | None
    joins: tuple[JoinShape, ...]
    dimensions: tuple[DimensionShape, ...]
    measures: tuple[MeasureShape, ...]
    calculations: tuple[CalculationShape, ...]
    comparison: ComparisonShape | None
    columns: tuple[DimensionShape, ...]
    filters: FilterShape | None
    top: TopShape | None
    having: FilterShape | None
    totals: Totals | None
    pivot: PivotShape | None
    order_by: tuple[OrderShape, ...]
    time_zone: str
    loc: Location = ()
    """Where the query stands in the definition: a nested one inside another."""
    limit: Slot | None = None
    offset: Slot | None = None
    """Of a nested query; the page of the outermost is bound with the statement."""
    at_most_one: bool = False
    """Whether the limit of a nested query lets through one row at most."""
    calendar: Calendar = ISO


@dataclass(frozen=True, slots=True)
class Values:
    """What the slots of a shape hold, by index, and the page that is asked for."""

    slots: tuple[object, ...]
    limit: int | None
    offset: int
    clocks: Mapping[int, Clock] = field(default_factory=dict[int, Clock])
    """By which clock the slots of nested queries are read, which may name their own."""

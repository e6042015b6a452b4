"""The relational nodes of a plan. Every feature of the language lowers to these few.

Scan        a table instance, already reduced to the caller's rows
Unit        one row without columns
Reduce      the distinct values of some columns, as if they were a table
Derived     the outputs of a relation, as if they were a table
Shared      a relation that several parts of the plan read, computed once
Join        left or inner, on equal columns and what else a joined row must satisfy
Filter      the rows for which a condition is true; above an aggregation, the groups
Project     computed outputs, one row each
Distinct    computed outputs, equal rows once
Aggregate   computed outputs grouped by the first of them
Union       the rows of all inputs
Except      the distinct rows of one input that the other has not
Buckets     the buckets of a time dimension, found or not
Sort        an order, nulls last
Limit       a page
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import ClassVar, Literal, cast

from prismiq.access.masks import MaskedColumn
from prismiq.access.rules import Rule
from prismiq.calendars import ISO, Calendar
from prismiq.plan.expressions import Column, Expression, Named, Starts, ValueType, Zone
from prismiq.plan.outputs import OutputColumn
from prismiq.query.definition import Granularity
from prismiq.schema.models import TableRef, TableSchema

JoinKind = Literal["left", "inner"]


@dataclass(frozen=True, slots=True)
class Scan:
    """A table instance. `alias` is its name everywhere in the plan; `rows` reduce it before anything else sees it, and
    `masked` says which columns of `schema` are not as stored."""

    alias: str
    table: TableRef
    rows: tuple[Rule, ...]
    schema: TableSchema
    masked: tuple[MaskedColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """One row without columns, for a LEFT JOIN to start from. No table instance has its alias."""

    alias: ClassVar[str] = "one"


@dataclass(frozen=True, slots=True)
class Reduce:
    """The distinct values of some columns of the input, which keep the names they have there."""

    input: Node
    alias: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """The outputs of the input as the columns of a table instance called `alias`."""

    input: Node
    alias: str


@dataclass(frozen=True, slots=True)
class Shared:
    """The input, computed once wherever the plan reads it by this name. It refers to nothing outside of itself."""

    input: Node
    name: str


@dataclass(frozen=True, slots=True)
class Join:
    """Joins a table instance to what is there. The condition compares columns of both."""

    left: Node
    right: Scan | Reduce | Derived
    on: Expression
    kind: JoinKind = "left"


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the rows for which the condition is true."""

    input: Node
    condition: Expression


@dataclass(frozen=True, slots=True)
class Project:
    """Computes outputs."""

    input: Node
    outputs: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Distinct:
    """Computes outputs and keeps equal rows once, NULL being equal to NULL. The outputs named by `by` decide the rest
    of a row where they are not null."""

    input: Node
    outputs: tuple[Named, ...]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Groups by the keys (NULL being a value) and computes the measures. Without keys there is exactly one group.

    With `sets` it groups once by each set of keys, named by their outputs; the keys that a set lacks are null there.
    """

    input: Node
    keys: tuple[Named, ...]
    measures: tuple[Named, ...]
    sets: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Union:
    """The rows of all inputs, which have the same outputs in the same order."""

    inputs: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Except:
    """The distinct rows of the left input that the right has not, NULL being equal to NULL. Both have the same
    outputs in the same order."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of a time dimension as the rows of one output `name`.

    They are those of a bound range, or those from the first to the last that a relation has in its output `name`, or
    with neither the whole cycle of a cyclic granularity.
    """

    name: str
    type: ValueType
    granularity: Granularity
    zone: Zone
    among: Starts | Node | None


@dataclass(frozen=True, slots=True)
class SortKey:
    """One sort key; nulls are last both ways. A key that is never null can be read off an index backwards."""

    expression: Expression
    descending: bool = False
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Sort:
    """An order. Its keys may be outputs of the input or columns below a projection."""

    input: Node
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A page. That of the whole is bound with the statement; a nested one says how many rows, and from where."""

    input: Node
    count: Expression | None = None
    offset: Expression | None = None
    bound_with_statement: bool = True


Node = (
    Scan
    | Unit
    | Reduce
    | Derived
    | Shared
    | Join
    | Filter
    | Project
    | Distinct
    | Aggregate
    | Union
    | Except
    | Buckets
    | Sort
    | Limit
)


def parts_within(part: object) -> Iterator[object]:
    """The nodes and expressions of a plan, those of its subqueries included, from the outside in."""
    left = [part]
    while left:
        part = left.pop()
        if isinstance(part, tuple):
            left += cast("tuple[object, ...]", part)[::-1]
            continue
        names = _fields_of(type(part))
        if names is not None:
            yield part
            left += [getattr(part, name) for name in names]


_PARTS = Node | Expression | Named | SortKey


@cache
def _fields_of(kind: type) -> Sequence[str] | None:
    """What a part of a plan holds, the last first; None for what is none."""
    return [each.name for each in reversed(fields(kind))] if issubclass(kind, _PARTS) else None


def columns_within(part: object) -> Iterator[Column]:
    """Every column that a node or an expression reads, those of its subqueries included."""
    return (each for each in parts_within(part) if isinstance(each, Column))


@dataclass(frozen=True, slots=True)
class PivotPlan:
    """Which outputs a pivot spreads over the values of which, and where the others of a `top` are marked and named."""

    dimension: str
    values: tuple[str, ...]
    flag: str | None = None
    other: int | None = None
    """The slot of their label."""


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A planned question: the tree, and what its rows are."""

    root: Node
    outputs: tuple[OutputColumn, ...]
    time_zone: str
    warnings: tuple[str, ...] = ()
    calendar: Calendar = ISO
    marker: str | None = None
    """Where there are totals: the output that says how many dimensions a row totals over. Totals come last."""
    pivot: PivotPlan | None = None
    """Where there is one, the rows are its cells, and end with the ranks of their row and their column."""

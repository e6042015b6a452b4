"""A definition whose every name is resolved: typed expressions over table instances.

What `resolve` establishes: every table is visible, every path exists, every expression has a type, every output a
unique name. What it leaves: which rows a measure is computed over, and how the tables are joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prismiq.access.scope import ScopedTable
from prismiq.errors import Issue, IssueCode, Location, QueryError
from prismiq.plan.expressions import Column, Expression, Named, Output, Parameter, ValueType
from prismiq.plan.nodes import JoinKind, Node, PivotPlan, SortKey
from prismiq.plan.outputs import OutputColumn
from prismiq.plan.trees import columns_of
from prismiq.query.definition import Aggregate, Granularity
from prismiq.query.fields import Segments, dotted
from prismiq.query.shape import QueryShape


@dataclass(frozen=True, slots=True)
class Link:
    """How an instance is joined: each of `columns`, of instances before it, equals one of `target_columns` of its own.

    `to_one` says that what it is joined to finds one row at most, `from_one` that a row of it is found by one at most.
    """

    columns: tuple[Column, ...]
    target_columns: tuple[str, ...]
    to_one: bool
    from_one: bool
    kind: JoinKind = "left"
    where: Expression | None = None
    """What else a row must satisfy to be joined."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One table in the joined relation. The same path is the same instance everywhere in one query."""

    alias: str
    path: Segments
    table: ScopedTable
    link: Link | None = None
    """None for the source."""
    node: Node | None = None
    """Of a nested query what it lowers to; None for a table."""

    @property
    def name(self) -> str:
        """How a person would call it: the path, or the source's own name."""
        return dotted(self.path) if self.path else self.table.schema.name

    @property
    def parent(self) -> str | None:
        """The instance that it is joined to, of several the one that is last."""
        return None if self.link is None else self.link.columns[-1].alias

    @property
    def needs(self) -> frozenset[str]:
        """The instances whose columns it is joined by."""
        return frozenset() if self.link is None else frozenset(column.alias for column in self.link.columns)


@dataclass(frozen=True, slots=True)
class MeasureQuestion:
    """A measure: an aggregate over the distinct rows of its grain."""

    name: str
    function: Aggregate
    argument: Expression | None
    where: Expression | None
    p: Parameter | None
    grain: str
    type: ValueType
    loc: Location
    order: tuple[Expression, ...] = ()
    """What the rows are ordered by, of instances that the grain's row decides. No two rows with different values are
    equal in all of it."""
    descending: tuple[bool, ...] = ()
    separator: Parameter | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class TopQuestion:
    """The values of `dimension` that come first by the measure `by`. With a `flag` the rest is one group, marked by it,
    which stands under the label `other` where the dimension is text."""

    dimension: Named
    by: MeasureQuestion
    descending: bool
    count: Parameter
    other: Parameter | None
    flag: str | None

    @property
    def ranked(self) -> Output:
        """The dimension as an output of the groups."""
        return Output(self.dimension.name, self.dimension.expression.type)


@dataclass(frozen=True, slots=True)
class TimeDimension:
    """A dimension that is a moment or its bucket, and the moment itself."""

    output: Output
    part: Expression
    granularity: Granularity | None
    loc: Location
    fill: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The same question to another period: what differs, and what its measures are called."""

    condition: Expression
    dimensions: tuple[Named, ...]
    measures: tuple[MeasureQuestion, ...]
    """In the order of the question's own."""


@dataclass(frozen=True, slots=True)
class Question:
    """The resolved definition. `instances` are in an order in which parents come first; the first is the source."""

    instances: Mapping[str, Instance]
    dimensions: tuple[Named, ...]
    measures: tuple[MeasureQuestion, ...]
    columns: tuple[Named, ...]
    condition: Expression
    joined: tuple[str, ...]
    """The explicit joins, which a row query lists whether or not a column reads them."""
    shape: QueryShape
    calculations: tuple[tuple[Named, ...], ...] = ()
    """In stages: each sees the outputs of those before it."""
    top: TopQuestion | None = None
    having: Expression | None = None
    totals: tuple[int, ...] = ()
    """How many dimensions each level of totals leaves, the most first."""
    pivot: PivotPlan | None = None
    order: tuple[SortKey, ...] = ()
    outputs: tuple[OutputColumn, ...] = ()
    types: Mapping[str, ValueType] = field(default_factory=dict[str, ValueType])
    """Of every output, the hidden ones included."""
    parts: tuple[Question, ...] = ()
    """Without a source: a question for each table that is measured, over the same dimensions."""
    times: tuple[TimeDimension, ...] = ()
    compared: Compared | None = None

    @property
    def measured(self) -> tuple[MeasureQuestion, ...]:
        """Every measure that a group has, those of another period last."""
        return self.measures if self.compared is None else (*self.measures, *self.compared.measures)

    @property
    def grouped(self) -> tuple[Output, ...]:
        """What a group has before anything is calculated: its dimensions, then its measures."""
        dimensions = (Output(each.name, each.expression.type) for each in self.dimensions)
        return (*dimensions, *(Output(each.name, each.type) for each in self.measured))

    @property
    def source(self) -> str:
        """The source's alias."""
        return next(iter(self.instances))

    @property
    def inner(self) -> tuple[str, ...]:
        """The inner joins, which take rows away whether or not anything reads them."""
        return tuple(alias for alias, each in self.instances.items() if each.link and each.link.kind == "inner")

    def used(self, expressions: Iterable[Expression | None]) -> frozenset[str]:
        """The instances that the expressions read, with all on the way from the source to them."""
        return self.closed(column.alias for each in expressions if each is not None for column in columns_of(each))

    def closed(self, aliases: Iterable[str]) -> frozenset[str]:
        """The instances with all on the way from the source to them; the source is always among them."""
        found = {self.source}
        left = list(aliases)
        while left:
            alias = left.pop()
            if alias not in found:
                found.add(alias)
                left += self.instances[alias].needs
        return frozenset(found)


@dataclass(slots=True)
class Issues:
    """Collects every reason why a definition cannot be planned, so that all are told at once."""

    found: list[Issue] = field(default_factory=list[Issue])

    def add(self, loc: Location, code: IssueCode, message: str, hint: str | None = None) -> None:
        """Notes one reason, once."""
        issue = Issue(loc, code, message, hint)
        if issue not in self.found:
            self.found.append(issue)

    def check(self) -> None:
        """Raises QueryError when there is any."""
        if self.found:
            raise QueryError(self.found)

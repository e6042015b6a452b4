"""A definition whose every name is resolved: typed expressions over table instances.

What `resolve` establishes: every table is visible, every path exists, every expression has a type, every output a
unique name. What it leaves: which rows a measure is computed over, and how the tables are joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prismiq.access.scope import ScopedTable
from prismiq.errors import Issue, IssueCode, Location, QueryError
from prismiq.plan.expressions import Expression, Named, Parameter, ValueType
from prismiq.plan.nodes import SortKey
from prismiq.plan.outputs import OutputColumn
from prismiq.plan.trees import columns_of
from prismiq.query.definition import Aggregate
from prismiq.query.fields import Segments, dotted
from prismiq.schema.models import Relationship


@dataclass(frozen=True, slots=True)
class Instance:
    """One table in the joined relation. The same path is the same instance everywhere in one query."""

    alias: str
    path: Segments
    table: ScopedTable
    parent: str | None = None
    relationship: Relationship | None = None

    @property
    def name(self) -> str:
        """How a person would call it: the path, or the source's own name."""
        return dotted(self.path) if self.path else self.table.schema.name


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


@dataclass(frozen=True, slots=True)
class Question:
    """The resolved definition. `instances` are in an order in which parents come first; the first is the source."""

    instances: Mapping[str, Instance]
    dimensions: tuple[Named, ...]
    measures: tuple[MeasureQuestion, ...]
    calculations: tuple[tuple[Named, ...], ...]
    """In stages: each sees the outputs of those before it."""
    columns: tuple[Named, ...]
    condition: Expression
    having: Expression | None
    order: tuple[SortKey, ...]
    outputs: tuple[OutputColumn, ...]
    time_zone: str
    warnings: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The source's alias."""
        return next(iter(self.instances))

    def used(self, expressions: Iterable[Expression | None]) -> frozenset[str]:
        """The instances that the expressions read, with all on the way from the source to them."""
        return self.closed(column.alias for each in expressions if each is not None for column in columns_of(each))

    def closed(self, aliases: Iterable[str]) -> frozenset[str]:
        """The instances with all on the way from the source to them; the source is always among them."""
        found = {self.source}
        for alias in aliases:
            current: str | None = alias
            while current is not None and current not in found:
                found.add(current)
                current = self.instances[current].parent
        return frozenset(found)


@dataclass(slots=True)
class Issues:
    """Collects every reason why a definition cannot be planned, so that all are told at once."""

    found: list[Issue] = field(default_factory=list[Issue])

    def add(self, loc: Location, code: IssueCode, message: str, hint: str | None = None) -> None:
        """Notes one reason."""
        self.found.append(Issue(loc, code, message, hint))

    def check(self) -> None:
        """Raises QueryError when there is any."""
        if self.found:
            raise QueryError(self.found)

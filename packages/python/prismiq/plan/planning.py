"""What the planning of one query and of the queries nested in it share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prismiq.access.scope import ScopedSchema
from prismiq.errors import Location
from prismiq.plan.expressions import ValueType
from prismiq.plan.nodes import Node, Unit
from prismiq.plan.outputs import OutputColumn
from prismiq.plan.question import Issues
from prismiq.query.fields import Segments
from prismiq.query.shape import QueryShape


@dataclass(frozen=True, slots=True)
class Relation:
    """A planned nested query, as the query around it sees it.

    `key` names the outputs that tell its rows apart, null being a value: of none there is one row at most, and with
    None nothing is known.
    """

    node: Node
    outputs: tuple[OutputColumn, ...]
    types: Mapping[str, ValueType]
    key: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A field that begins with a bare table name, and the path which that stood for."""

    loc: Location
    written: Segments
    path: Segments


@dataclass(slots=True)
class Planning:
    """The schema, the reasons why it cannot be planned, the aliases in use, and how a nested query is planned.

    `nest` returns None where the nested query has issues.
    """

    schema: ScopedSchema
    nest: Callable[[QueryShape, Planning], Relation | None]
    issues: Issues = field(default_factory=Issues)
    taken: set[str] = field(default_factory=lambda: {Unit.alias})
    tables: int = 0
    """How many table instances are read."""
    warnings: list[str] = field(default_factory=list[str])
    shortcuts: list[Shortcut] = field(default_factory=list[Shortcut])

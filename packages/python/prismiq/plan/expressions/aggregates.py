"""Values computed of many rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prismiq.plan.expressions.types import INTEGER, ValueType
from prismiq.plan.expressions.values import Column, Output, Parameter
from prismiq.query.definition import Aggregate

if TYPE_CHECKING:
    from prismiq.plan.expressions import Expression


@dataclass(frozen=True, slots=True)
class RolledUp:
    """How many of the keys the grouping set of a group lacks."""

    keys: tuple[Expression, ...]
    type: ValueType = INTEGER


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """An aggregate of the rows below. `count` without an argument counts them all. Nulls come last in an order."""

    function: Aggregate
    argument: Expression | None
    type: ValueType
    where: Expression | None = None
    p: Parameter | None = None
    order: tuple[Expression, ...] = ()
    descending: tuple[bool, ...] = ()
    separator: Parameter | None = None
    extension: str | None = None
    """The schema of the extension that the function is of."""


@dataclass(frozen=True, slots=True)
class Regrouped:
    """An aggregate over the groups of a finer grouping, put together from its parts there: a count from counts, an
    average from sums and counts."""

    function: Aggregate
    parts: tuple[Column, ...]
    type: ValueType


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

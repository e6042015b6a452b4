"""Values computed of one row's values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prismiq.plan.expressions.types import TEXT, ValueType

if TYPE_CHECKING:
    from prismiq.plan.expressions import Expression
    from prismiq.plan.nodes import Node


@dataclass(frozen=True, slots=True)
class OneValue:
    """The value of a relation's only output in its only row, or NULL where it has none."""

    relation: Node
    type: ValueType


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
class AsText:
    """A value in PostgreSQL's text form."""

    part: Expression
    type: ValueType = TEXT

"""What is true, false or unknown of a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prismiq.plan.expressions.types import BOOLEAN, ValueType

if TYPE_CHECKING:
    from prismiq.plan.expressions import Expression
    from prismiq.plan.nodes import Node

Comparator = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Compare:
    """Compares two values; `fold_case` folds the case of both sides."""

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
class Differs:
    """Whether two values differ, NULL being a value."""

    left: Expression
    right: Expression
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

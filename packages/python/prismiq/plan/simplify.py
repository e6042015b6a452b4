"""Folds what is known to be null or not null out of a condition, by SQL's three values."""

from __future__ import annotations

from prismiq.plan.expressions import (
    FALSE,
    TRUE,
    And,
    AnyOf,
    AsDate,
    AsText,
    AsTimestamp,
    BoundsBin,
    Compare,
    Expression,
    Extract,
    Holds,
    Instant,
    IsNull,
    LocalTime,
    Match,
    Not,
    Null,
    Or,
    Shift,
    Truncate,
    Truth,
    WidthBin,
)
from prismiq.plan.question import Instance
from prismiq.plan.trees import column_of, conjunction, disjunction

UNKNOWN = Truth(None)
_STRICT = (LocalTime, Instant, AsDate, AsText, AsTimestamp, Truncate, Extract, Shift, WidthBin, BoundsBin)


def simplify(condition: Expression, present: Instance | None = None) -> Expression:
    """The condition with its constant parts folded. Of a `present` instance the NOT NULL columns are not null."""
    if isinstance(condition, And | Or):
        return _fold(condition, present)
    if isinstance(condition, Not):
        part = simplify(condition.part, present)
        if isinstance(part, Truth):
            return Truth(None if part.value is None else not part.value)
        return Not(part)
    if isinstance(condition, IsNull):
        if _is_null(condition.part):
            return TRUE
        return FALSE if present is not None and _never_null(condition.part, present) else condition
    if isinstance(condition, Compare | AnyOf | Holds):
        return UNKNOWN if _is_null(condition.left) or _is_null(condition.right) else condition
    if isinstance(condition, Match):
        return UNKNOWN if _is_null(condition.left) else condition
    return condition


def never_true(condition: Expression) -> bool:
    """Whether a folded condition is false or unknown whatever the row."""
    if isinstance(condition, And):
        return any(never_true(part) for part in condition.parts)
    if isinstance(condition, Or):
        return all(never_true(part) for part in condition.parts)
    return isinstance(condition, Truth) and not condition.value


def is_true(condition: Expression) -> bool:
    """Whether a folded condition is true whatever the row."""
    return condition == TRUE


def _fold(condition: And | Or, present: Instance | None) -> Expression:
    absorbing, neutral = (FALSE, TRUE) if isinstance(condition, And) else (TRUE, FALSE)
    parts = tuple(simplify(part, present) for part in condition.parts)
    if absorbing in parts:
        return absorbing
    kept = tuple(part for part in parts if part != neutral)
    if not kept:
        return neutral
    return conjunction(kept) if isinstance(condition, And) else disjunction(kept)


def _is_null(expression: Expression) -> bool:
    return isinstance(expression, Null) or (isinstance(expression, _STRICT) and _is_null(expression.part))


def _never_null(expression: Expression, present: Instance) -> bool:
    column = column_of(expression)
    return (
        column is not None and column.alias == present.alias and not present.table.schema.by_name[column.name].nullable
    )

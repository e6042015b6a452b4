"""Putting expressions together, and walking through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import cast

from prismiq.plan.expressions import And, Column, Expression, Instant, Or
from prismiq.query.walks import rewritten


def conjunction(parts: tuple[Expression, ...]) -> Expression:
    """The parts as one condition, with no AND around a single one."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def disjunction(parts: tuple[Expression, ...]) -> Expression:
    """The parts as one alternative, with no OR around a single one."""
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def conjuncts(condition: Expression) -> tuple[Expression, ...]:
    """The conditions that must all hold."""
    return condition.parts if isinstance(condition, And) else (condition,)


def children(expression: Expression) -> Iterator[Expression]:
    """The direct parts of an expression; a relation inside EXISTS is none."""
    for each in fields(expression):
        value: object = getattr(expression, each.name)
        if isinstance(value, Expression):
            yield value
        elif isinstance(value, tuple):
            yield from (part for part in value if isinstance(part, Expression))  # pyright: ignore[reportUnknownVariableType]


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def columns_of(expression: Expression) -> Iterator[Column]:
    """The columns an expression reads itself."""
    return (part for part in walk(expression) if isinstance(part, Column))


def column_of(expression: Expression) -> Column | None:
    """The column that an expression is, as stored or as the instant it means; it is null where the column is."""
    part = expression.part if isinstance(expression, Instant) else expression
    return part if isinstance(part, Column) else None


def rewrite(expression: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """Replaces each part for which `change` returns something, from the outside in, in relations within it too."""

    def changed(part: object) -> object:
        return change(part) if isinstance(part, Expression) else None

    return cast("Expression", rewritten(expression, changed))

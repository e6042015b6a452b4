"""Putting expressions together, and walking through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import TypeGuard, cast

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
    for name in _fields_of(type(expression)) or ():
        value: object = getattr(expression, name)
        if type(value) is tuple:
            yield from (part for part in cast("tuple[object, ...]", value) if _is_expression(part))
        elif _is_expression(value):
            yield value


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it."""
    left = [expression]
    while left:
        part = left.pop()
        yield part
        left += reversed(list(children(part)))


def _is_expression(part: object) -> TypeGuard[Expression]:
    return _fields_of(type(part)) is not None


@cache
def _fields_of(kind: type) -> Sequence[str] | None:
    """What an expression of a kind holds; None for what is none. Kept, since there are half a hundred kinds."""
    return [each.name for each in fields(kind)] if issubclass(kind, Expression) else None


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

"""The range of a field that a query's filters bound: its top-level conditions on exactly that field."""

from __future__ import annotations

from collections.abc import Iterator

from prismiq.plan.expressions import Comparator, Compare, Edge, Expression, Instant, LocalTime, Parameter, Span
from prismiq.plan.trees import conjuncts


def bounds(condition: Expression, part: Expression) -> Iterator[tuple[Compare, Parameter]]:
    """The comparisons that must all hold and bound `part` by a caller's value, and that value."""
    for each in conjuncts(condition):
        if isinstance(each, Compare) and each.operator != "<>":
            value = _value(each, part)
            if isinstance(value, Parameter) and isinstance(value.source, int) and value.type.kind is part.type.kind:
                yield each, value


def span(condition: Expression, part: Expression) -> Span:
    """The range of `part` within the condition; a side that nothing bounds is empty."""
    edges: list[tuple[Comparator, Parameter]] = [(each.operator, value) for each, value in bounds(condition, part)]
    return Span(
        tuple(Edge(value, operator != ">") for operator, value in edges if operator in (">", ">=", "=")),
        tuple(Edge(value, operator != "<") for operator, value in edges if operator in ("<", "<=", "=")),
    )


def _value(comparison: Compare, part: Expression) -> Expression | None:
    """What `part` is compared with, also where an instant is compared as the wall time that it is stored as."""
    if comparison.left == part:
        return comparison.right
    if isinstance(part, Instant) and comparison.left == part.part and isinstance(comparison.right, LocalTime):
        return comparison.right.part
    return None

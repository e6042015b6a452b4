"""Window functions: in calculations over the groups of a query, in the columns of a row query over its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prismiq.plan.expressions import BIGINT, Expression, ValueType, WindowCall
from prismiq.plan.expressions import INTEGER as INT
from prismiq.plan.resolve.aggregates import result_type
from prismiq.plan.resolve.scalar_casts import UnfitError, whole
from prismiq.query.definition import Aggregate
from prismiq.query.expressions import tree as t
from prismiq.query.shape import Slot
from prismiq.schema.types import EXACT

_AGGREGATES = {each.value: each for each in (Aggregate.SUM, Aggregate.AVG, Aggregate.MIN, Aggregate.MAX)}
_RANKS = frozenset({"row_number", "rank", "dense_rank"})

Build = Callable[[t.Tree[Slot]], Expression]
Alike = Callable[[tuple[t.Tree[Slot], ...]], Sequence[Expression]]


def window(tree: t.Window[Slot], build: Build, alike: Alike) -> Expression:
    """A typed window function. Raises UnfitError where its parts do not fit."""
    arguments = _arguments(tree, build, alike)
    order = tuple(build(part) for part, _ in tree.order)
    partition = tuple(build(part) for part in tree.partition)
    for part in (*order, *partition):
        if not part.type.comparable:
            raise UnfitError(f"{part.type.kind} has no order and cannot be compared.")
    if tree.function in _RANKS and not order:
        raise UnfitError(f"{tree.function} needs an order.", f"Write {tree.function}() over (order by …).")
    return WindowCall(
        tree.function,
        arguments,
        partition,
        order,
        tuple(descending for _, descending in tree.order),
        _frame(tree),
        _type(tree.function, arguments),
    )


def _arguments(tree: t.Window[Slot], build: Build, alike: Alike) -> tuple[Expression, ...]:
    if tree.function not in ("lag", "lead", "ntile"):
        return tuple(build(part) for part in tree.arguments)
    if tree.function == "ntile":
        return (_whole(build(tree.arguments[0])),)
    value, *rest = tree.arguments
    if len(rest) < 2:
        return (build(value), *(_whole(build(part)) for part in rest))
    first, default = alike((value, rest[1]))
    return first, _whole(build(rest[0])), default


def _whole(part: Expression) -> Expression:
    if part.type.kind not in EXACT:
        raise UnfitError(f"A whole number is expected, and this is {part.type.kind}.")
    return whole(part)


def _type(function: str, arguments: tuple[Expression, ...]) -> ValueType:
    if function in _RANKS or function == "count":
        return BIGINT
    if function == "ntile":
        return INT
    argument = arguments[0].type
    if function not in _AGGREGATES:
        return argument
    found = result_type(_AGGREGATES[function], argument)
    if found is None:
        raise UnfitError(f"{function} does not take {argument.kind}.")
    return found


def _frame(tree: t.Window[Slot]) -> tuple[int | None, int | None] | None:
    if tree.frame is None:
        return None
    start, end = tree.frame
    if (start.side == "following" and start.rows is None) or (end.side == "preceding" and end.rows is None):
        raise UnfitError("A frame begins at or before its end.", "rows between 2 preceding and current row")
    first, last = (
        None if end.rows is None else end.rows * (-1 if end.side == "preceding" else 1) for end in tree.frame
    )
    if first is not None and last is not None and first > last:
        raise UnfitError("A frame begins at or before its end.", "rows between 2 preceding and current row")
    return first, last

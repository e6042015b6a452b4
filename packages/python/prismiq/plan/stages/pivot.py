"""A pivot: the groups as cells, each with the place that it has among the rows and the columns.

The cells are put together after they are fetched. Both orders are PostgreSQL's: each cell ends with the rank of its
row, which is the remaining dimensions, and with that of its column, which is the pivoted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from prismiq.errors import IssueCode
from prismiq.plan.expressions import BIGINT, Named, Output, RowCap, WindowCall
from prismiq.plan.nodes import Limit, Node, PivotPlan, Project, Sort, SortKey
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.plan.question import Issues, Question
from prismiq.plan.resolve.register import Register
from prismiq.query.shape import PivotShape, QueryShape

_VALUES = (Role.MEASURE, Role.CALCULATION)


def resolve_pivot(shape: QueryShape, question: Question, register: Register, issues: Issues) -> Question:
    """The question with its pivot and without the outputs that it does not spread, or as it is and the issues."""
    pivot = shape.pivot
    if pivot is None or shape.columns:
        return question
    if shape.loc:
        message = "A nested query has no pivot: its columns must be known before it is run."
        issues.add(pivot.loc, IssueCode.INVALID, message, "Pivot the outer query.")
    if shape.totals is not None:
        message = "A pivot has no totals yet."
        issues.add(pivot.loc, IssueCode.INVALID, message, "Leave one of `pivot` and `totals` out, or make two queries.")
    dimension = register.part("dimension", pivot.dimension, question.dimensions)
    values = _values(pivot, [each for each in question.outputs if each.role in _VALUES], issues)
    if dimension is None or values is None:
        return question
    top = question.top if question.top is not None and question.top.dimension.name == dimension.name else None
    other = None if top is None or shape.top is None or shape.top.other is None else shape.top.other.index
    found = PivotPlan(dimension.name, values, None if top is None else top.flag, other)
    _check_order(shape, found, register, issues)
    outputs = tuple(each for each in question.outputs if each.role not in _VALUES or each.name in values)
    return replace(question, pivot=found, outputs=outputs)


def lower_pivot(pivot: PivotPlan, question: Question, cells: Node, order: Sequence[SortKey]) -> Node:
    """The cells row by row, as many as a result may have: a page is taken of what they make."""
    across = (pivot.flag, pivot.dimension)
    by_column = [key for key in order if isinstance(key.expression, Output) and key.expression.name in across]
    ranks = (
        Named(_unused("row_rank", question), _rank([key for key in order if key not in by_column])),
        Named(_unused("column_rank", question), _rank(by_column)),
    )
    shown = tuple(Named(each.name, Output(each.name, question.types[each.name])) for each in question.outputs)
    by_rank = tuple(SortKey(Output(each.name, BIGINT)) for each in ranks)
    return Limit(Sort(Project(cells, (*shown, *ranks)), by_rank), RowCap(), bound_with_statement=False)


def _values(pivot: PivotShape, shown: Sequence[OutputColumn], issues: Issues) -> tuple[str, ...] | None:
    """The names of what is spread, or None and the issues."""
    known = [each.name for each in shown]
    hint = "It shows " + ", ".join(f'"{name}"' for name in known) + "." if known else "Add a measure."
    if not known:
        issues.add(pivot.loc, IssueCode.MISSING, "A pivot spreads measures, and this query shows none.", hint)
        return None
    found: list[str] = []
    for value in pivot.values:
        name = next((name for name in known if value.names(name)), None)
        if name is None:
            message = f'"{value.raw}" is not a measure or calculation that this query shows.'
            issues.add(value.loc, IssueCode.UNKNOWN_OUTPUT, message, hint)
        elif name in found:
            issues.add(value.loc, IssueCode.DUPLICATE_NAME, f'"{name}" is named twice.', "Name it once.")
        else:
            found.append(name)
    if len(found) < len(pivot.values):
        return None
    return tuple(found or known)


def _check_order(shape: QueryShape, pivot: PivotPlan, register: Register, issues: Issues) -> None:
    """Whether the order is of what rows have: the remaining dimensions."""
    for each in shape.order_by:
        found = register.types.get(each.raw) or register.types.get("_".join(each.field))
        if found is None:
            continue  # which has been told
        if found.name in (pivot.dimension, pivot.flag):
            message = f'"{found.name}" is what the columns are made of, and they have its own order.'
        elif register.outputs[found.name].role in _VALUES:
            message = f'"{found.name}" has a value in each of the columns, so rows have no order by it.'
        else:
            continue
        hint = "Order by a remaining dimension, or leave the pivot out."
        issues.add((*each.loc, "field"), IssueCode.INVALID, message, hint)


def _rank(keys: Sequence[SortKey]) -> WindowCall:
    order = tuple(key.expression for key in keys)
    return WindowCall("dense_rank", (), (), order, tuple(key.descending for key in keys), None, BIGINT)


def _unused(name: str, question: Question) -> str:
    while name in question.types:
        name += "_"
    return name

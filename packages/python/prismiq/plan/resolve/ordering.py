"""The order of the rows that a measure is made of, where the aggregate asks for one, and what separates its texts."""

from __future__ import annotations

from prismiq.errors import IssueCode
from prismiq.plan.expressions import TEXT, Expression, Parameter
from prismiq.plan.lower.instances import raw_column
from prismiq.plan.lower.uniqueness import reaches_to_one
from prismiq.plan.question import Instance, Issues
from prismiq.plan.resolve.aggregates import as_element
from prismiq.plan.resolve.paths import JoinTree
from prismiq.plan.trees import columns_of
from prismiq.query.definition import Aggregate
from prismiq.query.shape import MeasureShape

Order = tuple[tuple[Expression, ...], tuple[bool, ...]]

_ORDERED = frozenset({Aggregate.FIRST, Aggregate.LAST, Aggregate.ARRAY_AGG, Aggregate.STRING_AGG})


def resolve_order(
    shape: MeasureShape, argument: Expression | None, grain: Instance, tree: JoinTree, issues: Issues
) -> Order | None:
    """What the rows are ordered by and which of it descends, or None and the issues.

    The asked fields come first; behind them what makes the order one: the table's key, or without one the value itself.
    The last row is the first in the contrary order, so that nulls come last both ways.
    """
    loc = (*shape.loc, "order_by")
    if shape.aggregate not in _ORDERED or argument is None:
        if not shape.order_by:
            return (), ()
        message = f"{shape.aggregate} does not depend on an order."
        issues.add(loc, IssueCode.INVALID, message, "Leave `order_by` out.")
        return None
    ends = shape.aggregate in (Aggregate.FIRST, Aggregate.LAST)
    if ends and not shape.order_by:
        message = f"{shape.aggregate} needs `order_by`, which says what comes first."
        issues.add(loc, IssueCode.MISSING, message, 'Name a field: "ordered_at", or "-ordered_at".')
        return None
    keys = _asked(shape, grain, tree, issues)
    if keys is None:
        return None
    if not keys:
        keys = {argument: False}
        if shape.aggregate is Aggregate.STRING_AGG:
            return (as_element(argument),), (False,)  # equal texts need no further order
    for each in _telling_apart(argument, grain):
        keys.setdefault(each, False)
    if grain.table.schema.key is None and not argument.type.comparable:
        message = f"{grain.name} has no key, so rows that are equal in `order_by` have no order."
        issues.add(loc, IssueCode.KEY_REQUIRED, message, "Declare a key for it in the schema configuration.")
        return None
    turned = shape.aggregate is Aggregate.LAST
    return tuple(keys), tuple(descending is not turned for descending in keys.values())


def resolve_separator(shape: MeasureShape, issues: Issues) -> Parameter | None:
    """What stands between the texts, if the query says so."""
    if shape.separator is None:
        return None
    if shape.aggregate is not Aggregate.STRING_AGG:
        message = f"{shape.aggregate} takes no `separator`."
        issues.add((*shape.loc, "separator"), IssueCode.INVALID, message, "Leave `separator` out.")
    return Parameter(shape.separator.index, TEXT, loc=shape.separator.loc)


def _asked(shape: MeasureShape, grain: Instance, tree: JoinTree, issues: Issues) -> dict[Expression, bool] | None:
    """The fields of `order_by` and whether each descends."""
    keys: dict[Expression, bool] = {}
    wrong = False
    for each in shape.order_by:
        field = tree.field(each.field, each.loc)
        if field is None:
            wrong = True
        elif not field.type.comparable:
            message = f'"{each.raw}" is {field.type.kind}, which has no order.'
            issues.add(each.loc, IssueCode.TYPE_MISMATCH, message, "Order by another field.")
            wrong = True
        elif not all(reaches_to_one(tree.instances, grain.alias, column.alias) for column in columns_of(field)):
            message = f'A row of {grain.name} can have many of "{each.raw}".'
            hint = "Order by a field that is reached to-one from it, or name another table as `grain`."
            issues.add(each.loc, IssueCode.GRAIN_UNREACHABLE, message, hint)
            wrong = True
        else:
            keys.setdefault(field, each.descending)
    return None if wrong else keys


def _telling_apart(argument: Expression, grain: Instance) -> tuple[Expression, ...]:
    key = grain.table.schema.key
    if key is None:
        return (argument,) if argument.type.comparable else ()
    return tuple(raw_column(grain, name) for name in key)

"""A condition that compares with what a query answers: with its values, or with its one value."""

from __future__ import annotations

from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import Compare, Expression, IsNull, Named, Not, OneValue, Output, Within, Zone
from prismiq.plan.nodes import Filter, Node, Project
from prismiq.plan.planning import Planning, Relation
from prismiq.plan.resolve.conditions import COMPARATORS
from prismiq.plan.resolve.scalar_casts import UnfitError, comparable
from prismiq.query.filters import Operator
from prismiq.query.shape import ConditionShape, QueryShape


def compare_with_query(
    shape: ConditionShape, query: QueryShape, operand: Expression, zone: Zone, planning: Planning
) -> Expression | None:
    """The condition, or None and an issue."""
    relation = planning.nest(query, planning)
    if relation is None:
        return None
    fault = _fault(shape, relation)
    if fault is not None:
        key, message, hint = fault
        planning.issues.add((*shape.loc, key), IssueCode.INVALID, message, hint)
        return None
    (output,) = relation.outputs
    value = Output(output.name, relation.types[output.name])
    try:
        left, right = comparable(operand, value, zone)
    except UnfitError as error:
        loc: Location = (*shape.loc, "query")
        planning.issues.add(loc, IssueCode.TYPE_MISMATCH, error.message, "Compare with an output of the field's type.")
        return None
    if shape.operator in COMPARATORS:
        one = Project(relation.node, (Named(output.name, right),))
        return Compare(COMPARATORS[shape.operator], left, OneValue(one, right.type))
    found = Within(left, _values(relation.node, value, Named(output.name, right)))
    return found if shape.operator is Operator.IN else Not(found)


def _values(node: Node, value: Output, written: Named) -> Node:
    """The values that are there: nothing is in a null, and it would make `not_in` unknown for every row."""
    return Project(Filter(node, Not(IsNull(value))), (written,))


def _fault(shape: ConditionShape, relation: Relation) -> tuple[str, str, str] | None:
    """The key, what is wrong with it, and the way out."""
    operator = shape.operator
    if shape.value is not None:
        return "query", "A condition compares with a `value` or with a `query`.", "Leave one of them out."
    if operator not in COMPARATORS and operator not in (Operator.IN, Operator.NOT_IN):
        known = ", ".join(str(each) for each in (*COMPARATORS, Operator.IN, Operator.NOT_IN))
        return "operator", f"{operator} does not compare with a query.", f"Those that do are {known}."
    if not shape.case_sensitive:
        return "case_sensitive", "With a query, upper and lower case differ.", "Compare lower(…) with lower(…)."
    if len(relation.outputs) != 1:
        return (
            "query",
            f"A query to compare with has one output, and this has {len(relation.outputs)}.",
            "Keep one; `hidden` keeps a measure or a calculation out.",
        )
    if operator in COMPARATORS and relation.key != ():
        return (
            "query",
            f"{operator} compares with one value, and the query may answer with several.",
            'Ask for one measure without dimensions, set "limit": 1, or use "in".',
        )
    return None

"""A question and a scoped schema become a plan.

    resolve     names → typed expressions over table instances; every issue is told at once
    lower       groups: one aggregation per grain, put together on the dimensions · rows: the listed paths, joined
    stages      calculations → having → order → page

Each pass is a file that says what it establishes and what it leaves to the next. Here is where top, totals
and fill take their place: nodes between the groups and the order.
"""

from __future__ import annotations

from prismiq.access.scope import ScopedSchema
from prismiq.plan.expressions import Named, Output
from prismiq.plan.groups import lower_groups
from prismiq.plan.nodes import Filter, Limit, Node, Project, QueryPlan, Sort, SortKey
from prismiq.plan.passes import PASSES, Passes
from prismiq.plan.question import Question
from prismiq.plan.resolve import resolve
from prismiq.plan.rows import lower_rows
from prismiq.query.shape import QueryShape

MAX_TABLES = 30


def plan(
    shape: QueryShape, schema: ScopedSchema, passes: Passes = PASSES, *, max_tables: int = MAX_TABLES
) -> QueryPlan:
    """Plans a definition's shape for what one caller may see.

    `passes` names the optimisations to apply; the answer is the same with any of them. Raises QueryError with every
    reason why the definition cannot be planned.
    """
    question = resolve(shape, schema, max_tables)
    if question.columns:
        root = lower_rows(question, passes)
    else:
        groups = _calculated(question, lower_groups(question, passes))
        root = _ordered(question, _shown(question, _having(question, groups)))
    return QueryPlan(Limit(root), question.outputs, question.time_zone, question.warnings)


def _having(question: Question, groups: Node) -> Node:
    return groups if question.having is None else Filter(groups, question.having)


def _calculated(question: Question, groups: Node) -> Node:
    """The groups with what is calculated from them, stage by stage."""
    outputs = tuple(
        Named(name, Output(name, type_))
        for name, type_ in (
            *((each.name, each.expression.type) for each in question.dimensions),
            *((each.name, each.type) for each in question.measures),
        )
    )
    for stage in question.calculations:
        groups = Project(groups, (*outputs, *stage))
        outputs += tuple(Named(each.name, Output(each.name, each.expression.type)) for each in stage)
    return groups


def _shown(question: Question, groups: Node) -> Node:
    """Without what is hidden; having has been asked, and the order may still name it."""
    calculated = [each for stage in question.calculations for each in stage]
    types = {each.name: each.expression.type for each in (*question.dimensions, *calculated)}
    types |= {each.name: each.type for each in question.measures}
    if list(types) == [output.name for output in question.outputs]:
        return groups
    return Project(
        groups, tuple(Named(output.name, Output(output.name, types[output.name])) for output in question.outputs)
    )


def _ordered(question: Question, groups: Node) -> Node:
    """The asked order, then the remaining dimensions, so that a page is stable."""
    keys = list(question.order)
    for dimension in question.dimensions:
        output = Output(dimension.name, dimension.expression.type)
        if all(output != key.expression for key in keys):
            keys.append(SortKey(output))
    return Sort(groups, tuple(keys)) if keys else groups

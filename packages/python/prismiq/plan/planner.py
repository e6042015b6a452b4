"""A question and a scoped schema become a plan.

    resolve     names → typed expressions over table instances; every issue is told at once
    lower       groups: one aggregation per grain, put together on the dimensions · rows: the listed paths, joined
    stages      groups (of two periods, where they are compared) → top → fill → calculations → having → order → page,
                or in the place of the last two the cells of a pivot

Each pass is a file that says what it establishes and what it leaves to the next. Totals go beside the groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from prismiq.access.scope import ScopedSchema
from prismiq.errors import IssueCode, QueryError
from prismiq.plan.expressions import BIGINT, BOOLEAN, Expression, Named, Output, Parameter, RowCap
from prismiq.plan.lower.fast_buckets import with_fast_buckets
from prismiq.plan.lower.groups import LowerGroups, lower_groups
from prismiq.plan.lower.instances import raw_column
from prismiq.plan.lower.rows import lower_rows
from prismiq.plan.lower.uniqueness import determined
from prismiq.plan.nodes import Filter, Limit, Node, Project, QueryPlan, Sort, SortKey, Union
from prismiq.plan.passes import FAST_BUCKETS, PASSES, Passes
from prismiq.plan.planning import Planning, Relation, Shortcut
from prismiq.plan.question import Question
from prismiq.plan.resolve.resolver import resolve
from prismiq.plan.stages.compare import compare
from prismiq.plan.stages.fill import fill
from prismiq.plan.stages.pivot import lower_pivot
from prismiq.plan.stages.top import lower_top
from prismiq.plan.stages.totals import LEVEL, MARKER, as_level, lower_levels, with_marker
from prismiq.query.shape import QueryShape, Slot

MAX_TABLES = 30


def plan(
    shape: QueryShape, schema: ScopedSchema, passes: Passes = PASSES, *, max_tables: int = MAX_TABLES
) -> QueryPlan:
    """Plans a definition's shape for what one caller may see.

    `passes` names the optimisations to apply; the answer is the same with any of them. Raises QueryError with every
    reason why the definition cannot be planned.
    """
    return plan_with_shortcuts(shape, schema, passes, max_tables=max_tables)[0]


def plan_with_shortcuts(
    shape: QueryShape, schema: ScopedSchema, passes: Passes = PASSES, *, max_tables: int = MAX_TABLES
) -> tuple[QueryPlan, list[Shortcut]]:
    """As `plan`, and where bare table names stood for paths."""
    apart = shape.time_zone in schema.database.clocks_apart
    if apart:
        passes = frozenset(passes) - {
            FAST_BUCKETS
        }  # all buckets are PostgreSQL's then, of small tables and of large ones
    question, planning = resolve_alone(shape, schema, passes, max_tables=max_tables)
    if apart:
        planning.warnings.append(
            f"PostgreSQL's clock of {shape.time_zone} shows other hours than that of the package tzdata: buckets and "
            "the bounds of periods may not fit together. Update whichever is older."
        )
    planned = plan_question(question, passes)
    return replace(planned, warnings=tuple(dict.fromkeys(planning.warnings))), planning.shortcuts


def resolve_alone(
    shape: QueryShape, schema: ScopedSchema, passes: Passes = PASSES, *, max_tables: int = MAX_TABLES
) -> tuple[Question, Planning]:
    """The outermost question, resolved, and what was found on the way. Raises QueryError."""
    planning = Planning(schema, lambda nested, shared: _nest(nested, shared, passes))
    question = resolve(shape, planning)
    if planning.tables > max_tables:
        planning.issues.add(
            (),
            IssueCode.TOO_COMPLEX,
            f"The query joins {planning.tables} tables, and {max_tables} are allowed.",
            "Ask for fewer paths, or raise the limit `max_joined_tables`.",
        )
    planning.issues.check()
    assert question is not None, "without an issue there is a question"
    return question, planning


@dataclass(frozen=True, slots=True)
class Means:
    """What the stages are built with: how groups are lowered, and how a page is taken of them."""

    groups: LowerGroups = lower_groups
    page: Callable[[Node], Limit] = Limit


def plan_question(question: Question, passes: Passes, means: Means | None = None) -> QueryPlan:
    """The plan of a resolved question. Raises QueryError where a table without a key would have to be de-duplicated."""
    means = means or Means()
    if question.totals:
        root = _with_totals(question, passes, means)
    elif question.pivot is not None:
        root = _lower(question, passes, means)
    else:
        root = means.page(_lower(question, passes, means))
    marker = MARKER if question.totals else None
    shape = question.shape
    return QueryPlan(root, question.outputs, shape.time_zone, (), shape.calendar, marker, question.pivot)


def _lower(question: Question, passes: Passes, means: Means) -> Node:
    if question.columns:
        return lower_rows(question, passes)
    question = with_fast_buckets(question, passes)
    question, groups = _detailed(question, passes, means)
    groups = _calculated(question, groups)
    shown = _shown(question, _having(question, groups))
    if question.pivot is not None:
        return lower_pivot(question.pivot, question, shown, _order(question))
    return _ordered(question, shown)


def _grouped(question: Question, passes: Passes, means: Means) -> Node:
    """The groups; where two periods are compared, with the measures of both."""
    return compare(question, lambda each: means.groups(each, passes))


def _detailed(question: Question, passes: Passes, means: Means) -> tuple[Question, Node]:
    """The groups through `top` and `fill`, and the question that they answer."""
    question, groups = lower_top(question, passes, lambda each: _grouped(each, passes, means), means.groups)
    return question, fill(question, groups)


def _with_totals(question: Question, passes: Passes, means: Means) -> Node:
    """The page of the groups and all totals below it. Totals are made of all groups, and are stages' only in what is
    calculated: each level from its own rows."""
    question = with_fast_buckets(question, passes)
    sizes = question.totals if question.top is not None else (len(question.dimensions), *question.totals)
    levels = lower_levels(question, sizes, passes, lambda each: _grouped(each, passes, means), means.groups)
    if question.top is None:
        detailed, details = question, fill(question, levels.pop(0))
    else:
        detailed, details = _detailed(question, passes, means)
    marked = with_marker(detailed)
    details = _having(marked, _calculated(marked, as_level(marked, details, len(question.dimensions))))
    totals = [
        _calculated(marked, as_level(marked, groups, size))
        for size, groups in zip(question.totals, levels, strict=True)
    ]
    below = totals[0] if len(totals) == 1 else _capped(_ordered(detailed, Union(tuple(totals)), by_level=True))
    rows = Union((means.page(_ordered(detailed, details)), below))
    return _ordered(detailed, _shown(marked, rows), by_level=True)


def _capped(rows: Node) -> Node:
    return Limit(rows, RowCap(), bound_with_statement=False)


def _nest(shape: QueryShape, planning: Planning, passes: Passes) -> Relation | None:
    """A nested query as a relation, or None and its issues."""
    question = resolve(shape, planning)
    if question is None:
        return None
    try:
        node = _lower(question, passes, Means())
    except QueryError as error:
        planning.issues.found += error.issues
        return None
    if shape.limit is not None or shape.offset is not None:
        node = Limit(node, _count(shape.limit), _count(shape.offset), bound_with_statement=False)
    elif isinstance(node, Sort):
        node = node.input  # an order that no page is taken from says nothing
    return Relation(node, question.outputs, question.types, _key(question))


def _count(slot: Slot | None) -> Parameter | None:
    return None if slot is None else Parameter(slot.index, BIGINT, loc=slot.loc)


def _key(question: Question) -> tuple[str, ...] | None:
    """The outputs of a nested query that tell its rows apart, if there are such."""
    if question.shape.at_most_one:
        return ()
    if not question.columns:
        flags = [question.top.flag] if question.top is not None and question.top.flag is not None else []
        return (*(each.name for each in question.dimensions), *flags)
    source = question.instances[question.source]
    listed = question.used(each.expression for each in question.columns) | question.closed(question.joined)
    names = {each.expression: each.name for each in question.columns}
    own = source.table.schema.key
    if own is None or not listed <= determined(question.instances, listed, question.source):
        return None
    key = [names.get(raw_column(source, column)) for column in own]
    return None if None in key else tuple(name for name in key if name is not None)


def _having(question: Question, groups: Node) -> Node:
    return groups if question.having is None else Filter(groups, question.having)


def _calculated(question: Question, groups: Node) -> Node:
    """The groups with what is calculated from them, stage by stage."""
    outputs = tuple(Named(each.name, each) for each in question.grouped)
    for stage in question.calculations:
        groups = Project(groups, (*outputs, *stage))
        outputs += tuple(Named(each.name, Output(each.name, each.expression.type)) for each in stage)
    return groups


def _shown(question: Question, groups: Node) -> Node:
    """Without what is hidden; having has been asked, and the order may still name it."""
    calculated = [each for stage in question.calculations for each in stage]
    types = {each.name: each.expression.type for each in (*question.dimensions, *calculated)}
    types |= {each.name: each.type for each in question.measured}
    if list(types) == [output.name for output in question.outputs]:
        return groups
    return Project(
        groups, tuple(Named(output.name, Output(output.name, types[output.name])) for output in question.outputs)
    )


def _ordered(question: Question, groups: Node, *, by_level: bool = False) -> Node:
    """The asked order, then the remaining dimensions, so that a page is stable; with totals each level by itself."""
    keys = ((SortKey(LEVEL),) if by_level else ()) + _order(question)
    return Sort(groups, keys) if keys else groups


def _order(question: Question) -> tuple[SortKey, ...]:
    keys: dict[Expression, SortKey] = {}
    dimensions = [SortKey(Output(each.name, each.expression.type)) for each in question.dimensions]
    for key in (*question.order, *dimensions):
        if question.top is not None and question.top.flag is not None and key.expression == question.top.ranked:
            mark = Output(question.top.flag, BOOLEAN)  # the other values come after the first, both ways
            keys.setdefault(mark, SortKey(mark))
        keys.setdefault(key.expression, key)
    return tuple(keys.values())

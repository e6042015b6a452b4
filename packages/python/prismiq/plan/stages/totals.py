"""Totals: the same measures over fewer dimensions, from the same rows.

A level of totals is a question of its own, with the first so many dimensions; so no measure is made of the parts of
another. Establishes: the groups of every level, with the outputs of the details and a marker. Leaves: the stages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from prismiq.errors import IssueCode
from prismiq.plan.expressions import (
    FALSE,
    INTEGER,
    AsDate,
    AsTimestamp,
    Column,
    Compare,
    Expression,
    Extract,
    LocalTime,
    Named,
    Null,
    Output,
    RolledUp,
    Truncate,
    Whole,
    Zone,
)
from prismiq.plan.lower.groups import LowerGroups
from prismiq.plan.nodes import Aggregate, Distinct, Filter, Node, Project, Shared, Union
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.plan.passes import GROUPING_SETS, Passes
from prismiq.plan.question import Issues, Question
from prismiq.plan.resolve.register import Register
from prismiq.plan.trees import columns_of, walk
from prismiq.query.shape import QueryShape

MARKER = "total_level"
LEVEL = Output(MARKER, INTEGER)
MAX_LEVELS = 8

_BUCKETS = Column | Zone | LocalTime | AsDate | AsTimestamp | Truncate | Extract


def add_marker(shape: QueryShape, register: Register) -> None:
    """Makes the mark of totals an output, after the dimensions."""
    if shape.totals is not None and not shape.columns:
        output = OutputColumn(MARKER, LEVEL.type.kind, Role.FLAG, "Total level")
        register.add(output, LEVEL.type, (*shape.loc, "totals"))


def resolve_totals(shape: QueryShape, dimensions: int, issues: Issues) -> tuple[int, ...]:
    """How many dimensions each level of totals leaves, or none and the issue."""
    if shape.totals is None or shape.columns:
        return ()
    loc = (*shape.loc, "totals")
    if shape.loc:
        message = "A nested query has no totals: the query around it would take them for groups."
        issues.add(loc, IssueCode.INVALID, message, "Ask for them in the outer query.")
    elif not shape.dimensions:
        message = "Totals roll up dimensions, and this query has none."
        issues.add(loc, IssueCode.MISSING, message, "Leave `totals` out: the one group is the total.")
    elif not shape.measures:
        issues.add(loc, IssueCode.MISSING, "Totals are of measures, and this query has none.", "Add a measure.")
    elif shape.totals == "rollup" and dimensions > MAX_LEVELS:
        message = f"A rollup of {dimensions} dimensions has too many levels; {MAX_LEVELS} are allowed."
        issues.add(loc, IssueCode.TOO_COMPLEX, message, 'Ask for fewer dimensions, or for the "grand" total.')
    return (0,) if shape.totals == "grand" else tuple(reversed(range(dimensions)))


def with_marker(question: Question) -> Question:
    """The question with the marker as one more dimension."""
    return replace(question, dimensions=(*question.dimensions, Named(MARKER, LEVEL)))


def as_level(question: Question, groups: Node, size: int) -> Node:
    """The groups by the first `size` dimensions with every output of the details: what is rolled up is null."""
    flag = None if question.top is None else question.top.flag
    asked = [each for each in question.dimensions if each.name not in (flag, MARKER)]
    kept = [each.name for each in asked[:size]]
    if flag is not None and size == len(asked):
        kept.append(flag)
    outputs = [
        Named(each.name, Output(each.name, each.expression.type) if each.name in kept else _absent(each, flag))
        for each in question.dimensions
        if each.name != MARKER
    ]
    measures = [Named(each.name, Output(each.name, each.type)) for each in question.measured]
    return Project(groups, (*outputs, Named(MARKER, Whole(len(asked) - size)), *measures))


def _absent(dimension: Named, flag: str | None) -> Expression:
    return FALSE if dimension.name == flag else Null(dimension.expression.type)


def lower_levels(
    question: Question, sizes: tuple[int, ...], passes: Passes, lower: Callable[[Question], Node], groups: LowerGroups
) -> list[Node]:
    """For each number of dimensions the groups by so many of them, as `lower` makes them; `groups` makes those of one
    period."""
    if GROUPING_SETS in passes and len(sizes) > 1 and question.compared is None:
        every = max(sizes)  # where `top` makes the details, the last dimensions are in no level
        together = _together(groups(_rolled_up(question, every), passes), sizes)
        if together is not None:
            shared = Shared(together, "levels")
            return [Filter(shared, Compare("=", LEVEL, Whole(every - size))) for size in sizes]
    return [lower(_rolled_up(question, size)) for size in sizes]


def _rolled_up(question: Question, size: int) -> Question:
    """The question by its first dimensions alone."""
    other = question.compared
    return replace(
        question,
        dimensions=question.dimensions[:size],
        compared=None if other is None else replace(other, dimensions=other.dimensions[:size]),
    )


def _together(groups: Node, sizes: tuple[int, ...]) -> Aggregate | None:
    """The groups of all levels in one aggregation, or None where that would not be the same: where rows were first made
    distinct by the dimensions, and where PostgreSQL might take two dimensions for one."""
    if not isinstance(groups, Aggregate) or isinstance(groups.input, Distinct):
        return None
    if isinstance(groups.input, Union):
        marker = Named(MARKER, LEVEL)
        branches: list[Node] = []
        for branch in groups.input.inputs:
            own = _together(branch.input, sizes) if isinstance(branch, Project) else None
            if own is None or not isinstance(branch, Project):
                return None
            branches.append(Project(own, (*branch.outputs, marker)))
        return replace(groups, input=Union(tuple(branches)), keys=(*groups.keys, marker))
    if not _told_apart(groups.keys):
        return None
    sets = tuple(tuple(each.name for each in groups.keys[:size]) for size in sizes)
    level = Named(MARKER, RolledUp(tuple(each.expression for each in groups.keys)))
    return replace(groups, measures=(*groups.measures, level), sets=sets)


def _told_apart(keys: tuple[Named, ...]) -> bool:
    """Whether no two keys can be one to PostgreSQL, as `total` and `cast(total as numeric)` are, and none is constant:
    buckets differ by what they are, other expressions must read columns of their own."""
    expressions = [each.expression for each in keys]
    read = [set(columns_of(each)) for each in expressions]
    free = [not all(isinstance(part, _BUCKETS) for part in walk(each)) for each in expressions]
    pairs = [(a, b) for a in range(len(keys)) for b in range(a)]
    return all(read) and all(
        expressions[a] != expressions[b] and not ((free[a] or free[b]) and read[a] & read[b]) for a, b in pairs
    )

"""The first values of one dimension by a measure; the rest is left out, or is one more group.

The ranking is a question of its own: the one dimension, the one measure, over the same rows. So it is over the whole
result whatever else is grouped by, and right for measures that do not add up. The rest is a value that rows have before
they are grouped, so that its measures are computed from its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from prismiq.errors import IssueCode
from prismiq.plan.expressions import (
    BIGINT,
    BOOLEAN,
    Case,
    Column,
    Exists,
    Expression,
    IsNull,
    Named,
    Not,
    Null,
    Output,
    Parameter,
    Within,
)
from prismiq.plan.lower.groups import LowerGroups
from prismiq.plan.nodes import Filter, Limit, Node, Project, Shared, Sort, SortKey
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.plan.passes import RANK_IN_PLACE, Passes
from prismiq.plan.question import Issues, Question, TopQuestion
from prismiq.plan.resolve.register import Register
from prismiq.plan.trees import conjunction, disjunction
from prismiq.query.shape import TopShape
from prismiq.schema.types import DataType


def add_flag(shape: TopShape | None, dimension: str, register: Register) -> None:
    """Makes the mark of the other values an output, beside the dimension that is ranked."""
    if shape is not None and shape.other is not None and shape.dimension.names(dimension):
        label = f"{register.outputs[dimension].label}: other"
        loc = (*shape.loc, "other")
        register.add(OutputColumn(_flag(dimension), BOOLEAN.kind, Role.FLAG, label), BOOLEAN, loc)


def resolve_top(shape: TopShape | None, question: Question, register: Register, issues: Issues) -> TopQuestion | None:
    """What is ranked and by what, or None and the issues."""
    if shape is None:
        return None
    dimension = register.part("dimension", shape.dimension, question.dimensions)
    by = register.part("measure", shape.by, question.measures)
    if by is not None and not by.type.comparable:
        issues.add(
            shape.by.loc,
            IssueCode.TYPE_MISMATCH,
            f'"{by.name}" is {by.type.kind}, which has no order.',
            "Rank by another measure.",
        )
    if dimension is not None and any(each.fill and each.output.name == dimension.name for each in question.times):
        message = f'"{dimension.name}" is filled, which would bring back what `top` leaves out.'
        issues.add(shape.dimension.loc, IssueCode.INVALID, message, "Leave `fill` out, or rank another dimension.")
    if dimension is None or by is None:
        return None
    type_ = dimension.expression.type
    named = shape.other is not None and type_.kind is DataType.TEXT
    return TopQuestion(
        dimension,
        by,
        shape.descending,
        Parameter(shape.count.index, BIGINT, loc=shape.count.loc),
        Parameter(shape.other.index, type_, loc=shape.other.loc) if named and shape.other is not None else None,
        None if shape.other is None else _flag(dimension.name),
    )


def lower_top(
    question: Question, passes: Passes, lower: Callable[[Question], Node], groups: LowerGroups
) -> tuple[Question, Node]:
    """The groups that are left, and the question that they now answer: with others it has the mark as a dimension.

    `lower` makes the groups, and `groups` those of the ranking, which is of the current period where two are compared.
    """
    top = question.top
    if top is None:
        return question, lower(question)
    if top.flag is not None:
        question = _with_others(question, _ranking(question, top, passes, groups), top)
        return question, lower(question)
    found = lower(question)
    if RANK_IN_PLACE in passes and len(question.dimensions) == 1 and question.compared is None:
        return question, _first(found, top)
    return question, Filter(found, _ranking(question, top, passes, groups)(top.ranked))


def _flag(dimension: str) -> str:
    return f"{dimension}__is_other"


def _with_others(question: Question, is_first: Callable[[Expression], Expression], top: TopQuestion) -> Question:
    """The question with the other values of the ranked dimension as one, and the mark as the dimension after it."""

    def marked(dimensions: tuple[Named, ...]) -> Iterator[Named]:
        for each in dimensions:
            if each.name != top.dimension.name:
                yield each
                continue
            value = each.expression
            first = is_first(value)
            rest = Null(value.type) if top.other is None else top.other
            yield Named(each.name, Case((first,), (value,), rest, value.type))
            yield Named(_flag(each.name), Not(first))

    other = question.compared
    return replace(
        question,
        dimensions=tuple(marked(question.dimensions)),
        parts=tuple(_with_others(part, is_first, top) for part in question.parts),
        compared=None if other is None else replace(other, dimensions=tuple(marked(other.dimensions))),
    )


def _ranking(
    question: Question, top: TopQuestion, passes: Passes, groups: LowerGroups
) -> Callable[[Expression], Expression]:
    """What says of a value whether it is among those that come first, null being a value."""
    asked = replace(question, dimensions=(top.dimension,), measures=(top.by,))
    ranked = Project(groups(asked, passes), (Named(top.dimension.name, top.ranked),))
    ranking = Shared(_first(ranked, top), "top")
    is_null = IsNull(top.ranked)

    def is_first(value: Expression) -> Expression:
        if _never_null(question, top.dimension.expression):
            return Within(value, ranking)
        null = conjunction((IsNull(value), Exists(Filter(ranking, is_null))))
        other = conjunction((Not(IsNull(value)), Within(value, Filter(ranking, Not(is_null)))))
        return disjunction((null, other))

    return is_first


def _first(groups: Node, top: TopQuestion) -> Limit:
    """The first groups by the measure, nulls last; where it is equal the dimension's own order decides."""
    by = SortKey(Output(top.by.name, top.by.type), top.descending)
    return Limit(Sort(groups, (by, SortKey(top.ranked))), top.count, bound_with_statement=False)


def _never_null(question: Question, dimension: Expression) -> bool:
    if question.parts or not isinstance(dimension, Column) or dimension.alias != question.source:
        return False
    return not question.instances[dimension.alias].table.schema.by_name[dimension.name].nullable

"""Asks a measures' filter where the rows of their grain are joined, instead of in every aggregate.

Precondition: all measures of the branch are of its grain and have the same filter, which reads the grain's row alone;
nothing else reads that row or what hangs on it; and a LEFT JOIN adds it. A row that fails the filter is then one that
no measure sees, and the row that is joined to nothing in its place keeps the group.
"""

from __future__ import annotations

from dataclasses import replace

from prismiq.plan.expressions import Exists, Expression, OneValue, Within
from prismiq.plan.lower.branches import Branch
from prismiq.plan.question import Question
from prismiq.plan.trees import columns_of, walk


def filter_joined(question: Question, branch: Branch) -> tuple[Question, Branch]:
    """The question and the branch with the filter in the join, or as they are."""
    instance = question.instances[branch.grain]
    where = _common_filter(branch)
    if where is None or instance.link is None or instance.link.kind != "left":
        return question, branch
    read = question.used([*(each.expression for each in question.dimensions), question.condition])
    if branch.grain in read | question.closed(question.inner) or not _reads_only(where, branch.grain):
        return question, branch
    joined = replace(instance, link=replace(instance.link, where=where))
    measures = tuple(replace(measure, where=None) for measure in branch.measures)
    instances = {**question.instances, branch.grain: joined}
    return replace(question, instances=instances), replace(branch, measures=measures)


def _common_filter(branch: Branch) -> Expression | None:
    """The filter of all measures, if it is one and the same."""
    filters = {measure.where for measure in branch.measures}
    if len(filters) != 1 or any(measure.grain != branch.grain for measure in branch.measures):
        return None
    return filters.pop()


def _reads_only(condition: Expression, alias: str) -> bool:
    """Whether a condition is about one row of the instance, and asks no other relation."""
    asks = any(isinstance(part, Exists | Within | OneValue) for part in walk(condition))
    return not asks and {column.alias for column in columns_of(condition)} == {alias}

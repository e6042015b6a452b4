"""Groups measures into branches: each branch is one aggregation over the rows of one grain.

Establishes: every measure is in one branch, and its own filter either is a FILTER clause (where the grain's row decides
it) or reduces the branch's rows. Leaves to `groups`: joins, de-duplication and putting the branches together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from prismiq.plan.expressions import Expression
from prismiq.plan.lower.uniqueness import determined
from prismiq.plan.passes import INSENSITIVE, SHARE_BRANCHES, Passes
from prismiq.plan.question import MeasureQuestion, Question
from prismiq.query.definition import Aggregate

IGNORES_DUPLICATES = frozenset(
    {
        Aggregate.MIN,
        Aggregate.MAX,
        Aggregate.COUNT_DISTINCT,
        Aggregate.APPROX_COUNT_DISTINCT,
        Aggregate.BOOL_AND,
        Aggregate.BOOL_OR,
    }
)


@dataclass(frozen=True, slots=True)
class Branch:
    """Measures over the distinct rows of `grain`; `only` keeps the joined rows that all of them see, None is all."""

    grain: str
    only: Expression | None
    measures: tuple[MeasureQuestion, ...]

    @property
    def sees_all_groups(self) -> bool:
        """Whether no filter of a measure takes a group away from it."""
        return self.only is None


def split_by_grain(question: Question, passes: Passes) -> list[Branch]:
    """The branches of a question, in the order of its measures."""
    branches: list[Branch] = []
    late: list[MeasureQuestion] = []
    for measure in question.measures:
        if INSENSITIVE in passes and measure.function in IGNORES_DUPLICATES:
            late.append(measure)
        else:
            _place(branches, _alone(question, measure, passes), passes)
    for measure in late:
        if not _rides_along(question, branches, measure):
            _place(branches, _alone(question, measure, passes), passes)
    written = [measure.name for measure in question.measures]
    return [
        replace(branch, measures=tuple(sorted(branch.measures, key=lambda each: written.index(each.name))))
        for branch in branches
    ]


def _alone(question: Question, measure: MeasureQuestion, passes: Passes) -> Branch:
    """A branch for one measure. Precondition of the FILTER clause: the grain's row decides the filter."""
    if measure.where is None:
        return Branch(measure.grain, None, (measure,))
    single = determined(question.instances, question.instances, measure.grain)
    if SHARE_BRANCHES in passes and question.used([measure.where]) <= single:
        return Branch(measure.grain, None, (measure,))
    return Branch(measure.grain, measure.where, (replace(measure, where=None),))


def _place(branches: list[Branch], branch: Branch, passes: Passes) -> None:
    if SHARE_BRANCHES in passes:
        for index, other in enumerate(branches):
            if other.grain == branch.grain and other.only == branch.only:
                branches[index] = replace(other, measures=other.measures + branch.measures)
                return
    branches.append(branch)


def _rides_along(question: Question, branches: list[Branch], measure: MeasureQuestion) -> bool:
    """Adds a measure that ignores duplicates to a branch whose rows its path does not multiply, if there is one."""
    needed = question.used([measure.argument, measure.where]) | question.closed([measure.grain])
    for index, branch in enumerate(branches):
        if branch.only is None and needed <= determined(question.instances, question.instances, branch.grain):
            branches[index] = replace(branch, measures=(*branch.measures, measure))
            return True
    return False

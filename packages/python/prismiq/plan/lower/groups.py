"""Lowers a grouped question: one aggregation per branch, put together on the dimensions.

A branch whose joins cannot multiply the rows of its grain is the plain GROUP BY a person would write. Elsewhere the
joined rows are first reduced to distinct (dimensions, key of the grain). Several branches meet in a UNION ALL that is
grouped once more, which is linear and keeps NULL groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from prismiq.errors import IssueCode
from prismiq.plan.expressions import TRUE, AggregateCall, Expression, Named, Null, Output, Single
from prismiq.plan.lower.branches import IGNORES_DUPLICATES, Branch, split_by_grain
from prismiq.plan.lower.instances import presence, raw_column
from prismiq.plan.lower.join_filters import filter_joined
from prismiq.plan.lower.joins import Joined, joined_rows
from prismiq.plan.lower.pre_aggregate import PreAggregated, pre_aggregated
from prismiq.plan.lower.uniqueness import determined
from prismiq.plan.nodes import Aggregate, Distinct, Node, Project, Union
from prismiq.plan.passes import BORROW_GROUPS, INSENSITIVE, JOIN_FILTERS, PLAIN_JOINS, PRE_AGGREGATE, Passes
from prismiq.plan.question import Instance, Issues, MeasureQuestion, Question
from prismiq.plan.resolve.aggregates import KEEPS_NULLS, NULL_FREE
from prismiq.plan.trees import column_of, columns_of, conjunction
from prismiq.query.definition import Aggregate as Function

LowerGroups = Callable[[Question, Passes], Node]
"""How a question's groups are lowered: `lower_groups`, or from what is at hand already."""


def lower_groups(question: Question, passes: Passes) -> Node:
    """The groups and their measures, dimensions first, in the order of the definition.

    Raises QueryError where a table without a key would have to be de-duplicated.
    """
    if question.parts:
        return _lower_parts(question, passes)
    branches = split_by_grain(question, passes)
    source = Branch(question.source, None, ())
    if not branches:
        return _Lowering(question, source, True, passes).lower()
    keeper = _keeper(question, branches, passes)
    if question.dimensions and keeper is None:
        branches.append(source)
        keeper = len(branches) - 1
    issues = Issues()
    lowered = [
        _Lowering(question, branch, bool(question.dimensions) and index == keeper, passes, issues).lower()
        for index, branch in enumerate(branches)
    ]
    issues.check()
    if len(lowered) == 1:
        return lowered[0]
    return _united(question, [{measure.name for measure in branch.measures} for branch in branches], lowered)


def _lower_parts(question: Question, passes: Passes) -> Node:
    """Without a source: what each table answers by itself, put together. A group that one of them has is a group."""
    dimensions, measures = ({each.name for each in named} for named in (question.dimensions, question.measures))
    owned: list[set[str]] = []
    lowered: list[Node] = []
    for whole in question.parts:
        part = replace(
            whole,
            dimensions=tuple(each for each in whole.dimensions if each.name in dimensions),
            measures=tuple(each for each in whole.measures if each.name in measures),
        )
        if part.dimensions or part.measures:
            owned.append({measure.name for measure in part.measures})
            lowered.append(lower_groups(part, passes))
    return lowered[0] if len(lowered) == 1 else _united(question, owned, lowered)


def _keeper(question: Question, branches: list[Branch], passes: Passes) -> int | None:
    """The branch that gives the groups: the cheapest of those that see all of them."""
    if BORROW_GROUPS not in passes:
        return None
    seeing = [index for index, branch in enumerate(branches) if branch.sees_all_groups]
    return min(seeing, key=lambda index: len(question.instances[branches[index].grain].path), default=None)


@dataclass(slots=True)
class _Lowering:
    """Lowers one branch. With `keeps_groups` a group without a row of the grain stays."""

    question: Question
    branch: Branch
    keeps_groups: bool
    passes: Passes
    issues: Issues = field(default_factory=Issues)

    def __post_init__(self) -> None:
        if JOIN_FILTERS in self.passes:
            self.question, self.branch = filter_joined(self.question, self.branch)

    def lower(self) -> Node:
        question, branch = self.question, self.branch
        read = [
            *(each.expression for each in question.dimensions),
            *(part for each in branch.measures for part in (each.argument, each.where, *each.order)),
        ]
        grains = {branch.grain, *(measure.grain for measure in branch.measures)}
        condition = conjunction((question.condition, *([branch.only] if branch.only is not None else [])))
        if self._drops_absent:
            condition = conjunction((condition, presence(self.grain)))
        rows = joined_rows(question, read, grains, condition, self.passes, reduce_around=branch.grain)
        if self._multiplied(rows):
            return self._deduplicated(rows)
        calls = tuple(Named(measure.name, self._call(measure)) for measure in branch.measures)
        found = pre_aggregated(question, branch, rows.instances) if PRE_AGGREGATE in self.passes else None
        return Aggregate(rows.node, question.dimensions, calls) if found is None else self._over(found)

    def _over(self, found: PreAggregated) -> Node:
        """The groups where the rows of the grain are grouped by what they are joined by, before they are."""
        question, grain = found.question, found.question.instances[found.grain]
        condition = conjunction((question.condition, presence(grain))) if self._drops_absent else question.condition
        read = [each.expression for each in question.dimensions]
        rows = joined_rows(question, read, {found.grain}, condition, self.passes)
        return Aggregate(rows.node, question.dimensions, found.measures)

    @property
    def _drops_absent(self) -> bool:
        """Whether rows without a row of the grain can go: no group depends on them, and no measure that rides along."""
        if self.keeps_groups:
            return False
        return all(self.branch.grain in self.question.closed([each.grain]) for each in self.branch.measures)

    @property
    def grain(self) -> Instance:
        return self.question.instances[self.branch.grain]

    def _multiplied(self, rows: Joined) -> bool:
        """Whether a row of the grain may be there more than once, to a measure that would notice."""
        if not self.branch.measures:
            return False
        if INSENSITIVE in self.passes and all(
            measure.function in IGNORES_DUPLICATES for measure in self.branch.measures
        ):
            return False
        unique = rows.instances <= determined(self.question.instances, rows.instances, self.branch.grain)
        # Without a key the proof is all there is: each row then counts once because no join multiplies it.
        return not unique or (PLAIN_JOINS not in self.passes and self.grain.table.schema.key is not None)

    def _call(self, measure: MeasureQuestion) -> AggregateCall:
        """The measure over rows of which none is there twice. Rows without a row of its grain are left out."""
        argument, where = measure.argument, measure.where
        instance = self.question.instances[measure.grain]
        present = presence(instance)
        if present != TRUE and (not self._drops_absent or measure.grain != self.branch.grain):
            if measure.function is Function.COUNT and argument is None:
                (argument,) = columns_of(present)
            elif measure.function in KEEPS_NULLS or not self._null_without(measure.argument, measure.grain):
                where = present if where is None else conjunction((where, present))
        return AggregateCall(
            measure.function,
            argument,
            measure.type,
            where,
            measure.p,
            measure.order,
            measure.descending,
            measure.separator,
            measure.extension,
        )

    def _null_without(self, argument: Expression | None, grain: str) -> bool:
        """Whether the argument is null where the grain has no row, so that every aggregate ignores it by itself."""
        column = None if argument is None else column_of(argument)
        if column is None:
            return False
        return grain in self.question.closed([column.alias])

    def _deduplicated(self, rows: Joined) -> Node:
        """Distinct (dimensions, key of the grain) with what the measures need, then aggregated."""
        question = self.question
        key = self.grain.table.schema.key
        if key is None:
            self._refuse(rows)
            return rows.node
        taken = {each.name for each in question.dimensions}
        keys = tuple(Named(fresh("key", taken), raw_column(self.grain, name)) for name in key)
        outputs = [*question.dimensions, *keys]
        calls: list[Named] = []
        for measure in self.branch.measures:
            call = self._call(measure)
            argument = call.argument and self._carry(call.argument, "value", outputs, taken)
            where = call.where and self._carry(call.where, "where", outputs, taken)
            order = tuple(self._carry(each, "order", outputs, taken) for each in call.order)
            calls.append(Named(measure.name, replace(call, argument=argument, where=where, order=order)))
        names = tuple(each.name for each in (*question.dimensions, *keys))
        distinct = Distinct(rows.node, tuple(outputs), names)
        dimensions = tuple(Named(each.name, Output(each.name, each.expression.type)) for each in question.dimensions)
        return Aggregate(distinct, dimensions, tuple(calls))

    @staticmethod
    def _carry(expression: Expression, name: str, outputs: list[Named], taken: set[str]) -> Expression:
        for each in outputs:
            if each.expression == expression:
                return Output(each.name, expression.type)
        named = Named(fresh(name, taken), expression)
        outputs.append(named)
        return Output(named.name, expression.type)

    def _refuse(self, rows: Joined) -> None:
        instances = self.question.instances
        single = determined(instances, rows.instances, self.branch.grain)
        blamed = next(alias for alias in instances if alias in rows.instances - single)
        for measure in self.branch.measures:
            self.issues.add(
                measure.loc,
                IssueCode.KEY_REQUIRED,
                f"{self.grain.name} has no key, and joining {instances[blamed].name} would count its rows "
                f'more than once in "{measure.name}".',
                "Declare a key for it in the schema configuration, or leave the joined path out of the query.",
            )


def _united(question: Question, owned: list[set[str]], lowered: list[Node]) -> Node:
    """What was lowered on top of each other, grouped by the dimensions once more. One of them owns each measure."""
    dimensions = tuple(Named(each.name, Output(each.name, each.expression.type)) for each in question.dimensions)
    inputs: list[Node] = []
    for own, node in zip(owned, lowered, strict=True):
        measures = tuple(
            Named(each.name, Output(each.name, each.type) if each.name in own else Null(each.type))
            for each in question.measures
        )
        inputs.append(Project(node, (*dimensions, *measures)))
    singles = tuple(
        Named(
            each.name,
            Single(Output(each.name, each.type), each.type, 0 if each.function in NULL_FREE else None),
        )
        for each in question.measures
    )
    return Aggregate(Union(tuple(inputs)), dimensions, singles)


def fresh(name: str, taken: set[str]) -> str:
    """A name that no other output has."""
    number, fresh = 1, name
    while fresh in taken:
        number += 1
        fresh = f"{name}_{number}"
    taken.add(fresh)
    return fresh

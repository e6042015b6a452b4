"""Several questions over the same rows, answered from one finer grouping of them: the cube.

The cube is a question itself, by the dimensions of all and with the parts that every measure can be put together from;
it is lowered like any other. Each question's own groups are then made of its groups in the place of the rows.

That is the same where (1) the rows are those of one source under one condition, none of them there twice, so that each
is in exactly one group of the cube, and each group of a question is made of whole groups of the cube; and (2) every
measure adds up without a loss: counts, exact sums and averages, least and greatest values. Floating point does not:
its sums depend on the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from prismiq.access.scope import ScopedSchema
from prismiq.errors import QueryError
from prismiq.plan.expressions import BIGINT, Column, Expression, Named, Parameter, Regrouped
from prismiq.plan.lower.additive import adds_up, parts_of
from prismiq.plan.lower.groups import lower_groups
from prismiq.plan.lower.uniqueness import determined
from prismiq.plan.nodes import Aggregate, Derived, Distinct, Limit, Node, QueryPlan, Shared, Union
from prismiq.plan.passes import FAST_BUCKETS, PASSES, Passes
from prismiq.plan.planner import MAX_TABLES, Means, plan_question, resolve_alone
from prismiq.plan.question import Instance, MeasureQuestion, Question
from prismiq.plan.trees import columns_of
from prismiq.query.shape import QueryShape
from prismiq.query.walks import rewritten

Page = tuple[int, int]
"""The slots of a limit and an offset."""


class NotSharedError(Exception):
    """A question asks for what the cube does not have."""


def shareable(shape: QueryShape, schema: ScopedSchema, *, max_tables: int = MAX_TABLES) -> Question | None:
    """The question of a shape, where its groups can be made of finer ones. Raises nothing: what is wrong is told where
    it is asked by itself."""
    try:
        question, _ = resolve_alone(shape, schema, max_tables=max_tables)
    except QueryError:
        return None
    if question.columns or question.parts or question.compared is not None:
        return None
    read = [
        *(each.expression for each in question.dimensions),
        *(part for each in question.measures for part in (each.argument, each.where)),
    ]
    single = determined(question.instances, question.instances, question.source)
    if not question.used(read) <= single or not question.closed(question.inner) <= single:
        return None
    return question if all(each.grain == question.source and adds_up(each) for each in question.measures) else None


@dataclass(slots=True)
class Cube:
    """What questions share: the same rows, in groups by the dimensions of all."""

    questions: tuple[Question, ...]
    instances: Mapping[str, Instance]

    @classmethod
    def of(cls, question: Question) -> Cube:
        """That of one question."""
        return cls((question,), question.instances)

    def with_question(self, question: Question) -> Cube | None:
        """With one more, or None where it is of other rows or calls them differently."""
        first = self.questions[0]
        instances = dict(self.instances)
        alike = all(instances.setdefault(alias, each) == each for alias, each in question.instances.items())
        if not alike or question.condition != first.condition or question.source != first.source:
            return None
        if question.inner != first.inner:
            return None
        return Cube((*self.questions, question), instances)

    @property
    def dimensions(self) -> list[Expression]:
        """What it groups by."""
        return list(dict.fromkeys(each.expression for question in self.questions for each in question.dimensions))


def plan_together(cube: Cube, pages: Sequence[Page], passes: Passes = PASSES) -> tuple[Shared, list[QueryPlan]] | None:
    """The cube, and the plan of each of its questions over it, with the page at its place; None where it is not the
    same after all."""
    try:
        shared = _Shared(cube, passes)
        others = frozenset(passes) - {FAST_BUCKETS}  # the dimensions are those of the cube, whose buckets are chosen
        plans = [
            plan_question(question, others, Means(shared.groups, _paged(*page)))
            for question, page in zip(cube.questions, pages, strict=True)
        ]
    except (NotSharedError, QueryError):
        return None
    return shared.node, plans


class _Shared:
    """The cube's groups, and how others are made of them."""

    def __init__(self, cube: Cube, passes: Passes) -> None:
        first = cube.questions[0]
        self._condition = first.condition
        self._instances = cube.instances
        self._alias = next(name for name in _names("cube") if name not in cube.instances)
        dimensions = {each: Named(f"d{place}", each) for place, each in enumerate(cube.dimensions, start=1)}
        self._dimensions = {each: self._column(named) for each, named in dimensions.items()}
        parts = dict.fromkeys(
            part for question in cube.questions for measure in question.measures for part in parts_of(measure)
        )
        measures = {part: replace(part, name=f"m{place}") for place, part in enumerate(parts, start=1)}
        self._parts = {part: Column(self._alias, each.name, each.type) for part, each in measures.items()}
        whole = replace(
            first,
            instances=cube.instances,
            dimensions=tuple(dimensions.values()),
            measures=tuple(measures.values()),
        )
        groups = lower_groups(whole, passes)
        if not isinstance(groups, Aggregate) or isinstance(groups.input, Distinct | Union):
            raise NotSharedError
        self.node = Shared(groups, self._alias)

    def groups(self, question: Question, passes: Passes) -> Node:
        """The groups of a question, or of one that is asked on the way to it. Raises NotSharedError."""
        if question.condition != self._condition:
            raise NotSharedError
        keys = tuple(Named(each.name, self._over(each.expression)) for each in question.dimensions)
        measures = tuple(Named(each.name, self._regrouped(each)) for each in question.measures)
        return Aggregate(Derived(self.node, self._alias), keys, measures)

    def _column(self, dimension: Named) -> Column:
        return Column(self._alias, dimension.name, dimension.expression.type)

    def _over(self, expression: Expression) -> Expression:
        """An expression of the rows as one of the cube's groups."""

        def change(part: object) -> object | None:
            if isinstance(part, Node):
                return part  # a ranking, which is made of the cube already
            return self._dimensions.get(part) if isinstance(part, Expression) else None

        found = rewritten(expression, change)
        assert isinstance(found, Expression)
        if any(column.alias in self._instances for column in columns_of(found)):
            raise NotSharedError
        return found

    def _regrouped(self, measure: MeasureQuestion) -> Regrouped:
        parts = [self._parts.get(part) for part in parts_of(measure)]
        known = tuple(part for part in parts if part is not None)
        if len(known) < len(parts):
            raise NotSharedError
        return Regrouped(measure.function, known, measure.type)


def _paged(limit: int, offset: int) -> _Paging:
    return _Paging(Parameter(limit, BIGINT), Parameter(offset, BIGINT))


@dataclass(frozen=True, slots=True)
class _Paging:
    limit: Parameter
    offset: Parameter

    def __call__(self, node: Node) -> Limit:
        return Limit(node, self.limit, self.offset, bound_with_statement=False)


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in count(2))

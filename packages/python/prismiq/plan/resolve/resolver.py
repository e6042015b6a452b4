"""The first pass: names become typed expressions over table instances, and every issue is collected.

Establishes what `prismiq.plan.question` says. Leaves to the next passes: keys, joins, duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import TRUE, Expression, Named, Output, Zone
from prismiq.plan.nodes import SortKey
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.plan.planning import Planning
from prismiq.plan.question import Question
from prismiq.plan.resolve.across import check_shared, split_by_table
from prismiq.plan.resolve.calculations import stage_calculations
from prismiq.plan.resolve.derived import derived_table
from prismiq.plan.resolve.entrance import check_kind, check_zone, find_table
from prismiq.plan.resolve.explicit import add_joins
from prismiq.plan.resolve.fields import Fields
from prismiq.plan.resolve.filtering import Filtering
from prismiq.plan.resolve.measures import Measures
from prismiq.plan.resolve.paths import JoinTree
from prismiq.plan.resolve.register import Register, label_of
from prismiq.plan.stages.compare import Comparing
from prismiq.plan.stages.pivot import resolve_pivot
from prismiq.plan.stages.top import add_flag, resolve_top
from prismiq.plan.stages.totals import add_marker, resolve_totals
from prismiq.query.expressions.tree import Name
from prismiq.query.fields import dotted
from prismiq.query.shape import CalculationShape, NestedShape, QueryShape


def resolve(shape: QueryShape, planning: Planning) -> Question | None:
    """Resolves every name of a definition, or notes all the reasons why it cannot be planned and returns None."""
    before = len(planning.issues.found)
    check_kind(shape, planning.issues)
    check_zone(shape, planning.issues)
    if shape.source is None:
        question = _resolve_across(shape, planning) if len(planning.issues.found) == before else None
    else:
        resolver = _resolver(shape, planning)
        question = resolver and resolver.stages(resolver.rows())
        planning.tables += len(resolver.tree.instances) if resolver else 0
    return None if len(planning.issues.found) > before else question


def _resolve_across(shape: QueryShape, planning: Planning) -> Question | None:
    """Without a source: a question for each table that is measured, and the stages over what they answer together."""
    found = [_resolver(each, planning) for each in split_by_table(shape, planning) or ()]
    resolvers = [each for each in found if each is not None]
    parts = tuple(each.rows() for each in resolvers)
    planning.tables += sum(len(each.tree.instances) for each in resolvers)
    if not parts or planning.issues.found:
        return None
    check_shared(parts, planning)
    whole = _Resolver(shape, planning, resolvers[0].tree)
    for each, dimension in zip(shape.dimensions, parts[0].dimensions, strict=True):
        whole.register.take(resolvers[0].register, each.loc)
        add_flag(shape.top, dimension.name, whole.register)
    add_marker(shape, whole.register)
    for each in shape.measures:
        owner = next(resolver.register for resolver in resolvers if each.loc in resolver.register.names)
        whole.register.take(owner, each.loc)
    by_loc = {measure.loc: measure for part in parts for measure in part.measures}
    measures = tuple(by_loc[each.loc] for each in shape.measures)
    return whole.stages(replace(parts[0], measures=measures, shape=shape, parts=parts))


def _resolver(shape: QueryShape, planning: Planning) -> _Resolver | None:
    tree = _tree(shape, planning)
    return None if tree is None else _Resolver(shape, planning, tree)


def _tree(shape: QueryShape, planning: Planning) -> JoinTree | None:
    """The source, to which everything else is joined."""
    if isinstance(shape.source, NestedShape):
        relation = planning.nest(shape.source.query, planning)
        if relation is None:
            return None
        return JoinTree(planning, derived_table(shape.source.alias, relation), relation.node)
    assert shape.source is not None
    source = find_table(shape.source, planning.schema, planning.issues, (*shape.loc, "source"))
    return None if source is None else JoinTree(planning, source)


class _Resolver:
    def __init__(self, shape: QueryShape, planning: Planning, tree: JoinTree) -> None:
        self._shape = shape
        self._planning = planning
        self._issues = issues = planning.issues
        self.tree = tree
        self.register = Register(shape, issues)
        self._filtering = Filtering(tree, Zone(shape.time_zone), self.register, planning)
        self._fields = Fields(planning.schema, tree, self._filtering, self.register, issues, calendar=shape.calendar)
        self._comparing = Comparing(shape, self.register, self._filtering.zone, issues)
        self._measures = Measures(tree, self._fields, self._filtering, self.register, issues)

    def rows(self) -> Question:
        """What is asked of rows: dimensions, columns, measures and filters."""
        shape = self._shape
        add_joins(shape.joins, self.tree, self._planning)
        dimensions = tuple(self._dimensions())
        columns = [self._fields.dimension(each, Role.COLUMN) for each in shape.columns]
        measures = [self._comparing.with_previous(self._measures.resolve(each)) for each in shape.measures]
        condition = self._filtering.filter(shape.filters) or TRUE
        compared = None
        if shape.comparison is not None and self._comparing.applies:
            moment = self.tree.field(shape.comparison.field, (*shape.comparison.loc, "field"))
            compared = self._comparing.other(moment, condition, dimensions, self._fields.times)
        return Question(
            instances=self.tree.instances,
            dimensions=dimensions,
            measures=tuple(each for each in measures if each is not None),
            columns=tuple(each for each in columns if each is not None),
            condition=condition,
            joined=tuple(each.alias for each in self.tree.joined.values()),
            shape=shape,
            times=tuple(self._fields.times),
            compared=compared,
        )

    def stages(self, question: Question) -> Question:
        """With what is asked of outputs: calculations, having, the order and the pivot."""
        shape = self._shape
        calculations = stage_calculations(
            shape.calculations, self._filtering.zone, self._calculated, self._add_calculation, self._issues
        )
        staged = replace(
            question,
            top=None if shape.columns else resolve_top(shape.top, question, self.register, self._issues),
            calculations=(self._comparing.changes, *calculations) if self._comparing.changes else calculations,
            having=self._filtering.filter(shape.having, over_outputs=True),
            totals=resolve_totals(shape, len(question.dimensions), self._issues),
            order=self._order(question.columns),
            outputs=self.register.shown(),
            types={name: output.type for name, output in self.register.types.items()},
        )
        return resolve_pivot(shape, staged, self.register, self._issues)

    def _dimensions(self) -> Iterator[Named]:
        for each in self._shape.dimensions:
            dimension = self._fields.dimension(each, Role.DIMENSION)
            if dimension is not None:
                yield dimension
                add_flag(self._shape.top, dimension.name, self.register)
        add_marker(self._shape, self.register)

    def _order(self, columns: tuple[Named, ...]) -> tuple[SortKey, ...]:
        keys: list[SortKey] = []
        shown = {column.name: column.expression for column in columns}
        for shape in self._shape.order_by:
            loc = (*shape.loc, "field")
            expression: Expression | None
            if shape.raw in self.register.outputs or not self._shape.columns:
                expression = self.register.find(shape.field, shape.raw, loc)
                if isinstance(expression, Output) and expression.name in shown:
                    expression = shown[expression.name]
            else:
                expression = self.tree.field(shape.field, loc)
            if expression is None:
                continue
            if not expression.type.comparable:
                self._issues.add(
                    loc,
                    IssueCode.TYPE_MISMATCH,
                    f'"{shape.raw}" is {expression.type.kind}, which has no order.',
                    "Order by another field.",
                )
            keys.append(SortKey(expression, shape.descending))
        return tuple(keys)

    def _calculated(self, name: Name, loc: Location) -> Output | None:
        return self.register.find(name.path, dotted(name.path), loc)

    def _add_calculation(self, shape: CalculationShape, built: Expression) -> None:
        output = OutputColumn(
            name=shape.name,
            type=built.type.kind,
            role=Role.CALCULATION,
            label=shape.label or label_of(shape.name),
            element=built.type.element,
            format=shape.format,
        )
        self.register.add(output, built.type, shape.loc)
        if shape.hidden:
            self.register.hidden.add(shape.name)

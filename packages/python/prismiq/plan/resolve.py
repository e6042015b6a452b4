"""The first pass: names become typed expressions over table instances, and every issue is collected.

Establishes what `prismiq.plan.question` says. Leaves to the next passes: keys, joins, duplicates.
"""

from __future__ import annotations

from prismiq.errors import IssueCode, Location
from prismiq.plan.calculations import stage_calculations
from prismiq.plan.derived import derived_table
from prismiq.plan.entrance import check_kind, check_zone, find_table
from prismiq.plan.explicit import add_joins
from prismiq.plan.expressions import TRUE, Expression, Named, Output, Zone
from prismiq.plan.fields import Fields
from prismiq.plan.filtering import Filtering
from prismiq.plan.measures import Measures
from prismiq.plan.nodes import SortKey
from prismiq.plan.outputs import Role
from prismiq.plan.paths import JoinTree
from prismiq.plan.planning import Planning
from prismiq.plan.question import Question
from prismiq.plan.register import Register, label_of
from prismiq.query.expressions.tree import Name
from prismiq.query.fields import dotted
from prismiq.query.shape import CalculationShape, NestedShape, QueryShape


def resolve(shape: QueryShape, planning: Planning) -> Question | None:
    """Resolves every name of a definition, or notes all the reasons why it cannot be planned and returns None."""
    before = len(planning.issues.found)
    check_kind(shape, planning.issues)
    check_zone(shape, planning.issues)
    tree = _tree(shape, planning)
    if tree is None:
        return None
    question = _Resolver(shape, planning, tree).resolve()
    planning.tables += len(tree.instances)
    return None if len(planning.issues.found) > before else question


def _tree(shape: QueryShape, planning: Planning) -> JoinTree | None:
    """The source, to which everything else is joined."""
    if isinstance(shape.source, NestedShape):
        relation = planning.nest(shape.source.query, planning)
        return (
            None if relation is None else JoinTree(planning, derived_table(shape.source.alias, relation), relation.node)
        )
    source = find_table(shape.source, planning.schema, planning.issues, (*shape.loc, "source"))
    return None if source is None else JoinTree(planning, source)


class _Resolver:
    def __init__(self, shape: QueryShape, planning: Planning, tree: JoinTree) -> None:
        self._shape = shape
        self._planning = planning
        self._issues = issues = planning.issues
        self._tree = tree
        self._register = Register(shape, issues)
        self._filtering = Filtering(tree, Zone(shape.time_zone), self._register, planning)
        self._fields = Fields(planning.schema, tree, self._filtering, self._register, issues)
        self._measures = Measures(tree, self._fields, self._filtering, self._register, issues)

    def resolve(self) -> Question:
        shape = self._shape
        add_joins(shape.joins, self._tree, self._planning)
        dimensions = [self._fields.dimension(each, Role.DIMENSION) for each in shape.dimensions]
        columns = [self._fields.dimension(each, Role.COLUMN) for each in shape.columns]
        measures = [self._measures.resolve(each) for each in shape.measures]
        calculations = stage_calculations(
            shape.calculations, self._filtering.zone, self._calculated, self._add_calculation, self._issues
        )
        condition = self._filtering.filter(shape.filters)
        having = self._filtering.filter(shape.having, over_outputs=True)
        listed = tuple(each for each in columns if each is not None)
        return Question(
            instances=self._tree.instances,
            dimensions=tuple(each for each in dimensions if each is not None),
            measures=tuple(each for each in measures if each is not None),
            calculations=calculations,
            columns=listed,
            condition=condition or TRUE,
            having=having,
            order=self._order(listed),
            outputs=self._register.shown(),
            joined=tuple(each.alias for each in self._tree.joined.values()),
            types={name: output.type for name, output in self._register.types.items()},
            shape=shape,
        )

    def _order(self, columns: tuple[Named, ...]) -> tuple[SortKey, ...]:
        keys: list[SortKey] = []
        shown = {column.name: column.expression for column in columns}
        for shape in self._shape.order_by:
            loc = (*shape.loc, "field")
            expression: Expression | None
            if shape.raw in self._register.outputs or not self._shape.columns:
                expression = self._register.find(shape.field, shape.raw, loc)
                if isinstance(expression, Output) and expression.name in shown:
                    expression = shown[expression.name]
            else:
                expression = self._tree.field(shape.field, loc)
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
        return self._register.find(name.path, dotted(name.path), loc)

    def _add_calculation(self, shape: CalculationShape, built: Expression) -> None:
        label = shape.label or label_of(shape.name)
        self._register.add(shape.name, Output(shape.name, built.type), Role.CALCULATION, label, shape.loc)
        if shape.hidden:
            self._register.hidden.add(shape.name)

"""The first pass: names become typed expressions over table instances, and every issue is collected.

Establishes what `prismiq.plan.question` says. Leaves to the next passes: keys, joins, duplicates.
"""

from __future__ import annotations

from prismiq.access.scope import ScopedSchema, ScopedTable
from prismiq.errors import IssueCode, Location
from prismiq.plan.calculations import stage_calculations
from prismiq.plan.entrance import check_kind, check_zone, find_source
from prismiq.plan.expressions import TRUE, Expression, Named, Output, Zone
from prismiq.plan.fields import Fields
from prismiq.plan.filtering import Filtering
from prismiq.plan.measures import Measures
from prismiq.plan.nodes import SortKey, Unit
from prismiq.plan.outputs import Role
from prismiq.plan.paths import JoinTree
from prismiq.plan.question import Issues, Question
from prismiq.plan.register import Register, label_of
from prismiq.query.expressions.tree import Name
from prismiq.query.fields import dotted
from prismiq.query.shape import CalculationShape, QueryShape


def resolve(shape: QueryShape, schema: ScopedSchema, max_tables: int) -> Question:
    """Resolves every name of a definition, which may join `max_tables` tables at most.

    Raises QueryError with all the reasons why it cannot be planned.
    """
    issues = Issues()
    check_kind(shape, issues)
    check_zone(shape.time_zone, issues)
    source = find_source(shape.source, schema, issues)
    if source is None:
        issues.check()
        raise AssertionError
    resolver = _Resolver(shape, schema, source, issues)
    question = resolver.resolve()
    if resolver.tables > max_tables:
        issues.add(
            (),
            IssueCode.TOO_COMPLEX,
            f"The query joins {resolver.tables} tables, and {max_tables} are allowed.",
            "Ask for fewer paths, or raise the limit `max_joined_tables`.",
        )
    issues.check()
    return question


class _Resolver:
    def __init__(self, shape: QueryShape, schema: ScopedSchema, source: ScopedTable, issues: Issues) -> None:
        self._shape = shape
        self._issues = issues
        self._tree = JoinTree(schema, source, issues, {Unit.alias})
        self._register = Register(shape, issues)
        self._filtering = Filtering(self._tree, Zone(shape.time_zone), self._register, issues)
        self._fields = Fields(schema, self._tree, self._filtering, self._register, issues)
        self._measures = Measures(self._tree, self._fields, self._filtering, self._register, issues)

    @property
    def tables(self) -> int:
        """How many table instances the query reads."""
        return len(self._tree.instances) + self._filtering.exists_tables

    def resolve(self) -> Question:
        shape = self._shape
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
            time_zone=shape.time_zone,
            warnings=tuple(dict.fromkeys(self._filtering.warnings)),
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

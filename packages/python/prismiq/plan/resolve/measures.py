"""A measure: its argument, its type, and the rows it is computed over."""

from __future__ import annotations

from prismiq.errors import IssueCode
from prismiq.plan.expressions import BIGINT, DOUBLE, Expression, Parameter, ValueType
from prismiq.plan.lower.uniqueness import reaches_to_one
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.plan.question import Instance, Issues, MeasureQuestion
from prismiq.plan.resolve.aggregates import TAKES_ALL, as_element, fitting, result_type
from prismiq.plan.resolve.fields import Fields
from prismiq.plan.resolve.filtering import Filtering
from prismiq.plan.resolve.ordering import resolve_order, resolve_separator
from prismiq.plan.resolve.paths import JoinTree
from prismiq.plan.resolve.register import Register, label_of
from prismiq.plan.trees import columns_of
from prismiq.query.definition import Aggregate
from prismiq.query.fields import Segments, dotted
from prismiq.query.shape import MeasureShape


class Measures:
    """Resolves the measures of one query."""

    def __init__(
        self, tree: JoinTree, fields: Fields, filtering: Filtering, register: Register, issues: Issues
    ) -> None:
        self.tree = tree
        self.issues = issues
        self._fields = fields
        self._filtering = filtering
        self._register = register
        self._extension = fields.schema.database.hll_schema

    def resolve(self, shape: MeasureShape) -> MeasureQuestion | None:
        """The measure, or None and the issues."""
        placed = self._placed(shape)
        if placed is None:
            return None
        argument, grain, named = placed
        type_ = self._type(shape, argument)
        if type_ is None:
            return None
        p = self._percentile(shape)
        separator = resolve_separator(shape, self.issues)
        order = resolve_order(shape, argument, grain, self.tree, self.issues)
        if order is None:
            return None
        where = self._filtering.filter(shape.filters)
        before = (str(shape.aggregate), *named)
        name = shape.name or ("_".join(before) if argument is None else self._fields.name(argument, before, shape.loc))
        output = OutputColumn(
            name=name,
            type=type_.kind,
            role=Role.MEASURE,
            label=shape.label or label_of(name),
            grain=grain.name,
            element=type_.element,
            format=shape.format,
        )
        self._register.add(output, type_, shape.loc)
        if shape.hidden:
            self._register.hidden.add(name)
        if shape.aggregate in (Aggregate.ARRAY_AGG, Aggregate.STRING_AGG) and argument is not None:
            argument = as_element(argument)
        return MeasureQuestion(
            name, shape.aggregate, argument, where, p, grain.alias, type_, shape.loc, *order, separator, self._extension
        )

    def _placed(self, shape: MeasureShape) -> tuple[Expression | None, Instance, Segments] | None:
        """What is aggregated, over the rows of which instance, and the path that names it."""
        argument: Expression | None = None
        grain = self.tree.source
        named: Segments = ()
        if shape.field is not None or shape.expression is not None:
            argument = self._fields.operand(shape.field, shape.expression, shape.loc)
            if argument is None:
                return None
            found = self._grain(argument, shape)
            if found is None:
                return None
            grain = found
        if shape.table is not None or (shape.aggregate is not Aggregate.COUNT and argument is None):
            if shape.aggregate is not Aggregate.COUNT or argument is not None:
                self._misplaced(shape)
                return None
            reached = self.tree.instance(shape.table or (), (*shape.loc, "table"))
            if reached is None:
                return None
            grain = reached
            named = grain.path
        if shape.grain is not None and shape.table is not None:
            message = "`table` says whose rows are counted, and so does `grain`."
            self.issues.add((*shape.loc, "grain"), IssueCode.INVALID, message, "Leave one of them out.")
            return None
        if shape.grain is not None:
            reached = self.tree.instance(shape.grain, (*shape.loc, "grain"))
            if reached is None:
                return None
            aliases = () if argument is None else {column.alias for column in columns_of(argument)}
            if not all(reaches_to_one(self.tree.instances, reached.alias, alias) for alias in aliases):
                self.issues.add(
                    (*shape.loc, "grain"),
                    IssueCode.GRAIN_UNREACHABLE,
                    f"A row of {reached.name} can have many rows of what {self._written(shape)} reads.",
                    "Choose as grain a table from which the field is reached to-one.",
                )
                return None
            grain = reached
        return argument, grain, named

    def _type(self, shape: MeasureShape, argument: Expression | None) -> ValueType | None:
        """The type of its values, where it can be computed."""
        type_ = BIGINT if argument is None else result_type(shape.aggregate, argument.type)
        if shape.aggregate is Aggregate.APPROX_COUNT_DISTINCT and self._extension is None:
            self.issues.add(
                (*shape.loc, "aggregate"),
                IssueCode.UNKNOWN_AGGREGATE,
                "approx_count_distinct needs PostgreSQL's extension hll, which this database does not have.",
                "Use count_distinct, which is exact; or `CREATE EXTENSION hll`.",
            )
            return None
        if type_ is None or (
            argument is not None and not argument.type.comparable and shape.aggregate not in TAKES_ALL
        ):
            assert argument is not None
            self.issues.add(
                (*shape.loc, "aggregate"),
                IssueCode.TYPE_MISMATCH,
                f"{self._written(shape)} is {argument.type.kind}, which {shape.aggregate} does not take.",
                f"It can be asked for {', '.join(fitting(argument.type))}.",
            )
            return None
        return type_

    def _grain(self, argument: Expression, shape: MeasureShape) -> Instance | None:
        """The table of the field; of an expression the one from which all its fields are reached to-one."""
        instances = self.tree.instances
        read = {column.alias for column in columns_of(argument)}
        if not read:
            return self.tree.source
        if shape.grain is not None:  # what is asked for is checked instead
            return instances[min(read)]
        way = self._way_to(read)  # nothing else of the query may change what the expression means
        reaching = [each for each in way if all(reaches_to_one(instances, each, alias) for alias in read)]
        for alias in (*(each for each in reaching if each in read), *reversed(reaching)):
            return instances[alias]
        names = " and ".join(sorted(instances[alias].name for alias in read))
        self.issues.add(
            (*shape.loc, "expression"),
            IssueCode.GRAIN_UNREACHABLE,
            f"No table has at most one row of each of {names}.",
            "Aggregate them in two measures, or combine them in a calculation.",
        )
        return None

    def _way_to(self, read: set[str]) -> list[str]:
        """The instances read and those on the way to them, the nearest to the source first, whatever else is asked."""
        way: set[str | None] = {*read, self.tree.source.alias}
        for alias in reversed(list(self.tree.instances)):
            if alias in way:
                way.add(self.tree.instances[alias].parent)
        found = [instance for alias, instance in self.tree.instances.items() if alias in way]
        return [each.alias for each in sorted(found, key=lambda each: (len(each.path), each.path))]

    def _misplaced(self, shape: MeasureShape) -> None:
        if shape.table is not None:
            self.issues.add(
                (*shape.loc, "table"),
                IssueCode.INVALID,
                "`table` is for counting a table's rows, without a field.",
                f'Write {{"aggregate": "count", "table": "{dotted(shape.table)}"}}, or name a `field` only.',
            )
        else:
            self.issues.add(
                (*shape.loc, "field"),
                IssueCode.MISSING,
                f"{shape.aggregate} needs a field.",
                "Name a `field` to aggregate.",
            )

    def _percentile(self, shape: MeasureShape) -> Parameter | None:
        wanted = shape.aggregate is Aggregate.PERCENTILE
        if wanted and shape.p is None:
            self.issues.add(
                (*shape.loc, "p"), IssueCode.MISSING, "percentile needs `p`.", "0.9 is the 90th percentile."
            )
        if shape.p is None:
            return None
        if not wanted:
            self.issues.add((*shape.loc, "p"), IssueCode.INVALID, f"{shape.aggregate} takes no `p`.", "Leave `p` out.")
        return Parameter(shape.p.index, DOUBLE, loc=shape.p.loc)

    def _written(self, shape: MeasureShape) -> str:
        return f'"{dotted(shape.field)}"' if shape.field else "the expression"

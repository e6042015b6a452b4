"""What dimensions, columns and measures name: a field or an expression, and how the output is called."""

from __future__ import annotations

from prismiq.access.scope import ScopedSchema
from prismiq.calendars import Calendar
from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import Column, Expression, Named, Output
from prismiq.plan.outputs import OutputColumn, Role
from prismiq.plan.question import Issues, TimeDimension
from prismiq.plan.resolve.dimensions import bucket, number_bucket
from prismiq.plan.resolve.filtering import Filtering
from prismiq.plan.resolve.paths import JoinTree
from prismiq.plan.resolve.register import Register, label_of
from prismiq.plan.stages.fill import check_fill
from prismiq.plan.trees import column_of
from prismiq.query.expressions.tree import Tree
from prismiq.query.fields import Segments, dotted
from prismiq.query.shape import DimensionShape, Slot
from prismiq.schema.types import MOMENTS


class Fields:
    """Resolves fields, expressions, and the dimensions and columns made of them."""

    def __init__(
        self,
        schema: ScopedSchema,
        tree: JoinTree,
        filtering: Filtering,
        register: Register,
        issues: Issues,
        *,
        calendar: Calendar,
    ) -> None:
        self._calendar = calendar
        self.schema = schema
        self._tree = tree
        self._filtering = filtering
        self._register = register
        self._issues = issues
        self.times: list[TimeDimension] = []
        """The dimensions that are moments or their buckets."""

    def operand(
        self, field: Segments | None, tree: Tree[Slot] | None, loc: Location, *, windows: bool = False
    ) -> Expression | None:
        """The field or the expression that a part names, or None and an issue."""
        if (field is None) == (tree is None):
            message = "Name a `field` or an `expression`, one of them."
            self._issues.add(loc, IssueCode.MISSING, message, "An expression computes: `total * 2`; a field is a path.")
            return None
        if tree is not None:
            return self._filtering.scalar(tree, (*loc, "expression"), windows=windows)
        return self._tree.field(field or (), (*loc, "field"))

    def name(self, part: Expression, before: Segments, loc: Location) -> str:
        """The default name: the path with underscores. An expression has none, and needs one to be given."""
        column = column_of(part)
        if column is not None:
            return "_".join((*before, *self._path(column), column.name))
        self._issues.add(loc, IssueCode.MISSING, "An expression needs a `name`.", "Give the output a `name`.")
        return f"expression_{len(self._register.outputs)}"

    def dimension(self, shape: DimensionShape, role: Role) -> Named | None:
        """A dimension or a column of a row query, in its bucket; or None and an issue."""
        check_fill(shape, grouped=role is Role.DIMENSION, issues=self._issues)
        part = self.operand(shape.field, shape.expression, shape.loc, windows=role is Role.COLUMN)
        if part is None:
            return None
        written = shape.name or dotted(shape.field or ())
        if role is Role.DIMENSION and not part.type.comparable:
            self._issues.add(
                shape.loc,
                IssueCode.TYPE_MISMATCH,
                f'"{written}" is {part.type.kind}, which cannot be grouped by.',
                "List it as a column of a row query instead.",
            )
            return None
        expression = self._bucket(part, shape, written)
        if expression is None:
            return None
        column = column_of(part)
        name = shape.name or self.name(part, (), shape.loc)
        output = OutputColumn(
            name=name,
            type=expression.type.kind,
            role=role,
            label=shape.label or (label_of(name) if column is None else self._label(column)),
            granularity=None if shape.granularity is None else str(shape.granularity),
            source=None if column is None else self._source(column),
            binned=shape.bins is not None,
            element=expression.type.element,
            format=shape.format,
        )
        self._register.add(output, expression.type, shape.loc)
        if part.type.kind in MOMENTS:
            bucketed = Output(name, expression.type)
            self.times.append(TimeDimension(bucketed, part, shape.granularity, shape.loc, shape.fill))
        return Named(name, expression)

    def _bucket(self, part: Expression, shape: DimensionShape, name: str) -> Expression | None:
        if shape.bins is not None:
            return number_bucket(part, shape.bins, shape.loc, self._issues, name=name)
        zone, calendar = self._filtering.zone, self._calendar
        return bucket(part, shape.granularity, zone, shape.loc, self._issues, name=name, calendar=calendar)

    def _path(self, column: Column) -> Segments:
        return self._tree.instances[column.alias].path

    def _label(self, column: Column) -> str:
        own = self._tree.instances[column.alias].table.columns[column.name].label
        return own or label_of("_".join((*self._path(column), column.name)))

    def _source(self, column: Column) -> str | None:
        instance = self._tree.instances[column.alias]
        if instance.node is not None:
            return None
        return f"{self.schema.database.reference(instance.table.ref)}.{column.name}"

"""Filter trees as conditions over table instances, or over outputs."""

from __future__ import annotations

from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import TRUE, Expression, Not, Zone
from prismiq.plan.lower.uniqueness import reduces_to_many
from prismiq.plan.planning import Planning
from prismiq.plan.resolve.conditions import build_condition
from prismiq.plan.resolve.exists import related_rows
from prismiq.plan.resolve.paths import JoinTree
from prismiq.plan.resolve.queries import compare_with_query
from prismiq.plan.resolve.register import Register
from prismiq.plan.resolve.scalars import build_scalar
from prismiq.plan.trees import conjunction, disjunction
from prismiq.query.expressions.tree import Name, Tree
from prismiq.query.fields import dotted
from prismiq.query.shape import AndShape, ExistsShape, ExpressionShape, FieldShape, FilterShape, NotShape, OrShape, Slot
from prismiq.schema.types import DataType


class Filtering:
    """Resolves conditions and expressions. Inside `exists` the tree is that of the related rows."""

    def __init__(self, tree: JoinTree, zone: Zone, register: Register, planning: Planning) -> None:
        self.tree: JoinTree = tree
        self.zone = zone
        self.issues = planning.issues
        self._planning = planning
        self._register = register
        self._around: list[JoinTree] = []

    def filter(self, shape: FilterShape | None, *, over_outputs: bool = False) -> Expression | None:
        """The condition of a filter tree; with `over_outputs` its fields are outputs. None where there is none."""
        if shape is None:
            return None
        if isinstance(shape, AndShape):
            return conjunction(tuple(self._parts(shape.parts, over_outputs)))
        if isinstance(shape, OrShape):
            return disjunction(tuple(self._parts(shape.parts, over_outputs)))
        if isinstance(shape, NotShape):
            part = self.filter(shape.part, over_outputs=over_outputs) or TRUE
            if not over_outputs:
                self._warn_of_not(part)
            return Not(part)
        if isinstance(shape, ExpressionShape):
            return self._lone(shape, over_outputs)
        if isinstance(shape, ExistsShape):
            return self._exists(shape, over_outputs)
        operand: Expression | None
        if shape.expression is not None:
            operand = self.scalar(shape.expression, (*shape.loc, "expression"), over_outputs=over_outputs)
        elif over_outputs:
            operand = self._register.find(shape.field, dotted(shape.field), (*shape.loc, "field"), hint_filters=True)
        else:
            operand = self.tree.field(shape.field, (*shape.loc, "field"))
        if operand is None:
            return None
        if shape.query is not None:
            return compare_with_query(shape, shape.query, operand, self.zone, self._planning)
        return build_condition(
            shape, operand, self.zone, self.issues, lambda named: self._other(named, over_outputs=over_outputs)
        )

    def _other(self, shape: FieldShape, *, over_outputs: bool) -> Expression | None:
        """The field that a condition compares with."""
        if shape.outer and not self._around:
            message = "`outer` reaches out of `exists`, and this condition is not inside one."
            self.issues.add(shape.loc, IssueCode.INVALID, message, 'Write {"field": …}.')
            return None
        if over_outputs:
            return self._register.find(shape.path, dotted(shape.path), shape.loc)
        return (self._around[-1] if shape.outer else self.tree).field(shape.path, shape.loc)

    def _exists(self, shape: ExistsShape, over_outputs: bool) -> Expression | None:
        """EXISTS over related rows, with a join tree of its own: other conditions do not speak of the same row."""
        if over_outputs:
            self.issues.add(
                shape.loc, IssueCode.INVALID, "`exists` asks of rows, and `having` of groups.", "Move it to `filters`."
            )
            return None
        outer = self.tree
        scratch = outer.below(outer.source)
        related = scratch.instance(shape.path, (*shape.loc, "exists"))
        if related is None:
            return None
        if related is scratch.source:
            message = "`exists` needs a path to related rows, and this is the source itself."
            self.issues.add((*shape.loc, "exists"), IssueCode.INVALID, message, "Name a relationship.")
            return None
        self.tree = outer.below(related)
        self._around.append(outer)
        condition = self.filter(shape.filters) or TRUE
        inner, self.tree = self.tree, self._around.pop()
        self._planning.tables += len(inner.instances) + len(related.path) - 1
        return related_rows(outer.source, scratch.instances, related, inner.instances, condition)

    def scalar(
        self, tree: Tree[Slot], loc: Location, *, over_outputs: bool = False, windows: bool = False
    ) -> Expression | None:
        """A typed expression, with window functions where `windows` allows them; or None and an issue."""

        def name(each: Name) -> Expression | None:
            if over_outputs:
                return self._register.find(each.path, dotted(each.path), loc, hint_filters=True)
            return self.tree.field(each.path, loc)

        return build_scalar(tree, name, self.zone, loc, self.issues, windows=windows)

    def _lone(self, shape: ExpressionShape, over_outputs: bool) -> Expression | None:
        loc = (*shape.loc, "expression")
        built = self.scalar(shape.expression, loc, over_outputs=over_outputs)
        if built is not None and built.type.kind is not DataType.BOOLEAN:
            self.issues.add(
                loc,
                IssueCode.TYPE_MISMATCH,
                f"A condition is expected, and the expression is {built.type.kind}.",
                "Compare it with something, or give an `operator` and a `value`.",
            )
            return None
        return built

    def _parts(self, shapes: tuple[FilterShape, ...], over_outputs: bool) -> list[Expression]:
        parts = [self.filter(shape, over_outputs=over_outputs) for shape in shapes]
        return [part for part in parts if part is not None]

    def _warn_of_not(self, part: Expression) -> None:
        for alias in reduces_to_many(self.tree.instances, part):
            self._planning.warnings.append(
                f"`not` over {self.tree.instances[alias].name}, of which there can be many, "
                "means that some related row does not match; it does not mean that none does."
            )

"""A query without a source: every measure starts from its own table, and all meet in shared dimensions.

Splits the shape by table into queries with that table as the source. Establishes that every dimension and filter has a
field in each, reached to-one. Leaves to `groups` to put what they answer together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from prismiq.errors import IssueCode, Location
from prismiq.plan.expressions import Named
from prismiq.plan.lower.uniqueness import reduces_to_many
from prismiq.plan.planning import Planning
from prismiq.plan.question import Question
from prismiq.plan.resolve.entrance import find_table
from prismiq.query.expressions.tree import names_in
from prismiq.query.fields import Segments, dotted
from prismiq.query.shape import (
    AndShape,
    ConditionShape,
    DimensionShape,
    FieldsShape,
    FilterShape,
    MeasureShape,
    NotShape,
    OrShape,
    QueryShape,
)
from prismiq.schema.models import TableRef


def split_by_table(shape: QueryShape, planning: Planning) -> list[QueryShape] | None:
    """One query for each table that is measured, in the order of the measures; or None and the issues."""
    before = len(planning.issues.found)
    measured: dict[TableRef, list[MeasureShape]] = {}
    for measure in shape.measures:
        started = _start(measure, planning)
        if started is not None:
            ref, length = started
            measured.setdefault(ref, []).append(_from_table(measure, length))
    if len(planning.issues.found) > before:
        return None
    splitter = _Splitter(list(measured), planning)
    queries = [
        replace(
            shape,
            source=(ref.schema, ref.name),
            dimensions=tuple(splitter.dimension(each, ref) for each in shape.dimensions),
            measures=tuple(measures),
            calculations=(),
            comparison=None,
            filters=splitter.filter(shape.filters, ref),
            top=None,
            totals=None,
            pivot=None,
            having=None,
            order_by=(),
        )
        for ref, measures in measured.items()
    ]
    return queries if len(planning.issues.found) == before else None


def check_shared(parts: Sequence[Question], planning: Planning) -> None:
    """Notes an issue for each dimension or filter that is reached to-many from a table, or differs in type."""
    for part in parts:
        table = part.instances[part.source].name
        asked = [(each.expression, shape.loc) for each, shape in _with_shapes(part)]
        for expression, loc in (*asked, (part.condition, (*part.shape.loc, "filters"))):
            for alias in reduces_to_many(part.instances, expression)[:1]:
                message = f"A row of {table} can have many rows of {part.instances[alias].name}."
                hint = "What tables share is reached to-one from each of them: name another field in `fields`."
                planning.issues.add(loc, IssueCode.GRAIN_UNREACHABLE, message, hint)
        for (each, shape), first in zip(_with_shapes(part), parts[0].dimensions, strict=False):
            own, other = each.expression.type.kind, first.expression.type.kind
            if own is not other:
                message = f'"{each.name}" is {own} in {table} and {other} elsewhere.'
                hint = "Use fields of one type, or an expression that casts them."
                planning.issues.add(shape.loc, IssueCode.TYPE_MISMATCH, message, hint)


def _with_shapes(part: Question) -> Sequence[tuple[Named, DimensionShape]]:
    return list(zip(part.dimensions, part.shape.dimensions, strict=False))


def _start(measure: MeasureShape, planning: Planning) -> tuple[TableRef, int] | None:
    """The table that a measure is of, and how many names of its path say so."""
    key, names = _written(measure)
    if not names:
        message = f"Without a `source`, {measure.aggregate} does not say of which table."
        hint = "Name a `source`, or give the measure a `table` or a `field` that begins with one."
        planning.issues.add(measure.loc, IssueCode.MISSING, message, hint)
        return None
    for length in (1, 2):
        found = planning.schema.database.candidates(names[:length])
        if len(found) == 1 and found[0] in planning.schema.tables and len(names) >= length:
            return found[0], length
    find_table(names[:1], planning.schema, planning.issues, (*measure.loc, key))  # says why there is none
    return None


def _written(measure: MeasureShape) -> tuple[str, Segments]:
    if measure.table is not None:
        return "table", measure.table
    if measure.grain is not None:
        return "grain", measure.grain
    if measure.field is not None:
        return "field", measure.field
    names = [] if measure.expression is None else names_in(measure.expression)
    return "expression", names[0].path if names else ()


def _from_table(measure: MeasureShape, length: int) -> MeasureShape:
    """The measure as its own table's query asks it, under the name that it has here."""
    named = measure.table or measure.field
    name = measure.name or (None if named is None else "_".join((str(measure.aggregate), *named)))
    table = None if measure.table is None else measure.table[length:] or None
    return replace(measure, name=name, table=table)


class _Splitter:
    """Gives every table its fields."""

    def __init__(self, tables: list[TableRef], planning: Planning) -> None:
        self._tables = tables
        self._planning = planning

    def dimension(self, shape: DimensionShape, table: TableRef) -> DimensionShape:
        field = self._field(shape.fields, shape.field, table, shape.loc, required=shape.expression is None)
        name = shape.name or (None if shape.field is None else "_".join(shape.field))
        if name is None and shape.fields:
            message = "A dimension of several `fields` needs a `name`."
            self._planning.issues.add(shape.loc, IssueCode.MISSING, message, "Give it a `name`.")
        return replace(shape, field=field, name=name, fields=())

    def filter(self, shape: FilterShape | None, table: TableRef) -> FilterShape | None:
        match shape:
            case AndShape(parts=parts):
                return AndShape(tuple(found for part in parts if (found := self.filter(part, table))))
            case OrShape(parts=parts):
                return OrShape(tuple(found for part in parts if (found := self.filter(part, table))))
            case NotShape(part=part):
                found = self.filter(part, table)
                return None if found is None else NotShape(found)
            case ConditionShape(expression=None):
                field = self._field(shape.fields, shape.field or None, table, shape.loc, required=True)
                return replace(shape, field=field or (), fields=())
            case _:
                return shape

    def _field(
        self, fields: FieldsShape, otherwise: Segments | None, table: TableRef, loc: Location, *, required: bool
    ) -> Segments | None:
        by_table = self._by_table(fields, loc)
        if by_table is None:
            return None
        found = by_table.get(table, otherwise)
        if found is None and required:
            name = self._planning.schema.database.reference(table)
            message, hint = f"There is no field for {name}.", f'Add it: {{"fields": {{"{name}": …}}}}.'
            self._planning.issues.add((*loc, "fields"), IssueCode.MISSING, message, hint)
        return found

    def _by_table(self, fields: FieldsShape, loc: Location) -> Mapping[TableRef, Segments] | None:
        """The fields by table; None, with the issues noted, where one is not of a table that is measured."""
        by_table: dict[TableRef, Segments] = {}
        for written, field in fields:
            where = (*loc, "fields", dotted(written))
            found = find_table(written, self._planning.schema, self._planning.issues, where)
            if found is not None and found.ref not in self._tables:
                message = f'No measure is of "{dotted(written)}".'
                self._planning.issues.add(where, IssueCode.INVALID, message, "Leave it out, or measure it.")
            elif found is not None:
                by_table[found.ref] = field
        return by_table if len(by_table) == len(fields) else None

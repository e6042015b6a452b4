"""Splits a definition into its shape and its values, so that `plan()` never sees a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from prismiq.calendars import ISO, Calendar, Clock
from prismiq.errors import Location
from prismiq.query.definition import (
    Calculation,
    Comparison,
    Dimension,
    DimensionLike,
    Join,
    Measure,
    MeasureLike,
    NestedQuery,
    OrderBy,
    OrderLike,
    QueryDefinition,
    SourceLike,
)
from prismiq.query.expressions import Tree, parse_expression
from prismiq.query.expressions.tree import map_values
from prismiq.query.fields import Path, Segments, as_items, dotted, segments
from prismiq.query.filters import PAIRS, PERIODS, And, Condition, Exists, Filter, Not, Or
from prismiq.query.forms import plain_value, slot_of
from prismiq.query.shape import (
    AndShape,
    BoundsShape,
    CalculationShape,
    Compared,
    ComparisonShape,
    ConditionShape,
    DimensionShape,
    ExistsShape,
    ExpressionShape,
    FieldShape,
    FieldsShape,
    FilterShape,
    JoinShape,
    MeasureShape,
    NestedShape,
    NotShape,
    OrderShape,
    OrShape,
    OutputShape,
    PivotShape,
    QueryShape,
    Slot,
    TopShape,
    Values,
    WidthShape,
)
from prismiq.query.stages import Pivot, Top


def split(
    definition: QueryDefinition, *, time_zone: str = "UTC", calendar: Calendar = ISO
) -> tuple[QueryShape, Values]:
    """Separates what a definition asks from the values it asks about.

    Metrics and dimensions of the configuration must have been expanded (`prismiq.plan.expand`).
    `time_zone` and `calendar` are used where the definition names none. Returns the shape and its values; raises
    nothing: a value that makes no sense keeps its form, and the planner says so.
    """
    shape, values, _ = split_with_places(definition, time_zone=time_zone, calendar=calendar)
    return shape, values


def split_with_places(
    definition: QueryDefinition, *, time_zone: str = "UTC", calendar: Calendar = ISO
) -> tuple[QueryShape, Values, Sequence[Location]]:
    """The same, and where in the definition each of the slots stands."""
    splitter = _Splitter([], [], {}, (), _clock(definition, Clock(time_zone, calendar)))
    shape = splitter.query(definition)
    values = Values(tuple(splitter.values), definition.limit, definition.offset, splitter.clocks)
    return shape, values, splitter.places


def _clock(definition: QueryDefinition, default: Clock) -> Clock:
    week, year = default.calendar.week_start, default.calendar.fiscal_year_start
    calendar = Calendar(definition.week_start or week, definition.fiscal_year_start or year)
    return Clock(definition.time_zone or default.time_zone, calendar)


class _Splitter:
    """Splits one query, which stands at `loc`. A nested one has a splitter of its own, and the same values."""

    def __init__(
        self,
        values: list[object],
        places: list[Location],
        clocks: dict[int, Clock],
        loc: Location,
        clock: Clock,
    ) -> None:
        self.values = values
        self.places = places
        self.clocks = clocks
        self.loc = loc
        self.clock = clock

    def query(self, definition: QueryDefinition) -> QueryShape:
        return QueryShape(
            source=self.source(definition.source),
            joins=tuple(self.join(each, i) for i, each in enumerate(definition.joins)),
            dimensions=self.dimensions(definition.dimensions, "dimensions"),
            measures=tuple(self.measure(each, i) for i, each in enumerate(definition.measures)),
            calculations=self.calculations(definition.calculations),
            comparison=self.comparison(definition.compare),
            columns=self.dimensions(definition.columns, "columns"),
            filters=self.filter(definition.filters, (*self.loc, "filters")),
            top=self.top(definition.top),
            having=self.filter(definition.having, (*self.loc, "having")),
            totals=definition.totals,
            pivot=self.pivot(definition.pivot),
            order_by=tuple(self.order(each, (*self.loc, "order_by", i)) for i, each in enumerate(definition.order_by)),
            time_zone=self.clock.time_zone,
            loc=self.loc,
            calendar=self.clock.calendar,
        )

    def nested(self, definition: QueryDefinition, loc: Location) -> QueryShape:
        first, clock = len(self.values), _clock(definition, self.clock)
        shape = _Splitter(self.values, self.places, self.clocks, loc, clock).query(definition)
        for index in range(first, len(self.values)):
            self.clocks.setdefault(index, clock)  # a query deeper inside has said its own
        limit, offset = definition.limit, definition.offset
        return replace(
            shape,
            limit=None if limit is None else self.slot(limit, (*loc, "limit")),
            offset=self.slot(offset, (*loc, "offset")) if offset else None,
            at_most_one=limit is not None and limit <= 1,
        )

    def source(self, source: SourceLike | None) -> Segments | NestedShape | None:
        if source is None:
            return None
        if isinstance(source, str | Path):
            return segments(source)
        nested = source if isinstance(source, NestedQuery) else NestedQuery(query=source)
        return NestedShape(self.nested(nested.query, (*self.loc, "source", "query")), nested.alias)

    def join(self, join: Join, index: int) -> JoinShape:
        loc: Location = (*self.loc, "joins", index)
        table = segments(join.table or "") if join.query is None else self.nested(join.query, (*loc, "query"))
        alias = join.alias or ("" if isinstance(table, QueryShape) else table[-1])
        pairs = tuple((segments(pair.left), pair.right) for pair in join.on)
        return JoinShape(table, alias, join.type, pairs, loc)

    def slot(self, value: object, loc: Location) -> Slot:
        plain = plain_value(value)
        self.values.append(plain)
        self.places.append(loc)
        return slot_of(plain, len(self.values) - 1, loc)

    def expression(self, text: str | None, loc: Location) -> Tree[Slot] | None:
        """The expression's tree, its literals in slots."""
        if text is None:
            return None
        return map_values(parse_expression(text), self._slot_at(loc))

    def dimensions(self, parts: Sequence[DimensionLike], key: str) -> tuple[DimensionShape, ...]:
        shapes: list[DimensionShape] = []
        for index, each in enumerate(parts):
            part = Dimension(field=each) if isinstance(each, str | Path) else each
            assert isinstance(part, Dimension), "what has a name in the configuration is expanded first"
            loc: Location = (*self.loc, key, index)
            tree = self.expression(part.expression, (*loc, "expression"))
            field, fields, bins = _segments(part.field), _fields(part.fields), self._bins(part, loc)
            named = (part.name, part.granularity, bins, part.fill, part.label, part.format)
            shapes.append(DimensionShape(field, tree, *named, loc, fields))
        return tuple(shapes)

    def _bins(self, part: Dimension, loc: Location) -> WidthShape | BoundsShape | None:
        """`edges` hide `bins` here: the definition has refused both in one dimension."""
        if part.edges is not None:
            return BoundsShape(self.slot(part.edges, (*loc, "edges")), even=False)
        bins, loc = part.bins, (*loc, "bins")
        if bins is None:
            return None
        if bins.width is not None:
            start = None if bins.start is None else self.slot(bins.start, (*loc, "start"))
            return WidthShape(self.slot(bins.width, (*loc, "width")), start)
        return BoundsShape(self.slot([bins.min, bins.max, bins.count], loc), even=True)

    def calculations(self, parts: Sequence[Calculation]) -> tuple[CalculationShape, ...]:
        shapes: list[CalculationShape] = []
        for index, part in enumerate(parts):
            loc: Location = (*self.loc, "calculations", index)
            tree = map_values(parse_expression(part.expression), self._slot_at((*loc, "expression")))
            shapes.append(CalculationShape(part.name, tree, part.hidden, part.label, part.format, loc))
        return tuple(shapes)

    def comparison(self, part: Comparison | None) -> ComparisonShape | None:
        if part is None:
            return None
        loc: Location = (*self.loc, "compare")
        if part.to in ("previous_period", "previous_year"):
            return ComparisonShape(segments(part.field), part.to, loc)
        to = self._bounds(part.to, (*loc, "to")) or self.slot(part.to, (*loc, "to"))
        return ComparisonShape(segments(part.field), to, loc)

    def _slot_at(self, loc: Location) -> Callable[[object], Slot]:
        return lambda literal: self.slot(literal, loc)

    def measure(self, each: MeasureLike, index: int) -> MeasureShape:
        assert isinstance(each, Measure), "shorthands are read and names expanded first"
        measure = each
        loc: Location = (*self.loc, "measures", index)
        return MeasureShape(
            aggregate=measure.aggregate,
            field=_segments(measure.field),
            expression=self.expression(measure.expression, (*loc, "expression")),
            table=_segments(measure.table),
            p=None if measure.p is None else self.slot(measure.p, (*loc, "p")),
            filters=self.filter(measure.filters, (*loc, "filters")),
            grain=_segments(measure.grain),
            name=measure.name,
            hidden=measure.hidden,
            label=measure.label,
            format=measure.format,
            loc=loc,
            separator=None if measure.separator is None else self.slot(measure.separator, (*loc, "separator")),
            order_by=tuple(self.order(each, (*loc, "order_by", i)) for i, each in enumerate(measure.order_by)),
        )

    def top(self, top: Top | None) -> TopShape | None:
        if top is None:
            return None
        loc: Location = (*self.loc, "top")
        return TopShape(
            dimension=_output(top.dimension, (*loc, "dimension")),
            by=_output(top.by, (*loc, "by")),
            descending=top.descending,
            count=self.slot(top.n, (*loc, "n")),
            other=None if top.other is None else self.slot(top.other, (*loc, "other")),
            loc=loc,
        )

    def pivot(self, pivot: Pivot | None) -> PivotShape | None:
        if pivot is None:
            return None
        loc: Location = (*self.loc, "pivot")
        values = tuple(_output(each, (*loc, "values", i)) for i, each in enumerate(pivot.values))
        return PivotShape(_output(pivot.dimension, (*loc, "dimension")), values, loc)

    def filter(self, node: Filter | None, loc: Location) -> FilterShape | None:
        return None if node is None else self._filter(node, loc)

    def _filter(self, node: Filter, loc: Location) -> FilterShape:
        if isinstance(node, And):
            return AndShape(tuple(self._filter(part, (*loc, i)) for i, part in enumerate(node.and_)))
        if isinstance(node, Or):
            return OrShape(tuple(self._filter(part, (*loc, "or", i)) for i, part in enumerate(node.or_)))
        if isinstance(node, Not):
            return NotShape(self._filter(node.not_, (*loc, "not")))
        if isinstance(node, Exists):
            return ExistsShape(segments(node.exists), self.filter(node.filters, (*loc, "filters")), loc)
        tree = self.expression(node.expression, (*loc, "expression"))
        if tree is not None and node.is_lone:
            return ExpressionShape(tree, loc)
        field = segments(node.field) if node.field is not None else ("expression",) if tree is not None else ()
        value = self._value(node, (*loc, "value"))
        query = None if node.query is None else self.nested(node.query, (*loc, "query"))
        return ConditionShape(field, node.operator, value, node.case_sensitive, loc, tree, query, _fields(node.fields))

    def _compared(self, value: object, loc: Location) -> Compared:
        return _field(value, loc) or self.slot(value, loc)

    def _value(self, condition: Condition, loc: Location) -> Compared | tuple[Compared | None, Compared | None] | None:
        if "value" not in condition.model_fields_set:
            return None
        value = condition.value
        if condition.operator in PAIRS:
            pair = as_items(value)
            if pair is not None and len(pair) == 2:
                return self._compared(pair[0], (*loc, 0)), self._compared(pair[1], (*loc, 1))
        bounds = self._bounds(value, loc) if condition.operator in PERIODS else None
        return bounds or self._compared(value, loc)

    def _bounds(self, value: object, loc: Location) -> tuple[Slot | None, Slot | None] | None:
        """The ends of a period that names them, either of which may be open."""
        ends = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        if not ends or not ends.keys() <= {"from", "to"}:
            return None
        low, high = (self.slot(ends[key], (*loc, key)) if key in ends else None for key in ("from", "to"))
        return low, high

    def order(self, each: OrderLike, loc: Location) -> OrderShape:
        part = each if isinstance(each, OrderBy) else OrderBy.model_validate(each)
        output = _output(part.field, loc)
        return OrderShape(output.field, output.raw, part.descending, output.loc)


def _output(reference: str | Path, loc: Location) -> OutputShape:
    raw = dotted(reference.path) if isinstance(reference, Path) else reference
    return OutputShape(segments(reference), raw, loc)


def _fields(fields: Mapping[str, str | Path] | None) -> FieldsShape:
    return tuple((segments(table), segments(field)) for table, field in (fields or {}).items())


def _field(value: object, loc: Location) -> FieldShape | None:
    """The field that an object of one key, `field` or `outer`, names in the place of a value."""
    if not isinstance(value, dict) or len(cast("dict[str, object]", value)) != 1:
        return None
    ((key, named),) = cast("dict[str, object]", value).items()
    if key not in ("field", "outer"):
        return None
    if isinstance(named, dict):
        path = as_items(cast("dict[str, object]", named).get("path"))
        names = tuple(str(each) for each in path or ())
    else:
        names = named.path if isinstance(named, Path) else tuple(str(named).split("."))
    return FieldShape(names, key == "outer", loc)


def _segments(reference: str | Path | None) -> Segments | None:
    return None if reference is None else segments(reference)

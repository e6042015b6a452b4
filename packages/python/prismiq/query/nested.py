"""The queries nested in a definition: as its source, in its joins, in its filters."""

from __future__ import annotations

from collections.abc import Callable

from prismiq.errors import Location
from prismiq.query.definition import Measure, Metric, NestedQuery, QueryDefinition
from prismiq.query.filters import And, Condition, Exists, Filter, Not, Or

Change = Callable[[QueryDefinition, Location], QueryDefinition]
"""What becomes of a nested query, which is given with its place."""


def with_nested(definition: QueryDefinition, change: Change) -> QueryDefinition:
    """The definition with the queries right inside it changed; itself where there are none or none is."""
    update: dict[str, object] = {}
    source = definition.source
    if isinstance(source, NestedQuery):
        query = change(source.query, ("source", "query"))
        if query is not source.query:
            update["source"] = source.model_copy(update={"query": query})
    joins = tuple(
        join if join.query is None else join.model_copy(update={"query": change(join.query, ("joins", i, "query"))})
        for i, join in enumerate(definition.joins)
    )
    if joins != definition.joins:
        update["joins"] = joins
    for key, part in (("filters", definition.filters), ("having", definition.having)):
        found = None if part is None else _filter(part, (key,), change)
        if found is not part:
            update[key] = found
    measures = tuple(
        _measure(each, ("measures", i, "filters"), change) if isinstance(each, Measure | Metric) else each
        for i, each in enumerate(definition.measures)
    )
    if any(new is not old for new, old in zip(measures, definition.measures, strict=True)):
        update["measures"] = measures
    return definition.model_copy(update=update) if update else definition


def _measure(measure: Measure | Metric, loc: Location, change: Change) -> Measure | Metric:
    filters = None if measure.filters is None else _filter(measure.filters, loc, change)
    return measure if filters is measure.filters else measure.model_copy(update={"filters": filters})


def _filter(part: Filter, loc: Location, change: Change) -> Filter:
    if isinstance(part, And):
        parts = tuple(_filter(each, (*loc, i), change) for i, each in enumerate(part.and_))
        return part if _same(parts, part.and_) else And(and_=parts)
    if isinstance(part, Or):
        parts = tuple(_filter(each, (*loc, "or", i), change) for i, each in enumerate(part.or_))
        return part if _same(parts, part.or_) else Or(or_=parts)
    if isinstance(part, Not):
        found = _filter(part.not_, (*loc, "not"), change)
        return part if found is part.not_ else Not(not_=found)
    if isinstance(part, Exists):
        filters = None if part.filters is None else _filter(part.filters, (*loc, "filters"), change)
        return part if filters is part.filters else part.model_copy(update={"filters": filters})
    return _condition(part, loc, change)


def _condition(part: Condition, loc: Location, change: Change) -> Condition:
    if part.query is None:
        return part
    query = change(part.query, (*loc, "query"))
    return part if query is part.query else part.model_copy(update={"query": query})


def _same(parts: tuple[Filter, ...], before: tuple[Filter, ...]) -> bool:
    return all(new is old for new, old in zip(parts, before, strict=True))

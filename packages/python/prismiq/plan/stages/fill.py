"""Adds empty buckets: each found combination of the other dimensions, with each bucket of every filled dimension.

A found group stays as it is, whatever its bucket. Only the added ones get 0 for counts and sums, and NULL for the rest.
"""

from __future__ import annotations

from prismiq.errors import IssueCode
from prismiq.plan.expressions import (
    INTEGER,
    TRUE,
    Column,
    Exists,
    Expression,
    Named,
    Null,
    OneValue,
    Output,
    Span,
    Starts,
    ValueType,
    Whole,
    Zero,
    Zone,
)
from prismiq.plan.nodes import Buckets, Derived, Distinct, Except, Filter, Join, Limit, Node, Project, Shared, Union
from prismiq.plan.question import Issues, MeasureQuestion, Question, TimeDimension
from prismiq.plan.resolve.aggregates import ZERO_WITHOUT_ROWS
from prismiq.plan.resolve.dimensions import CYCLIC
from prismiq.plan.resolve.ranges import span
from prismiq.query.shape import DimensionShape
from prismiq.schema.types import DataType

MAX_GROUPS = 1_000_000
"""The most groups that buckets and other dimensions may make."""


def check_fill(shape: DimensionShape, *, grouped: bool, issues: Issues) -> None:
    """Whether a dimension that is to be filled has buckets to fill."""
    if not shape.fill:
        return
    if not grouped:
        message = "`fill` adds groups, and a row query has none."
        issues.add((*shape.loc, "fill"), IssueCode.INVALID, message, "Leave `fill` out, or group by `dimensions`.")
    elif shape.granularity is None:
        message = "`fill` adds buckets, and without a granularity there are none."
        issues.add((*shape.loc, "fill"), IssueCode.MISSING, message, 'Add a `granularity`, say "day".')


def fill(question: Question, groups: Node) -> Node:
    """The groups, and an empty one for each bucket that none of them has."""
    filled = {each.output.name: each for each in question.times if each.fill}
    if not filled:
        return groups
    found = Shared(groups, "found")
    others = tuple(_named(each) for each in question.grouped[: len(question.dimensions)] if each.name not in filled)
    parts: list[Derived] = []
    if others:
        parts.append(Derived(Distinct(found, others, tuple(each.name for each in others)), "combinations"))
    places = dict.fromkeys((each.name for each in others), "combinations")
    every = [_buckets(question, each, found) for each in filled.values()]
    for number, buckets in enumerate(every, start=1):
        places[buckets.name] = "buckets" if number == 1 else f"buckets_{number}"
        parts.append(Derived(buckets, places[buckets.name]))
    product: Node = parts[0]
    for part in parts[1:]:
        product = Join(product, part, TRUE, "inner")
    if not others and all(buckets.among is not found for buckets in every):  # nothing found, nothing filled
        product = Filter(product, Exists(found))
    dimensions = tuple(Named(each.name, Output(each.name, each.expression.type)) for each in question.dimensions)
    placed = tuple(Named(each.name, Column(places[each.name], each.name, each.expression.type)) for each in dimensions)
    grid: Node = Project(product, placed)
    if len(parts) > 1:
        grid = _refused_beyond(MAX_GROUPS, Shared(grid, "grid"))
    missing = Except(grid, Project(found, dimensions))
    measures = tuple(Named(each.name, _without_rows(each)) for each in question.measured)
    outputs = tuple(_named(each) for each in question.grouped)
    return Project(Union((Project(found, outputs), Project(missing, (*dimensions, *measures)))), outputs)


def _buckets(question: Question, dimension: TimeDimension, found: Shared) -> Buckets:
    output, granularity = dimension.output, dimension.granularity
    assert granularity is not None
    among: Starts | Node | None = None
    if granularity not in CYCLIC:
        within = _range(question, dimension)
        among = found if within is None else Starts(within, granularity, ValueType(DataType.ARRAY, output.type.kind))
    return Buckets(output.name, output.type, granularity, Zone(question.shape.time_zone), among)


def _range(question: Question, dimension: TimeDimension) -> Span | None:
    """The range that the filters bound on both sides; without a source where they do so alike for every table."""
    own = [
        span(part.condition, each.part)
        for part in question.parts or (question,)
        for each in part.times
        if each.output.name == dimension.output.name
    ]
    return own[0] if own[0].lows and own[0].highs and all(each == own[0] for each in own) else None


def _refused_beyond(most: int, grid: Shared) -> Limit:
    """The grid itself, with an offset that is null; where it has more rows it is -1, which PostgreSQL refuses, with a
    code of its own (2201X), before it makes the rest."""
    next_row = Limit(
        Project(grid, (Named("refused", Whole(-1)),)), Whole(1), offset=Whole(most), bound_with_statement=False
    )
    return Limit(grid, offset=OneValue(next_row, INTEGER), bound_with_statement=False)


def _without_rows(measure: MeasureQuestion) -> Expression:
    """What a measure is in an added group."""
    return Zero(measure.type) if measure.function in ZERO_WITHOUT_ROWS else Null(measure.type)


def _named(output: Output) -> Named:
    return Named(output.name, output)

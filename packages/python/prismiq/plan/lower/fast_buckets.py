"""Buckets of a bounded range, found by comparing instants: half of the time of asking a clock for every row, or less.

Establishes: of a question whose filters bound the field of a time dimension on both sides, every row that is grouped
lies in one of the range's buckets, so that its bucket is the last one that begins not after it. Leaves to the binding
of values whether these can be told; `sql.template` takes the longer way where not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from prismiq.plan.expressions import Aligned, Beat, Expression, HourOfDay, Named, Span, Starts, Stepped, ValueType, Zone
from prismiq.plan.passes import FAST_BUCKETS, Passes
from prismiq.plan.question import Question, TimeDimension
from prismiq.plan.resolve.ranges import span
from prismiq.plan.trees import columns_of
from prismiq.query.definition import Granularity
from prismiq.schema.types import DataType

MANY_ROWS = 10_000
"""Of the table, as PostgreSQL estimates: with fewer the bounds take longer to send than they save."""

_BY_DAY = frozenset({Granularity.DAY, Granularity.WEEK, Granularity.MONTH, Granularity.QUARTER, Granularity.YEAR})
_BY_BEAT = frozenset({Granularity.HOUR, Granularity.MINUTE, Granularity.SECOND})
_CYCLES: Mapping[Granularity, Granularity] = {
    Granularity.DAY_OF_WEEK: Granularity.DAY,
    Granularity.DAY_OF_MONTH: Granularity.DAY,
    Granularity.MONTH_OF_YEAR: Granularity.MONTH,
    Granularity.QUARTER_OF_YEAR: Granularity.MONTH,
}
"""Of which buckets each is a number."""


def with_fast_buckets(question: Question, passes: Passes) -> Question:
    """The question with faster expressions for its time dimensions, where they are known to mean the same.

    What is compared with another period is aligned by its own expressions, and what `top` ranks is asked twice: they
    stay as they are.
    """
    if FAST_BUCKETS not in passes or question.compared is not None or question.parts:
        return question
    ranked = None if question.top is None else question.top.dimension.name
    faster = {
        each.output.name: found
        for each in question.times
        if each.output.name != ranked and (found := _faster(question, each)) is not None
    }
    return replace(question, dimensions=tuple(faster.get(each.name, each) for each in question.dimensions))


def _faster(question: Question, time: TimeDimension) -> Named | None:
    if time.granularity is None or time.part.type.kind is not DataType.TIMESTAMPTZ:
        return None
    rows = [question.instances[column.alias].table.schema.row_estimate or 0 for column in columns_of(time.part)]
    within = span(question.condition, time.part)
    if not within.lows or not within.highs or max(rows, default=0) < MANY_ROWS:
        return None
    if time.granularity is Granularity.HOUR_OF_DAY and question.totals:
        return None  # PostgreSQL's GROUPING() takes no subquery
    return Named(time.output.name, _within(within, time, time.granularity, Zone(question.shape.time_zone)))


def _within(within: Span, time: TimeDimension, granularity: Granularity, zone: Zone) -> Expression:
    """The bucket of a moment in a range."""
    if granularity in _BY_BEAT:
        return Stepped(time.part, Beat(within, granularity))
    if granularity is Granularity.HOUR_OF_DAY:
        hour = Granularity.HOUR
        return HourOfDay(time.part, Beat(within, hour), Beat(within, hour, last=True), zone)
    cycle = None if granularity in _BY_DAY else granularity
    unit = _CYCLES.get(granularity, granularity)
    instants = ValueType(DataType.ARRAY, DataType.TIMESTAMPTZ)
    labels = ValueType(DataType.ARRAY, time.output.type.kind)
    return Aligned(
        time.part,
        Starts(within, unit, instants, shortcut="moments"),
        Starts(within, unit, labels, shortcut="labels", cycle=cycle),
        time.output.type,
    )

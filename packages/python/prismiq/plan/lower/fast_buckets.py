"""Buckets of a bounded range, found by comparing instants: about half the time of asking a clock for every row.

Establishes: of a question whose filters bound the field of a time dimension on both sides, every row that is grouped
lies in one of the range's buckets, so that its bucket is the last one that begins not after it. Leaves to the binding
of values whether these can be told; `sql.template` takes the longer way where not.
"""

from __future__ import annotations

from dataclasses import replace

from prismiq.plan.expressions import Aligned, Named, Starts, ValueType
from prismiq.plan.passes import FAST_BUCKETS, Passes
from prismiq.plan.question import Question, TimeDimension
from prismiq.plan.resolve.ranges import span
from prismiq.plan.trees import columns_of
from prismiq.query.definition import Granularity
from prismiq.schema.types import DataType

MANY_ROWS = 10_000
"""Of the table, as PostgreSQL estimates: with fewer the bounds take longer to send than they save."""

_BY_DAY = frozenset({Granularity.DAY, Granularity.WEEK, Granularity.MONTH, Granularity.QUARTER, Granularity.YEAR})


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
    granularity = time.granularity
    if granularity is None or granularity not in _BY_DAY or time.part.type.kind is not DataType.TIMESTAMPTZ:
        return None
    rows = [question.instances[column.alias].table.schema.row_estimate or 0 for column in columns_of(time.part)]
    within = span(question.condition, time.part)
    if not within.lows or not within.highs or max(rows, default=0) < MANY_ROWS:
        return None
    instants = ValueType(DataType.ARRAY, DataType.TIMESTAMPTZ)
    labels = ValueType(DataType.ARRAY, time.output.type.kind)
    return Named(
        time.output.name,
        Aligned(
            time.part,
            Starts(within, granularity, instants, shortcut="moments"),
            Starts(within, granularity, labels, shortcut="labels"),
            time.output.type,
        ),
    )

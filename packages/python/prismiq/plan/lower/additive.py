"""Measures that can be put together from those of finer groups, without a loss: counts, exact sums and averages, least
and greatest values. Floating point does not add up: its sums depend on the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prismiq.plan.expressions import BIGINT
from prismiq.plan.question import MeasureQuestion
from prismiq.plan.resolve.aggregates import result_type
from prismiq.query.definition import Aggregate
from prismiq.schema.types import EXACT

_ALIKE = frozenset({Aggregate.COUNT, Aggregate.MIN, Aggregate.MAX, Aggregate.BOOL_AND, Aggregate.BOOL_OR})
"""The aggregates whose parts are what they are themselves."""

_WITH_SUMS = frozenset({Aggregate.SUM, Aggregate.AVG})


def adds_up(measure: MeasureQuestion) -> bool:
    """Whether the measure of some groups together follows from that of each."""
    if measure.function in _WITH_SUMS:
        return measure.argument is not None and measure.argument.type.kind in EXACT
    return measure.function in _ALIKE


def parts_of(measure: MeasureQuestion) -> Iterator[MeasureQuestion]:
    """The measures of each group that it follows from, without names and places of their own; for
    `expressions.Regrouped`."""
    same = replace(measure, name="", loc=())
    if measure.function not in _WITH_SUMS:
        yield same
        return
    assert measure.argument is not None, "a sum is of something"
    total = result_type(Aggregate.SUM, measure.argument.type)
    assert total is not None, "exact numbers have a sum"
    yield replace(same, function=Aggregate.SUM, type=total)
    if measure.function is Aggregate.AVG:
        yield replace(same, function=Aggregate.COUNT, type=BIGINT)

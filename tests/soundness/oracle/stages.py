"""The buckets of `fill`, as loops, and the range that filters bound."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from prismiq.query import Aggregate, And, Condition, Dimension, Filter, Granularity, Operator, Or
from prismiq.schema.types import DataType
from soundness.oracle.aggregates import Clock, bucket
from soundness.oracle.conditions import is_named
from soundness.oracle.periods import absolute_period

ZERO_WITHOUT_ROWS = frozenset({Aggregate.COUNT, Aggregate.COUNT_DISTINCT, Aggregate.SUM})
MOST = 9_000
CYCLES = {
    Granularity.DAY_OF_WEEK: range(1, 8),
    Granularity.HOUR_OF_DAY: range(24),
    Granularity.DAY_OF_MONTH: range(1, 32),
    Granularity.MONTH_OF_YEAR: range(1, 13),
    Granularity.QUARTER_OF_YEAR: range(1, 5),
}
_PROBES = {
    Granularity.SECOND: timedelta(seconds=1),
    Granularity.MINUTE: timedelta(minutes=1),
    Granularity.HOUR: timedelta(minutes=5),
}
"""How far apart one looks for buckets, so as to meet each: an hour may be cut short where a clock is set anew."""
_SIZES = {Granularity.SECOND: 1, Granularity.MINUTE: 60, Granularity.HOUR: 3600}
_ONE = timedelta(microseconds=1)
Moment = Any
"""A date, or a datetime with a zone or without one."""


class NoAnswerError(Exception):
    """The question has no meaning, for the reason named: what the engine must refuse, whatever it optimises."""


class TooManyRowsError(Exception):
    """The rows are more than a test should wait for."""


def buckets_to_fill(
    dimension: Dimension, kind: DataType, filters: Filter | None, found: list[Any], clock: Clock, now: datetime
) -> list[Any]:
    """Every bucket of a dimension of that type: its whole cycle, those of the range that the filters bound, else those
    from the first to the last found."""
    granularity = dimension.granularity
    assert granularity is not None
    if granularity in CYCLES:
        return list(CYCLES[granularity])
    bounds = range_of(dimension.field, kind, filters, clock, now)
    if bounds is not None:
        return touched(bounds[0], bounds[1], granularity, clock)
    there = [value for value in found if value is not None]
    if not there:
        return []
    first, last = min(there), max(there)
    if granularity in _PROBES and (last - first).total_seconds() > 2_000 * _SIZES[granularity]:
        raise TooManyRowsError
    return [each for each in touched(first, last, granularity, clock) if each >= first]


def touched(first: Moment, last: Moment, granularity: Granularity, clock: Clock) -> list[Any]:
    """The buckets of every moment from `first` to `last`."""
    if granularity in _PROBES and (last - first).total_seconds() > MOST * _SIZES[granularity]:
        raise TooManyRowsError
    return list(dict.fromkeys(bucket(granularity, each, clock) for each in _between(first, last, granularity)))


def _between(first: Moment, last: Moment, granularity: Granularity) -> Iterator[Moment]:
    step = _PROBES.get(granularity) or (timedelta(hours=1) if isinstance(first, datetime) else timedelta(days=1))
    moment = first
    while moment <= last:
        yield moment
        moment += step
    if first <= last:
        yield last


def range_of(
    field: object, kind: DataType, filters: Filter | None, clock: Clock, now: datetime
) -> tuple[Moment, Moment] | None:
    """The first and the last moment that the top-level conditions on a field allow, where they bound both."""
    firsts: list[Moment] = []
    lasts: list[Moment] = []
    for condition in _top_level(filters):
        if condition.field != field or field is None or condition.query is not None:
            continue
        for operator, value in _comparisons(absolute_period(condition, now, clock)):
            if is_named(value):
                continue  # what a row brings along bounds nothing
            low, high = _ends(value, kind, clock.zone)
            step = _ONE if isinstance(low, datetime) else timedelta(days=1)
            if operator in (Operator.EQ, Operator.GTE):
                firsts.append(low)
            if operator is Operator.GT:
                firsts.append(high + step)
            if operator in (Operator.EQ, Operator.LTE):
                lasts.append(high)
            if operator is Operator.LT:
                lasts.append(low - step)
    return (max(firsts), min(lasts)) if firsts and lasts else None


def _ends(value: Any, kind: DataType, zone: ZoneInfo) -> tuple[Moment, Moment]:
    """The first and the last moment that a value of a condition means: a date all of its day."""
    if kind is DataType.DATE:
        return value, value
    if isinstance(value, datetime):
        low = high = value
    else:
        low, high = datetime.combine(value, time()), datetime.combine(value + timedelta(days=1), time())
    if kind is DataType.TIMESTAMPTZ:
        low, high = (each if each.tzinfo else each.replace(tzinfo=zone) for each in (low, high))
        low, high = low.astimezone(timezone.utc), high.astimezone(timezone.utc)
    return low, high if isinstance(value, datetime) else high - _ONE


def _top_level(node: Filter | None) -> Iterator[Condition]:
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, And):
        for part in node.and_:
            yield from _top_level(part)
    elif isinstance(node, Or) and len(node.or_) == 1:
        yield from _top_level(node.or_[0])


def _comparisons(condition: Condition) -> list[tuple[Operator, Any]]:
    value = condition.value
    if condition.operator is Operator.BETWEEN:
        return [(Operator.GTE, value[0]), (Operator.LTE, value[1])]
    if condition.operator is Operator.IN_PERIOD:
        ends = {"from": Operator.GTE, "to": Operator.LT}
        return [(ends[name], each) for name, each in value.items()]
    if condition.operator in (Operator.IN, Operator.NOT_IN, Operator.IS_NULL, Operator.IS_NOT_NULL):
        return []
    return [(condition.operator, value)]

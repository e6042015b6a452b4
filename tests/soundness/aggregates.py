"""What a granularity makes of one value, and an aggregate of many."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

from prismiq.query import Aggregate, Granularity
from soundness.conditions import day_of, local

APPROXIMATE = frozenset({Aggregate.AVG, Aggregate.MEDIAN, Aggregate.PERCENTILE, Aggregate.STDDEV, Aggregate.VARIANCE})
_CLOCK = {Granularity.SECOND: 1, Granularity.MINUTE: 60, Granularity.HOUR: 3600}
_DAYS: dict[Granularity, Callable[[date], Any]] = {
    Granularity.DAY: lambda day: day,
    Granularity.WEEK: lambda day: day - timedelta(days=day.weekday()),
    Granularity.MONTH: lambda day: day.replace(day=1),
    Granularity.QUARTER: lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    Granularity.YEAR: lambda day: day.replace(month=1, day=1),
    Granularity.DAY_OF_WEEK: lambda day: day.isoweekday(),
    Granularity.DAY_OF_MONTH: lambda day: day.day,
    Granularity.MONTH_OF_YEAR: lambda day: day.month,
    Granularity.QUARTER_OF_YEAR: lambda day: (day.month - 1) // 3 + 1,
}


def bucket(granularity: Granularity | None, value: Any, zone: ZoneInfo) -> Any:
    """The bucket of a date or moment by the clock of `zone`: a date for days and coarser, a moment of the same kind
    for what is finer, an integer for the cyclic ones."""
    if granularity is None or value is None:
        return value
    if granularity is Granularity.HOUR_OF_DAY:
        return local(value, zone).hour
    if granularity in _CLOCK:
        clock = local(value, zone)
        past = (clock.minute * 60 + clock.second) % _CLOCK[granularity]
        return value - timedelta(seconds=past, microseconds=clock.microsecond)
    return _DAYS[granularity](day_of(value, zone))


def aggregate(function: Aggregate, values: list[Any], p: float | None = None) -> Any:
    """The aggregate over the values that are not null. Decimals are exact; of none, counts are 0 and the rest null."""
    values = [value for value in values if value is not None]
    if function is Aggregate.COUNT:
        return len(values)
    if function is Aggregate.COUNT_DISTINCT:
        return len(set(values))
    if not values:
        return None
    with localcontext() as context:
        context.prec = 120
        match function:
            case Aggregate.SUM:
                return sum(values)
            case Aggregate.AVG:
                return _mean(values)
            case Aggregate.MIN:
                return min(values)
            case Aggregate.MAX:
                return max(values)
            case Aggregate.MEDIAN:
                return _percentile(values, 0.5)
            case Aggregate.PERCENTILE:
                assert p is not None
                return _percentile(values, p)
            case Aggregate.VARIANCE:
                return _variance(values)
            case Aggregate.STDDEV:
                variance = _variance(values)
                return None if variance is None else variance.sqrt()
            case Aggregate.BOOL_AND:
                return all(values)
            case Aggregate.BOOL_OR:
                return any(values)


def _mean(values: list[Any]) -> Decimal:
    return sum((Decimal(value) for value in values), Decimal(0)) / len(values)


def _percentile(values: list[Any], p: float) -> float:
    """By linear interpolation between the two nearest, in doubles as PostgreSQL's percentile_cont."""
    ordered = sorted(float(value) for value in values)
    position = p * (len(ordered) - 1)
    low, high = ordered[math.floor(position)], ordered[math.ceil(position)]
    return low + (high - low) * (position - math.floor(position))


def _variance(values: list[Any]) -> Decimal | None:
    """Of a sample: of a single value there is none."""
    if len(values) < 2:
        return None
    mean = _mean(values)
    return sum(((Decimal(value) - mean) ** 2 for value in values), Decimal(0)) / (len(values) - 1)

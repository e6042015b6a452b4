"""What a granularity makes of one value, and an aggregate of many."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

from prismiq.query import Aggregate, Dimension, Granularity, Measure, QueryDefinition
from soundness.oracle.conditions import day_of, local

APPROXIMATE = frozenset({Aggregate.AVG, Aggregate.MEDIAN, Aggregate.PERCENTILE, Aggregate.STDDEV, Aggregate.VARIANCE})
ORDERED = frozenset({Aggregate.STRING_AGG, Aggregate.ARRAY_AGG, Aggregate.FIRST, Aggregate.LAST})
_CLOCK = {Granularity.SECOND: 1, Granularity.MINUTE: 60, Granularity.HOUR: 3600}
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS: dict[Granularity, Callable[[date], Any]] = {
    Granularity.DAY: lambda day: day,
    Granularity.MONTH: lambda day: day.replace(day=1),
    Granularity.DAY_OF_MONTH: lambda day: day.day,
    Granularity.MONTH_OF_YEAR: lambda day: day.month,
}


@dataclass(frozen=True)
class Clock:
    """By what a definition tells time."""

    zone: ZoneInfo
    week_start: str = "monday"
    year_start: int = 1

    @classmethod
    def of(cls, definition: QueryDefinition) -> Clock:
        week_start = definition.week_start.value if definition.week_start else "monday"
        return cls(ZoneInfo(definition.time_zone or "UTC"), week_start, definition.fiscal_year_start or 1)

    def calendar(self, granularity: Granularity, day: date) -> Any:
        """Weeks and years, found by going back a day or a month until one begins."""
        week, quarter = 1, 1
        first, month = day, day.replace(day=1)
        while _WEEK[first.weekday()] != self.week_start:
            first, week = first - timedelta(days=1), week + 1
        months = [month]
        while months[-1].month != self.year_start:
            months.append((months[-1] - timedelta(days=1)).replace(day=1))
        quarter = (len(months) - 1) // 3
        return {
            Granularity.WEEK: first,
            Granularity.DAY_OF_WEEK: week,
            Granularity.YEAR: months[-1],
            Granularity.QUARTER: months[::-1][3 * quarter],
            Granularity.QUARTER_OF_YEAR: quarter + 1,
        }[granularity]


def part_of(dimension: Dimension, value: Any, clock: Clock) -> Any:
    """What a dimension makes of a value: its bucket, its bin, or the value itself."""
    if value is None:
        return None
    if dimension.edges is not None:
        return _highest(list(dimension.edges), value)
    if dimension.bins is None:
        return bucket(dimension.granularity, value, clock)
    bins = dimension.bins
    if bins.width is None:
        assert bins.min is not None and bins.max is not None and bins.count is not None
        return _highest([bins.min + (bins.max - bins.min) / bins.count * n for n in range(bins.count + 1)], value)
    with localcontext() as context:
        context.prec = 120
        start = bins.start or Decimal(0)
        whole = int((Decimal(value) - start) // bins.width)
        below = start + bins.width * whole
        return below - bins.width if below > value else below


def _highest(bounds: list[Decimal], value: Any) -> Decimal:
    """The greatest bound that the value reaches."""
    return max((bound for bound in bounds if bound <= value), default=Decimal("-Infinity"))


def bucket(granularity: Granularity | None, value: Any, clock: Clock) -> Any:
    """The bucket of a date or moment by a clock: a date for days and coarser, a moment of the same kind
    for what is finer, an integer for the cyclic ones."""
    if granularity is None or value is None:
        return value
    if granularity is Granularity.HOUR_OF_DAY:
        return local(value, clock.zone).hour
    if granularity in _CLOCK:
        shown = local(value, clock.zone)
        past = (shown.minute * 60 + shown.second) % _CLOCK[granularity]
        return value - timedelta(seconds=past, microseconds=shown.microsecond)
    day = day_of(value, clock.zone)
    return _DAYS[granularity](day) if granularity in _DAYS else clock.calendar(granularity, day)


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
            case _:
                raise AssertionError(function)


def ordered_aggregate(measure: Measure, values: list[Any]) -> Any:
    """What depends on the order of the values, which are in it; nulls are among them."""
    if measure.aggregate is Aggregate.STRING_AGG:
        texts = [value for value in values if value is not None]
        return (", " if measure.separator is None else measure.separator).join(texts) if texts else None
    if not values:
        return None
    return values if measure.aggregate is Aggregate.ARRAY_AGG else values[0]


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

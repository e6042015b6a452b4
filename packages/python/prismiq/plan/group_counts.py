"""How many groups there are at most, as PostgreSQL's statistics have it: to decide what is worth sharing, no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from math import inf, prod

from prismiq.plan.expressions import (
    Aligned,
    AsDate,
    Beat,
    Column,
    Expression,
    Extract,
    HourOfDay,
    Starts,
    Stepped,
    Truncate,
)
from prismiq.plan.question import Instance
from prismiq.plan.trees import columns_of, walk
from prismiq.query.definition import Granularity
from prismiq.schema.models import TableRef


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """About how many distinct values a column has, and of a moment how many seconds lie between the first and last."""

    distinct: float
    seconds: float | None = None


Statistics = Mapping[tuple[TableRef, str], ColumnStatistics]
"""By table and column; what PostgreSQL has not analysed is not there."""

_HOUR = 3600.0
_DAY = 24 * _HOUR
_SECONDS: Mapping[Granularity, float] = {
    Granularity.SECOND: 1,
    Granularity.MINUTE: 60,
    Granularity.HOUR: _HOUR,
    Granularity.DAY: _DAY,
    Granularity.WEEK: 7 * _DAY,
    Granularity.MONTH: 28 * _DAY,
    Granularity.QUARTER: 90 * _DAY,
    Granularity.YEAR: 365 * _DAY,
}
_CYCLES: Mapping[Granularity, tuple[float, float]] = {
    Granularity.HOUR_OF_DAY: (24, _HOUR),
    Granularity.DAY_OF_WEEK: (7, _DAY),
    Granularity.DAY_OF_MONTH: (31, _DAY),
    Granularity.MONTH_OF_YEAR: (12, 28 * _DAY),
    Granularity.QUARTER_OF_YEAR: (4, 90 * _DAY),
}
"""How many values there are, and the seconds of which each is one."""


class GroupCounts:
    """Counts the groups that dimensions make. `starts` says how many buckets a bound range has."""

    def __init__(
        self, instances: Mapping[str, Instance], statistics: Statistics, starts: Callable[[Starts], int | None]
    ) -> None:
        self._instances = instances
        self._statistics = statistics
        self._starts = starts

    def at_most(self, dimensions: Collection[Expression]) -> float:
        """How many groups there are by these dimensions; infinitely many where that is not known.

        Buckets of one moment are not more together than the finest of them has in all.
        """
        moments: dict[Column, list[tuple[float, float, float]]] = {}
        counts: list[float] = []
        for each in dimensions:
            bucketed = self._bucketed(each)
            if bucketed is None:
                counts.append(self._distinct(columns_of(each)))
            else:
                moments.setdefault(bucketed[0], []).append(bucketed[1])
        for buckets in moments.values():
            seconds = min(lasting for _, _, lasting in buckets)
            finest = min(unit for _, unit, _ in buckets)
            counts.append(min(prod(count for count, _, _ in buckets), seconds / finest + 2))
        return prod(counts)

    def _distinct(self, columns: Iterable[Column]) -> float:
        return prod(1 + self._of(column).distinct for column in dict.fromkeys(columns))

    def _of(self, column: Column) -> ColumnStatistics:
        instance = self._instances.get(column.alias)
        found = None if instance is None else self._statistics.get((instance.table.ref, column.name))
        return found or ColumnStatistics(inf)

    def _bucketed(self, dimension: Expression) -> tuple[Column, tuple[float, float, float]] | None:
        """The one column that buckets are of; how many there are, the seconds of one and those of all."""
        columns = list(dict.fromkeys(columns_of(dimension)))
        if len(columns) != 1:
            return None
        seconds = self._of(columns[0]).seconds
        lasting = inf if seconds is None else seconds
        found: tuple[float, float, float] | None = None
        for part in walk(dimension):
            match part:
                case Aligned(labels=Starts(cycle=Granularity() as granularity)) | Extract(granularity=granularity):
                    return columns[0], _of_cycle(granularity, lasting)
                case HourOfDay():
                    return columns[0], _of_cycle(Granularity.HOUR_OF_DAY, lasting)
                case Aligned(starts=starts):
                    unit, count = _SECONDS[starts.granularity], self._starts(starts)
                    return columns[0], (inf, unit, lasting) if count is None else (count, unit, count * unit * 1.2)
                case Truncate(granularity=granularity) | Stepped(first=Beat(granularity=granularity)):
                    unit = _SECONDS[granularity]
                    return columns[0], (lasting / unit + 2, unit, lasting)
                case AsDate():  # of a truncated moment, or a day
                    found = found or (lasting / _DAY + 2, _DAY, lasting)
                case _:
                    pass
        return None if found is None else (columns[0], found)


def _of_cycle(granularity: Granularity, lasting: float) -> tuple[float, float, float]:
    count, unit = _CYCLES[granularity]
    return count + 1, unit, lasting

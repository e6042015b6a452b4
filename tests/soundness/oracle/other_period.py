"""The period that another is compared with, as a definition of its own, and how its moments line up."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from itertools import islice
from typing import Any

from prismiq.query import And, Comparison, Condition, Dimension, Filter, Granularity, Operator, QueryDefinition
from prismiq.schema.types import DataType
from soundness.oracle.aggregates import Clock, bucket
from soundness.oracle.conditions import local
from soundness.oracle.periods import earlier, units
from soundness.oracle.stages import CYCLES, NoAnswerError, range_of, touched

Moment = Any


class Other:
    """The other period of a comparison: `definition` asks for it, and `align` moves its moments to the current one."""

    def __init__(
        self, definition: QueryDefinition, part: Comparison, kind: DataType, clock: Clock, now: datetime
    ) -> None:
        self.part = part
        self.kind = kind
        self.zone = clock.zone
        self.clock = clock
        found = range_of(part.field, kind, definition.filters, clock, now)
        if found is None:
            raise NoAnswerError("missing")
        self.step = timedelta(days=1) if kind is DataType.DATE else timedelta(microseconds=1)
        first, after = found[0], found[1] + self.step
        (condition, *_) = list(_on(definition.filters, part.field))
        value = condition.value if condition.operator is Operator.IN_PERIOD else None
        counted = None if value is None or (isinstance(value, dict) and "from" in value) else units(value)
        start, end = self._moved(first, after, counted, now)
        filters = _without(definition.filters, part.field)
        period = Condition(field=part.field, operator=Operator.IN_PERIOD, value={"from": start, "to": end})
        both = And(and_=(period, *((filters,) if filters is not None else ())))
        self.definition = definition.model_copy(update={"filters": both})
        self.first, self.start, self.end = first, start, end
        self._places: dict[Granularity, dict[Any, Any]] = {}

    def check(self, dimensions: list[Dimension]) -> None:
        """Refuses what has no alignment, and lines the buckets up."""
        for each in dimensions:
            if each.field != self.part.field or each.expression is not None:
                continue
            if each.granularity is None and self.kind is not DataType.DATE:
                raise NoAnswerError("missing")
            granularity = each.granularity or Granularity.DAY
            if granularity not in CYCLES and self.part.to != "previous_year":
                self._places[granularity] = self._lined_up(granularity)

    def align(self, dimension: Dimension, value: Moment) -> Moment:
        if dimension.field != self.part.field or value is None or dimension.granularity in CYCLES:
            return value
        if self.part.to == "previous_year":
            return self._year_later(value)
        granularity = dimension.granularity or Granularity.DAY
        return self._places[granularity][bucket(granularity, value, self.clock)]

    def _lined_up(self, granularity: Granularity) -> dict[Any, Any]:
        """Each bucket of the other period, with the bucket as far into the current one."""
        if self.start >= self.end:
            return {}
        others = touched(self.start, self.end - self.step, granularity, self.clock)
        longest = timedelta(days=367) if granularity not in _CLOCK else timedelta(hours=3)
        until = self.first + (self.end - self.start) + 2 * longest
        own = touched(self.first, until, granularity, self.clock)
        return dict(zip(others, islice(own, len(others)), strict=True))

    # The bounds are moved by the clock.

    def _moved(self, first: Moment, after: Moment, counted: Any, now: datetime) -> tuple[Moment, Moment]:
        start, end = self._wall(first), self._wall(after)
        clock = local(now, self.zone).replace(tzinfo=None)
        passed = None
        if start <= clock < end:
            passed = datetime.combine(clock.date() + timedelta(days=1), time()) if self.kind is DataType.DATE else clock
        if self.part.to == "previous_year":
            low, high = _year_before(start), _year_before(end if passed is None else min(passed, end))
            return self._own(low), self._own(high)
        if self.part.to != "previous_period":
            condition = Condition(field=self.part.field, operator=Operator.IN_PERIOD, value=self.part.to)
            found = range_of(self.part.field, self.kind, condition, self.clock, now)
            assert found is not None
            low, high = self._wall(found[0]), self._wall(found[1] + self.step)
        elif counted is not None:
            low, high = datetime.combine(earlier(start.date(), *counted, self.clock), time()), start
        elif start < end and _is_first(start) and _is_first(end):
            months = sum(day.day == 1 for day in _days(start.date(), end.date()))
            low, high = datetime.combine(earlier(start.date(), "month", months, self.clock), time()), start
        elif start.time() == end.time() or self.kind is not DataType.TIMESTAMPTZ:
            low, high = start - (end - start), start
        else:
            low, high = local(first - (after - first), self.zone).replace(tzinfo=None), start
        if passed is not None:
            high = min(high, low + (passed - start))
        return self._own(low), self._own(high)

    def _wall(self, moment: Moment) -> datetime:
        if not isinstance(moment, datetime):
            return datetime.combine(moment, time())
        wall = local(moment, self.zone).replace(tzinfo=None)
        midnight = datetime.combine(wall.date(), time())
        return midnight if self._own(midnight) == moment else wall

    def _own(self, wall: datetime) -> Moment:
        if self.kind is DataType.DATE:
            return wall.date()
        return wall if self.kind is DataType.TIMESTAMP else wall.replace(tzinfo=self.zone).astimezone(timezone.utc)

    def _year_later(self, value: Moment) -> Moment:
        """As PostgreSQL moves: of the 29th of February the 28th; of a wall time that comes twice the second."""
        wall = local(value, self.zone).replace(tzinfo=None) if isinstance(value, datetime) else value
        day = 28 if (wall.month, wall.day) == (2, 29) else wall.day
        moved = wall.replace(year=wall.year + 1, day=day)
        if self.kind is not DataType.TIMESTAMPTZ:
            return moved
        both = [moved.replace(tzinfo=self.zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)]
        return max(both)


_CLOCK = frozenset({Granularity.SECOND, Granularity.MINUTE, Granularity.HOUR})


def _is_first(wall: datetime) -> bool:
    return wall.day == 1 and wall.time() == time()


def _days(first: date, after: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((after - first).days)]


def _year_before(wall: datetime) -> datetime:
    if (wall.month, wall.day) == (2, 29):
        return datetime(wall.year - 1, 3, 1)
    return wall.replace(year=wall.year - 1)


_BOUNDING = frozenset(
    {
        Operator.EQ,
        Operator.GT,
        Operator.GTE,
        Operator.LT,
        Operator.LTE,
        Operator.BETWEEN,
        Operator.IN_PERIOD,
    }
)


def _on(node: Filter | None, field: object) -> list[Condition]:
    """The top-level conditions that bound a field."""
    if isinstance(node, Condition):
        return [node] if node.field == field and node.operator in _BOUNDING else []
    if isinstance(node, And):
        return [each for part in node.and_ for each in _on(part, field)]
    return []


def _without(node: Filter | None, field: object) -> Filter | None:
    """The filters without the top-level conditions that bound a field."""
    if isinstance(node, Condition):
        return None if _on(node, field) else node
    if isinstance(node, And):
        parts = [_without(part, field) for part in node.and_]
        return And(and_=tuple(part for part in parts if part is not None))
    return node

"""What is computed from the bounds of a range when a statement is bound: its buckets, and a range to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice, takewhile
from typing import cast
from zoneinfo import ZoneInfo

from prismiq.calendars import Calendar
from prismiq.errors import IssueCode
from prismiq.plan.expressions import Beat, Conversion, Edge, Moved, MovedBound, Parameter, Span, Starts
from prismiq.query.definition import Granularity
from prismiq.schema.types import DataType
from prismiq.sql.grid import SIZES, buckets, even_start, label, midnight, number_within, wall_time
from prismiq.sql.periods import is_ahead, period_units, shifted
from prismiq.sql.values import UnfitValueError

MAX_BUCKETS = 10_000
"""Of one range: more are no longer a chart, and every one of them is sent to the database."""

_EARLIEST = datetime(1900, 1, 1, tzinfo=timezone.utc)
"""Before, the spans that PostgreSQL counts steps by may have no room."""
_MANY_DAYS = timedelta(days=2_000)
"""For as many a clock is looked at in advance."""

_ONE = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class NoShortcutError(Exception):
    """What would be a shorter way cannot be told for these values; the longer one can be taken."""


class UntoldError(Exception):
    """A bound cannot be read; its own place has told why."""


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` on, before `end`: instants in UTC, or what a clock shows. Days begin at midnight."""

    start: datetime
    end: datetime
    by_day: bool


class Spans:
    """Ranges for one caller's values.

    `value` reads a bound as the driver takes it, or gives None and tells why; `slots` are the values as they were sent;
    `now` is the time in the query's zone.
    """

    def __init__(
        self, value: Callable[[Parameter], object], slots: Sequence[object], now: datetime, calendar: Calendar
    ) -> None:
        self._value = value
        self._slots = slots
        self._calendar = calendar
        self._zone = cast("ZoneInfo", now.tzinfo)
        self._now = now.replace(tzinfo=None)

    def starts(self, bound: Starts) -> Sequence[date | datetime | int]:
        """The labels of a range's buckets, or their numbers within a cycle.

        Raises UnfitValueError for too many, and UntoldError; of a shortcut NoShortcutError in the place of the former.
        """
        if bound.shortcut is not None:
            return self._shortcut(bound)
        try:
            found = self._range(bound.range)
            if bound.like is None:
                return self._touched(found, bound)
            wanted = len(self.starts(Starts(bound.like, bound.granularity, bound.type)))
            labels = list(islice(buckets(found.start, bound.granularity, self._zone, self._calendar), wanted))
            if len(labels) < wanted:
                raise OverflowError
        except (OverflowError, ValueError):
            raise _beyond_the_years() from None
        return labels

    def _shortcut(self, bound: Starts) -> Sequence[date | datetime | int]:
        try:
            found = self._range(bound.range)
            labels, moments = _days(found.start, found.end, bound.granularity, self._zone, self._calendar)
        except (OverflowError, ValueError, UnfitValueError):
            raise NoShortcutError from None
        if bound.cycle is not None:
            return [number_within(bound.cycle, each, self._calendar) for each in labels]
        return labels if bound.shortcut == "labels" else moments

    def beat(self, bound: Beat) -> datetime:
        """Where the first bucket of a range begins, or the last one. Raises NoShortcutError, and UntoldError."""
        try:
            found = self._range(bound.range)
            first = _first(found.start, found.end, bound.granularity, self._zone)
        except (OverflowError, ValueError, UnfitValueError):
            raise NoShortcutError from None
        if not bound.last:
            return first
        steps, _ = divmod(found.end - _ONE - first, SIZES[bound.granularity])
        if steps >= MAX_BUCKETS:
            raise NoShortcutError
        return first + steps * SIZES[bound.granularity]

    def bound(self, bound: MovedBound) -> date | datetime:
        """An end of a moved range, as the driver takes it. Raises UnfitValueError, and UntoldError."""
        try:
            found = self._range(bound.range)
        except (OverflowError, ValueError):
            raise _beyond_the_years() from None
        moment = found.end if bound.end else found.start
        return moment.date() if bound.type.kind is DataType.DATE else moment

    def _touched(self, found: Range, bound: Starts) -> list[date | datetime]:
        """The buckets that a range touches."""
        return _touched(found.start, found.end, bound.granularity, self._zone, self._calendar)

    def _range(self, range_: Span | Moved) -> Range:
        """A range: between the last of its lower bounds and the first of its upper ones, or the one compared with."""
        if isinstance(range_, Moved):
            return self._moved(range_)
        start = max(self._from(each) for each in range_.lows)
        end = min(self._to(each) for each in range_.highs)
        return Range(start, end, range_.lows[0].value.type.kind is DataType.DATE)

    def _from(self, edge: Edge) -> datetime:
        moment, step = self._moment(edge.value)
        return moment if edge.inclusive else moment + step

    def _to(self, edge: Edge) -> datetime:
        moment, step = self._moment(edge.value)
        return moment + step if edge.inclusive else moment

    def _moment(self, parameter: Parameter) -> tuple[datetime, timedelta]:
        """The bound, and what lies between it and what follows."""
        value = self._value(parameter)
        if isinstance(value, datetime):
            return value, _ONE
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day), _DAY
        raise UntoldError

    # The range to compare with. It is moved by the clock, and becomes instants at the end.

    def _moved(self, moved: Moved) -> Range:
        current = self._range(moved.span)
        start, end = self._wall(current.start), self._wall(current.end)
        passed = self._passed(moved.span, current, start, end)
        if moved.to == "previous_year":
            before = _year_earlier(start), _year_earlier(end if passed is None else passed)
        else:
            if isinstance(moved.to, Span):
                other = self._range(moved.to)
                before = self._wall(other.start), self._wall(other.end)
            else:
                before = self._directly_before(moved.span, current, start, end)
            if passed is not None:
                before = before[0], min(before[1], before[0] + (passed - start))
        if current.start.tzinfo is None:
            return Range(*before, current.by_day)
        first, last = (each.replace(tzinfo=self._zone).astimezone(timezone.utc) for each in before)
        return Range(first, last, current.by_day)

    def _passed(self, span: Span, current: Range, start: datetime, end: datetime) -> datetime | None:
        """Until when a period that now lies in has passed: of days with the whole of today."""
        if not start <= self._now < end or is_ahead(self._relative(span)):
            return None
        if current.by_day:
            return min(end, self._now.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY)
        return self._now

    def _directly_before(self, span: Span, current: Range, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """As many units, where the period is of units, or of whole months; as many days; or for as long."""
        relative = self._relative(span)
        if relative is not None:
            unit, count = period_units(relative)
            if unit == "hour" and current.start.tzinfo is not None:
                return wall_time(current.start - count * SIZES[Granularity.HOUR], self._zone), start
            return shifted(start, unit, -count), start
        if _is_first(start) and _is_first(end):
            return shifted(start, "month", (start.year - end.year) * 12 + start.month - end.month), start
        if start.time() == end.time() or current.start.tzinfo is None:
            return start - (end - start), start
        return wall_time(current.start - (current.end - current.start), self._zone), start

    def _relative(self, span: Span) -> object:
        """The named or relative period that a range is, or None."""
        low, high = span.lows[0].value, span.highs[0].value
        if (low.conversion, high.conversion) != (Conversion.PERIOD_START, Conversion.PERIOD_END):
            return None
        return self._slots[cast("int", low.source)]

    def _wall(self, moment: datetime) -> datetime:
        """What the clock shows; where it skips midnight, the midnight that the day would have begun with."""
        wall = wall_time(moment, self._zone)
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        if moment.tzinfo is None:
            return wall
        return midnight if midnight.replace(tzinfo=self._zone).astimezone(timezone.utc) == moment else wall


def _touched(
    start: datetime, end: datetime, granularity: Granularity, zone: ZoneInfo, calendar: Calendar
) -> list[date | datetime]:
    if start >= end:
        return []
    last = label(end - _ONE, granularity, zone, calendar)
    every = buckets(start, granularity, zone, calendar)
    # A date and a datetime are never among one bound's labels.
    labels = list(islice(takewhile(lambda each: each <= last, every), MAX_BUCKETS + 1))  # pyright: ignore[reportOperatorIssue]
    if len(labels) > MAX_BUCKETS:
        raise UnfitValueError(
            IssueCode.TOO_COMPLEX,
            f"The period has more than {MAX_BUCKETS} buckets of a {granularity}.",
            "Choose a shorter period or a coarser granularity.",
        )
    return labels


def _days(
    start: datetime, end: datetime, granularity: Granularity, zone: ZoneInfo, calendar: Calendar
) -> tuple[Sequence[date], Sequence[datetime]]:
    """The days that the range's buckets begin with, and the instants at which these days begin."""
    days = _long_days if end - start > _MANY_DAYS and granularity in _FINE else _some_days
    return days(start, end, granularity, zone, calendar)


def _found_days(
    start: datetime, end: datetime, granularity: Granularity, zone: ZoneInfo, calendar: Calendar
) -> tuple[Sequence[date], Sequence[datetime]]:
    labels = [cast("date", each) for each in _touched(start, end, granularity, zone, calendar)]
    return labels, [_midnight(each, zone) for each in labels]


_FINE = (Granularity.DAY, Granularity.WEEK)

# A page asks for the same range again. What is kept of long ones takes up to a megabyte each.
_some_days = lru_cache(256)(_found_days)
_long_days = lru_cache(16)(_found_days)


@lru_cache(256)
def _first(start: datetime, end: datetime, granularity: Granularity, zone: ZoneInfo) -> datetime:
    """Where the first bucket begins, all being equally long."""
    if not _EARLIEST <= start <= end < start + _MANY_DAYS:
        raise NoShortcutError
    first = even_start(start, end, SIZES[granularity], zone)
    if first is None:
        raise NoShortcutError
    return first


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins.

    Raises NoShortcutError for a day that begins twice, the clock being set back to the day before in between.
    """
    first = midnight(day, zone)
    again = datetime(day.year, day.month, day.day, tzinfo=zone, fold=1).astimezone(timezone.utc)
    if first < again and (again - _ONE).astimezone(zone).date() != day:
        raise NoShortcutError
    return first


def _is_first(wall: datetime) -> bool:
    return wall == datetime(wall.year, wall.month, 1)


def _year_earlier(wall: datetime) -> datetime:
    """A year earlier: of a leap day, which has none, the first moment after where it would be."""
    if (wall.month, wall.day) == (2, 29):
        return datetime(wall.year - 1, 3, 1)
    return wall.replace(year=wall.year - 1)


def _beyond_the_years() -> UnfitValueError:
    return UnfitValueError(
        IssueCode.VALUE_OUT_OF_RANGE, "The period leaves the years 1 to 9999.", "Choose a period within them."
    )

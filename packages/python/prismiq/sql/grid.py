"""The buckets of a range, computed here as PostgreSQL computes them from a moment.

A bucket goes by its label: the first day of a day or longer one, the beginning of an hour or shorter one. Hours of an
instant begin where the clock of the zone shows a full hour, also where a shift of half an hour cuts one short.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import cast
from zoneinfo import ZoneInfo

from prismiq.calendars import ISO, Calendar
from prismiq.query.definition import Granularity
from prismiq.sql.periods import shifted, unit_start

_DAY = timedelta(days=1)

SIZES: Mapping[Granularity, timedelta] = {
    Granularity.SECOND: timedelta(seconds=1),
    Granularity.MINUTE: timedelta(minutes=1),
    Granularity.HOUR: timedelta(hours=1),
}
"""How long the buckets are that are equally long but where a clock is set anew."""


def buckets(
    first: datetime, granularity: Granularity, zone: ZoneInfo, calendar: Calendar = ISO
) -> Iterator[date | datetime]:
    """The bucket that `first` falls in, and those after it in order until the years end.

    Dates for days and longer; else moments with a zone or without one, as `first` is.
    """
    size = SIZES.get(granularity)
    try:
        if size is None:
            days = _days(wall_time(first, zone), str(granularity), calendar)
            by_clock = granularity is Granularity.DAY and first.tzinfo is not None
            yield from (day for day in days if not (by_clock and _is_left_out(day, zone)))
        elif first.tzinfo is None:
            yield from _beats(first, size)
        else:
            yield from _instants(first, size, zone)
    except (OverflowError, ValueError):
        return


def label(moment: datetime, granularity: Granularity, zone: ZoneInfo, calendar: Calendar = ISO) -> date | datetime:
    """The bucket that a moment falls in. Raises OverflowError where it begins before the year 1."""
    found = next(buckets(moment, granularity, zone, calendar), None)
    if found is None:
        raise OverflowError
    return found


def even_start(start: datetime, end: datetime, size: timedelta, zone: ZoneInfo) -> datetime | None:
    """Where the bucket begins that `start` falls in; None where the clock is set anew before `end` within a bucket, or
    by anything but a whole number of them. No clock is set forth and back within a day."""
    moments = [start + day * _DAY for day in range((end - start) // _DAY + 1)] + [end]
    offsets = [_offset(each, zone) for each in moments]
    for place, (old, new) in enumerate(pairwise(offsets)):
        if old != new:
            changed = wall_time(_changed(moments[place], moments[place + 1], zone), zone)
            if (new - old) % size or _past(changed, size):
                return None
    return start - _past(wall_time(start, zone), size)


def _changed(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When the clock is set anew, to the second."""
    seconds = range(int((after - before).total_seconds()) + 1)
    old = _offset(before, zone)
    place = bisect_left(seconds, True, key=lambda each: _offset(before + timedelta(seconds=each), zone) != old)
    return (before + timedelta(seconds=place)).replace(microsecond=0)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return cast("timedelta", moment.astimezone(zone).utcoffset())


def number_within(cycle: Granularity, day: date, calendar: Calendar) -> int:
    """The number of a day, or of a month that begins with it, within a week, a month or a year."""
    match cycle:
        case Granularity.DAY_OF_WEEK:
            return (day - calendar.days * _DAY).isoweekday()
        case Granularity.DAY_OF_MONTH:
            return day.day
        case Granularity.MONTH_OF_YEAR:
            return day.month
        case _:
            return (day.month - 1 - calendar.months) % 12 // 3 + 1


def wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock shows; a moment without a zone is that already."""
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


def _days(wall: datetime, unit: str, calendar: Calendar) -> Iterator[date]:
    start = unit_start(wall, unit, calendar)
    while True:
        yield start.date()
        start = shifted(start, unit, 1)


def _is_left_out(day: date, zone: ZoneInfo) -> bool:
    """Whether the clock never shows a day: that of a zone that crosses the date line is set forward by a whole one."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone)
    before, after = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    return before is not None and after is not None and after - before >= _DAY


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day: where the clock skips midnight, that at which it does."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(timezone.utc)


def _beats(wall: datetime, size: timedelta) -> Iterator[datetime]:
    start = wall - _past(wall, size)
    while True:
        yield start
        start += size


def _instants(moment: datetime, size: timedelta, zone: ZoneInfo) -> Iterator[datetime]:
    last: datetime | None = None
    while True:
        start = moment - _past(wall_time(moment, zone), size)
        if start != last:
            yield start
        last = start
        # A clock is set anew at a full hour of the old time, or by full hours: never within a bucket that then ends.
        moment = start + size


def past_hour(moment: datetime, zone: ZoneInfo) -> timedelta:
    """How long ago the clock showed a full hour."""
    return _past(wall_time(moment, zone), SIZES[Granularity.HOUR])


def _past(wall: datetime, size: timedelta) -> timedelta:
    """How much of its bucket has passed."""
    hour = wall.replace(minute=0, second=0, microsecond=0)
    return (wall - hour) % size

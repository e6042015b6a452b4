"""The buckets of a range, computed here as PostgreSQL computes them from a moment.

A bucket goes by its label: the first day of a day or longer one, the beginning of an hour or shorter one. Hours of an
instant begin where the clock of the zone shows a full hour, also where a shift of half an hour cuts one short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from prismiq.calendars import ISO, Calendar
from prismiq.query.definition import Granularity
from prismiq.sql.periods import shifted, unit_start

_DAY = timedelta(days=1)

_SIZES: Mapping[Granularity, timedelta] = {
    Granularity.SECOND: timedelta(seconds=1),
    Granularity.MINUTE: timedelta(minutes=1),
    Granularity.HOUR: timedelta(hours=1),
}


def buckets(
    first: datetime, granularity: Granularity, zone: ZoneInfo, calendar: Calendar = ISO
) -> Iterator[date | datetime]:
    """The bucket that `first` falls in, and those after it in order until the years end.

    Dates for days and longer; else moments with a zone or without one, as `first` is.
    """
    size = _SIZES.get(granularity)
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


def _past(wall: datetime, size: timedelta) -> timedelta:
    """How much of its bucket has passed."""
    hour = wall.replace(minute=0, second=0, microsecond=0)
    return (wall - hour) % size

"""When a period begins and ends, by the clock of the query's time zone.

A period is half-open: it ends before the first instant of what follows. `last` counts the current unit as the last of
its n; with `complete` it ends before the current unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import cast

from prismiq.calendars import ISO, Calendar

UNITS = ("hour", "day", "week", "month", "quarter", "year")
_NAMED = re.compile(r"(this|last|next)_(hour|day|week|month|quarter|year)|(week|month|quarter|year)_to_date")
_DAYS: Mapping[str, int] = {"today": 0, "yesterday": -1, "tomorrow": 1}
MOST = 10_000


class PeriodError(ValueError):
    """This is not a period; the message says why."""


def period_bounds(value: object, now: datetime, calendar: Calendar = ISO) -> tuple[datetime, datetime]:
    """The first wall time of a period and the first after it, as the clock shows them.

    `now` is the time in the query's time zone; `calendar` says when weeks, quarters and years begin. Raises PeriodError
    for what is no period.
    """
    wall = now.replace(tzinfo=None)
    if isinstance(value, str):
        return _named(value, wall, calendar)
    if isinstance(value, dict):
        return _relative(cast("dict[str, object]", value), wall, calendar)
    raise PeriodError("A period is a name, or an object with `last` or `next` and a `unit`.")


def period_units(value: object) -> tuple[str, int]:
    """The unit of a period that has bounds, and how many of them it is; a period to date is one."""
    if isinstance(value, dict):
        parts = cast("dict[str, object]", value)
        return str(parts["unit"]), cast("int", parts["next" if is_ahead(parts) else "last"])
    match = _NAMED.fullmatch(str(value))
    return ("day" if match is None else match[2] or match[3]), 1


def is_ahead(value: object) -> bool:
    """Whether a period asks for what is to come, so that it is not in part over."""
    return isinstance(value, dict) and "next" in value


def is_hourly(value: object) -> bool:
    """Whether a period is of hours, which a date does not have."""
    unit = cast("dict[str, object]", value).get("unit") if isinstance(value, dict) else value
    return str(unit).endswith("hour")


def _named(name: str, wall: datetime, calendar: Calendar) -> tuple[datetime, datetime]:
    if name in _DAYS:
        return _span(wall, "day", _DAYS[name], 1, calendar=calendar)
    match = _NAMED.fullmatch(name)
    if match is None:
        raise PeriodError(
            f"There is no period '{name[:40]}': there are today, last_month, year_to_date, and their like."
        )
    which, unit, to_date = match.groups()
    if to_date is not None:
        return unit_start(wall, to_date, calendar), shifted(unit_start(wall, "day", calendar), "day", 1)
    return _span(wall, unit, {"this": 0, "last": -1, "next": 1}[which], 1, calendar=calendar)


def _relative(parts: dict[str, object], wall: datetime, calendar: Calendar) -> tuple[datetime, datetime]:
    unit, complete = parts.get("unit"), parts.get("complete", False)
    directions = parts.keys() & {"last", "next"}
    if len(directions) != 1 or parts.keys() - {"last", "next", "unit", "complete"} or unit not in UNITS:
        raise PeriodError(f"A relative period has `last` or `next`, and a `unit` of {', '.join(UNITS)}.")
    (direction,) = directions
    count = parts[direction]
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
        raise PeriodError(f"`{direction}` is a whole number from 1 to {MOST}.")
    if not isinstance(complete, bool):
        raise PeriodError("`complete` is true or false.")
    if direction == "last":
        return _span(wall, str(unit), -count if complete else 1 - count, count, calendar=calendar)
    return _span(wall, str(unit), 1 if complete else 0, count, calendar=calendar)


def _span(wall: datetime, unit: str, first: int, count: int, *, calendar: Calendar) -> tuple[datetime, datetime]:
    try:
        start = shifted(unit_start(wall, unit, calendar), unit, first)
        return start, shifted(start, unit, count)
    except (OverflowError, ValueError):
        raise PeriodError("The period leaves the years 1 to 9999.") from None


def unit_start(wall: datetime, unit: str, calendar: Calendar) -> datetime:
    """When the unit that a wall time falls in begins."""
    day = wall.date()
    if unit == "hour":
        return wall.replace(minute=0, second=0, microsecond=0)
    if unit == "week":
        day -= timedelta(days=(day.weekday() - calendar.days) % 7)
    elif unit != "day":
        length = _MONTHS[unit]
        ahead = calendar.months % length
        months = day.year * 12 + day.month - 1
        first = (months - ahead) // length * length + ahead
        day = date(first // 12, first % 12 + 1, 1)
    return datetime(day.year, day.month, day.day)


_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}


def shifted(start: datetime, unit: str, count: int) -> datetime:
    """The wall time so many units later. Raises OverflowError or ValueError beyond the years 1 to 9999."""
    if unit == "hour":
        return start + timedelta(hours=count)
    if unit in ("day", "week"):
        return start + timedelta(days=count * (7 if unit == "week" else 1))
    months = start.year * 12 + start.month - 1 + count * _MONTHS[unit]
    return start.replace(year=months // 12, month=months % 12 + 1)

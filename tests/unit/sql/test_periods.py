"""Periods against a fixed clock: 2026-03-31 is a Tuesday, and the day two clocks later than the change in Berlin."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from prismiq.calendars import Calendar, Weekday
from prismiq.sql.periods import PeriodError, period_bounds

NOW = datetime(2026, 3, 31, 15, 30, 20, tzinfo=ZoneInfo("Europe/Berlin"))
PERIODS = [
    ("today", "2026-03-31T00:00", "2026-04-01T00:00"),
    ("yesterday", "2026-03-30T00:00", "2026-03-31T00:00"),
    ("tomorrow", "2026-04-01T00:00", "2026-04-02T00:00"),
    ("this_hour", "2026-03-31T15:00", "2026-03-31T16:00"),
    ("last_hour", "2026-03-31T14:00", "2026-03-31T15:00"),
    ("this_week", "2026-03-30T00:00", "2026-04-06T00:00"),
    ("last_week", "2026-03-23T00:00", "2026-03-30T00:00"),
    ("last_month", "2026-02-01T00:00", "2026-03-01T00:00"),
    ("next_month", "2026-04-01T00:00", "2026-05-01T00:00"),
    ("this_quarter", "2026-01-01T00:00", "2026-04-01T00:00"),
    ("last_quarter", "2025-10-01T00:00", "2026-01-01T00:00"),
    ("last_year", "2025-01-01T00:00", "2026-01-01T00:00"),
    ("month_to_date", "2026-03-01T00:00", "2026-04-01T00:00"),
    ("year_to_date", "2026-01-01T00:00", "2026-04-01T00:00"),
    ({"last": 7, "unit": "day"}, "2026-03-25T00:00", "2026-04-01T00:00"),
    ({"last": 7, "unit": "day", "complete": True}, "2026-03-24T00:00", "2026-03-31T00:00"),
    ({"last": 12, "unit": "month"}, "2025-04-01T00:00", "2026-04-01T00:00"),
    ({"last": 12, "unit": "month", "complete": True}, "2025-03-01T00:00", "2026-03-01T00:00"),
    ({"last": 2, "unit": "quarter", "complete": True}, "2025-07-01T00:00", "2026-01-01T00:00"),
    ({"next": 2, "unit": "week"}, "2026-03-30T00:00", "2026-04-13T00:00"),
    ({"next": 1, "unit": "day", "complete": True}, "2026-04-01T00:00", "2026-04-02T00:00"),
]


@pytest.mark.parametrize(("period", "start", "end"), PERIODS, ids=[str(each[0]) for each in PERIODS])
def test_bounds(period: object, start: str, end: str) -> None:
    assert period_bounds(period, NOW) == (datetime.fromisoformat(start), datetime.fromisoformat(end))


def test_the_clock_is_that_of_the_zone() -> None:
    instant = datetime(2025, 12, 31, 23, 30, tzinfo=timezone.utc)
    start, _ = period_bounds("today", instant.astimezone(ZoneInfo("Europe/Berlin")))
    assert start == datetime(2026, 1, 1)


@pytest.mark.parametrize(
    "period",
    [
        "last_moth",
        "",
        7,
        [],
        {},
        {"last": 0, "unit": "day"},
        {"last": -1, "unit": "day"},
        {"last": True, "unit": "day"},
        {"last": 1},
        {"last": 1, "unit": "fortnight"},
        {"last": 1, "next": 1, "unit": "day"},
        {"last": 1, "unit": "day", "extra": 1},
        {"last": 1, "unit": "day", "complete": "yes"},
        {"last": 10_000, "unit": "year"},
    ],
    ids=str,
)
def test_what_is_no_period(period: object) -> None:
    with pytest.raises(PeriodError):
        period_bounds(period, NOW)


SUNDAYS = Calendar(Weekday.SUNDAY, 11)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("this_week", "2026-03-29", "2026-04-05"),
        ("week_to_date", "2026-03-29", "2026-04-01"),
        ({"last": 2, "unit": "week", "complete": True}, "2026-03-15", "2026-03-29"),
        ("this_quarter", "2026-02-01", "2026-05-01"),
        ("quarter_to_date", "2026-02-01", "2026-04-01"),
        ({"next": 1, "unit": "quarter", "complete": True}, "2026-05-01", "2026-08-01"),
        ("this_year", "2025-11-01", "2026-11-01"),
        ("last_year", "2024-11-01", "2025-11-01"),
        ("year_to_date", "2025-11-01", "2026-04-01"),
        ("this_month", "2026-03-01", "2026-04-01"),
    ],
)
def test_weeks_and_years_of_a_team(period: object, start: str, end: str) -> None:
    assert period_bounds(period, NOW, SUNDAYS) == (datetime.fromisoformat(start), datetime.fromisoformat(end))

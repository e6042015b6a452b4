"""The buckets of a range where clocks are set anew, and where a range ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prismiq.calendars import Calendar, Weekday
from prismiq.errors import IssueCode, QueryError
from prismiq.query.definition import Granularity, QueryDefinition
from prismiq.query.split import split
from prismiq.sql.grid import buckets
from unit.schemas import Definition, compiled

UNITS = ("week", "quarter", "year")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def clock(first: str, granularity: Granularity, zone: str, count: int) -> list[str]:
    """The local times that buckets begin at, with their offsets."""
    found = islice(buckets(moment(first), granularity, ZoneInfo(zone)), count)
    return [each.astimezone(ZoneInfo(zone)).isoformat()[11:] for each in found if isinstance(each, datetime)]


def test_the_hour_that_comes_twice_is_two() -> None:
    assert clock("2025-10-26T00:10:00+00:00", Granularity.HOUR, "Europe/Berlin", 3) == [
        "02:00:00+02:00",
        "02:00:00+01:00",
        "03:00:00+01:00",
    ]


def test_the_hour_that_is_skipped_is_none() -> None:
    assert clock("2025-03-30T00:10:00+00:00", Granularity.HOUR, "Europe/Berlin", 2) == [
        "01:00:00+01:00",
        "03:00:00+02:00",
    ]


def test_hours_around_a_shift_of_half_an_hour() -> None:
    # At 02:00 the clock goes back to 01:30; date_trunc then gives 01:00 of the new time for the half hour that follows.
    assert clock("2025-04-05T14:10:00+00:00", Granularity.HOUR, "Australia/Lord_Howe", 3) == [
        "01:00:00+11:00",
        "01:30:00+11:00",
        "02:00:00+10:30",
    ]
    # At 02:00 it goes forward to 02:30: the hour that shows 02 has thirty minutes.
    assert clock("2025-10-04T14:40:00+00:00", Granularity.HOUR, "Australia/Lord_Howe", 3) == [
        "01:00:00+10:30",
        "01:30:00+10:30",
        "03:00:00+11:00",
    ]


def test_minutes_run_through_a_shift() -> None:
    found = list(islice(buckets(moment("2025-10-26T00:58:30+00:00"), Granularity.MINUTE, ZoneInfo("Europe/Berlin")), 4))
    assert found == [moment(f"2025-10-26T{text}:00+00:00") for text in ("00:58", "00:59", "01:00", "01:01")]


def test_wall_time_knows_no_shift() -> None:
    found = list(islice(buckets(moment("2025-03-30T01:59:59"), Granularity.HOUR, ZoneInfo("Europe/Berlin")), 2))
    assert found == [moment("2025-03-30T01:00:00"), moment("2025-03-30T02:00:00")]


@pytest.mark.parametrize(
    ("granularity", "expected"),
    [
        (Granularity.DAY, [date(2025, 12, 31), date(2026, 1, 1)]),
        (Granularity.WEEK, [date(2025, 12, 29), date(2026, 1, 5)]),
        (Granularity.MONTH, [date(2025, 12, 1), date(2026, 1, 1)]),
        (Granularity.QUARTER, [date(2025, 10, 1), date(2026, 1, 1)]),
        (Granularity.YEAR, [date(2025, 1, 1), date(2026, 1, 1)]),
    ],
)
def test_days_and_longer(granularity: Granularity, expected: list[date]) -> None:
    assert list(islice(buckets(moment("2025-12-31T22:30:00+00:00"), granularity, ZoneInfo("UTC")), 2)) == expected


def test_a_day_that_the_clock_never_shows_is_none() -> None:
    apia = ZoneInfo("Pacific/Apia")
    first = datetime(2011, 12, 29, 12, tzinfo=apia)
    shown = list(islice(buckets(first, Granularity.DAY, apia), 3))
    assert shown == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)]
    wall = list(islice(buckets(first.replace(tzinfo=None), Granularity.DAY, apia), 3))
    assert wall[1] == date(2011, 12, 30), "what a column stores may be any day"


def test_weeks_and_years_begin_by_the_calendar() -> None:
    calendar = Calendar(Weekday.SUNDAY, 2)
    moment_ = moment("2026-01-03T00:00")  # a Saturday
    found = [list(islice(buckets(moment_, Granularity(each), ZoneInfo("UTC"), calendar), 2)) for each in UNITS]
    assert found == [
        [date(2025, 12, 28), date(2026, 1, 4)],
        [date(2025, 11, 1), date(2026, 2, 1)],
        [date(2025, 2, 1), date(2026, 2, 1)],
    ]


def test_they_end_with_the_years() -> None:
    last = datetime(9999, 12, 31, 23, tzinfo=timezone.utc)
    assert list(buckets(last, Granularity.MONTH, ZoneInfo("UTC"))) == [date(9999, 12, 1)]
    assert len(list(buckets(last, Granularity.HOUR, ZoneInfo("UTC")))) == 1


def filled(field: str, granularity: str, *conditions: Definition) -> Definition:
    dimension = {"name": "when", "field": field, "granularity": granularity, "fill": True}
    every = [{"field": field, **each} for each in conditions]
    return {"source": "orders", "dimensions": [dimension], "measures": ["count"], "filters": every}


def bound(definition: Definition, now: datetime = datetime(2026, 3, 31, 12, tzinfo=timezone.utc)) -> Any:
    """The buckets as they are bound."""
    _, values = split(QueryDefinition.model_validate(definition))
    lists = [
        each for each in compiled(definition).bind(values, None, row_cap=10, now=now).args if isinstance(each, list)
    ]
    return lists[0] if lists else None


def between(low: object, high: object) -> Definition:
    return {"operator": "between", "value": [low, high]}


def period(value: object) -> Definition:
    return {"operator": "in_period", "value": value}


JANUARY = [date(2026, 1, day) for day in (1, 2)]


@pytest.mark.parametrize(
    ("field", "condition"),
    [
        ("due_on", between("2026-01-01", "2026-01-02")),
        ("due_on", period({"from": "2026-01-01", "to": "2026-01-03"})),
        ("ordered_at", between("2026-01-01", "2026-01-02")),
        ("ordered_at", between("2026-01-01T12:00", "2026-01-02T00:00")),
        ("ordered_at", period({"from": "2026-01-01", "to": "2026-01-02T00:00:00.000001"})),
        ("paid_at", period({"from": "2026-01-01T23:59:59.999999", "to": "2026-01-03"})),
    ],
)
def test_an_end_belongs_to_the_range_or_not(field: str, condition: Definition) -> None:
    assert bound(filled(field, "day", condition)) == JANUARY


def test_one_lower_and_one_upper_comparison_are_a_range() -> None:
    later = filled(
        "due_on", "day", {"operator": "gt", "value": "2025-12-31"}, {"operator": "lt", "value": "2026-01-03"}
    )
    assert bound(later) == JANUARY


def test_several_ranges_are_what_they_have_in_common() -> None:
    both = filled("due_on", "day", period("this_year"), {"operator": "lte", "value": "2026-01-02"})
    assert bound(both) == JANUARY
    assert bound(filled("due_on", "day", period("this_year"), period("last_year"))) == []


def test_a_relative_period_follows_the_clock() -> None:
    definition = filled("ordered_at", "month", period({"last": 2, "unit": "month"}))
    assert bound(definition) == [date(2026, 2, 1), date(2026, 3, 1)]
    assert bound(definition, datetime(2024, 1, 1, tzinfo=timezone.utc)) == [date(2023, 12, 1), date(2024, 1, 1)]


@pytest.mark.parametrize(
    "conditions",
    [
        [{"operator": "gte", "value": "2026-01-01"}],
        [{"operator": "neq", "value": "2026-01-01"}],
        [{"operator": "not_between", "value": ["2026-01-01", "2026-01-02"]}],
    ],
)
def test_what_bounds_one_end_alone_is_no_range(conditions: list[Definition]) -> None:
    sql = compiled(filled("due_on", "day", *conditions)).sql
    assert "min(found" in sql
    assert "unnest" not in sql


def test_only_what_must_hold_is_a_range() -> None:
    definition = filled("due_on", "day")
    either = [{"field": "due_on", **between("2026-01-01", "2026-01-02")}, {"field": "status", "value": "paid"}]
    assert bound(definition | {"filters": {"or": either}}) is None
    assert bound(definition | {"filters": {"not": either[0]}}) is None
    assert bound(definition | {"filters": {"and": [{"and": either}]}}) == JANUARY


def test_another_field_is_another_range() -> None:
    definition = filled("due_on", "day") | {"filters": {"field": "ordered_at", **between("2026-01-01", "2026-01-02")}}
    assert bound(definition) is None


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        (filled("ordered_at", "second", between("2026-01-01", "2026-01-02")), IssueCode.TOO_COMPLEX),
        (filled("due_on", "day", between("0001-01-01", "9999-12-30")), IssueCode.TOO_COMPLEX),
        (filled("due_on", "year", between("2026-01-01", "9999-12-31")), IssueCode.VALUE_OUT_OF_RANGE),
        (filled("due_on", "day", period("sometime")), IssueCode.INVALID_VALUE),
        (filled("due_on", "day", between("2026-01-01", "2026-02-30")), IssueCode.INVALID_VALUE),
    ],
)
def test_a_range_that_cannot_be_filled_is_told_once(definition: Definition, code: IssueCode) -> None:
    with pytest.raises(QueryError) as caught:
        bound(definition)
    (issue,) = caught.value.issues
    assert issue.code is code
    assert issue.loc[:3] == ("filters", 0, "value")
    assert issue.hint


def test_ten_thousand_are_not_too_many() -> None:
    end = date(2026, 1, 1) + timedelta(days=9_999)
    assert len(bound(filled("due_on", "day", between("2026-01-01", end.isoformat())))) == 10_000

"""What a period is compared with: the bounds that are bound for the other one."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prismiq.errors import IssueCode, QueryError
from prismiq.query.definition import QueryDefinition
from prismiq.query.split import split
from unit.schemas import Definition, compiled

NOW = datetime(2026, 3, 31, 13, 30, tzinfo=timezone.utc)  # in Berlin half past three
BERLIN = "Europe/Berlin"


def definition(field: str, value: object, to: object, **parts: Any) -> Definition:
    condition = {"field": field, "operator": "in_period", "value": value}
    return {
        "source": "orders",
        "measures": ["count"],
        "filters": condition,
        "compare": {"field": field, "to": to},
        "time_zone": BERLIN,
        **parts,
    }


def args(asked: Definition, now: datetime = NOW) -> tuple[object, ...]:
    _, values = split(QueryDefinition.model_validate(asked))
    return compiled(asked).bind(values, None, row_cap=10, now=now).args


def other(field: str, value: object, to: object = "previous_period", now: datetime = NOW) -> str:
    """The bounds of the period compared with: days, or what the clock shows."""
    moments = [each for each in args(definition(field, value, to), now) if isinstance(each, date)]
    assert len(moments) == 4
    return " ".join(_shown(each) for each in moments[2:])


def _shown(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None)
    return moment.isoformat(timespec="minutes")


def fixed(start: str, end: str) -> Definition:
    return {"from": start, "to": end}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # Units: as many directly before, however long they are.
        ("last_month", "2026-01-01 2026-02-01"),
        ("last_quarter", "2025-07-01 2025-10-01"),
        ("yesterday", "2026-03-29 2026-03-30"),
        ({"last": 7, "unit": "day", "complete": True}, "2026-03-17 2026-03-24"),
        ({"last": 2, "unit": "month", "complete": True}, "2025-11-01 2026-01-01"),
        ({"next": 1, "unit": "month", "complete": True}, "2026-03-01 2026-04-01"),
        # What lies ahead is not in part over.
        ({"next": 2, "unit": "week"}, "2026-03-16 2026-03-30"),
        # Days: as many directly before.
        (fixed("2026-03-01", "2026-03-31"), "2026-01-30 2026-03-01"),
        (fixed("2026-02-02", "2026-03-02"), "2026-01-05 2026-02-02"),
        # Whole months: as many of them.
        (fixed("2026-02-01", "2026-03-01"), "2026-01-01 2026-02-01"),
        (fixed("2025-01-01", "2026-01-01"), "2024-01-01 2025-01-01"),
        # What now lies in: today has passed.
        ("today", "2026-03-30 2026-03-31"),
        ("this_month", "2026-02-01 2026-03-01"),
        ("this_week", "2026-03-23 2026-03-25"),
        ("month_to_date", "2026-02-01 2026-03-01"),
        ("year_to_date", "2025-01-01 2025-04-01"),
        ({"last": 3, "unit": "month"}, "2025-10-01 2025-12-30"),
        (fixed("2026-03-25", "2026-04-10"), "2026-03-09 2026-03-16"),
    ],
)
def test_the_period_before_of_a_date(value: object, expected: str) -> None:
    assert other("due_on", value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("last_month", "2026-01-01T00:00 2026-02-01T00:00"),
        ("yesterday", "2026-03-29T00:00 2026-03-30T00:00"),
        (fixed("2026-03-29", "2026-03-31"), "2026-03-27T00:00 2026-03-29T00:00"),  # 47 hours, and 48 before
        (fixed("2026-03-20T10:00", "2026-03-20T14:00"), "2026-03-20T06:00 2026-03-20T10:00"),
        # Until now: as much time of the clock has passed.
        ("today", "2026-03-30T00:00 2026-03-30T15:30"),
        ("this_week", "2026-03-23T00:00 2026-03-24T15:30"),
        ("this_month", "2026-02-01T00:00 2026-03-01T00:00"),  # February ends before
        ("this_hour", "2026-03-31T14:00 2026-03-31T14:30"),
        ({"last": 7, "unit": "day"}, "2026-03-18T00:00 2026-03-24T15:30"),
        ({"last": 2, "unit": "hour"}, "2026-03-31T12:00 2026-03-31T13:30"),
    ],
)
@pytest.mark.parametrize("field", ["ordered_at", "paid_at"])
def test_the_period_before_of_a_timestamp(field: str, value: object, expected: str) -> None:
    assert other(field, value) == expected


def test_a_fixed_time_of_instants_is_as_long_though_a_clock_is_shifted() -> None:
    assert other("ordered_at", fixed("2026-03-29T01:00", "2026-03-29T05:00")) == "2026-03-28T22:00 2026-03-29T01:00"
    assert other("paid_at", fixed("2026-03-29T01:00", "2026-03-29T05:00")) == "2026-03-28T21:00 2026-03-29T01:00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("last_month", "2025-02-01 2025-03-01"),
        (fixed("2024-02-01", "2024-03-01"), "2023-02-01 2023-03-01"),
        (fixed("2024-02-01", "2024-02-29"), "2023-02-01 2023-03-01"),  # the 28th stays within
        (fixed("2024-02-29", "2024-03-01"), "2023-03-01 2023-03-01"),  # a leap day has none before
        (fixed("2025-02-28", "2025-03-01"), "2024-02-28 2024-03-01"),
        ("year_to_date", "2025-01-01 2025-04-01"),
        ("this_year", "2025-01-01 2025-04-01"),
    ],
)
def test_the_year_before(value: object, expected: str) -> None:
    assert other("due_on", value, "previous_year") == expected


def test_the_year_before_until_now() -> None:
    assert other("ordered_at", "this_month", "previous_year") == "2025-03-01T00:00 2025-03-31T15:30"


def test_any_other_period() -> None:
    assert other("due_on", "last_month", fixed("2019-02-01", "2019-03-01")) == "2019-02-01 2019-03-01"
    assert other("due_on", "last_month", "last_year") == "2025-01-01 2026-01-01"
    assert other("ordered_at", "today", {"last": 1, "unit": "week", "complete": True}) == (
        "2026-03-23T00:00 2026-03-23T15:30"
    )


def test_a_day_without_a_midnight_begins_with_it_all_the_same() -> None:
    # In Beirut the 30th of March 2025 begins at one o'clock, the 30th of March 2024 at midnight.
    asked = definition("ordered_at", fixed("2025-03-30", "2025-03-31"), "previous_year", time_zone="Asia/Beirut")
    moments = [each for each in args(asked) if isinstance(each, datetime)]
    assert [each.isoformat() for each in moments] == [
        "2025-03-29T22:00:00+00:00",
        "2025-03-30T21:00:00+00:00",
        "2024-03-29T22:00:00+00:00",
        "2024-03-30T22:00:00+00:00",
    ]


def grouped(field: str, granularity: str, value: object, to: object) -> list[list[Any]]:
    """The arrays by which buckets are aligned: the labels, and the starts in the other period."""
    dimension = {"field": field, "granularity": granularity}
    return [each for each in args(definition(field, value, to, dimensions=[dimension])) if isinstance(each, list)]


def test_buckets_are_aligned_by_their_place() -> None:
    labels, starts = grouped(
        "ordered_at", "month", fixed("2026-01-01", "2026-03-01"), fixed("2020-06-01", "2020-08-01")
    )
    assert labels == [date(2026, 1, 1), date(2026, 2, 1)]
    assert starts == [date(2020, 6, 1), date(2020, 7, 1)]


def test_a_longer_period_goes_on_after_the_end_of_the_current_one() -> None:
    labels, starts = grouped("due_on", "day", "last_month", "previous_period")
    assert len(starts) == len(labels) == 31
    assert labels[-1] == date(2026, 3, 3)  # February has 28, January 31


def test_a_period_that_has_not_begun_has_no_buckets() -> None:
    midnight = datetime(2026, 2, 28, 23, tzinfo=timezone.utc)  # the first moment of March in Berlin
    asked = definition(
        "ordered_at", "this_month", "previous_period", dimensions=[{"field": "ordered_at", "granularity": "day"}]
    )
    assert [each for each in args(asked, midnight) if isinstance(each, list)] == [[], []]


def test_cyclic_buckets_are_what_they_are() -> None:
    assert grouped("ordered_at", "day_of_week", "last_month", "previous_period") == []


def test_a_year_is_moved_inside_the_bucket() -> None:
    asked = definition("due_on", "last_month", "previous_year", dimensions=["due_on"])
    assert "INTERVAL '1 year'" in compiled(asked).sql
    assert [each for each in args(asked) if isinstance(each, list)] == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (definition("due_on", "last_month", "sometime"), IssueCode.INVALID_VALUE),
        (definition("due_on", "sometime", "previous_period"), IssueCode.INVALID_VALUE),
        (definition("due_on", fixed("0001-01-01", "0001-02-01"), "previous_period"), IssueCode.VALUE_OUT_OF_RANGE),
        (definition("due_on", fixed("0001-01-01", "0001-02-01"), "previous_year"), IssueCode.VALUE_OUT_OF_RANGE),
        (
            definition(
                "ordered_at", "last_year", "last_month", dimensions=[{"field": "ordered_at", "granularity": "second"}]
            ),
            IssueCode.TOO_COMPLEX,
        ),
    ],
)
def test_what_cannot_be_bound_says_so_once(asked: Definition, code: IssueCode) -> None:
    with pytest.raises(QueryError) as caught:
        args(asked)
    (issue,) = caught.value.issues
    assert issue.code is code
    assert issue.hint

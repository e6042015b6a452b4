from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.execution.calendar import calendar_day, span_of

CYCLE = 146_097  # days in 400 years


@given(st.integers(1, date.max.toordinal()))
def test_days_of_pythons_calendar(ordinal: int) -> None:
    assert calendar_day(ordinal) == date.fromordinal(ordinal).isoformat()


@given(st.integers(1, CYCLE), st.integers(26, 500) | st.integers(-12, -1))
def test_days_beyond_repeat_every_400_years(ordinal: int, cycles: int) -> None:
    near, far = date.fromordinal(ordinal), calendar_day(ordinal + cycles * CYCLE)
    year = near.year + 400 * cycles
    assert far == f"{'-' if year < 0 else '+'}{abs(year):06d}-{near:%m-%d}"


@pytest.mark.parametrize(
    ("ordinal", "text"),
    [
        (0, "+000000-12-31"),
        (-365, "+000000-01-01"),
        (-366, "-000001-12-31"),
        (date.max.toordinal() + 1, "+010000-01-01"),
    ],
)
def test_the_edges(ordinal: int, text: str) -> None:
    assert calendar_day(ordinal) == text


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ((0, 0, 2**31 - 1), timedelta(microseconds=2**31 - 1)),  # no 32 bits of an infinite day
        ((0, 3, -(2**31)), timedelta(days=3, microseconds=-(2**31))),
        ((2**31 - 1, 2**31 - 1, 2**63 - 1), "infinity"),
        ((-(2**31), -(2**31), -(2**63)), "-infinity"),
        ((0, 2**31 - 1, 0), "P2147483647D"),
        ((0, 999_999_998, 2**63 - 1), "P999999998DT2562047788H54.775807S"),  # beyond a timedelta only together
        ((1, 0, 0), "P1M"),
    ],
)
def test_spans(value: tuple[int, int, int], read: object) -> None:
    assert span_of(value) == read

"""On which day a week begins, and in which month a year: what "week", "quarter" and "year" mean to a team."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from prismiq.errors import IssueCode

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


class Weekday(str, Enum):
    """A day of the week, in ISO's order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    def __str__(self) -> str:
        return self.value


def _number_of(month: object) -> object:
    if not isinstance(month, str) or month.isdecimal():
        return month
    if month.lower() not in _MONTHS:
        raise PydanticCustomError(
            IssueCode.INVALID.value, 'A month is a number from 1 to 12, or a name such as "april".'
        )
    return _MONTHS.index(month.lower()) + 1


Month = Annotated[int, BeforeValidator(_number_of, json_schema_input_type=int | str), Field(ge=1, le=12)]
"""1 to 12, also read from the month's English name."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a query counts weeks, quarters and years; the default is ISO's weeks and years from January."""

    week_start: Weekday = Weekday.MONDAY
    fiscal_year_start: int = 1

    @property
    def days(self) -> int:
        """How many days after Monday a week begins."""
        return list(Weekday).index(self.week_start)

    @property
    def months(self) -> int:
        """How many months after January a year begins."""
        return self.fiscal_year_start - 1


ISO = Calendar()


@dataclass(frozen=True, slots=True)
class Clock:
    """By which wall clock, and by whose weeks and years, a query's values are read."""

    time_zone: str
    calendar: Calendar

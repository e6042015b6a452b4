"""Relative periods as the days they begin and end with, counted one by one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from prismiq.query import Condition, Granularity, Operator
from soundness.oracle.aggregates import Clock, bucket
from soundness.oracle.conditions import day_of

Units = tuple[str, int]


def absolute_period(condition: Condition, now: datetime, clock: Clock) -> Condition:
    """A condition on a relative period as one on its first day and the first after it."""
    if condition.operator not in (Operator.IN_PERIOD, Operator.NOT_IN_PERIOD) or units(condition.value) is None:
        return condition
    first, after = days(condition.value, now, clock)
    return condition.model_copy(update={"value": {"from": first, "to": after}})


def units(value: Any) -> Units | None:
    """The unit of a relative period and how many they are; None of one from a day to another."""
    if isinstance(value, str):
        words = value.split("_")
        return ("day" if value == "today" else words[0] if value.endswith("_to_date") else words[1]), 1
    return (value["unit"], value["last"]) if "last" in value else None


def days(value: Any, now: datetime, clock: Clock) -> tuple[date, date]:
    """The first day of a relative period, and the first after it: `this_…`, `last_…`, `…_to_date`, the last of a unit."""
    today = day_of(now, clock.zone)
    counted = units(value)
    assert counted is not None
    unit, count = counted
    this = start_of(today, unit, clock)
    if isinstance(value, str) and value.startswith("last_"):
        return earlier(this, unit, 1, clock), this
    if isinstance(value, str) and value.endswith("_to_date"):
        return this, today + timedelta(days=1)
    return earlier(this, unit, count - 1, clock), later(this, unit, clock)


def start_of(day: date, unit: str, clock: Clock) -> date:
    return bucket(Granularity(unit), day, clock)


def earlier(start: date, unit: str, count: int, clock: Clock) -> date:
    """So many units before the start of one: the day before it is in the one before."""
    for _ in range(count):
        start = start_of(start - timedelta(days=1), unit, clock)
    return start


def later(start: date, unit: str, clock: Clock) -> date:
    """The start of the unit after."""
    day = start
    while start_of(day, unit, clock) == start:
        day += timedelta(days=1)
    return day

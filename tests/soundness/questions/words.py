"""The words that random questions are made of, by the kind of column that they are asked of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

NUMERIC = ("n", "i")
ANY = ("first", "last", "array_agg")
AGGREGATES: dict[str, tuple[str, ...]] = {
    "t": ("count", "count_distinct", "min", "max", "string_agg", "string_agg", *ANY),
    "n": (
        "sum",
        "sum",
        "avg",
        "min",
        "max",
        "median",
        "percentile",
        "stddev",
        "variance",
        "count",
        "count_distinct",
        *ANY,
    ),
    "i": ("sum", "sum", "avg", "min", "max", "median", "stddev", "count", *ANY),
    "b": ("bool_and", "bool_or", "count", *ANY),
    "d": ("min", "max", "count_distinct", *ANY),
    "m": ("min", "max", "count", *ANY),
    "w": ("min", "max", "count_distinct", *ANY),
    "s": ("min", "max", "count", *ANY),
}
COMPARISONS = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "not_in", "between", "not_between")
DAYS = ("day", "week", "month", "quarter", "year", "day_of_week", "day_of_month", "month_of_year", "quarter_of_year")
CLOCK = ("second", "minute", "hour", "hour_of_day")
GRANULARITIES = {"d": DAYS, "m": (*CLOCK, *DAYS), "w": (*CLOCK, *DAYS), "s": (*CLOCK, *DAYS)}
BINS: tuple[dict[str, Any], ...] = (
    {"bins": {"width": 2}},
    {"bins": {"width": Decimal("0.5"), "start": Decimal("-0.25")}},
    {"bins": {"width": 10**19, "start": 7}},
    {"bins": {"width": Decimal("0.75"), "start": 100}},
    {"bins": {"count": 4, "min": -3, "max": 3}},
    {"edges": [0]},
    {"edges": [Decimal("-2.25"), 1, 2, Decimal("50.1"), 99999999999999999999]},
)
PATTERNS = ("contains", "not_contains", "starts_with", "ends_with", "like", "ilike")
OPERATORS = {
    "t": ("eq", "neq", "gt", "lte", "in", "not_in", "between", *PATTERNS, *PATTERNS[:4]),
    "b": ("eq", "neq", "in", "not_in"),
    **dict.fromkeys("dmws", (*COMPARISONS, "in_period", "not_in_period")),
}
RELATIVE: tuple[Any, ...] = (
    "today",
    "this_week",
    "this_month",
    "last_month",
    "this_quarter",
    "last_quarter",
    "this_year",
    "last_year",
    "month_to_date",
    "year_to_date",
    {"last": 7, "unit": "day"},
    {"last": 3, "unit": "month"},
    {"last": 2, "unit": "year"},
)
NOWS = tuple(
    datetime.fromisoformat(f"{text}+00:00")
    for text in ("2025-12-31T23:40:00", "2025-03-31T10:00:00", "2025-10-26T01:00:00", "2024-02-29T22:30:00")
)
"""The clock against which a question is asked."""
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Beirut",
    "America/Havana",
    "Australia/Lord_Howe",
)
OF_SAME_TYPE = {
    "t": ("min", "max", "string_agg"),
    "n": ("sum", "min", "max"),
    "i": ("sum", "min", "max", "count"),
    "b": ("bool_and", "bool_or"),
    **dict.fromkeys("dmws", ("min", "max")),
}

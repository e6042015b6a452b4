"""The published list of functions, and how many arguments each takes.

All of them are PostgreSQL's own, immutable or stable, total over their argument types, and read nothing but their
arguments. A function that is not here does not parse.
"""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS: Mapping[str, tuple[int, int]] = {
    # any type
    "coalesce": (1, 20),
    "nullif": (2, 2),
    "greatest": (1, 20),
    "least": (1, 20),
    # numbers
    "abs": (1, 1),
    "ceil": (1, 1),
    "floor": (1, 1),
    "round": (1, 2),
    "trunc": (1, 2),
    "sign": (1, 1),
    # text
    "lower": (1, 1),
    "upper": (1, 1),
    "trim": (1, 1),
    "length": (1, 1),
    "left": (2, 2),
    "right": (2, 2),
    "substring": (2, 3),
    "replace": (3, 3),
    "concat": (1, 20),
    "strpos": (2, 2),
    "split_part": (3, 3),
    # dates and times, in the query's time zone
    "date_trunc": (1, 1),
    "extract": (1, 1),
    # arrays
    "cardinality": (1, 1),
}

UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
"""The units of date_trunc and of intervals."""

PARTS: Mapping[str, str] = {
    "second": "second",
    "minute": "minute",
    "hour": "hour",
    "day": "day",
    "dow": "dow",
    "isodow": "isodow",
    "dayofweek": "dow",
    "dayofweekiso": "isodow",
    "doy": "doy",
    "dayofyear": "doy",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
    "isoyear": "isoyear",
    "epoch": "epoch",
}
"""The parts that extract takes, and PostgreSQL's name of each."""

WINDOWS: Mapping[str, tuple[int, int]] = {
    "sum": (1, 1),
    "avg": (1, 1),
    "min": (1, 1),
    "max": (1, 1),
    "count": (0, 1),
    "row_number": (0, 0),
    "rank": (0, 0),
    "dense_rank": (0, 0),
    "ntile": (1, 1),
    "lag": (1, 3),
    "lead": (1, 3),
    "first_value": (1, 1),
    "last_value": (1, 1),
}
"""The window functions of calculations and row columns."""

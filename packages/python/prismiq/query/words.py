"""What each word of the query language means, in a line, for whoever writes a query from its JSON Schema alone."""

from __future__ import annotations

from collections.abc import Mapping

AGGREGATES: Mapping[str, str] = {
    "count": "how many rows; with `table` that path's rows, with `field` the rows where it is not null",
    "count_distinct": "how many different values",
    "sum": "of numbers or intervals",
    "avg": "of numbers or intervals",
    "min": "the smallest",
    "max": "the greatest",
    "median": "of numbers or intervals",
    "percentile": "of numbers or intervals; needs `p`",
    "stddev": "of a sample of numbers",
    "variance": "of a sample of numbers",
    "bool_and": "whether all are true",
    "bool_or": "whether some is true",
    "string_agg": "the texts, joined by `separator`, ascending or in `order_by`; nulls are left out",
    "array_agg": "the values as an array, ascending or in `order_by`; nulls are kept",
    "first": "the field of the first row in `order_by`, null where it is null there",
    "last": "the same of the last row",
    "approx_count_distinct": "about how many different values; needs PostgreSQL's extension hll",
}

GRANULARITIES: Mapping[str, str] = {
    "week": "Monday to Sunday",
    "day_of_week": "1 (Monday) to 7",
    "hour_of_day": "0 to 23",
    "day_of_month": "1 to 31",
    "month_of_year": "1 to 12",
    "quarter_of_year": "1 to 4",
}

OPERATORS: Mapping[str, str] = {
    "eq": "equal; never with null",
    "neq": "different; never true of null",
    "gt": "greater",
    "gte": "greater or equal",
    "lt": "less",
    "lte": "less or equal",
    "in": "one of a list",
    "not_in": "none of a list",
    "between": "`[low, high]`, both included",
    "not_between": "outside of `[low, high]`",
    "is_null": "takes no value",
    "is_not_null": "takes no value",
    "contains": "a text within, `%` and `_` being ordinary characters",
    "not_contains": "the contrary of `contains`",
    "starts_with": "a text at the start",
    "ends_with": "a text at the end",
    "like": "SQL's pattern: `%` any text, `_` any character",
    "ilike": "`like`, upper and lower case being the same",
    "regex": "a regular expression of PostgreSQL's",
    "has_any": "some of a list: of an array's elements, of a jsonb object's keys",
    "has_all": "all of a list: of an array's elements, of a jsonb object's keys",
    "in_period": "a date or timestamp within a period",
    "not_in_period": "a date or timestamp outside of a period",
}

EXAMPLES: tuple[Mapping[str, object], ...] = (
    {"source": "orders", "dimensions": ["customer.segment"], "measures": ["count", "sum(total)"], "order_by": "-count"},
    {
        "source": "orders",
        "dimensions": [{"name": "month", "field": "ordered_at", "granularity": "month"}],
        "measures": [
            {"name": "orders", "aggregate": "count"},
            {"name": "revenue", "aggregate": "sum", "expression": "order_items.quantity * order_items.unit_price"},
            {"name": "paid", "aggregate": "count", "filters": {"field": "status", "value": "paid"}},
        ],
        "calculations": [
            {"name": "basket", "expression": "revenue / orders"},
            {"name": "so_far", "expression": "sum(revenue) over (order by month)"},
        ],
        "filters": [
            {"field": "ordered_at", "operator": "in_period", "value": {"last": 12, "unit": "month"}},
            {"or": [{"field": "customer.region", "value": "EU"}, {"exists": "order_items"}]},
        ],
        "having": {"field": "revenue", "operator": "gt", "value": 1000},
        "order_by": ["month"],
        "time_zone": "Europe/Berlin",
    },
    {
        "source": "orders",
        "columns": ["id", "customer.name", {"name": "gross", "expression": "total * 1.19"}],
        "filters": {"field": "status", "operator": "in", "value": ["paid", "sent"]},
        "order_by": "-ordered_at",
        "limit": 20,
    },
)
"""Queries to the shop that the tests use."""

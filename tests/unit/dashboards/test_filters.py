"""What a filter's value asks of a query."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.dashboards import Dashboard
from prismiq.dashboards.filters import asked_at_all, condition, path_for, with_condition
from prismiq.dashboards.models import BaseFilter
from prismiq.dashboards.reading import read
from prismiq.query import QueryDefinition


def a_filter(kind: str, **given: Any) -> BaseFilter:
    return read(Dashboard, {"title": "x", "filters": [{"type": kind, "field": "f", **given}]}).filters[0]


LIST = {"field": "f", "operator": "in"}


@pytest.mark.parametrize(
    ("kind", "value", "asked"),
    [
        ("period", "last_month", {"field": "f", "operator": "in_period", "value": "last_month"}),
        ("select", "a", {"field": "f", "operator": "eq", "value": "a"}),
        ("select", 0, {"field": "f", "operator": "eq", "value": 0}),
        ("select", "", {"field": "f", "operator": "eq", "value": ""}),
        ("boolean", False, {"field": "f", "operator": "eq", "value": False}),
        ("multi_select", ["a", "b"], {**LIST, "value": ["a", "b"]}),
        ("multi_select", "a", {**LIST, "value": ["a"]}),
        ("multi_select", [None], {"field": "f", "operator": "is_null"}),
        ("multi_select", ["a", None], {"or": [{**LIST, "value": ["a"]}, {"field": "f", "operator": "is_null"}]}),
        ("multi_select", [], None),
        ("search", "x%", {"field": "f", "operator": "contains", "value": "x%", "case_sensitive": False}),
        ("search", "", None),
        ("number_range", {"min": 0}, [{"field": "f", "operator": "gte", "value": 0}]),
        ("number_range", {"min": 1, "max": 2}, [{"field": "f", "operator": "gte", "value": 1}, {"field": "f", "operator": "lte", "value": 2}]),
        ("number_range", 5, [{"field": "f", "operator": "gte", "value": 5}, {"field": "f", "operator": "lte", "value": 5}]),
        ("number_range", {}, None),
        *((kind, None, None) for kind in ("period", "select", "multi_select", "search", "number_range", "boolean")),
    ],
)  # fmt: skip
def test_what_a_value_asks(kind: str, value: Any, asked: Any) -> None:
    assert condition(a_filter(kind), "f", value) == asked
    if asked is not None:
        QueryDefinition.model_validate(with_condition({"source": "t", "measures": ["count"]}, asked))


def test_which_path_it_asks_about() -> None:
    widgets = [{"id": name, "type": "text", "text": "x"} for name in ("a", "b", "c", "d")]
    targets = {"b": "other.f", "c": None, "d": {"path": ["odd.name", "f"]}}
    one = read(
        Dashboard, {"title": "x", "widgets": widgets, "filters": [{"type": "search", "field": "f", "targets": targets}]}
    ).filters[0]
    assert [path_for(one, name) for name in ("a", "b", "c", "d")] == ["f", "other.f", None, {"path": ["odd.name", "f"]}]


ONE, OTHER = {"field": "a", "value": 1}, {"field": "b", "value": 2}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, [OTHER]),
        ([], [OTHER]),
        (ONE, [ONE, OTHER]),
        ([ONE], [ONE, OTHER]),
        ({"or": [ONE, ONE]}, [{"or": [ONE, ONE]}, OTHER]),
        ({"and": [ONE]}, [{"and": [ONE]}, OTHER]),
    ],
)
def test_a_condition_joins_those_that_are_there(before: Any, after: Any) -> None:
    query = {"source": "t", "measures": ["count"], **({} if before is None else {"filters": before})}
    kept = dict(query)
    assert with_condition(query, OTHER) == {**query, "filters": after}
    assert with_condition(query, [OTHER, ONE])["filters"] == [*after, ONE]
    assert query == kept
    QueryDefinition.model_validate(asked_at_all(query, {"path": ["x", "y"]}))

"""Questions that differ only in their conditions' values: what the short way finds is what the long way would."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismiq.errors import QueryError
from prismiq.plan.definitions import UsableDefinitions
from prismiq.query.filters import Operator
from prismiq.query.parse import load, read_definition
from prismiq.query.skeleton import filled, skeleton_of
from prismiq.query.split import split, split_with_places
from prismiq.settings import Settings
from prismiq.sql.questions import Question, Questions
from unit.schemas import OPEN

LIMITS = Settings()
NOW = datetime(2026, 5, 5, tzinfo=timezone.utc)

dates = st.dates().map(str)
texts = st.sampled_from(["", "paid", "2026-1-1", "2026-01-01T10:00", "Zürich", "null", "<1>", "< text>", '"', "[1]"])
numbers = st.integers(-3, 3) | st.integers(2**63 - 1, 2**65) | st.sampled_from([1.0, 1.5, 2.0, 1e30])
scalars = st.none() | st.booleans() | numbers | texts | dates
ends = st.dictionaries(st.sampled_from(["from", "to", "until"]), scalars, max_size=2)
periods = st.sampled_from(["last_month", "today", {"last": 3, "unit": "day"}, {"next": 1, "unit": "week"}])
others = st.sampled_from([{"field": "customer_id"}, {"outer": "id"}, {"value": 1}, {"a": [1]}, [[1]], [{"from": 1}]])
values = st.one_of(scalars, st.lists(scalars, max_size=3), st.tuples(dates, dates), ends, periods, others)
FIELDS = ["status", "id", "total", "ordered_at", "due_on", "customer.segment", "order_items.quantity", "token", "tags"]


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    condition: dict[str, Any] = {"field": draw(st.sampled_from(FIELDS))}
    if draw(st.booleans()):
        condition["operator"] = str(draw(st.sampled_from(list(Operator))))
    if draw(st.integers(0, 5)):
        condition["value"] = draw(values)
    if not draw(st.integers(0, 5)):
        condition["case_sensitive"] = False
    if not draw(st.integers(0, 8)):
        condition["query"] = {"source": "orders", "columns": ["id"], "filters": [draw(conditions())], "limit": 3}
    return condition


filters = st.recursive(
    conditions()
    | st.sampled_from([{"expression": "total > 5"}, {"expression": "total", "operator": "gt", "value": 1}]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
        inner.map(lambda part: {"exists": "order_items", "filters": part}),
    ),
    max_leaves=4,
)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    question: dict[str, Any] = {"source": "orders", "dimensions": ["status"], "measures": ["count"]}
    if draw(st.booleans()):
        question["filters"] = draw(filters)
    if draw(st.booleans()):
        question["measures"] = ["count", {"aggregate": "sum", "field": "total", "name": "s", "filters": draw(filters)}]
    if draw(st.booleans()):
        question["having"] = {"field": "count", "operator": "gt", "value": draw(values)}
    if not draw(st.integers(0, 3)):
        question["dimensions"] = [{"name": "value", "field": "total", "edges": [1, draw(st.integers(2, 3))]}]
    if not draw(st.integers(0, 3)):
        question = {"source": {"query": {**question, "limit": draw(st.integers(1, 2))}}, "measures": ["count"]}
    if not draw(st.integers(0, 3)):
        question["limit"] = draw(st.sampled_from([1, 2, True]))
    return question


def with_others(part: Any, draw: st.DrawFn) -> Any:
    """The same with other values in its conditions."""
    if isinstance(part, dict):
        return {
            key: draw(values) if key == "value" and draw(st.booleans()) else with_others(item, draw)
            for key, item in cast("dict[str, Any]", part).items()
        }
    return [with_others(item, draw) for item in cast("list[Any]", part)] if isinstance(part, list) else part


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    first = draw(questions())
    second = with_others(deepcopy(first), draw) if draw(st.integers(0, 9)) else draw(questions())
    return json.dumps(first).encode(), json.dumps(second).encode()


@settings(deadline=None)
@given(pairs())
def test_one_skeleton_is_one_shape(pair: tuple[bytes, bytes]) -> None:
    contents = [load(each, LIMITS) for each in pair]
    skeletons = [skeleton_of(each) for each in contents]
    if skeletons[0] is None or skeletons[1] is None or skeletons[0].text != skeletons[1].text:
        return
    try:
        definition = read_definition(pair[0], LIMITS)
    except QueryError as error:
        with pytest.raises(QueryError) as other:
            read_definition(pair[1], LIMITS)
        assert [each.loc for each in other.value.issues] == [each.loc for each in error.issues]
        return
    shape, found, places = split_with_places(definition)
    other_shape, others = split(read_definition(pair[1], LIMITS))
    assert other_shape == shape
    known = filled(cast("dict[str, Any]", contents[0]), skeletons[0], found, places)
    if known is not None:
        assert repr(known.with_values(skeletons[1].values)) == repr(others)


def outcome(questions: Questions, question: Question) -> object:
    try:
        prepared = questions.prepare(question, OPEN)
        statement = prepared.template.bind(prepared.values, None, row_cap=100, now=NOW)
        return statement.sql, repr(statement.args), statement.columns
    except QueryError as error:
        return error.issues


@settings(deadline=None)
@given(pairs())
def test_an_engine_that_was_asked_alike_before(pair: tuple[bytes, bytes]) -> None:
    """Texts and data, in both orders, against one that nobody has ever asked."""
    for first, second in (pair, pair[::-1], [json.loads(each) for each in pair]):
        asked = Questions(LIMITS, UsableDefinitions())
        outcome(asked, first)
        assert outcome(asked, second) == outcome(Questions(LIMITS, UsableDefinitions()), second)


WIDGET: dict[str, Any] = {
    "source": "orders",
    "dimensions": [{"field": "ordered_at", "granularity": "month", "name": "month"}],
    "measures": ["count", {"aggregate": "sum", "field": "total", "name": "big", "filters": [{"field": "total", "operator": "gt", "value": 10}]}],
    "filters": [
        {"field": "ordered_at", "operator": "in_period", "value": {"from": "2025-01-01", "to": "2026-01-01"}},
        {"field": "status", "operator": "in", "value": ["paid", "sent"]},
        {"or": [{"field": "total", "operator": "between", "value": [1, 2]}, {"field": "customer.segment", "value": "x"}]},
    ],
    "having": {"field": "big", "operator": "gte", "value": 1},
}  # fmt: skip


def changed(place: str, value: object) -> dict[str, Any]:
    widget = deepcopy(WIDGET)
    part: Any = widget
    *path, last = place.split(".")
    for key in path:
        part = part[int(key) if key.isdecimal() else key]
    part[last] = value
    return widget


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("filters.0.value", {"from": "2024-02-01", "to": "2024-03-01"}),
        ("filters.1.value", ["returned", "paid", "draft"]),
        ("filters.2.or.0.value", [-5, 70]),
        ("filters.2.or.1.value", "another"),
        ("measures.1.filters.0.value", 99),
        ("having.value", 7),
    ],
)
def test_what_a_viewer_changes_is_not_planned_again(place: str, value: object) -> None:
    questions = Questions(LIMITS, UsableDefinitions())
    first = questions.prepare(json.dumps(WIDGET).encode(), OPEN)
    second = questions.prepare(json.dumps(changed(place, value)).encode(), OPEN)
    assert second.template is first.template
    assert repr(second.values) != repr(first.values)
    assert len(questions._alike) == 1  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("filters.0.value", {"from": "2024-02-01"}),
        ("filters.0.value", {"from": "2024-02-01T10:00", "to": "2024-03-01"}),
        ("filters.0.value", "last_month"),
        ("filters.1.value", ["paid", None]),
        ("filters.1.value", []),
        ("filters.1.value", [1]),
        ("filters.2.or.0.value", [1, 2.5]),
        ("filters.2.or.1.value", "2024-01-01"),
        ("filters.2.or.1.value", {"field": "status"}),
        ("having.value", "1"),
        ("having.value", True),
        ("having.operator", "gt"),
        ("limit", 1),
    ],
)
def test_another_form_is_another_skeleton(place: str, value: object) -> None:
    found = [skeleton_of(load(json.dumps(each).encode(), LIMITS)) for each in (WIDGET, changed(place, value))]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].text != found[1].text


def test_a_callers_own_data_may_change_afterwards() -> None:
    questions = Questions(LIMITS, UsableDefinitions())
    period = {"last": 3, "unit": "day"}
    asked = changed("filters.0.value", period)
    questions.prepare(asked, OPEN)
    again = deepcopy(asked)
    period["last"] = 99
    assert outcome(questions, again) == outcome(Questions(LIMITS, UsableDefinitions()), again)


def test_what_is_too_much_is_refused_alike() -> None:
    few = Settings(max_list_values=3)
    questions = Questions(few, UsableDefinitions())
    questions.prepare(json.dumps(WIDGET).encode(), OPEN)
    for value in (["a"] * 4, ["a", "\0"], ["a", "\ud800"]):
        with pytest.raises(QueryError):
            questions.prepare(json.dumps(changed("filters.1.value", value)).encode(), OPEN)

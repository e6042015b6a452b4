"""A definition is its shape and its values; only the shape decides what is planned."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from prismiq.errors import Location
from prismiq.query import QueryDefinition
from prismiq.query.shape import ConditionShape, Form, QueryShape, Slot, Values
from prismiq.query.split import split
from unit.schemas import Definition, where


def parts(definition: Definition, **how: Any) -> tuple[QueryShape, Values]:
    return split(QueryDefinition.model_validate({"source": "orders", "measures": ["count"], **definition}), **how)


def slot(value: object, operator: str = "eq") -> Slot:
    shape, _ = parts({"filters": {"field": "a", "operator": operator, "value": value}})
    assert isinstance(shape.filters, ConditionShape)
    assert isinstance(shape.filters.value, Slot)
    return shape.filters.value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (where("total", "gt", 1), where("total", "gt", 2**70)),
        (where("total", "gt", 1.5), where("total", "gt", Decimal("-0.1"))),
        (where("status", "eq", "paid"), where("status", "eq", "'; DROP TABLE")),
        (where("id", "in", [1]), where("id", "in", list(range(500)))),
        (where("ordered_at", "gt", "2026-01-01"), where("ordered_at", "gt", "1999-12-31")),
        (where("total", "between", [1, 2]), where("total", "between", [3, 4])),
        (where("ordered_at", "in_period", "today"), where("ordered_at", "in_period", "last_year")),
        (
            where("ordered_at", "in_period", {"last": 3, "unit": "day"}),
            where("ordered_at", "in_period", {"next": 9, "unit": "year"}),
        ),
        ({"limit": 5}, {"limit": None}),
        ({"limit": 5, "offset": 0}, {"limit": 7, "offset": 9}),
        (
            {"measures": [{"aggregate": "percentile", "field": "total", "p": 0.5}]},
            {"measures": [{"aggregate": "percentile", "field": "total", "p": 0.9}]},
        ),
        (
            {"dimensions": [{"name": "x", "expression": "total * 2 + 10"}]},
            {"dimensions": [{"name": "x", "expression": "total * 7 + 11"}]},
        ),
    ],
)
def test_values_are_no_part_of_the_shape(one: Definition, other: Definition) -> None:
    assert parts(one)[0] == parts(other)[0]
    assert hash(parts(one)[0]) == hash(parts(other)[0])
    assert parts(one)[1] != parts(other)[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (where("total", "gt", 1), where("total", "gte", 1)),
        (where("total", "gt", 1), where("ratio", "gt", 1)),
        (where("total", "gt", 1), where("total", "gt", 1.5)),
        (where("ordered_at", "gt", "2026-01-01"), where("ordered_at", "gt", "2026-01-01T00:00")),
        (where("id", "in", []), where("id", "in", [1])),
        (where("id", "in", [1, None]), where("id", "in", [1])),
        (where("id", "in", ["2026-01-01"]), where("id", "in", ["2026-01-01", "x"])),
        (where("ordered_at", "in_period", {"from": "2026-01-01"}), where("ordered_at", "in_period", {"to": "2026-01-01"})),
        ({"time_zone": "Europe/Berlin"}, {"time_zone": "UTC"}),
        ({"measures": [{"aggregate": "count"}]}, {"measures": [{"aggregate": "count", "hidden": True}]}),
        ({"order_by": ["count"]}, {"order_by": ["-count"]}),
        (
            {"dimensions": [{"name": "x", "expression": "total * 2"}]},
            {"dimensions": [{"name": "x", "expression": "total / 2"}]},
        ),
    ],
)  # fmt: skip
def test_what_is_asked_is_the_shape(one: Definition, other: Definition) -> None:
    assert parts(one)[0] != parts(other)[0]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, Form.NULL),
        (True, Form.BOOLEAN),
        (0, Form.INTEGER),
        (2**100, Form.INTEGER),
        (1.5, Form.NUMBER),
        (Decimal("1.0"), Form.NUMBER),
        ("", Form.TEXT),
        ("2026-03-31", Form.DATE),
        ("2026-13-45", Form.DATE),  # no date there is, and still meant as one
        ("2026-03-31T10:00", Form.TEXT),
        (" 2026-03-31", Form.TEXT),
        ("2026-3-1", Form.TEXT),
        ({}, Form.OBJECT),
        ([], Form.LIST),
    ],
)
def test_a_value_keeps_its_form(value: object, form: Form) -> None:
    assert slot(value).form is form


@pytest.mark.parametrize(
    ("items", "item", "has_null", "mixed"),
    [
        ([], Form.EMPTY, False, False),
        ([None], Form.EMPTY, True, False),
        ([1, 2], Form.INTEGER, False, False),
        ([1, 2.5], Form.NUMBER, False, False),
        ([1, None], Form.INTEGER, True, False),
        (["a"], Form.TEXT, False, False),
        (["2026-01-01"], Form.DATE, False, False),
        (["2026-01-01", "2026-01-01T00:00"], Form.TEXT, False, True),
        ([1, "a"], Form.OBJECT, False, False),
        ([True, 1], Form.OBJECT, False, False),
        ([[1]], Form.LIST, False, False),
    ],
)
def test_a_list_keeps_what_its_values_have_in_common(
    items: list[object], item: Form, has_null: bool, mixed: bool
) -> None:
    found = slot(items, "in")
    assert (found.form, found.item, found.has_null, found.mixed) == (Form.LIST, item, has_null, mixed)


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("python", "json"),
    [
        (date(2026, 3, 31), "2026-03-31"),
        (datetime(2026, 3, 31, 10, tzinfo=timezone.utc), "2026-03-31T10:00:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (timedelta(days=1, microseconds=1), "PT86400.000001S"),
        (Colour.RED, "red"),
        (0.1, Decimal("0.1")),
        ((1, 2), [1, 2]),
        ({7}, [7]),
        ([date(2026, 3, 31), None], ["2026-03-31", None]),
    ],
)
def test_python_values_mean_what_json_would(python: object, json: object) -> None:
    one, other = (parts({"filters": {"field": "a", "value": value}}) for value in (python, json))
    assert one == other


def _slots(part: object) -> list[Slot]:
    if isinstance(part, Slot):
        return [part]
    if isinstance(part, tuple):
        return [slot for item in part for slot in _slots(item)]  # pyright: ignore[reportUnknownVariableType]
    names = getattr(part, "__dataclass_fields__", {})
    return [slot for name in names for slot in _slots(getattr(part, name))]


@pytest.mark.parametrize(
    ("definition", "places"),
    [
        ({"filters": {"field": "a", "value": 1}}, [("filters", "value")]),
        ({"filters": [{"field": "a", "value": 1}]}, [("filters", 0, "value")]),
        (
            {"filters": [{"or": [{"field": "a", "value": 1}, {"not": {"field": "b", "value": 2}}]}]},
            [("filters", 0, "or", 0, "value"), ("filters", 0, "or", 1, "not", "value")],
        ),
        (
            {"filters": {"field": "a", "operator": "between", "value": [1, 2]}},
            [("filters", "value", 0), ("filters", "value", 1)],
        ),
        (
            {"filters": {"field": "a", "operator": "in_period", "value": {"from": "x", "to": "y"}}},
            [("filters", "value", "from"), ("filters", "value", "to")],
        ),
        ({"filters": {"field": "a", "operator": "in_period", "value": {"to": "y"}}}, [("filters", "value", "to")]),
        (
            {"filters": {"exists": "order_items", "filters": [{"field": "a", "value": 1}]}},
            [("filters", "filters", 0, "value")],
        ),
        (
            {"measures": ["count", {"aggregate": "percentile", "field": "t", "p": 0.5, "filters": {"field": "a", "value": 1}}]},
            [("measures", 1, "p"), ("measures", 1, "filters", "value")],
        ),
        ({"having": [{"field": "count", "value": 1}]}, [("having", 0, "value")]),
        ({"dimensions": ["a", {"expression": "b + 1", "name": "x"}]}, [("dimensions", 1, "expression")]),
        ({"filters": {"expression": "a > 1"}}, [("filters", "expression")]),
        ({"calculations": [{"name": "x", "expression": "count * 2"}]}, [("calculations", 0, "expression")]),
    ],
)  # fmt: skip
def test_a_slot_says_where_the_value_was_written(definition: Definition, places: list[Location]) -> None:
    shape, values = parts(definition)
    found = sorted(_slots(shape), key=lambda each: each.index)
    assert [each.loc for each in found] == places
    assert [each.index for each in found] == list(range(len(values.slots)))


def test_a_list_stands_for_and() -> None:
    conditions = [{"field": "a", "value": 1}, {"field": "b", "value": 2}]
    assert parts({"filters": conditions}) == parts({"filters": {"and": conditions}})


def test_an_unset_value_is_not_null() -> None:
    with_null, without = (
        parts({"filters": {"field": "a", "operator": "is_null", **value}})[0].filters for value in ({"value": None}, {})
    )
    assert isinstance(with_null, ConditionShape)
    assert isinstance(without, ConditionShape)
    assert without.value is None
    assert with_null.value is not None


def test_the_time_zone_is_the_definitions_or_the_engines() -> None:
    assert parts({}, time_zone="Asia/Tokyo")[0].time_zone == "Asia/Tokyo"
    assert parts({"time_zone": "Europe/Berlin"}, time_zone="Asia/Tokyo")[0].time_zone == "Europe/Berlin"


def test_a_path_is_sorted_by_as_a_whole() -> None:
    """Not by an output that happens to be called like its first segment."""
    shape, _ = parts({"order_by": [{"field": {"path": ["customer", "name"]}}]})
    assert (shape.order_by[0].field, shape.order_by[0].raw) == (("customer", "name"), "customer.name")

"""What a dashboard's filter asks of a widget's query: which path, which condition.

The rule: a filter applies its `field` to every widget in whose query that path can be asked; `targets` says otherwise.
Whether a path can be asked is not decided here: the query with the condition is planned, and that says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from prismiq.dashboards.models import (
    BaseFilter,
    BooleanFilter,
    MultiSelectFilter,
    NumberRangeFilter,
    PeriodFilter,
    SearchFilter,
    SelectFilter,
)
from prismiq.query.fields import Path

Data = dict[str, Any]


def path_for(one: BaseFilter, widget: str) -> str | Data | None:
    """The path that a filter asks about in a widget, as a query writes it; None where it does not apply."""
    path = one.targets.get(widget, one.field)
    return path.model_dump(mode="json") if isinstance(path, Path) else path


def condition(one: BaseFilter, path: str | Data, value: Any) -> Data | list[Data] | None:
    """The condition that a value of a filter makes, as a query writes it; None where it asks for nothing.

    Nothing is chosen by null, by an empty list, text or range. In a list null finds the rows without a value.
    """
    if value is None:
        return None
    if isinstance(one, PeriodFilter):
        return {"field": path, "operator": "in_period", "value": value}
    if isinstance(one, SelectFilter | BooleanFilter):
        return {"field": path, "operator": "eq", "value": value}
    if isinstance(one, MultiSelectFilter):
        return _one_of(path, cast("list[Any]", value) if isinstance(value, list) else [value])
    if isinstance(one, SearchFilter):
        contains: Data = {"field": path, "operator": "contains", "value": value, "case_sensitive": False}
        return contains if value != "" else None
    assert isinstance(one, NumberRangeFilter)
    bounds = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {"min": value, "max": value}
    return [
        {"field": path, "operator": operator, "value": bounds[end]}
        for end, operator in (("min", "gte"), ("max", "lte"))
        if bounds.get(end) is not None
    ] or None


def with_condition(query: Mapping[str, Any], added: Data | list[Data]) -> Data:
    """A query that asks for one more condition, at the top of its filters."""
    there: Any = query.get("filters")
    before: list[Any] = [] if there is None else list(cast("list[Any]", there)) if isinstance(there, list) else [there]
    return {**query, "filters": [*before, *(added if isinstance(added, list) else [added])]}


def asked_at_all(query: Mapping[str, Any], path: str | Data) -> Data:
    """A query that can be planned only where the path can be asked in it."""
    return with_condition(query, {"field": path, "operator": "is_not_null"})


def _one_of(path: str | Data, values: list[Any]) -> Data | None:
    if not values:
        return None
    given = [value for value in values if value is not None]
    found: Data = {"field": path, "operator": "in", "value": given}
    if len(given) == len(values):
        return found
    empty: Data = {"field": path, "operator": "is_null"}
    return {"or": [found, empty]} if given else empty

"""Random periods: what `fill` and `compare` need of filters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from soundness.questions.words import GRANULARITIES, RELATIVE
from soundness.worlds import VALUES

if TYPE_CHECKING:
    from soundness.questions.questions import Drawer


def filled(drawer: Drawer, dimension: dict[str, Any]) -> list[dict[str, Any]]:
    """Conditions that bound the range of a dimension that is filled: hours and finer within a few hours."""
    bounds = _bounds(drawer, dimension["field"], dimension["granularity"])
    if drawer.draw(st.integers(0, 3)) == 0:
        day = drawer.draw(st.sampled_from(VALUES["d"][1]))
        bounds.append({"field": dimension["field"], "operator": "lte", "value": day})
    return bounds


def compare(drawer: Drawer, question: dict[str, Any]) -> None:
    """Compares by a field that mostly is a dimension, too, and bounds it at the top level alone."""
    times = [part for part in question["dimensions"] if part.get("field", "?")[-1] in GRANULARITIES]
    if times and drawer.draw(st.integers(0, 5)) > 0:
        field = drawer.draw(st.sampled_from(times))["field"]
    else:
        field = drawer.path(1) + drawer.draw(st.sampled_from(tuple(GRANULARITIES)))
    for part in question["dimensions"]:
        if part.get("field") == field and field[-1] != "d":
            part.setdefault("granularity", "day")
    granularities = [part.get("granularity") for part in question["dimensions"] if part.get("field") == field]
    finest = next((each for each in ("second", "minute", "hour") if each in granularities), "day")
    bounds = _bounds(drawer, field, finest)
    to: Any = drawer.draw(st.sampled_from(["previous_period", "previous_year", "period"]))
    if to == "period":
        to = _bounds(drawer, field, finest, only=0)[0]["value"]
    elif finest == "day" and drawer.draw(st.integers(0, 2)) == 0:
        bounds = [{"field": field, "operator": "in_period", "value": drawer.draw(st.sampled_from(RELATIVE))}]
    question["compare"] = {"field": field, "to": to}
    if "filters" in question:  # out of the top level, so that the field has one period
        bounds.append({"not": {"not": question["filters"]}})
    question["filters"] = bounds


def _bounds(drawer: Drawer, field: str, granularity: str, only: int | None = None) -> list[dict[str, Any]]:
    """Conditions that bound a field on both sides."""
    values: list[Any] = list(VALUES[field[-1]][1])
    low = drawer.draw(st.sampled_from(values))
    length = {"second": timedelta(minutes=20), "minute": timedelta(hours=7), "hour": timedelta(days=2)}
    high = low + length.get(granularity, timedelta(days=drawer.draw(st.sampled_from((0, 1, 40, 400)))))
    if field[-1] != "d":
        high += timedelta(microseconds=drawer.draw(st.sampled_from((-1, 0, 1))))
        if drawer.draw(st.booleans()):
            low -= timedelta(seconds=drawer.draw(st.sampled_from((1, 1800, 3600))))
        if drawer.draw(st.booleans()):
            low, high = low.date(), high.date()
    if not isinstance(low, datetime) and granularity == "day" and drawer.draw(st.integers(0, 2)) == 0:
        low, high = low.replace(day=1), high.replace(day=1)
    match drawer.draw(st.integers(0, 3)) if only is None else only:
        case 0:
            conditions: list[dict[str, Any]] = [{"operator": "in_period", "value": {"from": low, "to": high}}]
        case 1:
            conditions = [{"operator": "between", "value": [low, high]}]
        case 2:
            conditions = [{"operator": "gt", "value": low}, {"operator": "lte", "value": high}]
        case _:
            conditions = [{"operator": "gte", "value": low}, {"operator": "lt", "value": high}]
    return [{"field": field, **condition} for condition in conditions]

"""A click on a value in a widget: one more filter value for all the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, cast

from prismiq.dashboards.filters import Data
from prismiq.dashboards.wishes import Wish
from prismiq.errors import Issue, IssueCode

_UNIT_DAYS = {"day": 1, "week": 7}
_UNIT_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Click:
    """The value of an output that was clicked on in a widget; `place` is its place among the clicks."""

    place: int
    widget: str
    output: str
    value: Any


def read_click(place: int, sent: object) -> Click | Issue:
    """A click as it is sent."""
    given = cast("Data", sent) if isinstance(sent, Mapping) else {}
    widget, output = given.get("widget"), given.get("output")
    if given.keys() != {"widget", "output", "value"} or not isinstance(widget, str) or not isinstance(output, str):
        form = 'It looks like {"widget": "delays", "output": "airlines_name", "value": "United"}.'
        return Issue(("cross_filters", place), IssueCode.INVALID, "This is no click on a value.", form)
    return Click(place, widget, output, given["value"])


def wish_of(click: Click, query: Mapping[str, Any], outputs: Sequence[str] | None) -> Wish | Issue:
    """What a click on a dimension asks of the other widgets: the same value, or the same bucket of time."""
    loc = ("cross_filters", click.place)
    refuse = partial(Issue, (*loc, "output"), IssueCode.INVALID_VALUE)
    dimensions = cast("Sequence[Any]", query.get("dimensions") or query.get("columns") or ())
    names = list(outputs or ())[: len(dimensions)]
    if click.output not in names:
        return refuse(
            f'"{click.output[:60]}" is no dimension of "{click.widget}".', f"There are {', '.join(names) or 'none'}."
        )
    dimension: Any = dimensions[names.index(click.output)]
    given: Data = {"field": dimension} if isinstance(dimension, str) else dict(cast("Data", dimension))
    subject = {key: given[key] for key in ("field", "expression") if given.get(key) is not None}
    if len(subject) != 1 or given.keys() & {"bins", "edges"}:
        return refuse(f'A click on "{click.output}" cannot be asked of other widgets.', "Click on a plain field.")
    granularity = given.get("granularity")
    if click.value is None:
        asked: Data = {**subject, "operator": "is_null"}
    elif granularity is None:
        asked = {**subject, "operator": "eq", "value": click.value}
    else:
        bucket = _bucket(str(granularity), click.value)
        if bucket is None:
            return refuse(
                f'A click on "{click.output}" cannot be asked of other widgets.', "Click on a period of time."
            )
        asked = {**subject, "operator": "in_period", "value": bucket}
    return Wish(f"{click.widget}.{click.output}", (*loc, "value"), subject, None, asked, except_for=click.widget)


def _bucket(granularity: str, value: Any) -> Data | None:
    """The period of a bucket that begins at a value."""
    try:
        if granularity in _UNIT_SECONDS:
            start = datetime.fromisoformat(str(value))
            return {
                "from": start.isoformat(),
                "to": (start + timedelta(seconds=_UNIT_SECONDS[granularity])).isoformat(),
            }
        day = date.fromisoformat(str(value)[:10])
        if granularity in _UNIT_DAYS:
            following = day + timedelta(days=_UNIT_DAYS[granularity])
        elif granularity in _UNIT_MONTHS:
            months = day.year * 12 + day.month - 1 + _UNIT_MONTHS[granularity]
            following = day.replace(year=months // 12, month=months % 12 + 1)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return {"from": day.isoformat(), "to": following.isoformat()}

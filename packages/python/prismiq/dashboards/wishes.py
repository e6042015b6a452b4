"""What a viewer asks of a dashboard's widgets: values of filters, and clicks on values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter

from prismiq.access import RequestContext, locked_filters
from prismiq.dashboards.filters import Data, condition, path_for
from prismiq.dashboards.models import (
    BaseFilter,
    BooleanFilter,
    DashboardFilter,
    MultiSelectFilter,
    NumberRangeFilter,
    SearchFilter,
)
from prismiq.errors import Issue, IssueCode, Location, PermissionDeniedError

_FILTER: TypeAdapter[Any] = TypeAdapter(DashboardFilter)


@dataclass(frozen=True, slots=True)
class Wish:
    """One condition that is wished for, as each widget's query would ask it."""

    id: str
    loc: Location
    subject: Data | None
    """Of what it is asked, where that is the same for all widgets."""
    one: BaseFilter | None
    value: Any
    locked: bool = False
    except_for: str | None = None
    """The widget that was clicked on, which shows what can be clicked on."""

    def of(self, widget: str) -> tuple[Data, Data | list[Data]] | None:
        """For a widget's query: a condition that can be asked wherever this one can, and this one.

        None where it does not apply to the widget, or asks for nothing.
        """
        if self.one is None:
            if widget == self.except_for or self.subject is None:
                return None
            return {**self.subject, "operator": "is_not_null"}, cast("Data", self.value)
        path = path_for(self.one, widget)
        if path is None:
            return None
        asked = condition(self.one, path, self.value)
        return None if asked is None else ({"field": path, "operator": "is_not_null"}, asked)


def filters_of(dashboard: Mapping[str, Any]) -> list[BaseFilter]:
    """The filters of a stored dashboard."""
    return [_FILTER.validate_python(each) for each in cast("Sequence[Any]", dashboard.get("filters") or ())]


def wishes_for(
    filters: Sequence[BaseFilter], sent: Mapping[str, Any], context: RequestContext | None, issues: list[Issue]
) -> list[Wish]:
    """What the values of the filters ask for: the locked ones, else those that were sent, else the defaults.

    Adds to `issues` what is wrong with those sent. Raises PermissionDeniedError where a locked filter is not there, or
    its value is none that restricts anything: a guest would see what was to be kept from them.
    """
    locked = locked_filters(context)
    known = {one.id for one in filters}
    if not known >= locked.keys():
        raise not_for_guests()
    for name in sent:
        if name not in known:
            hint = f"There are {', '.join(sorted(known))}." if known else "This dashboard has no filters."
            issues.append(Issue(("filters", name), IssueCode.INVALID_VALUE, f'There is no filter "{name}" here.', hint))
    wishes: list[Wish] = []
    for one in filters:
        loc = ("filters", one.id)
        is_locked = one.id in locked
        value = locked[one.id] if is_locked else sent.get(one.id, getattr(one, "default", None))
        wrong = _wrong(one, value)
        if is_locked and value is not None and (wrong or condition(one, "x", value) is None):
            raise not_for_guests()
        if wrong:
            issues.append(Issue(loc, IssueCode.INVALID_VALUE, *wrong))
        else:
            wishes.append(Wish(one.id, loc, None, one, value, locked=is_locked))
    return wishes


def not_for_guests() -> PermissionDeniedError:
    """The error for what cannot be restricted as a guest's token demands."""
    return PermissionDeniedError(
        "This cannot be restricted as the guest's token demands.",
        hint="Lock filters of this dashboard that all of its widgets can take, to values that restrict.",
    )


def _wrong(one: BaseFilter, value: Any) -> tuple[str, str] | None:
    """What is wrong with the form of a value, and the way out. Whether a column takes it is for the planner."""
    if value is None:
        return None
    if isinstance(one, MultiSelectFilter) and not isinstance(value, list):
        return "A multi-select takes a list.", '["a", "b"]; an empty one chooses nothing.'
    if isinstance(one, SearchFilter) and not isinstance(value, str):
        return "A search takes a text.", "An empty one searches nothing."
    if isinstance(one, BooleanFilter) and not isinstance(value, bool):
        return "A boolean filter takes true or false.", "null chooses nothing."
    if isinstance(one, NumberRangeFilter) and not (
        isinstance(value, Mapping) and cast("Mapping[str, Any]", value).keys() <= {"min", "max"}
    ):
        return "A number range takes its ends.", '{"min": 0, "max": 10}, either may be left out.'
    return None

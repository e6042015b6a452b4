"""Checks what is to be stored against the schema that its saver sees: every reason at once, each with its place.

Only what changed is checked. A dashboard whose column disappeared can so still get a new title.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from prismiq.access import RequestContext
from prismiq.dashboards.answers import Asking
from prismiq.dashboards.filters import asked_at_all, condition, path_for, with_condition
from prismiq.dashboards.layout import overlaps
from prismiq.dashboards.models import BaseFilter, Dashboard
from prismiq.dashboards.widgets import BaseWidget, QueryWidget
from prismiq.errors import DefinitionError, Issue, IssueCode, Location, QueryError
from prismiq.execution import Numbers
from prismiq.execution.answers import Answer


class Planner(Protocol):
    """What the engine knows of queries."""

    async def plan_outputs(
        self, query: Mapping[str, Any] | bytes, context: RequestContext | None
    ) -> Sequence[str] | None:
        """The names of a query's outputs; None where the data decide. Raises QueryError when it cannot be planned."""
        ...

    async def answer_query(
        self,
        question: bytes,
        context: RequestContext | None,
        *,
        numbers: Numbers = "exact",
        max_age: float | None = None,
    ) -> tuple[Answer, bool]:
        """The answer as JSON, and whether it was kept."""
        ...

    async def asking(
        self,
        context: RequestContext | None,
        *,
        numbers: Numbers = "exact",
        max_age: float | None = None,
        dashboard: str | None = None,
    ) -> Asking:
        """What answers many queries at once."""
        ...

    async def with_explicit_paths(self, query: Mapping[str, Any], context: RequestContext | None) -> dict[str, Any]:
        """The query with a path in the place of every bare table name. It can be planned."""
        ...


class SavedQueries(Protocol):
    """Where widgets find the queries that they share."""

    async def query_of(self, id: str, context: RequestContext | None) -> Mapping[str, Any] | None:  # noqa: A002
        """The query, where the caller may see it."""
        ...


async def check_query(
    query: Mapping[str, Any], loc: Location, planner: Planner, context: RequestContext | None
) -> dict[str, Any]:
    """The query as it is stored. Raises DefinitionError with every reason why it cannot be planned, below `loc`."""
    try:
        await planner.plan_outputs(query, context)
    except QueryError as error:
        raise DefinitionError(list(_below(loc, error))) from None
    return await planner.with_explicit_paths(query, context)


class DashboardCheck:
    """The check of one dashboard, by one caller."""

    def __init__(self, planner: Planner, saved: SavedQueries, context: RequestContext | None) -> None:
        self._planner = planner
        self._saved = saved
        self._context = context
        self._issues: list[Issue] = []
        self._queries: dict[str, Mapping[str, Any] | None] = {}

    async def run(self, dashboard: Dashboard, before: Dashboard | None) -> Dashboard:
        """The dashboard as it is stored. Raises DefinitionError with every reason why it is not."""
        old_widgets = {each.id: each for each in _widgets(before)}
        old_filters = {each.id: each for each in _filters(before)}
        widgets = [
            await self._widget(widget, old_widgets.get(widget.id), ("widgets", index))
            for index, widget in enumerate(_widgets(dashboard))
        ]
        self._issues += overlaps(widgets)
        self._queries = {widget.id: await self._query(widget) for widget in widgets}
        for index, one in enumerate(_filters(dashboard)):
            await self._filter(one, old_filters.get(one.id) == one, ("filters", index))
        if self._issues:
            raise DefinitionError(self._issues[:100])
        return dashboard.model_copy(update={"widgets": tuple(widgets)})

    async def _widget(self, widget: BaseWidget, before: BaseWidget | None, loc: Location) -> BaseWidget:
        if not isinstance(widget, QueryWidget) or (
            isinstance(before, QueryWidget) and _without_place(before) == _without_place(widget)
        ):
            return widget
        query, where = widget.query, (*loc, "query")
        if widget.saved_query is not None:
            query, where = await self._query(widget), (*loc, "saved_query")
            if query is None:
                message = f"There is no saved query {widget.saved_query}."
                self._issues.append(Issue(where, IssueCode.INVALID_VALUE, message, "GET /saved-queries lists them."))
                return widget
        assert query is not None, "a widget has one of the two"
        try:
            outputs = await self._planner.plan_outputs(query, self._context)
        except QueryError as error:
            self._issues += _below(where, error)
            return widget
        self._issues += _unknown_outputs(widget, outputs, loc)
        if widget.query is None:
            return widget
        return widget.model_copy(update={"query": await self._planner.with_explicit_paths(query, self._context)})

    async def _query(self, widget: BaseWidget) -> Mapping[str, Any] | None:
        if not isinstance(widget, QueryWidget):
            return None
        if widget.saved_query is None:
            return widget.query
        return await self._saved.query_of(widget.saved_query, self._context)

    async def _filter(self, one: BaseFilter, unchanged: bool, loc: Location) -> None:
        for widget in one.targets:
            if widget not in self._queries:
                message, hint = f'There is no widget "{widget}" here.', f"There are {', '.join(self._queries)}."
                self._issues.append(Issue((*loc, "targets", widget), IssueCode.INVALID_VALUE, message, hint))
        if unchanged:
            return
        checked = False
        for widget, query in self._queries.items():
            path = path_for(one, widget)
            if query is None or path is None or (checked and widget not in one.targets):
                continue
            await asyncio.sleep(0)  # many widgets and filters are many plans; others get their turn
            issues = await self._plan(asked_at_all(query, path))
            if issues and widget in one.targets and not await self._plan(query):
                only = [issue for issue in issues if issue.loc[:1] == ("filters",)] or issues
                self._issues += [Issue((*loc, "targets", widget), each.code, each.message, each.hint) for each in only]
            if issues or checked:
                continue
            checked = True
            asked = condition(one, path, getattr(one, "default", None))
            if asked is not None:
                wrong = await self._plan(with_condition(query, asked))
                self._issues += [Issue((*loc, "default"), each.code, each.message, each.hint) for each in wrong]

    async def _plan(self, query: Mapping[str, Any]) -> tuple[Issue, ...]:
        try:
            await self._planner.plan_outputs(query, self._context)
        except QueryError as error:
            return error.issues
        return ()


def _widgets(dashboard: Dashboard | None) -> Sequence[BaseWidget]:
    return () if dashboard is None else dashboard.widgets


def _filters(dashboard: Dashboard | None) -> Sequence[BaseFilter]:
    return () if dashboard is None else dashboard.filters


def _without_place(widget: BaseWidget) -> BaseWidget:
    return widget.model_copy(update={"position": None})


def _below(loc: Location, error: QueryError) -> Iterator[Issue]:
    return (Issue((*loc, *each.loc), each.code, each.message, each.hint) for each in error.issues)


_OUTPUTS = ("x", "y", "value", "comparison", "series", "label", "size", "step")
_OUTPUT_LISTS = ("values", "columns", "bars")


def _unknown_outputs(widget: QueryWidget, outputs: Sequence[str] | None, loc: Location) -> Iterator[Issue]:
    """What of the options, the formats and the link names no output."""
    if outputs is None:
        return
    options: Any = getattr(widget, "options", None)
    named: list[tuple[Location, str | None]] = [
        (("options", key), cast("str | None", getattr(options, key, None))) for key in _OUTPUTS
    ]
    for key in _OUTPUT_LISTS:
        names = cast("Sequence[str]", getattr(options, key, ()))
        named += [(("options", key, index), name) for index, name in enumerate(names)]
    named += [(("formats", name), name) for name in widget.formats]
    if widget.link is not None:
        named += [(("link", "filters", key), name) for key, name in widget.link.filters.items()]
    for place, name in named:
        if name is not None and name not in outputs:
            message = f'"{name}" is not an output of the widget\'s query.'
            yield Issue((*loc, *place), IssueCode.UNKNOWN_OUTPUT, message, f"Its outputs are {', '.join(outputs)}.")

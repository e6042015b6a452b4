"""What can be chosen in a dashboard's filter: a query for it, under the other filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from prismiq.access import RequestContext, locked_filters
from prismiq.dashboards.checks import Planner
from prismiq.dashboards.data import DashboardQueries, Queries
from prismiq.dashboards.filters import Data, path_for, with_condition
from prismiq.dashboards.models import BaseFilter, NumberRangeFilter, PeriodFilter, ValuesFrom
from prismiq.dashboards.wire import dump_json
from prismiq.dashboards.wishes import filters_of, wishes_for
from prismiq.errors import DefinitionError, Issue, NotFoundError, PrismiqError, QueryError

_SOURCE = ("source", "joins", "time_zone", "week_start", "fiscal_year_start")
"""What of a widget's query says which rows there are, and by which clock."""


class FilterChoices:
    """Finds the query of a filter's values, for one caller."""

    def __init__(self, planner: Planner, context: RequestContext | None) -> None:
        self._planner = planner
        self._context = context

    async def query(
        self,
        dashboard: Mapping[str, Any],
        queries: Queries,
        name: str,
        sent: Mapping[str, Any],
        *,
        search: str | None,
        limit: int,
    ) -> bytes:
        """The query. Raises NotFoundError where there is none, DefinitionError for wrong values and for a search in
        what is no text."""
        filters = filters_of(dashboard)
        one = next((each for each in filters if each.id == name), None)
        if one is None:
            raise NotFoundError("There is no such filter here.", hint="GET the dashboard shows its filters.")
        issues: list[Issue] = []
        locked = name in locked_filters(self._context)
        wishes = wishes_for(filters, {key: value for key, value in sent.items() if key != name}, self._context, issues)
        wishes = [wish for wish in wishes if wish.id != name or locked]
        merging = DashboardQueries(self._planner, self._context)
        for widget, candidate in self._candidates(one, queries, limit):
            if not await self._can_be_planned(candidate):
                continue
            searched = await self._searched(candidate, search) if search else candidate
            job = await merging.job(widget, searched, wishes, issues)
            if issues:
                raise DefinitionError(issues[:100])
            if job.error is not None:
                raise job.error
            return job.query
        raise NotFoundError("No widget takes this filter, so there is nothing to choose.", hint="Correct its `field`.")

    def _candidates(self, one: BaseFilter, queries: Queries, limit: int) -> Iterator[tuple[str, Data]]:
        """Queries for the values, the best first; not every one can be planned."""
        values: ValuesFrom | None = getattr(one, "values", None)
        # What a guest's token locks can only be asked of what the widgets show.
        if values is not None and not locked_filters(self._context):
            table = values.model_dump(mode="json")["table"]
            yield "", {"source": table, **_asked(one, values.column, limit)}
        for widget, query in queries.items():
            path = path_for(one, widget)
            if path is not None and not isinstance(query, PrismiqError) and query.get("source") is not None:
                yield widget, {**{key: query[key] for key in _SOURCE if key in query}, **_asked(one, path, limit)}

    async def _searched(self, query: Data, search: str) -> Data:
        field = cast("Data", query.get("dimensions", [{}])[0]).get("field")
        contains: Data = {"field": field, "operator": "contains", "value": search, "case_sensitive": False}
        found = with_condition(query, contains)
        try:
            await self._planner.plan_outputs(dump_json(found), self._context)
        except QueryError as error:
            only = [Issue(("search",), each.code, each.message, "Leave `search` out.") for each in error.issues]
            raise DefinitionError(only) from None
        return found

    async def _can_be_planned(self, query: Data) -> bool:
        try:
            await self._planner.plan_outputs(dump_json(query), self._context)
        except QueryError:
            return False
        return True


def _asked(one: BaseFilter, path: str | Data, limit: int) -> Data:
    if isinstance(one, PeriodFilter | NumberRangeFilter):
        return {"measures": [{"name": each, "aggregate": each, "field": path} for each in ("min", "max")]}
    return {"dimensions": [{"name": "value", "field": path}], "order_by": ["value"], "limit": limit}

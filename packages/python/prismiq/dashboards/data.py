"""The queries behind a dashboard, as one viewer's filters have them.

A filter that a widget's query cannot take is told, not dropped in silence; whether it can be taken is for the planner
to say. What a guest's token locks is never left out: a widget that cannot take it is not shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from prismiq.access import RequestContext, opens_widget
from prismiq.dashboards.answers import Job
from prismiq.dashboards.checks import Planner
from prismiq.dashboards.clicks import read_click, wish_of
from prismiq.dashboards.filters import with_condition
from prismiq.dashboards.wire import dump_json
from prismiq.dashboards.wishes import Wish, filters_of, not_for_guests, wishes_for
from prismiq.errors import DefinitionError, Issue, IssueCode, NotFoundError, PrismiqError, QueryError

Queries = Mapping[str, Mapping[str, Any] | PrismiqError]
"""The query of each widget that has one, or why there is none."""


class DashboardQueries:
    """Lays the values of filters over the queries of widgets, for one caller."""

    def __init__(self, planner: Planner, context: RequestContext | None) -> None:
        self._planner = planner
        self._context = context

    async def jobs(
        self,
        dashboard: Mapping[str, Any],
        queries: Queries,
        *,
        filters: Mapping[str, Any],
        cross_filters: Sequence[Any],
        widgets: Collection[str] | None,
    ) -> list[Job]:
        """What to ask for the widgets, by default all of them, in their order.

        Raises DefinitionError with every value that cannot be asked for, NotFoundError for widgets that are not there,
        PermissionDeniedError where what the token locks cannot be.
        """
        shown = [name for name in queries if opens_widget(self._context, name)]
        if widgets is not None and not set(widgets) <= set(shown):
            raise NotFoundError(
                "There is no such widget in this dashboard.", hint="GET the dashboard shows its widgets."
            )
        issues: list[Issue] = []
        wishes = wishes_for(filters_of(dashboard), filters, self._context, issues)
        wishes += await self._clicks(queries, shown, cross_filters, issues)
        if issues:
            raise DefinitionError(issues[:100])
        jobs: list[Job] = []
        for name in shown:
            if widgets is None or name in widgets:
                await asyncio.sleep(0)  # many widgets and filters are many plans; others get their turn
                jobs.append(await self.job(name, queries[name], wishes, issues))
        if issues:
            raise DefinitionError(list(dict.fromkeys(issues))[:100])
        return jobs

    async def job(
        self, name: str, query: Mapping[str, Any] | PrismiqError, wishes: Sequence[Wish], issues: list[Issue]
    ) -> Job:
        """A widget's query with all that is wished for and that it can take."""
        if isinstance(query, PrismiqError):
            return Job(name, b"", error=query)
        asked = [(wish, *found) for wish in wishes if (found := wish.of(name)) is not None]
        if any(wish.locked and wish.value is not None and wish.of(name) is None for wish in wishes):
            return Job(name, b"", error=not_for_guests())
        whole = query
        for _, _, condition in asked:
            whole = with_condition(whole, condition)
        if not asked or not await self._issues(whole) or await self._issues(query):
            return Job(name, dump_json(whole))  # what the query itself lacks, its answer says
        skipped: list[str] = []
        for wish, askable, condition in asked:
            candidate = with_condition(query, condition)
            wrong = await self._issues(candidate)
            if not wrong:
                query = candidate
            elif not await self._issues(with_condition(query, askable)):
                issues += [Issue(wish.loc, each.code, each.message, each.hint) for each in wrong]
            elif wish.locked:
                return Job(name, b"", error=not_for_guests())
            else:
                skipped.append(wish.id)
        return Job(name, dump_json(query), tuple(skipped))

    async def _clicks(
        self, queries: Queries, shown: Sequence[str], cross_filters: Sequence[Any], issues: list[Issue]
    ) -> list[Wish]:
        wishes: list[Wish] = []
        for place, each in enumerate(cross_filters):
            click = read_click(place, each)
            if isinstance(click, Issue):
                issues.append(click)
                continue
            query = queries.get(click.widget) if click.widget in shown else None
            if query is None:
                message, hint = "There is no such widget with a query here.", f"There are {', '.join(shown)}."
                loc = ("cross_filters", place, "widget")
                issues.append(Issue(loc, IssueCode.INVALID_VALUE, message, hint))
                continue
            if isinstance(query, PrismiqError) or await self._issues(query):
                continue  # which its own answer says
            found = wish_of(click, query, await self._planner.plan_outputs(dump_json(query), self._context))
            if isinstance(found, Wish):
                wishes.append(found)
            else:
                issues.append(found)
        return wishes

    async def _issues(self, query: Mapping[str, Any]) -> tuple[Issue, ...]:
        try:
            await self._planner.plan_outputs(dump_json(query), self._context)
        except QueryError as error:
            return error.issues
        return ()

"""Dashboards: what is stored of them, and how their widgets are changed one by one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from prismiq.access import RequestContext
from prismiq.audit import SILENT, Audit, about, audited
from prismiq.dashboards.answers import Answered, Job, answered
from prismiq.dashboards.checks import DashboardCheck, Planner, SavedQueries
from prismiq.dashboards.choices import FilterChoices
from prismiq.dashboards.data import DashboardQueries, Queries
from prismiq.dashboards.merge import merge_patch
from prismiq.dashboards.models import Dashboard, Layout
from prismiq.dashboards.reading import read, to_data
from prismiq.dashboards.records import Kind
from prismiq.dashboards.service import Data, Definition, Stored, StoredThings, Versions
from prismiq.dashboards.store import DashboardStore
from prismiq.dashboards.wire import load_json
from prismiq.errors import DefinitionError, Issue, IssueCode, NotFoundError, PrismiqError
from prismiq.execution import Numbers
from prismiq.execution.answers import Answer


class Dashboards(StoredThings):
    """The dashboards of an engine's store."""

    kind = Kind.DASHBOARD
    called = "dashboards"
    name = "dashboard"
    defaults = {"refresh_interval": None, "filters": [], "widgets": []}

    def __init__(
        self,
        store: DashboardStore,
        planner: Planner,
        saved: SavedQueries,
        *,
        needs_tenant: bool,
        at_once: int = 4,
        audit: Audit = SILENT,
    ) -> None:
        super().__init__(store, needs_tenant=needs_tenant, audit=audit)
        self._at_once = at_once
        self._planner = planner
        self._saved = saved

    @audited
    async def add_widget(
        self,
        id: UUID | str,  # noqa: A002
        widget: Definition,
        context: RequestContext | None,
        *,
        versions: Versions = None,
    ) -> tuple[Stored, Data]:
        """Adds a widget; below the others where it names no position. Returns the dashboard and the widget."""
        given = _object(widget)
        stored = await self._change(
            id, context, versions, lambda before: {**before, "widgets": [*_widgets(before), given]}
        )
        return stored, _widgets(stored.definition)[-1]

    @audited
    async def update_widget(
        self,
        id: UUID | str,  # noqa: A002
        widget: str,
        patch: Definition,
        context: RequestContext | None,
        *,
        versions: Versions = None,
    ) -> tuple[Stored, Data]:
        """Changes a widget by a JSON Merge Patch. Returns the dashboard and the widget as stored.

        Raises NotFoundError for a widget of another dashboard.
        """
        changes = _object(patch)

        def change(before: Data) -> Data:
            widgets = _widgets(before)
            place = _place(widgets, widget)
            widgets[place] = {"id": widget, **merge_patch(widgets[place], changes)}
            return {**before, "widgets": widgets}

        stored = await self._change(id, context, versions, change)
        renamed = str(changes.get("id") or widget)
        widgets = _widgets(stored.definition)
        return stored, widgets[_place(widgets, renamed)]

    @audited
    async def delete_widget(
        self,
        id: UUID | str,  # noqa: A002
        widget: str,
        context: RequestContext | None,
        *,
        versions: Versions = None,
    ) -> Stored:
        """Removes a widget, and what the filters say of it."""

        def change(before: Data) -> Data:
            widgets = _widgets(before)
            del widgets[_place(widgets, widget)]
            filters = [_without_target(one, widget) for one in cast("list[Data]", before.get("filters", []))]
            return {**before, "widgets": widgets, "filters": filters}

        return await self._change(id, context, versions, change)

    @audited
    async def set_layout(
        self,
        id: UUID | str,  # noqa: A002
        layout: Definition,
        context: RequestContext | None,
        *,
        versions: Versions = None,
    ) -> Stored:
        """Places widgets, by their ids: `{"positions": {"delays": {"x": 0, "y": 0, "w": 6, "h": 4}}}`.

        Widgets that are not named stay where they are.
        """
        places = to_data(read(Layout, _object(layout)))["positions"]

        def change(before: Data) -> Data:
            widgets = _widgets(before)
            known = [_id(each) for each in widgets]
            unknown = [name for name in places if name not in known]
            if unknown:
                raise DefinitionError(
                    [
                        Issue(("positions", name), IssueCode.INVALID_VALUE, f'There is no widget "{name}" here.', None)
                        for name in unknown[:100]
                    ]
                )
            placed = [{**each, "position": places[name]} if (name := _id(each)) in places else each for each in widgets]
            return {**before, "widgets": placed}

        return await self._change(id, context, versions, change)

    @audited
    async def widget_query(
        self,
        id: UUID | str,  # noqa: A002
        widget: str,
        context: RequestContext | None,
        *,
        filters: Mapping[str, Any] | None = None,
        cross_filters: Sequence[Any] = (),
    ) -> Mapping[str, Any]:
        """The query that a widget shows the answer to, with the values of the filters that it can take.

        Raises NotFoundError for a widget that is not there, shows none, or whose saved query the caller may not see;
        DefinitionError for values that no column takes.
        """
        (job,) = await self._jobs(id, context, filters or {}, cross_filters, (widget,))
        if job.error is not None:
            raise job.error
        return cast("Mapping[str, Any]", load_json(job.query))

    @audited
    async def data(
        self,
        id: UUID | str,  # noqa: A002
        context: RequestContext | None,
        *,
        filters: Mapping[str, Any] | None = None,
        cross_filters: Sequence[Any] = (),
        widgets: Collection[str] | None = None,
        numbers: Numbers = "exact",
        max_age: float | None = None,
    ) -> AsyncGenerator[Answered]:
        """Answers the widgets' queries, each as it is ready, with the values of the filters; absent ones have their
        defaults, null chooses nothing.

        `cross_filters` are clicks on values: `{"widget": …, "output": …, "value": …}`, asked of all other widgets.
        Raises NotFoundError for a dashboard or widget that is not there, DefinitionError with every value that is
        wrong. What goes wrong with a widget is its answer. Close the generator (`contextlib.aclosing`) where not all is
        taken: that cancels what still runs.
        """
        jobs = await self._jobs(id, context, filters or {}, cross_filters, widgets)
        asking = await self._planner.asking(context, numbers=numbers, max_age=max_age, dashboard=str(id))
        return answered(jobs, asking, at_once=self._at_once)

    @audited
    async def filter_values(
        self,
        id: UUID | str,  # noqa: A002
        filter: str,  # noqa: A002
        context: RequestContext | None,
        *,
        search: str | None = None,
        limit: int = 100,
        filters: Mapping[str, Any] | None = None,
    ) -> Answer:
        """What can be chosen in a filter, as JSON: distinct values in order, in a column `value`; for a period and a
        range of numbers their `min` and `max`.

        Of the rows that the caller may see and that the other filters leave, where they can be asked. Raises
        NotFoundError for a filter that is not there or that no widget takes.
        """
        record = await self._visible(id, self._caller(context))
        dashboard = self._definition(record)
        queries = await self._queries(dashboard, record.owner, context)
        choices = FilterChoices(self._planner, context)
        query = await choices.query(dashboard, queries, filter, filters or {}, search=search, limit=limit)
        with about(dashboard=str(id)):
            answer, _ = await self._planner.answer_query(query, context)
        return answer

    async def _jobs(
        self,
        id: UUID | str,  # noqa: A002
        context: RequestContext | None,
        filters: Mapping[str, Any],
        cross_filters: Sequence[Any],
        widgets: Collection[str] | None,
    ) -> list[Job]:
        record = await self._visible(id, self._caller(context))
        dashboard = self._definition(record)
        queries = await self._queries(dashboard, record.owner, context)
        return await DashboardQueries(self._planner, context).jobs(
            dashboard, queries, filters=filters, cross_filters=cross_filters, widgets=widgets
        )

    async def _queries(self, dashboard: Mapping[str, Any], owner: str, context: RequestContext | None) -> Queries:
        """The query of each widget that shows one."""
        found: dict[str, Mapping[str, Any] | PrismiqError] = {}
        for widget in _widgets(dashboard):
            name = _id(widget)
            if name is None:
                continue
            if isinstance(widget.get("query"), Mapping):
                found[name] = cast("Mapping[str, Any]", widget["query"])
            elif widget.get("saved_query") is not None:
                shared = await self._saved.query_of(str(widget["saved_query"]), _reader(context, owner))
                found[name] = shared or NotFoundError(
                    "The saved query of this widget is not there.", hint="Choose another, or have it shared with you."
                )
        return found

    async def _checked(self, data: Data, before: Data | None, context: RequestContext | None) -> Data:
        dashboard = read(Dashboard, data)
        old = None
        if before is not None:
            try:
                old = read(Dashboard, before)
            except DefinitionError:  # what is there is of an older form: all of it is checked anew
                old = None
        return to_data(await DashboardCheck(self._planner, self._saved, context).run(dashboard, old))


def _reader(context: RequestContext | None, owner: str) -> RequestContext | None:
    """Who reads a widget's saved query: of a guest's dashboard its owner, since the grant is for all that it shows."""
    if context is None or context.guest is None:
        return context
    return RequestContext(user=owner, tenant=context.tenant)


def _object(content: Definition) -> Data:
    data: Any = load_json(content) if isinstance(content, str | bytes) else content
    if isinstance(data, Mapping):
        return dict(cast("Mapping[str, Any]", data))
    raise DefinitionError([Issue((), IssueCode.INVALID, "This is not an object.", "Send a JSON object.")])


def _widgets(dashboard: Mapping[str, Any]) -> list[Any]:
    found: Any = dashboard.get("widgets", ())
    return list(cast("list[Any]", found)) if isinstance(found, list) else []


def _id(widget: Any) -> str | None:
    """A widget's id. What is stored may be of a form that this program does not know."""
    found = cast("Data", widget).get("id") if isinstance(widget, dict) else None
    return found if isinstance(found, str) else None


def _place(widgets: list[Any], widget: str) -> int:
    for place, each in enumerate(widgets):
        if _id(each) == widget:
            return place
    raise NotFoundError("There is no such widget in this dashboard.", hint="GET the dashboard shows its widgets.")


def _without_target(one: Data, widget: str) -> Data:
    targets = cast("Mapping[str, Any]", one.get("targets", {}))
    if widget not in targets:
        return one
    left = {key: value for key, value in targets.items() if key != widget}
    return {**{key: value for key, value in one.items() if key != "targets"}, **({"targets": left} if left else {})}

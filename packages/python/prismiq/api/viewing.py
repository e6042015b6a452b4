"""What a dashboard shows: the answers of its widgets, and what can be chosen in its filters. For guests, too."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Query, Request, Response

from prismiq.access import RequestContext, opens_widget
from prismiq.api.answers import exported
from prismiq.api.compression import whole
from prismiq.api.context import GetContext, check_context
from prismiq.api.data import DataRequest, answers_response, in_lines, part, read_parts
from prismiq.api.documentation import NUMBERS, body_of, documented
from prismiq.api.formats import accepted_file, check_offered
from prismiq.api.headers import CACHE_CONTROL, PREFER
from prismiq.api.ids import query_id_of
from prismiq.api.models import QueryResponse
from prismiq.api.plain import JSON_TYPE
from prismiq.api.problems import InvalidParameterError, ProblemRoute
from prismiq.api.requests import run_while_connected, wanted_age, wanted_numbers
from prismiq.api.streams import begun
from prismiq.audit import about
from prismiq.dashboards import Stored
from prismiq.dashboards.wire import load_json
from prismiq.engine import PrismiqEngine

FileFormat = Annotated[
    Literal["csv", "xlsx"] | None, Query(alias="format", description="The rows of one widget, as a file.")
]
Widgets = Annotated[
    tuple[str, ...], Query(alias="widget", max_length=100, description="Only these widgets; may come several times.")
]
Search = Annotated[str | None, Query(max_length=200, description="Only those that contain it.")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="Values at most.")]
Others = Annotated[
    str | None, Query(max_length=4_000, description="Values of the other filters: a JSON object by their ids.")
]
STATUSES = (403, 404, 422, 429, 502, 503, 504)


def for_guests(stored: Stored, context: RequestContext) -> dict[str, Any]:
    """A dashboard as a guest sees it: what it shows of it, and not what it asks or of whom it is."""
    seen = {key: value for key, value in stored.to_json().items() if key in _FOR_GUESTS}
    seen["widgets"] = [
        _shown(each) for each in cast("list[Any]", seen["widgets"]) if opens_widget(context, str(each.get("id")))
    ]
    seen["filters"] = [_shown(each) for each in cast("list[Any]", seen["filters"])]
    return seen


_FOR_GUESTS = ("id", "slug", "title", "description", "refresh_interval", "filters", "widgets", "access", "version")
_ASKED = ("query", "saved_query", "field", "targets", "values")


def _shown(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: value for key, value in cast("dict[str, Any]", part).items() if key not in _ASKED}


def viewing_router(engine: PrismiqEngine, get_context: GetContext) -> APIRouter:
    """The routes that answer below a dashboard. The engine needs a store."""
    limit = engine.settings.max_body_bytes
    caller: Any = Depends(get_context)
    router = APIRouter(route_class=ProblemRoute)

    async def read_data(
        request: Request,
        id: str,  # noqa: A002
        widgets: Widgets = (),
        file: FileFormat = None,
        context: RequestContext = caller,
    ) -> Response:
        """Answers the widgets' queries with the values of the filters, each as soon as it is there.

        Lines of JSON, or events for `Accept: text/event-stream`; a widget whose query fails has its error in its place.
        With `format`, or `Accept: text/csv`, the rows of one widget as a file. A client that leaves cancels what still
        runs.
        """
        context = check_context(context, guests=True)
        started = perf_counter()
        parts = await read_parts(request, limit, known=("filters", "cross_filters"), empty=True)
        filters = part(parts, "filters", dict, 'Values by the filters\' ids: {"filters": {"when": "last_month"}}.')
        crosses = part(parts, "cross_filters", list, 'Write clicks as [{"widget": …, "output": …, "value": …}].')
        boards = engine.dashboards
        file = file or accepted_file(request)
        if file is not None:
            if len(widgets) != 1:
                raise InvalidParameterError(
                    "A file holds the rows of one widget.", hint="Name it: `?widget=`.", details={"parameter": "widget"}
                )
            check_offered(file)
            query_id = query_id_of(request)
            with about(query_id=query_id, dashboard=id, widget=widgets[0]):
                query = await boards.widget_query(id, widgets[0], context, filters=filters, cross_filters=crosses)
                pieces = await engine.export_query(query, context, format=file)
            return exported(request, engine, await begun(request, pieces), file, query_id=query_id, name=widgets[0])
        answers = await boards.data(
            id,
            context,
            filters=filters,
            cross_filters=crosses,
            widgets=widgets or None,
            numbers=wanted_numbers(request),
            max_age=wanted_age(request),
        )
        return answers_response(request, engine.settings, "widget", answers, started)

    async def read_choices(
        *,
        request: Request,
        id: str,  # noqa: A002
        filter: str,  # noqa: A002
        search: Search = None,
        limit: Limit = 100,
        filters: Others = None,
        context: RequestContext = caller,
    ) -> Response:
        """What can be chosen in a filter, of the rows that the other filters leave; `min` and `max` of a range."""
        context = check_context(context, guests=True)
        sent = {} if filters is None else {"filters": load_json(filters)}
        others = part(sent, "filters", dict, "A JSON object.")
        work = engine.dashboards.filter_values(id, filter, context, search=search, limit=limit, filters=others)
        answer = await run_while_connected(request, work)
        return await whole(
            request, engine.settings, answer.body(cached=False), [JSON_TYPE, (b"cache-control", b"no-store")]
        )

    data = body_of(DataRequest, "What the viewer has chosen; may be left out.")
    data["requestBody"]["required"] = False
    router.add_api_route(
        "/dashboards/{id}/data",
        read_data,
        methods=["POST"],
        response_class=Response,
        responses=in_lines(documented(None, 406, 413, 415, *STATUSES)),
        openapi_extra={**data, "parameters": [NUMBERS, PREFER, CACHE_CONTROL]},
    )
    router.add_api_route(
        "/dashboards/{id}/filters/{filter}/values",
        read_choices,
        methods=["GET"],
        response_class=Response,
        responses=documented(QueryResponse, *STATUSES),
    )
    return router

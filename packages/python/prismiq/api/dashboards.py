"""`/dashboards`: stored dashboards, their widgets and their layout. Every change needs `If-Match`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from prismiq.access import RequestContext
from prismiq.api.context import GetContext, check_context
from prismiq.api.documentation import body_of
from prismiq.api.etags import required_versions
from prismiq.api.requests import read_body, read_json_body
from prismiq.api.stored import (
    PATCH_BODY,
    AnyWidget,
    Collection,
    StoredDashboard,
    created,
    stored_response,
    versioned,
)
from prismiq.api.viewing import for_guests
from prismiq.dashboards import Dashboard
from prismiq.dashboards.files import dump_yaml, load_yaml
from prismiq.dashboards.models import Layout
from prismiq.dashboards.wire import dump_json, load_json
from prismiq.engine import PrismiqEngine

YAML = "application/yaml"
YAMLS = frozenset({YAML, "application/x-yaml", "text/yaml", "text/x-yaml"})
Format = Annotated[Literal["yaml", "json"], Query(description="The form of the file.")]


class DashboardFile(Dashboard):
    """A dashboard as a file holds it."""

    kind: Literal["dashboard"] = "dashboard"


def dashboards_router(engine: PrismiqEngine, get_context: GetContext) -> APIRouter:
    """The routes below `/dashboards`. The engine needs a store."""
    limit = engine.settings.max_body_bytes
    caller: Any = Depends(get_context)
    routes = Collection(
        "/dashboards",
        lambda: engine.dashboards,
        get_context,
        limit,
        definition=Dashboard,
        answer=StoredDashboard,
        for_guests=for_guests,
    )

    async def import_file(request: Request, context: RequestContext = caller) -> Response:
        """Stores what an export holds, as a new dashboard of the caller's. YAML or JSON."""
        context = check_context(context)
        body = await read_body(request, limit, {*YAMLS, "application/json"})
        is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
        # A large YAML is a second of Python; in a thread the event loop keeps its turns.
        content = load_json(body) if is_json else await asyncio.to_thread(load_yaml, body)
        return created(request, await engine.dashboards.import_(content, context), below="/import")

    async def export(id: str, format: Format = "yaml", context: RequestContext = caller) -> Response:  # noqa: A002
        """The dashboard as a file, for version control or another installation."""
        exported = await engine.dashboards.export(id, check_context(context))
        content = dump_json(exported) if format == "json" else dump_yaml(exported).encode()
        headers = {
            "Content-Disposition": f'attachment; filename="{exported["slug"]}.{format}"',
            "Cache-Control": "no-store",
        }
        return Response(content, headers=headers, media_type="application/json" if format == "json" else YAML)

    async def add_widget(request: Request, id: str, context: RequestContext = caller) -> Response:  # noqa: A002
        """Adds a widget, and answers with it. The ETag is the dashboard's new version."""
        context = check_context(context)
        body = await read_json_body(request, limit)
        versions = required_versions(request)
        stored, widget = await engine.dashboards.add_widget(id, body, context, versions=versions)
        return versioned(widget, stored, 201)

    async def change_widget(
        request: Request,
        id: str,  # noqa: A002
        widget: str,
        context: RequestContext = caller,
    ) -> Response:
        """Changes a widget by a merge patch, and answers with it. The ETag is the dashboard's new version."""
        context = check_context(context)
        body = await read_json_body(request, limit)
        versions = required_versions(request)
        stored, changed = await engine.dashboards.update_widget(id, widget, body, context, versions=versions)
        return versioned(changed, stored)

    async def delete_widget(
        request: Request,
        id: str,  # noqa: A002
        widget: str,
        context: RequestContext = caller,
    ) -> Response:
        """Removes a widget, and what the filters say of it. Answers with the dashboard."""
        context = check_context(context)
        versions = required_versions(request)
        return stored_response(await engine.dashboards.delete_widget(id, widget, context, versions=versions))

    async def set_layout(request: Request, id: str, context: RequestContext = caller) -> Response:  # noqa: A002
        """Places widgets on the grid. Those that are not named stay where they are."""
        context = check_context(context)
        body = await read_json_body(request, limit)
        versions = required_versions(request)
        return stored_response(await engine.dashboards.set_layout(id, body, context, versions=versions))

    conflicts = (403, 404, 412, 428)
    bodies = (413, 415, 422)
    file = body_of(DashboardFile, "What an export holds.")
    file["requestBody"]["content"][YAML] = {"schema": {"type": "object"}}
    routes.add("POST", "/import", import_file, StoredDashboard, 403, 409, *bodies, success=201, extra=file)
    as_yaml = {"responses": {"200": {"content": {YAML: {"schema": {"type": "object"}}}}}}
    routes.add("GET", "/{id}/export", export, DashboardFile, 403, 404, 422, extra=as_yaml)
    widget = body_of(AnyWidget, "A widget, as in a dashboard's `widgets`.")
    routes.add("POST", "/{id}/widgets", add_widget, AnyWidget, *conflicts, *bodies, success=201, extra=widget)
    routes.add("PATCH", "/{id}/widgets/{widget}", change_widget, AnyWidget, *conflicts, *bodies, extra=PATCH_BODY)
    routes.add("DELETE", "/{id}/widgets/{widget}", delete_widget, StoredDashboard, *conflicts)
    layout = body_of(Layout, "Positions by the ids of widgets.")
    routes.add("PUT", "/{id}/layout", set_layout, StoredDashboard, *conflicts, *bodies, extra=layout)
    return routes.router

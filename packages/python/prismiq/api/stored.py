"""What the routes of dashboards and saved queries share: reading changes, answering with versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field, RootModel

from prismiq.access import RequestContext
from prismiq.api.context import GetContext, check_context
from prismiq.api.documentation import body_of, documented
from prismiq.api.etags import required_versions
from prismiq.api.headers import IF_MATCH
from prismiq.api.problems import ProblemRoute, version_tag
from prismiq.api.requests import read_json_body
from prismiq.dashboards import Stored
from prismiq.dashboards.models import Copy
from prismiq.dashboards.pages import MAX_PAGE
from prismiq.dashboards.reading import read
from prismiq.dashboards.service import StoredThings
from prismiq.dashboards.widgets import Widget
from prismiq.dashboards.wire import dump_json, load_json

JSON = "application/json"

Search = Annotated[str | None, Query(max_length=200, description="Only those with it in title, description or tags.")]
Tag = Annotated[str | None, Query(max_length=50, description="Only those with this tag.")]
Slug = Annotated[str | None, Query(max_length=100, description="Only those with this slug.")]
Sort = Annotated[
    Literal["title", "-title", "created_at", "-created_at", "updated_at", "-updated_at"],
    Query(description="`-` is descending."),
]
Cursor = Annotated[str | None, Query(max_length=2_000, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items at most.")]


Responses = dict[int | str, dict[str, Any]]


class Summary(BaseModel):
    """A stored thing in a list."""

    id: str
    slug: str
    title: str
    description: str
    tags: list[str]
    visibility: Any = Field(description="`private`, `tenant`, or an object of `tenant`, `roles` and `users`.")
    owner: str
    access: Literal["view", "edit"] = Field(description="What the caller may do with it.")
    version: int
    created_at: str
    updated_at: str
    updated_by: str


class StoredDashboard(Summary):
    """A dashboard as it was saved. What a part leaves out has its default."""

    refresh_interval: int | None
    filters: list[Any]
    widgets: list[Any]


class StoredQuery(Summary):
    """A saved query."""

    query: dict[str, Any]


class SummaryPage(BaseModel):
    """Some of a list."""

    items: list[Summary]
    next_cursor: str | None = Field(description="For the next page; null on the last.")


class AnyWidget(RootModel[Widget]):
    """A widget of any kind."""


def stored_response(stored: Stored, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A stored thing, with its version as the ETag."""
    return versioned(stored.to_json(), stored, status, headers)


def versioned(content: object, stored: Stored, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """What is of a stored thing, with that thing's version as the ETag."""
    tags = {"ETag": version_tag(stored.version), "Cache-Control": "no-store", **(headers or {})}
    return Response(dump_json(content), status, tags, JSON)


def created(request: Request, stored: Stored, *, below: str) -> Response:
    """201, and where the new one is. `below` is what follows the collection's path in the request's."""
    collection = request.url.path.removesuffix(below).rstrip("/")
    return stored_response(stored, 201, {"Location": f"{collection}/{stored.id}"})


PATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A JSON Merge Patch (RFC 7396): null removes, lists are replaced.",
        "content": {media: {"schema": {"type": "object"}} for media in ("application/merge-patch+json", JSON)},
    }
}

ALWAYS = (422, 429, 502, 503, 504)
"""Statuses that every route may answer with."""


class Collection:
    """The routes that dashboards and saved queries have in common, below one path.

    `things` is asked for with every request: whether there is a store is known only when the engine is complete.
    `for_guests` is what guests see of one; without it they see none.
    """

    def __init__(
        self,
        path: str,
        things: Callable[[], StoredThings],
        get_context: GetContext,
        limit: int,
        *,
        definition: type[BaseModel],
        answer: type[BaseModel],
        for_guests: Callable[[Stored, RequestContext], dict[str, Any]] | None = None,
    ) -> None:
        self.router = APIRouter(route_class=ProblemRoute)
        self.path = path
        self._limit = limit
        caller: Any = Depends(get_context)

        async def list_them(
            *,
            search: Search = None,
            tag: Tag = None,
            slug: Slug = None,
            sort: Sort = "title",
            cursor: Cursor = None,
            limit: Limit = 50,
            context: RequestContext = caller,
        ) -> Response:
            """Those that the caller may see, page by page. Pages stay whole while others are added."""
            page = await things().list(
                check_context(context), search=search, tag=tag, slug=slug, sort=sort, cursor=cursor, limit=limit
            )
            content = {"items": [each.to_json() for each in page.items], "next_cursor": page.next_cursor}
            return Response(dump_json(content), headers={"Cache-Control": "no-store"}, media_type=JSON)

        async def create(request: Request, context: RequestContext = caller) -> Response:
            """Stores a new one, which is the caller's. It is checked whole; all that is wrong is told at once."""
            context = check_context(context)
            body = await read_json_body(request, self._limit)
            return created(request, await things().create(body, context), below="")

        async def read_one(id: str, context: RequestContext = caller) -> Response:  # noqa: A002
            """One of them, as it was saved, whatever became of the schema since."""
            context = check_context(context, guests=for_guests is not None)
            stored = await things().get(id, context)
            if context.guest is not None and for_guests is not None:
                return versioned(for_guests(stored, context), stored)
            return stored_response(stored)

        async def change(request: Request, id: str, context: RequestContext = caller) -> Response:  # noqa: A002
            """Changes what the patch names. Needs `If-Match`."""
            context = check_context(context)
            body = await read_json_body(request, self._limit)
            versions = required_versions(request)
            return stored_response(await things().update(id, body, context, versions=versions))

        async def delete(request: Request, id: str, context: RequestContext = caller) -> Response:  # noqa: A002
            """Deletes one. Only its owner may. Needs `If-Match`."""
            context = check_context(context)
            await things().delete(id, context, versions=required_versions(request))
            return Response(status_code=204)

        async def duplicate(request: Request, id: str, context: RequestContext = caller) -> Response:  # noqa: A002
            """Stores a copy, which is the caller's and private."""
            context = check_context(context)
            title = await _read_title(request, self._limit)
            copied = await things().duplicate(id, context, title=title)
            return created(request, copied, below=f"/{id}/duplicate")

        writing = (403, 413, 415, 422, *ALWAYS)
        self.add("GET", "", list_them, SummaryPage, 403, 422)
        self.add("POST", "", create, answer, 409, *writing, success=201, extra=body_of(definition, "A definition."))
        self.add("GET", "/{id}", read_one, answer, 403, 404)
        self.add("PATCH", "/{id}", change, answer, 404, 409, 412, 428, *writing, extra=PATCH_BODY)
        self.add("DELETE", "/{id}", delete, None, 403, 404, 412, 428, success=204)
        title = body_of(Copy, "How the copy is called; may be left out.")
        title["requestBody"]["required"] = False
        self.add("POST", "/{id}/duplicate", duplicate, answer, 404, 409, *writing, success=201, extra=title)

    def add(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        model: type[BaseModel] | None,
        *statuses: int,
        success: int = 200,
        extra: dict[str, Any] | None = None,
        shown: Callable[[Responses], Responses] = dict,
    ) -> None:
        """Adds a route below the collection's path."""
        if 428 in statuses:
            extra = {**(extra or {}), "parameters": [IF_MATCH]}
        self.router.add_api_route(
            self.path + path,
            endpoint,
            methods=[method],
            status_code=success,
            response_class=Response,
            responses=shown(documented(model, *dict.fromkeys((*statuses, *ALWAYS)), success=success)),
            openapi_extra=extra,
            summary=f"{endpoint.__name__.replace('_', ' ').capitalize()}: {self.path.strip('/').replace('-', ' ')}",
        )


async def _read_title(request: Request, limit: int) -> str | None:
    """The title in a body that may be left out."""
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return None
    return read(Copy, load_json(await read_json_body(request, limit))).title

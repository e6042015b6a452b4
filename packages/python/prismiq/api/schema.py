"""`/schema`: what this caller may query. Answers carry an ETag, so that asking again is cheap."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from prismiq.access import RequestContext
from prismiq.api.compression import VARY, whole
from prismiq.api.context import GetContext, check_context
from prismiq.api.documentation import documented
from prismiq.api.etags import etag_of, not_modified
from prismiq.api.headers import IF_NONE_MATCH, with_etag
from prismiq.api.models import QueryResponse
from prismiq.api.plain import JSON_TYPE, PlainResponse
from prismiq.api.problems import ProblemRoute
from prismiq.api.requests import run_while_connected
from prismiq.engine import PrismiqEngine
from prismiq.errors import NotFoundError
from prismiq.execution import encode_json
from prismiq.execution.forms import FormsOfSome
from prismiq.query.fields import Name, Path, dotted, segments
from prismiq.schema.models import DatabaseSchema, TableSchema

TableName = Annotated[
    list[Name],
    Query(
        min_length=1, max_length=2, description="`orders` or `sales.orders`; schema and name apart for names with dots."
    ),
]
Search = Annotated[str | None, Query(max_length=200, description="Only values that contain this text.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="Values at most.")]

_KEPT = 20
"""Schemas whose compressed forms are kept: of so many kinds of callers."""


def schema_router(engine: PrismiqEngine, get_context: GetContext) -> APIRouter:
    """The routes below `/schema`. Names come as path segments, or as parameters where they hold a slash."""
    router = APIRouter(route_class=ProblemRoute)
    caller: Any = Depends(get_context)
    forms = FormsOfSome(_KEPT)

    async def read_schema(request: Request, context: RequestContext = caller) -> Response:
        """Every table, column and relationship that the caller may query."""
        schema = await engine.get_schema(check_context(context))
        return await answer(request, schema, lambda: schema.json_text, kept=True)

    async def read_table(request: Request, table: str, context: RequestContext = caller) -> Response:
        """One table: `orders`, or `sales.orders`."""
        schema = await engine.get_schema(check_context(context))
        return await answer(request, schema, partial(_json, _find(schema, table)))

    async def find_table(request: Request, table: TableName, context: RequestContext = caller) -> Response:
        """One table, by parameters: for a name that holds a slash or a dot."""
        schema = await engine.get_schema(check_context(context))
        return await answer(request, schema, partial(_json, _find(schema, _reference(table))))

    async def read_values(
        request: Request,
        *,
        table: str,
        column: str,
        search: Search = None,
        limit: Limit = 100,
        context: RequestContext = caller,
    ) -> Response:
        """The distinct values of a column that the caller may see, in order: for filters to choose from."""
        return await values(request, table, column, context, search=search, limit=limit)

    async def find_values(
        request: Request,
        *,
        table: TableName,
        column: str,
        search: Search = None,
        limit: Limit = 100,
        context: RequestContext = caller,
    ) -> Response:
        """The values of a column, by parameters: for names that hold a slash or a dot."""
        return await values(request, _reference(table), column, context, search=search, limit=limit)

    async def values(
        request: Request, table: str | Path, column: str, context: RequestContext, **choice: Any
    ) -> Response:
        asked = engine.get_column_values(table, column, context=check_context(context), **choice)
        result = await run_while_connected(request, asked)
        return await whole(request, engine.settings, encode_json(result), [JSON_TYPE, (b"cache-control", b"no-store")])

    async def answer(
        request: Request, schema: DatabaseSchema, make: Callable[[], bytes], *, kept: bool = False
    ) -> Response:
        etag = etag_of(schema.version)
        headers = [(b"etag", etag.encode()), (b"cache-control", b"private, no-cache")]
        if not_modified(request, etag):
            return PlainResponse(b"", [*headers, VARY], status=304)
        content = make()
        found = forms.of(content) if kept else None
        return await whole(request, engine.settings, content, [*headers, JSON_TYPE], forms=found)

    def add(path: str, endpoint: Any, model: Any, *statuses: int) -> None:
        responses = documented(model, 403, *statuses, 502, 503)
        tagged = model is not QueryResponse  # of values it is not known whether they have changed
        router.add_api_route(
            path,
            endpoint,
            methods=["GET"],
            response_class=Response,
            responses=with_etag(responses) if tagged else responses,
            openapi_extra={"parameters": [IF_NONE_MATCH]} if tagged else None,
        )

    add("/schema", read_schema, DatabaseSchema)
    add("/schema/tables/{table}", read_table, TableSchema, 404, 422)
    add("/schema/tables/{table}/columns/{column}/values", read_values, QueryResponse, 404, 422, 429, 504)
    add("/schema/table", find_table, TableSchema, 404, 422)
    add("/schema/values", find_values, QueryResponse, 404, 422, 429, 504)
    return router


def _reference(names: list[str]) -> str | Path:
    return names[0] if len(names) == 1 else Path(path=tuple(names))


def _find(schema: DatabaseSchema, reference: str | Path) -> TableSchema:
    names = segments(reference)
    found = schema.candidates(names)
    if len(found) == 1:
        return schema.by_ref[found[0]]
    shown = dotted(names)
    if found:
        raise NotFoundError(f'"{shown}" is in several schemas.', hint=f"Say which: {', '.join(map(str, found))}.")
    near = get_close_matches(shown, [schema.reference(table.ref) for table in schema.tables], n=1)
    raise NotFoundError(
        f'There is no table "{shown}".', hint=f'Did you mean "{near[0]}"?' if near else "GET /schema lists them."
    )


def _json(table: TableSchema) -> bytes:
    return table.model_dump_json(exclude_none=True).encode()

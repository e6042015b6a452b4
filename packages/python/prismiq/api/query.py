"""`/query`: run a question, check it, see its SQL and its plan."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from prismiq.access import RequestContext
from prismiq.api.answers import answered
from prismiq.api.compression import VARY, whole
from prismiq.api.context import GetContext, check_context
from prismiq.api.data import BatchRequest, answers_response, in_lines, part, read_parts
from prismiq.api.documentation import (
    FORMAT,
    NUMBERS,
    QUERY_BODY,
    SCHEMA_ANSWERS,
    SCHEMA_TYPE,
    body_of,
    documented,
    in_every_format,
)
from prismiq.api.etags import etag_of, not_modified
from prismiq.api.headers import CACHE_CONTROL, IF_NONE_MATCH, PREFER, of_a_query, with_etag
from prismiq.api.models import ExplainResponse, QueryResponse, SqlResponse, ValidationResponse
from prismiq.api.plain import PlainResponse
from prismiq.api.problems import ProblemRoute, issue_json, json_bytes
from prismiq.api.requests import read_json_body, run_while_connected, wanted_age, wanted_numbers
from prismiq.api.thin import ThinRoute
from prismiq.engine import PrismiqEngine
from prismiq.execution import column_json
from prismiq.execution.encode import plain_value
from prismiq.execution.forms import Forms
from prismiq.query.json_schema import schema_digest, schema_text

JSON = "application/json"
PROBLEMS = (403, 413, 415, 422, 429, 502, 503, 504)


def query_router(engine: PrismiqEngine, get_context: GetContext) -> APIRouter:
    """The routes below `/query`. Bodies go to the engine as bytes and results come out as bytes."""
    router = APIRouter(route_class=ProblemRoute)
    caller: Any = Depends(get_context)
    limit = engine.settings.max_body_bytes
    schema_forms = Forms()

    async def run_query(request: Request, context: RequestContext = caller) -> Response:
        """Answers a question. The numbers of a result are exact, whatever their size.

        A client that goes away cancels its statement. `Cache-Control: max-age=60` or `no-cache` says how old an answer
        may be; `If-None-Match` with the ETag of an earlier answer gets a 304 where the rows are the same. A large
        answer is sent while it is computed, and has no ETag. `Accept`, or `?format=`, asks for NDJSON, CSV or XLSX.
        """
        return await answered(engine, request, check_context(context))

    async def run_batch(request: Request, context: RequestContext = caller) -> Response:
        """Answers many questions, each as soon as it is there: lines of JSON, or events where the client asks for them.

        A question that fails has its error in its place. Equal ones are asked once.
        """
        context = check_context(context)
        started = perf_counter()
        parts = await read_parts(request, limit, known=("queries",))
        queries = part(parts, "queries", dict, 'Give each query a name of yours: {"queries": {"a": {"source": …}}}.')
        answers = await engine.answer_queries(
            queries, context, numbers=wanted_numbers(request), max_age=wanted_age(request)
        )
        return answers_response(request, engine.settings, "query", answers, started)

    async def validate_query(request: Request, context: RequestContext = caller) -> Response:
        """Says whether a question can be answered, and if not, every reason why. Runs nothing."""
        context = check_context(context)
        body = await read_json_body(request, limit)
        found = await engine.validate_query(body, context)
        issues = [issue_json(issue.loc, issue.code.value, issue.message, issue.hint) for issue in found]
        return Response(json_bytes({"valid": not issues, "issues": issues}), media_type=JSON)

    async def show_sql(request: Request, context: RequestContext = caller) -> Response:
        """The SQL that a question becomes, with its arguments. The policy says who may see it."""
        context = check_context(context)
        body = await read_json_body(request, limit)
        statement = await engine.compile_query(body, context)
        shown = {
            "sql": statement.sql,
            "args": statement.args,
            "columns": [column_json(column) for column in statement.columns],
            "warnings": statement.warnings,
        }
        return Response(json_bytes(shown, plain_value), media_type=JSON)

    async def explain_query(request: Request, context: RequestContext = caller) -> Response:
        """The plan of a question: Prismiq's tree, the SQL, and PostgreSQL's EXPLAIN. The policy says who may see it."""
        context = check_context(context)
        body = await read_json_body(request, limit)
        explained = await run_while_connected(request, engine.explain_query(body, context))
        return Response(json_bytes(explained, plain_value), media_type=JSON)

    async def read_query_schema(request: Request, context: RequestContext = caller) -> Response:
        """The JSON Schema of a query, for editors and language models. The same for every caller."""
        check_context(context)
        etag = etag_of(schema_digest())
        headers = [(b"etag", etag.encode()), (b"cache-control", b"private, no-cache")]
        if not_modified(request, etag):
            return PlainResponse(b"", [*headers, VARY], status=304)
        headers.append((b"content-type", SCHEMA_TYPE.encode()))
        return await whole(request, engine.settings, schema_text().encode(), headers, forms=schema_forms)

    def add(
        path: str,
        endpoint: Callable[..., Coroutine[Any, Any, Response]],
        model: type[BaseModel],
    ) -> None:
        router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_class=Response,
            responses=documented(model, *PROBLEMS),
            openapi_extra={"requestBody": QUERY_BODY},
        )

    router.add_api_route(
        "/query",
        run_query,
        methods=["POST"],
        response_class=Response,
        responses=of_a_query(in_every_format(documented(QueryResponse, *PROBLEMS, 406))),
        openapi_extra={
            "requestBody": QUERY_BODY,
            "parameters": [FORMAT, NUMBERS, PREFER, IF_NONE_MATCH, CACHE_CONTROL],
        },
        route_class_override=ThinRoute,
    )
    router.add_api_route(
        "/query/batch",
        run_batch,
        methods=["POST"],
        response_class=Response,
        responses=in_lines(documented(None, *PROBLEMS)),
        openapi_extra={**body_of(BatchRequest, "Queries by names."), "parameters": [NUMBERS, PREFER, CACHE_CONTROL]},
    )
    add("/query/validate", validate_query, ValidationResponse)
    add("/query/sql", show_sql, SqlResponse)
    add("/query/explain", explain_query, ExplainResponse)
    router.add_api_route(
        "/query/schema",
        read_query_schema,
        methods=["GET"],
        response_class=Response,
        responses=with_etag(SCHEMA_ANSWERS),
        openapi_extra={"parameters": [IF_NONE_MATCH]},
    )
    return router

"""Every error has its status, and the host's application stays as it is."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse

from prismiq import errors
from prismiq.access import AccessPolicy, RequestContext
from prismiq.api import create_router, public_context
from prismiq.api import problems as api_errors
from prismiq.audit import Audit
from prismiq.errors import Issue, IssueCode, PrismiqError
from prismiq.settings import Settings

QUESTION = {"source": "orders", "measures": ["count"]}


class FailingEngine:
    """An engine whose every answer is one error."""

    policy = AccessPolicy.open()
    settings = Settings()
    store = None
    audit = Audit()

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def _fail(self, *_: object, **__: object) -> Any:
        raise self._error from ValueError("SELECT secret FROM hidden")

    answer_query = answer_or_stream = export_query = execute_query = compile_query = validate_query = explain_query = (
        get_schema
    ) = get_column_values = _fail
    check_ready = _fail


def failing(error: BaseException) -> FastAPI:
    app = FastAPI()
    app.include_router(create_router(FailingEngine(error), get_context=public_context))  # type: ignore[arg-type] quacks
    return app


ISSUE = Issue(("filters", 0), IssueCode.INVALID_VALUE, "No.", "Yes.")
STATUSES: list[tuple[PrismiqError, int, str | None]] = [
    (errors.QueryError([ISSUE]), 422, None),
    (errors.DefinitionError([ISSUE]), 422, None),
    (errors.NotFoundError("m", hint="h"), 404, None),
    (errors.ConflictError("m", hint="h"), 409, None),
    (errors.VersionConflictError("m", hint="h", current_version=7), 412, None),
    (errors.StoreNotReadyError("m", hint="h"), 503, "30"),
    (errors.PermissionDeniedError("m", hint="h"), 403, None),
    (errors.ContextError("m", hint="h"), 403, None),
    (errors.PayloadTooLargeError("m", hint="h"), 413, None),
    (errors.RequestError("m", hint="h"), 400, None),
    (errors.DatabaseUnavailableError("m", hint="h"), 503, "2"),
    (errors.BusyError("m", hint="h"), 429, "1"),
    (errors.QueryTimeoutError("m", hint="h"), 504, None),
    (errors.QueryFailedError("m", hint="h"), 422, None),
    (errors.DatabaseError("m", hint="h"), 502, None),
    (errors.DatabaseError("m", hint="h", details={"schema_changed": True}), 503, "2"),
    (errors.EngineNotOpenError("m", hint="h"), 503, None),
]
REQUESTS = [
    ("POST", "/query"),
    ("POST", "/query/validate"),
    ("POST", "/query/sql"),
    ("POST", "/query/explain"),
    ("GET", "/schema"),
    ("GET", "/schema/tables/orders"),
    ("GET", "/schema/table?table=orders"),
    ("GET", "/schema/tables/orders/columns/id/values"),
    ("GET", "/schema/values?table=orders&column=id"),
    ("GET", "/health/ready"),
]


async def ask(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    return await client.request(method, path, json=QUESTION if method == "POST" else None)


@pytest.mark.parametrize(("error", "status", "retry_after"), STATUSES, ids=lambda value: getattr(value, "code", ""))
async def test_each_error_has_its_status_everywhere(
    connect: Any, error: PrismiqError, status: int, retry_after: str | None
) -> None:
    async with connect(failing(error)) as client:
        for method, path in REQUESTS:
            response = await ask(client, method, path)
            assert response.status_code == status
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers.get("retry-after") == retry_after
            problem = response.json()
            assert (problem["code"], problem["detail"], problem["hint"]) == (error.code, error.message, error.hint)
            assert "secret" not in response.text
            if isinstance(error, errors.DefinitionError):
                assert problem["errors"] == [
                    {"loc": ["filters", 0], "code": "invalid_value", "message": "No.", "hint": "Yes."}
                ]


def test_every_class_of_the_tree_has_a_status() -> None:
    def tree(kind: type[PrismiqError]) -> list[type[PrismiqError]]:
        return [kind, *(below for each in kind.__subclasses__() for below in tree(each))]

    mapped = {kind for kind, _, _ in api_errors._STATUSES}
    # A wrong configuration is the host's bug, and PrismiqError itself is never raised.
    assert set(tree(PrismiqError)) - mapped <= {PrismiqError, errors.ConfigurationError}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/json", "accept": "image/png"}, 406),
        ({"content-type": "application/json"}, 503),
    ],
)
async def test_a_questions_error_has_its_id(connect: Any, headers: dict[str, str], status: int) -> None:
    async with connect(failing(errors.EngineNotOpenError("It is closed."))) as client:
        response = await client.post("/query", content=b"{}", headers=headers)
    assert response.status_code == status
    assert len(response.headers["x-query-id"]) == 32


async def test_the_log_has_what_the_answer_does_not(connect: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with connect(failing(errors.DatabaseError("It failed.", hint="h"))) as client:
            await ask(client, "POST", "/query")
    assert "It failed." in caplog.text
    assert "SELECT secret" in caplog.text


@pytest.mark.parametrize("error", [ZeroDivisionError(), errors.ConfigurationError("The policy names hidden_table.")])
async def test_a_bug_is_the_hosts_500(error: Exception) -> None:
    app = failing(error)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://host"
    ) as client:
        for method, path in REQUESTS:
            response = await ask(client, method, path)
            assert (response.status_code, response.text) == (500, "Internal Server Error")


async def test_the_hosts_handlers_are_left_alone(connect: Any) -> None:
    async def not_for_you(token: str | None = None) -> RequestContext:
        if token is None:
            raise HTTPException(401, "Who are you?", headers={"WWW-Authenticate": "Bearer"})
        return RequestContext(user=token)

    app = FastAPI()

    @app.exception_handler(HTTPException)
    async def in_the_hosts_words(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"hosts": error.detail}, error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def also(_: Request, __: RequestValidationError) -> PlainTextResponse:
        return PlainTextResponse("the host's 422", 422)

    @app.get("/own")
    async def own(number: int) -> int:
        return number

    engine: Any = FailingEngine(errors.NotFoundError("gone", hint="h"))
    app.include_router(create_router(engine, get_context=not_for_you), prefix="/prismiq")
    async with connect(app) as client:
        for method, path in REQUESTS[:-1]:
            response = await ask(client, method, f"/prismiq{path}")
            assert (response.status_code, response.json()) == (401, {"hosts": "Who are you?"})
            assert response.headers["www-authenticate"] == "Bearer"
        assert (await client.get("/own?number=x")).text == "the host's 422"
        known = await client.post("/prismiq/query?token=me", json=QUESTION)
        assert known.json()["code"] == "not_found"
        broken = await client.post("/prismiq/query?token=me&numbers=x", json=QUESTION)
        assert broken.json()["code"] == "invalid_parameter"


async def test_a_stranger_is_refused_before_the_body_is_read(connect: Any) -> None:
    async def nobody() -> RequestContext:
        raise HTTPException(403, "no")

    app = FastAPI()
    engine: Any = FailingEngine(ZeroDivisionError())
    app.include_router(create_router(engine, get_context=nobody))
    taken = 0

    async def body() -> Any:
        nonlocal taken
        taken += 1
        yield b"{}"

    async with connect(app) as client:
        response = await client.post("/query", content=body(), headers={"content-type": "application/json"})
        assert response.status_code == 403
    assert taken == 0

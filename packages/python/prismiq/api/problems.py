"""Our errors as `application/problem+json` (RFC 9457), from a route class of our own.

The host's exception handlers stay as they are, and its exceptions pass: a 401 from its `get_context` looks as in the
rest of its application. What is not ours and not HTTP's is a bug, and the host's 500.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from prismiq.api.ids import known_query_id
from prismiq.api.refusals import asking, refused
from prismiq.errors import (
    BusyError,
    ConfigurationError,
    ConflictError,
    ContextError,
    DatabaseError,
    DatabaseUnavailableError,
    DefinitionError,
    EngineNotOpenError,
    GuestTokenError,
    Location,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    PrismiqError,
    QueryError,
    QueryFailedError,
    QueryTimeoutError,
    QueryTooCostlyError,
    RequestError,
    ResultTooLargeError,
    StoreNotReadyError,
    VersionConflictError,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
"""From a request to a response."""


class UnsupportedMediaTypeError(RequestError):
    """The body is of a kind that is not read here."""

    code = "unsupported_media_type"


class NotAcceptableError(RequestError):
    """The answer cannot be had in any form that the client accepts."""

    code = "not_acceptable"


class InvalidParameterError(RequestError):
    """A parameter of the address is not valid."""

    code = "invalid_parameter"


class PreconditionRequiredError(RequestError):
    """A change does not say to which version it is made."""

    code = "precondition_required"


# The most special class first.
_STATUSES: tuple[tuple[type[PrismiqError], int, str], ...] = (
    (QueryError, 422, "The query is not valid"),
    (DefinitionError, 422, "The definition is not valid"),
    (InvalidParameterError, 422, "A parameter is not valid"),
    (VersionConflictError, 412, "It was changed meanwhile"),
    (ConflictError, 409, "Conflict"),
    (PreconditionRequiredError, 428, "A precondition is required"),
    (NotFoundError, 404, "Not found"),
    (PermissionDeniedError, 403, "Not permitted"),
    (ContextError, 403, "The context is incomplete"),
    (GuestTokenError, 401, "Not signed in"),
    (PayloadTooLargeError, 413, "The body is too large"),
    (ResultTooLargeError, 422, "The result is too large"),
    (QueryTooCostlyError, 422, "The query costs too much"),
    (UnsupportedMediaTypeError, 415, "The body has the wrong type"),
    (NotAcceptableError, 406, "No acceptable answer"),
    (RequestError, 400, "The request is not valid"),
    (StoreNotReadyError, 503, "The store is not ready"),
    (DatabaseUnavailableError, 503, "The database is away"),
    (BusyError, 429, "Busy"),
    (QueryTimeoutError, 504, "The query took too long"),
    (QueryFailedError, 422, "The database refused the query"),
    (DatabaseError, 502, "The database failed"),
    (EngineNotOpenError, 503, "The engine is not open"),
)

SCHEMA_CHANGED_RETRY_AFTER = 2
CLIENT_GONE = 499
"""A status that nobody receives: it is for the host's access log."""


class ProblemIssue(BaseModel):
    """One reason, with its place in what was sent."""

    loc: list[str | int] = Field(examples=[["filters", 0, "operator"]])
    code: str = Field(examples=["unknown_operator"])
    message: str = Field(examples=['There is no operator "equals".'])
    hint: str | None = Field(default=None, examples=['Did you mean "eq"?'])


class Problem(BaseModel):
    """What went wrong (RFC 9457). `code` is stable; `detail` and `hint` are for people."""

    type: str = Field(examples=["urn:prismiq:problem:query_invalid"])
    title: str = Field(examples=["The query is not valid"])
    status: int = Field(examples=[422])
    detail: str
    code: str = Field(examples=["query_invalid"])
    hint: str | None = None
    errors: list[ProblemIssue] | None = Field(default=None, description="Every reason, where there may be several.")
    current_version: int | None = Field(default=None, description="After a lost race: the version that is there.")


class ProblemRoute(APIRoute):
    """A route whose errors are problems."""

    def get_route_handler(self) -> Handler:
        """FastAPI's, with our errors turned into responses."""
        return self.with_problems(super().get_route_handler())

    def with_problems(self, handle: Handler) -> Handler:
        """What answers a request, with our errors turned into responses."""

        async def handle_with_problems(request: Request) -> Response:
            asking.set(None)
            try:
                return await handle(request)
            except RequestValidationError as error:
                return problem_response(_parameter_error(error), issues=_parameter_issues(error))
            except EngineNotOpenError as error:
                return _with_query_id(problem_response(error), request)
            except ConfigurationError:
                raise  # a mistake in the host's program: its text is for the log alone
            except PrismiqError as error:
                refused(self, request, error)
                return _with_query_id(problem_response(error), request)
            except ClientDisconnect:
                return Response(status_code=CLIENT_GONE)

        return handle_with_problems


def _with_query_id(response: Response, request: Request) -> Response:
    query_id = known_query_id(request)
    if query_id is not None:
        response.headers["X-Query-Id"] = query_id
    return response


def problem_response(error: PrismiqError, *, issues: list[dict[str, object]] | None = None) -> Response:
    """The response for one of our errors."""
    log_cause(error)
    status, _, headers = _status(error)
    if isinstance(error, VersionConflictError):
        headers["ETag"] = version_tag(error.current_version)
    return Response(problem_json(error, issues=issues), status, headers, MEDIA_TYPE)


def log_cause(error: PrismiqError) -> None:
    """What the database said goes to the log, and only there."""
    if isinstance(error, DatabaseError):
        logger.warning("%s", error.message, exc_info=error.__cause__)


def problem_json(error: PrismiqError, *, issues: list[dict[str, object]] | None = None) -> bytes:
    """One of our errors as a problem."""
    if isinstance(error, DefinitionError):
        issues = [issue_json(issue.loc, issue.code.value, issue.message, issue.hint) for issue in error.issues]
    if isinstance(error, InvalidParameterError) and issues is None:
        issues = [issue_json(("query", str(error.details["parameter"])), "invalid", error.message, error.hint)]
    status, title, _ = _status(error)
    body: dict[str, object] = {
        "type": f"urn:prismiq:problem:{error.code}",
        "title": title,
        "status": status,
        "detail": error.message,
        "code": error.code,
    }
    if error.hint is not None:
        body["hint"] = error.hint
    if issues is not None:
        body["errors"] = issues
    if isinstance(error, VersionConflictError):
        body["current_version"] = error.current_version
    return json_bytes(body)


def version_tag(version: int) -> str:
    """The entity tag of a stored thing's version."""
    return f'"{version}"'


def issue_json(loc: Location, code: str, message: str, hint: str | None) -> dict[str, object]:
    """One issue as it is sent."""
    return {"loc": loc, "code": code, "message": message, "hint": hint}


def json_bytes(content: object, default: Callable[[Any], object] | None = None) -> bytes:
    """JSON of plain data."""
    try:
        return orjson.dumps(content, default=default)
    except TypeError:  # half a surrogate pair in what came in, or an integer of more than 64 bits
        return json.dumps(content, default=default).encode()


def _status(error: PrismiqError) -> tuple[int, str, dict[str, str]]:
    if error.details.get("schema_changed"):
        return 503, "The schema changed", {"Retry-After": str(SCHEMA_CHANGED_RETRY_AFTER)}
    status, title = next((status, title) for kind, status, title in _STATUSES if isinstance(error, kind))
    if isinstance(error, GuestTokenError):
        return status, title, {"WWW-Authenticate": "Bearer"}
    retry_after = getattr(error, "retry_after", None)
    return status, title, {} if retry_after is None else {"Retry-After": str(retry_after)}


def _parameter_error(error: RequestValidationError) -> InvalidParameterError:
    first = error.errors()[0]
    name = first["loc"][-1]
    return InvalidParameterError(f'"{name}": {first["msg"]}.', hint="The API's documentation lists the parameters.")


def _parameter_issues(error: RequestValidationError) -> list[dict[str, object]]:
    return [issue_json(tuple(each["loc"]), "invalid", f"{each['msg']}.", None) for each in error.errors()]

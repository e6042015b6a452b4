"""Many answers in one response, each sent when it is ready: the widgets of a dashboard, or a batch of queries."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from time import perf_counter
from typing import Any, cast

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, Field

from prismiq.api.compression import negotiated
from prismiq.api.documentation import inlined
from prismiq.api.problems import log_cause, problem_json
from prismiq.api.requests import header, read_json_body
from prismiq.api.streams import StreamedResponse
from prismiq.dashboards.answers import Answered
from prismiq.dashboards.wire import load_json, refusal
from prismiq.errors import DefinitionError, Issue, IssueCode
from prismiq.execution.encode import one_line
from prismiq.settings import Settings

EVENTS = "text/event-stream"
LINES = "application/x-ndjson"


class DataRequest(BaseModel):
    """What a viewer has chosen."""

    filters: dict[str, Any] = Field(
        default_factory=dict, description="Values by the filters' ids; absent ones have their defaults, null is none."
    )
    cross_filters: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]],
        description='Clicks: `{"widget": "delays", "output": "airlines_name", "value": "United"}`.',
    )


class BatchRequest(BaseModel):
    """Queries by names of the caller's."""

    queries: dict[str, dict[str, Any]]


class DataLine(BaseModel):
    """One line, or the data of one event: an answer, or at the end that there are no more."""

    widget: str | None = Field(default=None, description="Of a dashboard: the widget's id.")
    query: str | None = Field(default=None, description="Of a batch: the query's name.")
    status: str = Field(description="`ok`, `error`, or at the end `done`.")
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = Field(default=None, description="A problem.")
    skipped_filters: list[str] | None = Field(default=None, description="Those that the widget's query cannot take.")
    duration_ms: float | None = None


async def read_parts(request: Request, limit: int, *, known: Collection[str], empty: bool = False) -> dict[str, Any]:
    """The object in the body, of whose keys all are known. Raises DefinitionError.

    `empty` says whether there may be no body at all.
    """
    length = header(request, b"content-length")
    if empty and length in ("", "0") and not header(request, b"transfer-encoding"):
        return {}
    content: Any = load_json(await read_json_body(request, limit))
    if not isinstance(content, dict):
        raise refusal("This is not an object.", f"Send an object with {' and '.join(sorted(known))}.")
    parts = cast("dict[str, Any]", content)
    unknown = [
        Issue((key,), IssueCode.UNKNOWN_KEY, f'There is no "{key[:60]}" here.', f"There is {' and '.join(known)}.")
        for key in parts
        if key not in known
    ]
    if unknown:
        raise DefinitionError(unknown[:100])
    return parts


def part(parts: Mapping[str, Any], name: str, kind: type[Any], form: str) -> Any:
    """One part, of the kind that it must be; empty where it is absent. Raises DefinitionError."""
    found = parts.get(name)
    if found is None:
        return kind()
    if not isinstance(found, kind):
        what = "an object" if kind is dict else "a list"
        raise DefinitionError([Issue((name,), IssueCode.INVALID, f'"{name}" must be {what}.', form)])
    return found


def answers_response(
    request: Request, settings: Settings, name: str, answers: AsyncGenerator[Answered], started: float
) -> Response:
    """Each answer as a line of JSON under a name, or as an event for clients that ask for events; at last `done`."""
    as_events = EVENTS in header(request, b"accept")
    framed: Callable[[bytes, bytes], bytes] = _event if as_events else _line
    encoding, more = negotiated(request, settings)
    headers = [
        (b"content-type", (EVENTS if as_events else LINES).encode()),
        (b"cache-control", b"no-store, no-transform"),
        *more,
    ]
    return StreamedResponse(_written(name.encode(), answers, framed, started), headers, encoding)


async def _written(
    name: bytes, answers: AsyncGenerator[Answered], framed: Callable[[bytes, bytes], bytes], started: float
) -> AsyncGenerator[bytes]:
    count = 0
    async with aclosing(answers):
        async for each in answers:
            count += 1
            yield framed(name, _answer(name, each))
    milliseconds = round((perf_counter() - started) * 1e3, 1)
    counted = "widgets" if name == b"widget" else "queries"
    yield framed(b"done", orjson.dumps({"status": "done", counted: count, "duration_ms": milliseconds}))


def _answer(name: bytes, each: Answered) -> bytes:
    if each.answer is not None:
        status, value = b'"ok","result":', one_line(each.answer.body(cached=each.cached))
    else:
        assert each.error is not None
        log_cause(each.error)
        status, value = b'"error","error":', problem_json(each.error)
    skipped = b"" if name == b"query" else b',"skipped_filters":' + orjson.dumps(each.skipped)
    return b'{"%b":%b,"status":%b%b%b}' % (name, orjson.dumps(each.name), status, value, skipped)


def _line(_: bytes, content: bytes) -> bytes:
    return content + b"\n"


def _event(name: bytes, content: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name, content)


def in_lines(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's responses, of which the success comes as lines or events."""
    schema = inlined(DataLine.model_json_schema())
    return {**responses, 200: {"description": "Lines of JSON.", "content": {LINES: {"schema": schema}, EVENTS: {}}}}

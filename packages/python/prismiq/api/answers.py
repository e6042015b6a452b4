"""The answer to a question as a response: JSON, whole or as it comes, or a file in another format."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import nullcontext
from functools import partial
from time import perf_counter

from starlette.requests import Request
from starlette.responses import Response

from prismiq.access import RequestContext
from prismiq.api.compression import VARY, encoded, is_worth_it, negotiated
from prismiq.api.etags import etag_of, not_modified
from prismiq.api.formats import MEDIA_TYPES, wanted_format
from prismiq.api.ids import query_id_of
from prismiq.api.plain import JSON_TYPE, PlainResponse
from prismiq.api.requests import read_json_body, run_while_connected, wanted_age, wanted_numbers
from prismiq.api.streams import StreamedResponse, begun, with_error_line
from prismiq.audit import about
from prismiq.engine import PrismiqEngine
from prismiq.execution.answers import Answer
from prismiq.execution.formats import Format

_NOBODY = nullcontext()
"""In the place of what the audit is told, where nobody is."""


async def answered(engine: PrismiqEngine, request: Request, context: RequestContext) -> Response:
    """Answers the question in a request's body, in the format that the request asks for."""
    query_id = query_id_of(request)
    wanted = wanted_format(request)
    numbers = wanted_numbers(request)
    body = await read_json_body(request, engine.settings.max_body_bytes)
    if wanted != "json":
        with about(query_id=query_id):
            pieces = await engine.export_query(body, context, format=wanted, numbers=numbers)
        return exported(request, engine, await begun(request, pieces), wanted, query_id=query_id)
    started = perf_counter()
    work = engine.answer_or_stream(body, context, numbers=numbers, max_age=wanted_age(request))
    with about(query_id=query_id) if engine.audit.listening else _NOBODY:
        answer, cached = await run_while_connected(request, work)
    headers = [
        (b"cache-control", b"private, no-cache"),
        (b"x-query-id", query_id.encode()),
        (b"server-timing", b"query;dur=%.1f" % ((perf_counter() - started) * 1e3)),
    ]
    if numbers == "string":
        headers.append((b"preference-applied", b"numbers=string"))
    if not isinstance(answer, Answer):
        encoding, more = negotiated(request, engine.settings)
        return StreamedResponse(answer, [*headers, JSON_TYPE, *more], encoding)
    etag = etag_of(answer.version)
    headers.append((b"etag", etag.encode()))
    if cached:
        headers.append((b"age", b"%d" % answer.age()))
    worth_it = is_worth_it(len(answer.content), engine.settings)
    if not_modified(request, etag):
        return PlainResponse(b"", [*headers, VARY] if worth_it else headers, status=304)
    headers.append(JSON_TYPE)
    if worth_it:
        make = partial(answer.body, cached=cached)
        return await encoded(request, engine.settings, make, headers, forms=answer.forms, keep=cached)
    return PlainResponse(answer.body(cached=cached), headers)


def exported(
    request: Request,
    engine: PrismiqEngine,
    pieces: AsyncGenerator[bytes],
    wanted: Format,
    *,
    query_id: str,
    name: str = "result",
) -> Response:
    """A file. A workbook is compressed in itself."""
    headers = [
        (b"cache-control", b"private, no-store"),
        (b"x-query-id", query_id.encode()),
        (b"content-type", MEDIA_TYPES[wanted].encode()),
    ]
    encoding, more = (None, ()) if wanted == "xlsx" else negotiated(request, engine.settings)
    headers += more
    if wanted == "ndjson":
        return StreamedResponse(with_error_line(pieces), headers, encoding)
    headers.append((b"content-disposition", f'attachment; filename="{name}.{wanted}"'.encode()))
    return StreamedResponse(pieces, headers, encoding)

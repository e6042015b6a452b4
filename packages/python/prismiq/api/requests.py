"""What is read from a request besides its address: the body, what the client accepts and prefers, whether it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from prismiq.api.problems import NotAcceptableError, UnsupportedMediaTypeError
from prismiq.errors import PayloadTooLargeError, ResultTooLargeError
from prismiq.execution import Numbers

T = TypeVar("T")


async def read_json_body(request: Request, limit: int) -> bytes:
    """The body's bytes, not parsed yet: that keeps every digit, and the engine reads definitions by itself.

    Raises UnsupportedMediaTypeError when it is not said to be JSON, PayloadTooLargeError as soon as it is known to be
    longer than `limit` bytes, ClientDisconnect when the client leaves.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise UnsupportedMediaTypeError(
            f"The body is {media_type or 'of no type'}, not JSON.", hint="Send `Content-Type: application/json`."
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaTypeError("The body is compressed.", hint="Send it as it is.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def check_accepts_json(request: Request) -> None:
    """Raises NotAcceptableError when the client wants something else than JSON."""
    accept = request.headers.get("accept")
    if accept is None or "*/*" in accept or "application/json" in accept:  # nearly all; a refusal by q=0 is not served
        return
    wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if wanted.isdisjoint({"application/*", "application/json", ""}):
        raise NotAcceptableError(f"Nothing here is {accept[:60]}.", hint="Served is application/json.")


def check_size(content: bytes, limit: int) -> None:
    """Raises ResultTooLargeError for an answer of more than `limit` bytes."""
    if len(content) > limit:
        raise ResultTooLargeError(
            f"The result is larger than {limit} bytes.",
            hint="Ask for fewer columns or rows (`limit`), or raise PRISMIQ_MAX_RESULT_BYTES.",
        )


def wanted_numbers(request: Request) -> Numbers:
    """How the client wants its exact numbers, by the header `Prefer: numbers=string`."""
    preferences = ",".join(request.headers.getlist("prefer")).replace(";", ",").replace(" ", "").lower().split(",")
    return "string" if "numbers=string" in preferences or 'numbers="string"' in preferences else "exact"


async def run_while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The outcome of the work, which is cancelled, and with it its statement on the server, if the client leaves.

    Raises what the work raises, and ClientDisconnect. The body must have been read.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        unfinished: list[asyncio.Task[Any]] = [each for each in (task, watch) if each.cancel()]
        if unfinished:
            await asyncio.gather(*unfinished, return_exceptions=True)


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _too_large(limit: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"The body is larger than {limit} bytes.", hint="Send fewer or shorter values, or raise PRISMIQ_MAX_BODY_BYTES."
    )

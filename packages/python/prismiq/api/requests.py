"""What is read from a request besides its address: the body, what the client accepts and prefers, whether it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Coroutine, Generator
from functools import lru_cache
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from prismiq.api.problems import InvalidParameterError, UnsupportedMediaTypeError
from prismiq.errors import PayloadTooLargeError
from prismiq.execution import Numbers

T = TypeVar("T")


_HEADERS = "prismiq.headers"


def header(request: Request, name: bytes) -> str:
    """A header by its lower-case name, several of it as one list; empty where there is none."""
    scope = request.scope
    found: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if found is None:  # they are gone through once a request
        found = scope[_HEADERS] = {}
        for key, value in scope["headers"]:
            found[key] = b"%b, %b" % (found[key], value) if key in found else value
    return found.get(name, b"").decode("latin-1")


async def read_json_body(request: Request, limit: int) -> bytes:
    """The body's bytes, not parsed yet: that keeps every digit, and the engine reads definitions by itself.

    Raises UnsupportedMediaTypeError when it is not said to be JSON, PayloadTooLargeError as soon as it is known to be
    longer than `limit` bytes, ClientDisconnect when the client leaves.
    """
    return await read_body(request, limit)


async def read_body(request: Request, limit: int, media_types: Collection[str] = ()) -> bytes:
    """The body's bytes, of one of the media types; by default JSON of any kind. Raises like `read_json_body`."""
    content_type = header(request, b"content-type")
    if media_types or content_type != "application/json":  # which nearly all say
        _check_type(content_type.partition(";")[0].strip().lower(), media_types)
    if header(request, b"content-encoding").lower() not in ("", "identity"):
        raise UnsupportedMediaTypeError("The body is compressed.", hint="Send it as it is.")
    announced = header(request, b"content-length")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _check_type(media_type: str, media_types: Collection[str]) -> None:
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if media_types and media_type not in media_types:
        known = ", ".join(sorted(media_types))
        raise UnsupportedMediaTypeError(
            f"The body is {media_type or 'of no type'}.", hint=f"Read are {known}, as the `Content-Type` says."
        )
    if not media_types and not is_json:
        raise UnsupportedMediaTypeError(
            f"The body is {media_type or 'of no type'}, not JSON.", hint="Send `Content-Type: application/json`."
        )


def wanted_numbers(request: Request) -> Numbers:
    """How the client wants its exact numbers, by `?numbers=string` or the header `Prefer: numbers=string`.

    Raises InvalidParameterError for another value in the address.
    """
    if request.scope["query_string"]:
        asked = request.query_params.get("numbers")
        if asked in ("exact", "string"):
            return asked
        if asked is not None:
            raise InvalidParameterError(
                f'"numbers" is exact or string, not "{asked[:60]}".',
                hint="Leave it out for exact numbers.",
                details={"parameter": "numbers"},
            )
    said = header(request, b"prefer")
    if not said:
        return "exact"
    preferences = said.replace(";", ",").replace(" ", "").lower().split(",")
    return "string" if "numbers=string" in preferences or 'numbers="string"' in preferences else "exact"


def wanted_age(request: Request) -> float | None:
    """How old an answer may be for the client, in seconds, by `Cache-Control: max-age=60` or `no-cache`; None where it
    does not say."""
    said = header(request, b"cache-control")
    return _age(said) if said else None


@lru_cache(maxsize=256)
def _age(said: str) -> float | None:
    wanted: float | None = None
    for part in said.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name in ("no-cache", "no-store"):
            return 0
        if name == "max-age" and value.isascii() and value.isdecimal():
            wanted = float(value[:9])
    return wanted


WATCH_AFTER = 0.02
"""Seconds after which it is watched whether the client still waits: most answers are there before."""


async def run_while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The outcome of the work, which is cancelled, and with it its statement on the server, if the client leaves.

    Raises what the work raises, and ClientDisconnect. The body must have been read.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:  # what is at hand is there before anybody could leave
        return done.value
    watch = _Watch(request)
    timer = asyncio.get_running_loop().call_later(WATCH_AFTER, watch.begin)
    try:
        return await _Rest(work, waits_for)
    except asyncio.CancelledError:
        if watch.has_left:
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        watch.end()


class _Rest(Awaitable[T]):
    """What is left of a coroutine that has begun, and waits: the same as `await` of the whole (PEP 380)."""

    def __init__(self, work: Coroutine[Any, Any, T], waits_for: object) -> None:
        self._work = work
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, T]:
        work, waits_for = self._work, self._waits_for
        try:
            while True:
                try:
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = work.throw(error)
                else:
                    waits_for = work.send(sent)
        except StopIteration as done:
            return done.value


class _Watch:
    """Cancels the task that made it when the client leaves."""

    def __init__(self, request: Request) -> None:
        self.has_left = False
        self._request = request
        self._worker = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    def end(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        if self._worker is not None:
            self._worker.cancel()


def _too_large(limit: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"The body is larger than {limit} bytes.", hint="Send fewer or shorter values, or raise PRISMIQ_MAX_BODY_BYTES."
    )

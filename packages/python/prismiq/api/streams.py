"""Responses that are sent while they are computed."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from prismiq.api.compression import step
from prismiq.api.plain import Headers
from prismiq.api.problems import problem_json
from prismiq.api.requests import run_while_connected
from prismiq.errors import PrismiqError
from prismiq.execution.encodings import Encoding, Stepwise

logger = logging.getLogger(__name__)


class StreamedResponse(Response):
    """Pieces, each sent when it is there and the client has taken the one before.

    A client that leaves ends the computation. An error after the first byte breaks the connection off, so that nobody
    takes a part for the whole.
    """

    def __init__(self, pieces: AsyncGenerator[bytes], headers: Headers, encoding: Encoding | None = None) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = [*headers, (b"x-accel-buffering", b"no")]
        self._pieces = pieces
        self._encoding: Encoding | None = encoding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await run_while_connected(Request(scope, receive), self._send(send))
        except ClientDisconnect:
            return
        except PrismiqError as error:
            logger.warning("A response was broken off: %s", error.message, exc_info=error.__cause__)
            raise

    async def _send(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if self._encoding is None:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            compressor = Stepwise(self._encoding)
            async for piece in pieces:
                await send({"type": "http.response.body", "body": await step(compressor, piece), "more_body": True})
            await send({"type": "http.response.body", "body": compressor.end(), "more_body": False})


async def begun(request: Request, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The pieces, once the first of them is there. Raises what goes wrong before it, and ClientDisconnect."""
    try:
        first = await run_while_connected(request, _first(pieces))
    except BaseException:
        await pieces.aclose()
        raise
    return _after(first, pieces)


async def with_error_line(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Lines of JSON, of which the last is the error where there is one."""
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                yield piece
        except PrismiqError as error:
            yield b'{"error":' + problem_json(error) + b"}\n"


async def _first(pieces: AsyncGenerator[bytes]) -> bytes:
    return await anext(pieces, b"")


async def _after(first: bytes, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece

"""From whoever writes to whoever reads: pieces of an answer, no faster than they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from prismiq.errors import QueryTimeoutError
from prismiq.execution.copying import Sink

PIECE = 65_536
"""Bytes that are sent at once."""


class Pieces:
    """Collects what is written into pieces worth sending; the first goes at once."""

    def __init__(self, send: Sink, *, size: int = PIECE) -> None:
        self._send = send
        self._wanted = size
        self._held: list[bytes] = []
        self._size = 0
        self._enough = 1

    async def add(self, data: bytes) -> None:
        """Adds to the piece."""
        self._held.append(data)
        self._size += len(data)
        if self._size >= self._enough:
            await self.flush()

    async def flush(self) -> None:
        """Sends what is held."""
        if self._size:
            piece = b"".join(self._held)
            self._held.clear()
            self._size, self._enough = 0, self._wanted
            await self._send(piece)


async def pulled(write: Callable[[Sink], Awaitable[None]], *, first_within: float) -> AsyncGenerator[bytes]:
    """What `write` gives to the sink, piece by piece. At most two wait to be taken.

    Raises what `write` raises, and QueryTimeoutError when nothing has come in so many seconds. Closing the generator
    ends the writing.
    """
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=2)
    is_closed = False

    async def give(piece: bytes | None) -> None:
        if is_closed:  # a cancellation may be lost where what it meets ends in the same moment; nobody takes any more
            raise asyncio.CancelledError
        await pieces.put(piece)

    async def run() -> None:
        try:
            await write(give)
        except Exception:
            await give(None)
            raise
        await give(None)

    task = asyncio.ensure_future(run())
    try:
        piece = await _first(pieces, first_within)
        while piece is not None:
            yield piece
            piece = await pieces.get()
        await task
    finally:
        is_closed = True
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


async def _first(pieces: asyncio.Queue[bytes | None], seconds: float) -> bytes | None:
    try:
        return await asyncio.wait_for(pieces.get(), seconds)
    except asyncio.TimeoutError:
        raise QueryTimeoutError(
            "The query ran over its time-out and was cancelled.",
            hint="Narrow the filters, or raise PRISMIQ_STATEMENT_TIMEOUT.",
        ) from None

"""Pieces are pulled; who leaves ends whoever writes them."""

from __future__ import annotations

import asyncio

from prismiq.execution.copying import Sink
from prismiq.execution.streams import pulled


async def test_closing_ends_a_writer_whose_cancellation_is_lost() -> None:
    """As where what it waits for ends in the same moment."""
    ended: list[str] = []

    async def write(send: Sink) -> None:
        try:
            for _ in range(9):
                await send(b"piece")
        except asyncio.CancelledError:
            ended.append("cancelled")
        try:
            await send(b"more")
        finally:
            ended.append("over")

    pieces = pulled(write, first_within=20)
    assert await pieces.__anext__() == b"piece"
    for _ in range(20):  # until as many wait as may
        await asyncio.sleep(0)
    closing = asyncio.ensure_future(pieces.aclose())
    done, _ = await asyncio.wait({closing}, timeout=5)
    closing.cancel()
    assert done
    assert ended == ["cancelled", "over"]

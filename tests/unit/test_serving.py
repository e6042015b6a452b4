"""What a program of our own does before it answers."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress

from fastapi import FastAPI

from prismiq.serving import listen, serve


async def test_the_garbage_collector_passes_by_what_is_there_when_it_begins_to_serve() -> None:
    frozen: list[int] = []
    ready = asyncio.Event()

    def on_ready() -> None:
        frozen.append(gc.get_freeze_count())
        ready.set()

    assert gc.get_freeze_count() == 0
    with listen("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(serve(FastAPI(), listener, on_ready))
        try:
            await asyncio.wait_for(ready.wait(), 20)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
            gc.unfreeze()
    assert frozen[0] > 10_000

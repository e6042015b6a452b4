"""Keeps the schema, and keeps it fresh, without making anybody wait who need not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from prismiq.errors import EngineNotOpenError
from prismiq.schema.models import DatabaseSchema

logger = logging.getLogger(__name__)

RETRY_AFTER = 5.0
"""Seconds after a failed background refresh before the next one."""


class SchemaCache:
    """One schema, read by `load`, fresh for `ttl` seconds.

    However many wait, one load runs. It belongs to the cache and not to who asked first: a waiter that is
    cancelled leaves it to the others.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[DatabaseSchema]],
        ttl: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._ttl = ttl
        self._clock = clock
        self._schema: DatabaseSchema | None = None
        self._loading: asyncio.Task[DatabaseSchema] | None = None
        self._begun = False
        self._stale_at = 0.0
        self._closed = False

    async def get(self) -> DatabaseSchema:
        """The schema at hand. Past its `ttl` it is still returned, while a new one is read in the background.

        Raises what `load` raises where there is no schema yet; the next call tries again.
        """
        self._check_open()
        if self._schema is None:
            return await self._result(self._loading or self._start())
        if self._loading is None and self._clock() >= self._stale_at:
            self._start()
        return self._schema

    @property
    def at_hand(self) -> DatabaseSchema | None:
        """The schema that was read last, if any."""
        return self._schema

    async def refresh(self) -> DatabaseSchema:
        """Reads the schema again and returns it. A load already running does not count: it may be older.

        Raises what `load` raises; the schema that was there stays.
        """
        self._check_open()
        if self._loading is not None and self._begun:
            await asyncio.wait([self._loading])
            self._check_open()
        return await self._result(self._loading or self._start())

    async def close(self) -> None:
        """Ends a load that is running. Who waits for it, or calls later, gets `EngineNotOpenError`."""
        self._closed = True
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait([self._loading])

    def _check_open(self) -> None:
        if self._closed:
            raise EngineNotOpenError("The schema cache is closed.", hint="Open the engine first.")

    def _start(self) -> asyncio.Task[DatabaseSchema]:
        self._begun = False
        self._loading = asyncio.create_task(self._run(), name="prismiq-schema-load")
        self._loading.add_done_callback(self._finished)
        return self._loading

    async def _run(self) -> DatabaseSchema:
        self._begun = True
        started = self._clock()
        self._schema = await self._load()
        self._stale_at = started + self._ttl
        return self._schema

    def _finished(self, task: asyncio.Task[DatabaseSchema]) -> None:
        self._loading = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and self._schema is not None:
            self._stale_at = self._clock() + min(RETRY_AFTER, self._ttl)
            logger.warning("The schema could not be read again; the one at hand stays in use. %s", error)

    async def _result(self, task: asyncio.Task[DatabaseSchema]) -> DatabaseSchema:
        await asyncio.wait([task])
        if task.cancelled():
            self._check_open()
        return task.result()

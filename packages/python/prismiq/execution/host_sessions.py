"""Sessions on the host's pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access.caller import Caller
from prismiq.errors import BusyError
from prismiq.execution.connections import CLOSE_TIMEOUT, LOST, Connection, closed
from prismiq.execution.failures import bad_address, unavailable
from prismiq.execution.sessions import begin, in_transaction, turns_for
from prismiq.execution.turns import Turns
from prismiq.settings import Settings

Pool = Any
"""An `asyncpg.Pool`."""


class HostSessions:
    """Sessions on the host's pool. It stays the host's: nothing is left behind on a connection, and it stays open."""

    own = False

    def __init__(self, pool: Pool, settings: Settings, *, writable: bool = False) -> None:
        self._pool = pool
        self._settings = settings
        self._turns: Turns | None = None
        self._begin = begin(settings, writable=writable)

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there."""
        if self._turns is None:
            self._turns = turns_for(self._pool.get_max_size(), self._settings)

    async def close(self) -> None:
        """Uses the pool no more. It stays open."""
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.refuse_all(closed())

    @asynccontextmanager
    async def session(self, caller: Caller) -> AsyncGenerator[Connection]:
        """A session as `Sessions` says."""
        turns = self._turns
        if turns is None:
            raise closed()
        if not turns.take(caller.turn):
            await turns.wait(caller.turn, timeout=self._settings.acquire_timeout)
        try:
            async with (
                self._acquired() as connection,
                in_transaction(connection, self._begin, caller.settings),
            ):
                yield connection
        finally:
            turns.give_back(caller.turn)

    @asynccontextmanager
    async def _acquired(self) -> AsyncGenerator[Connection]:
        pool = self._pool
        try:
            connection: Connection = await pool.acquire(timeout=self._settings.acquire_timeout)
        except ValueError as error:  # the driver reads the address only now
            raise bad_address() from error
        except asyncio.TimeoutError as error:
            if pool.get_size() < pool.get_max_size():  # there was room: it is connecting that took too long
                raise unavailable() from error
            raise BusyError(
                "All connections of the pool are in use.", hint="Try again in a moment, or give it more connections."
            ) from error
        try:
            yield connection
        except asyncpg.InternalClientError:
            connection.terminate()  # the driver has lost track of what the server says; nobody may use it again
            raise
        finally:
            # Also waits for a cancelled statement to end on the server. A lost connection is dropped, which is no news.
            with suppress(*LOST):
                await pool.release(connection, timeout=CLOSE_TIMEOUT)

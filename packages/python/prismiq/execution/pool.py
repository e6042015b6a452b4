"""Where connections come from: a pool of the engine's own, or the host's.

Both give sessions that are read-only, run in UTC and have a statement time-out. The own pool sets this once per
connection, so that a query is one round trip; on the host's connections each query is a transaction of three.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.errors import BusyError, EngineNotOpenError
from prismiq.execution.calendar import keep_months
from prismiq.execution.failures import bad_address, own_errors, unavailable
from prismiq.settings import Settings

logger = logging.getLogger(__name__)

Connection = Any
"""An `asyncpg.Connection`, or the proxy of one that a pool hands out. The driver carries no types."""

Pool = Any
"""An `asyncpg.Pool`."""

_driver: Any = cast("Any", asyncpg)
_LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)

CLOSE_TIMEOUT = 5.0
"""Seconds that running queries have to end when the pool closes."""


class Sessions(Protocol):
    """Hands out connections on which a query may run."""

    own: bool
    """Whether nobody else uses the connections, so that their codecs are known and may be changed."""

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there."""
        ...

    async def close(self) -> None:
        """Lets go of everything."""
        ...

    def session(self) -> AbstractAsyncContextManager[Connection]:
        """A connection that is read-only, in UTC and bounded in time, for as long as the block.

        The errors are the driver's: whoever uses it translates them.
        """
        ...


class OwnPool:
    """The engine's own pool. Connects when a query needs it, so that PostgreSQL may come and go."""

    own = True

    def __init__(self, dsn: str, settings: Settings) -> None:
        self._dsn = dsn.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._settings = settings
        self._pool: Pool | None = None

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there."""
        if self._pool is not None:
            return
        with own_errors():
            self._pool = await _driver.create_pool(
                self._dsn,
                min_size=0,
                max_size=self._settings.pool_max_size,
                timeout=self._settings.connect_timeout,
                init=keep_months,
                reset=_keep,
                server_settings={
                    "application_name": "prismiq",
                    "default_transaction_read_only": "on",
                    "statement_timeout": str(_milliseconds(self._settings)),
                    "TimeZone": "UTC",
                    "jit": "off",
                },
            )
            await self._warm_up()

    async def close(self) -> None:
        """Closes the connections; running queries have some seconds to end."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT)
        except asyncio.TimeoutError:
            pool.terminate()

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Connection]:
        """A read-only connection, for as long as the block. Raises EngineNotOpenError before `open`."""
        if self._pool is None:
            raise _not_open()
        async with _acquired(self._pool, self._settings.acquire_timeout) as connection:
            yield connection

    async def _warm_up(self) -> None:
        """Opens the first connections ahead of the first query, where PostgreSQL is there."""
        assert self._pool is not None
        size = min(self._settings.pool_min_size, self._settings.pool_max_size)
        opened = await asyncio.gather(*(self._pool.acquire() for _ in range(size)), return_exceptions=True)
        for each in opened:
            if not isinstance(each, BaseException):
                await self._pool.release(each)
            elif isinstance(each, ValueError):
                raise bad_address() from each
            else:
                logger.warning("PostgreSQL cannot be reached yet (%s); queries will try.", type(each).__name__)


class HostPool:
    """The host's pool. It stays the host's: nothing is left behind on a connection, and it is never closed."""

    own = False

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings
        self._open = False
        # Constants and a number of ours: nothing here comes from a request. One message, so one round trip.
        limit = f"SET LOCAL statement_timeout = {_milliseconds(settings)}"
        self._begin = f"BEGIN READ ONLY; SET LOCAL TimeZone = 'UTC'; {limit}"

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there."""
        self._open = True

    async def close(self) -> None:
        """Uses the pool no more. It stays open."""
        self._open = False

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Connection]:
        """A read-only connection, for as long as the block. Raises EngineNotOpenError before `open`."""
        if not self._open:
            raise _not_open()
        async with _acquired(self._pool, self._settings.acquire_timeout) as connection:
            await connection.execute(self._begin)
            try:
                yield connection
                await connection.execute("COMMIT")
            except BaseException:
                with suppress(*_LOST):
                    await connection.execute("ROLLBACK")
                raise


@asynccontextmanager
async def _acquired(pool: Pool, timeout: float) -> AsyncGenerator[Connection]:
    try:
        connection: Connection = await pool.acquire(timeout=timeout)
    except ValueError as error:  # the driver reads the address only now
        raise bad_address() from error
    except asyncio.TimeoutError as error:
        if pool.get_size() < pool.get_max_size():  # there was room: it is connecting that took too long
            raise unavailable() from error
        raise BusyError(
            "All connections to PostgreSQL are in use.", hint="Try again in a moment, or raise PRISMIQ_POOL_MAX_SIZE."
        ) from error
    try:
        yield connection
    except asyncpg.InternalClientError:
        connection.terminate()  # the driver has lost track of what the server says; nobody may use it again
        raise
    finally:
        # Also waits for a cancelled statement to end on the server. A lost connection is dropped, which is no news.
        with suppress(*_LOST):
            await pool.release(connection)


async def _keep(connection: Connection) -> None:
    """Saves asyncpg's RESET ALL, a round trip: our statements change nothing on their session."""


def _not_open() -> EngineNotOpenError:
    return EngineNotOpenError("The engine is not open.", hint="`await engine.open()`, or `async with engine:`.")


def _milliseconds(settings: Settings) -> int:
    return max(1, round(settings.statement_timeout * 1000))

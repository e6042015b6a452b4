"""Where a statement runs: a session that is read-only, in UTC, bounded in time, and says who asks.

    OwnSessions     the engine's own connections. Straight to PostgreSQL all this is set on them once, so that a query
                    is one round trip; through a pooler in transaction mode each query is a transaction
    HostSessions    the host's pool; nothing may stay on its connections, so each query is a transaction

Both give turns to callers: as many statements at once as there are connections, fairly among tenants.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access.caller import Caller
from prismiq.errors import BusyError, ConfigurationError, PrismiqError
from prismiq.execution.connecting import (
    connect_directly,
    connect_through_pooler,
    driver_address,
    is_behind_pooler,
    milliseconds,
)
from prismiq.execution.connections import LOST, Connection, Connections, Kept, SessionSettings, apply_settings, closed
from prismiq.execution.failures import bad_address, unavailable
from prismiq.execution.turns import Turns
from prismiq.settings import Settings

logger = logging.getLogger(__name__)

Pool = Any
"""An `asyncpg.Pool`."""

_MAY_STILL_RUN = (asyncio.CancelledError, asyncio.TimeoutError, asyncpg.InterfaceError, OSError)


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

    def session(self, caller: Caller) -> AbstractAsyncContextManager[Connection]:
        """A connection that is read-only, in UTC, bounded in time and set for the caller, for as long as the block.

        Raises BusyError when it was not the caller's turn in time, EngineNotOpenError before `open`. Other errors are
        the driver's: whoever uses it translates them.
        """
        ...


class OwnSessions:
    """Sessions on the engine's own connections. They are made when a query needs one: PostgreSQL may come and go."""

    own = True

    def __init__(self, dsn: str, settings: Settings) -> None:
        self._dsn = driver_address(dsn)
        self._settings = settings
        self._turns: Turns | None = None
        self._connections: Connections | None = None
        self._begin: str | None = None
        self._finding_out = asyncio.Lock()
        self._settling: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Gets ready, and opens the first connections ahead of the first query where PostgreSQL is there."""
        if self._turns is not None:
            return
        self._turns = _turns(self._settings.pool_max_size, self._settings)
        if not self._settings.pool_min_size:
            return
        try:
            connections = await self._ready()
            taken = await asyncio.gather(
                *(connections.take(()) for _ in range(min(self._settings.pool_min_size, self._settings.pool_max_size))),
                return_exceptions=True,
            )
            for each in taken:
                if isinstance(each, Kept):
                    connections.put_back(each)
            failed = next((each for each in taken if isinstance(each, BaseException)), None)
            if failed is not None:
                raise failed
        except ConfigurationError:
            self._turns = None
            raise
        except (*LOST, PrismiqError) as error:
            logger.warning("PostgreSQL cannot be reached yet (%s); queries will try.", type(error).__name__)

    async def close(self) -> None:
        """Closes the connections; running queries have some seconds to end."""
        turns, self._turns = self._turns, None
        connections, self._connections = self._connections, None
        if turns is not None:
            turns.refuse_all(closed())
        if connections is not None:
            await connections.close()
        await asyncio.gather(*self._settling, return_exceptions=True)

    @asynccontextmanager
    async def session(self, caller: Caller) -> AsyncGenerator[Connection]:
        """A session as `Sessions` says."""
        turns = self._turns
        if turns is None:
            raise closed()
        if not turns.take(caller.turn):
            await turns.wait(caller.turn, timeout=self._settings.acquire_timeout)
        try:
            connections = self._connections or await self._ready()
            kept = await connections.take(() if self._begin else caller.settings)
        except BaseException:
            turns.give_back(caller.turn)
            raise
        try:
            if self._begin:
                async with in_transaction(kept.connection, self._begin, caller.settings):
                    yield kept.connection
            else:
                yield kept.connection
        except asyncpg.InternalClientError:
            connections.drop(kept)  # the driver has lost track of what the server says
            turns.give_back(caller.turn)
            raise
        except _MAY_STILL_RUN:
            self._settle(turns, connections, kept, caller)  # its turn ends when the server has ended the statement
            raise
        except BaseException:
            connections.put_back(kept)
            turns.give_back(caller.turn)
            raise
        connections.put_back(kept)
        turns.give_back(caller.turn)

    async def _ready(self) -> Connections:
        """The connections, once it is known what is at the other end."""
        async with self._finding_out:
            if self._connections is None:
                pooled = self._settings.pooler == "transaction" or (
                    self._settings.pooler == "auto" and await self._is_behind_pooler()
                )
                connect = connect_through_pooler if pooled else connect_directly
                self._begin = begin(self._settings) if pooled else None
                if self._turns is None:
                    raise closed()
                self._connections = Connections(
                    lambda: connect(self._dsn, self._settings), keep=self._settings.pool_min_size
                )
            return self._connections

    async def _is_behind_pooler(self) -> bool:
        try:
            return await is_behind_pooler(self._dsn, self._settings)
        except ValueError as error:
            raise bad_address() from error

    def _settle(self, turns: Turns, connections: Connections, kept: Kept, caller: Caller) -> None:
        async def settle() -> None:
            try:
                await connections.settle(kept)
            finally:
                turns.give_back(caller.turn)

        task = asyncio.ensure_future(settle())
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)


class HostSessions:
    """Sessions on the host's pool. It stays the host's: nothing is left behind on a connection, and it stays open."""

    own = False

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings
        self._turns: Turns | None = None
        self._begin = begin(settings)

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there."""
        if self._turns is None:
            self._turns = _turns(self._pool.get_max_size(), self._settings)

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
                await pool.release(connection)


def begin(settings: Settings) -> str:
    """What begins a transaction of ours, as one message and so one round trip. Constants and a number of ours: nothing
    in it comes from a request."""
    limit = f"SET LOCAL statement_timeout = {milliseconds(settings)}"
    return f"BEGIN READ ONLY; SET LOCAL TimeZone = 'UTC'; SET LOCAL jit = off; {limit}"


@asynccontextmanager
async def in_transaction(connection: Connection, begin: str, settings: SessionSettings) -> AsyncGenerator[None]:
    """A transaction with the settings. The caller's go in a message before any that relies on them."""
    await connection.execute(begin)
    try:
        if settings:
            await apply_settings(connection, settings, local=True)
        yield
        await connection.execute("COMMIT")
    except BaseException:
        with suppress(*LOST):
            await connection.execute("ROLLBACK")
        raise


def _turns(slots: int, settings: Settings) -> Turns:
    half = max(1, slots // 2)
    return Turns(
        slots,
        per_tenant=settings.max_concurrent_per_tenant or half,
        max_waiting=settings.max_waiting_per_tenant,
    )

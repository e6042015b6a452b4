"""Sessions on the engine's own connections, straight to PostgreSQL or through a pooler."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from types import TracebackType

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access.caller import Caller
from prismiq.errors import ConfigurationError, PrismiqError
from prismiq.execution.connecting import connect_directly, connect_through_pooler, driver_address, is_behind_pooler
from prismiq.execution.connections import LOST, TOLD_TIMEOUT, Connection, Connections, Kept, apply_settings, closed
from prismiq.execution.failures import bad_address
from prismiq.execution.sessions import begin, turns_for
from prismiq.execution.turns import Turns
from prismiq.settings import Settings

logger = logging.getLogger(__name__)

_MAY_STILL_RUN = (asyncio.CancelledError, asyncio.TimeoutError, asyncpg.InterfaceError, OSError)


class OwnSessions:
    """Sessions on the engine's own connections. They are made when a query needs one: PostgreSQL may come and go."""

    own = True

    def __init__(self, dsn: str, settings: Settings, *, writable: bool = False) -> None:
        self._dsn = driver_address(dsn)
        self._writable = writable
        self._settings = settings
        self._turns: Turns | None = None
        self._connections: Connections | None = None
        self.begin: str | None = None
        """What begins a transaction, behind a pooler."""
        self._finding_out = asyncio.Lock()
        self._settling: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Gets ready, and opens the first connections ahead of the first query where PostgreSQL is there."""
        if self._turns is not None:
            return
        self._turns = turns_for(self._settings.pool_max_size, self._settings)
        if not self._settings.pool_min_size:
            return
        try:
            connections = await self.ready()
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

    def session(self, caller: Caller) -> _OwnSession:
        """A session as `Sessions` says."""
        return _OwnSession(self, caller)

    async def turn(self, caller: Caller) -> Turns:
        """Takes the caller's turn. Returns whom to give it back."""
        turns = self._turns
        if turns is None:
            raise closed()
        if not turns.take(caller.turn):
            await turns.wait(caller.turn, timeout=self._settings.acquire_timeout)
        return turns

    async def take(self, caller: Caller) -> tuple[Turns, Connections, Kept]:
        """A connection in the caller's turn: whom to give it back, and the connection."""
        turns = await self.turn(caller)
        try:
            connections = self._connections or await self.ready()
            kept = await connections.take(() if self.begin else caller.settings)
        except BaseException:
            turns.give_back(caller.turn)
            raise
        return turns, connections, kept

    def settle(self, turns: Turns, connections: Connections, kept: Kept, caller: Caller) -> None:
        """Gives a connection back once the server has ended what may still run on it; the turn ends with that."""

        async def settle() -> None:
            try:
                await connections.settle(kept)
            finally:
                turns.give_back(caller.turn)

        task = asyncio.ensure_future(settle())
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def ready(self) -> Connections:
        """The connections, once it is known what is at the other end."""
        async with self._finding_out:
            if self._connections is None:
                pooled = self._settings.pooler == "transaction" or (
                    self._settings.pooler == "auto" and await self._is_behind_pooler()
                )
                connect = connect_through_pooler if pooled else partial(connect_directly, writable=self._writable)
                self.begin = begin(self._settings, writable=self._writable) if pooled else None
                if self._turns is None:
                    raise closed()
                seconds = 2 * self._settings.connect_timeout  # with what is asked of a new one
                self._connections = Connections(
                    lambda: asyncio.wait_for(connect(self._dsn, self._settings), seconds),
                    keep=self._settings.pool_min_size,
                )
            return self._connections

    async def _is_behind_pooler(self) -> bool:
        try:
            return await asyncio.wait_for(
                is_behind_pooler(self._dsn, self._settings), 2 * self._settings.connect_timeout
            )
        except ValueError as error:
            raise bad_address() from error


class _OwnSession:
    """One session. A class and no generator, since every query comes through here."""

    __slots__ = ("_caller", "_connections", "_kept", "_sessions", "_turns")

    _turns: Turns
    _connections: Connections
    _kept: Kept

    def __init__(self, sessions: OwnSessions, caller: Caller) -> None:
        self._sessions = sessions
        self._caller = caller

    async def __aenter__(self) -> Connection:
        self._turns, self._connections, self._kept = await self._sessions.take(self._caller)
        connection, begin = self._kept.connection, self._sessions.begin
        if begin is not None:
            try:
                await connection.execute(begin, timeout=TOLD_TIMEOUT)
                if self._caller.settings:
                    await apply_settings(connection, self._caller.settings, local=True)
            except BaseException as error:
                self._leave(error)
                raise
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._sessions.begin is not None:
            try:
                await self._kept.connection.execute("COMMIT", timeout=TOLD_TIMEOUT)
            except BaseException as failure:
                self._leave(failure)
                raise
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        """Waits for nothing, since it may be left by a cancellation, and by another in the midst of that."""
        if isinstance(error, asyncpg.InternalClientError):  # the driver has lost track of what the server says
            self._connections.drop(self._kept)
        elif error is not None and (isinstance(error, _MAY_STILL_RUN) or self._kept.is_in_transaction()):
            self._sessions.settle(self._turns, self._connections, self._kept, self._caller)
            return
        else:
            self._connections.put_back(self._kept)
        self._turns.give_back(self._caller.turn)

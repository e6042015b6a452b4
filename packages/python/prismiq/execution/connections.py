"""The engine's own connections: made when a query needs one, kept while they are in use, with what is set on each.

asyncpg's pool would do, but it hands out any connection and costs more than a small query: here the one used last comes
first, and before it the one whose session says already what the caller's must.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access.caller import ROLE
from prismiq.errors import DatabaseError, EngineNotOpenError
from prismiq.execution.failures import bad_address, unavailable

Connection = Any
"""An `asyncpg.Connection`, or the proxy of one that a pool hands out. The driver carries no types."""

SessionSettings = tuple[tuple[str, str], ...]
"""What is set on a session for a caller: names and values."""

LOST = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    asyncio.TimeoutError,
)
"""What a connection raises that is of no use any more, among others."""

SETTINGS_REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError, asyncpg.DataError)
"""What PostgreSQL raises for a role or a setting that it does not set."""

CLOSE_TIMEOUT = 5.0
"""Seconds that running queries have to end when the engine closes, and a cancelled one on the server."""

TOLD_TIMEOUT = 10.0
"""Seconds that the server has to answer what is no query: that a transaction begins or ends, or a setting."""

IDLE = 300.0
"""Seconds that a connection beyond the minimum stays open unused."""

SET = "SELECT set_config(name, value, $1) FROM unnest($2::text[], $3::text[]) AS setting(name, value)"
"""Hand-written, since it is no query of anybody's: settings for the transaction ($1) or for the session."""


class Kept:
    """A connection and what is set on its session."""

    __slots__ = ("connection", "settings", "used")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.settings: SessionSettings = ()
        self.used = monotonic()

    def is_in_transaction(self) -> bool:
        """Whether one is open, as far as the server has said."""
        return not self.connection.is_closed() and self.connection.is_in_transaction()


class Connections:
    """Connections to one server. How many are out at once is for whoever takes them to bound."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, keep: int) -> None:
        self._connect = connect
        self._keep = keep
        self._idle: list[Kept] = []  # the one used last is last
        self._out: set[Kept] = set()
        self._closed = False
        self._connecting = 0
        self._make_room: Callable[[], None] | None = None
        self._all_back = asyncio.Event()
        self._sweeper: asyncio.TimerHandle | None = None

    async def take(self, settings: SessionSettings) -> Kept:
        """A connection whose session has the settings, and no others of a caller's.

        Raises what the driver raises, EngineNotOpenError after `close`, and DatabaseError when PostgreSQL refuses the
        settings.
        """
        kept = self._find(settings) or await self._made()
        self._out.add(kept)
        if self._closed:  # while it was connecting
            self.drop(kept)
            raise closed()
        if kept.settings != settings:
            try:
                await _set(kept, settings)
            except BaseException:
                self.drop(kept)  # nobody knows what is set on it
                raise
        return kept

    def share(self, others: Connections, at_most: int) -> None:
        """Has two sets be no more connections together than that: who needs one closes an unused one of the other's.
        Those in use are bounded by whoever takes them."""

        def make_room() -> None:
            idle = self._idle or others._idle
            if idle and self._count() + others._count() > at_most:
                idle.pop(0).connection.terminate()

        self._make_room = others._make_room = make_room

    def put_back(self, kept: Kept) -> None:
        """Keeps a connection on which nothing runs any more."""
        self._left(kept)
        if kept.connection.is_closed():
            return
        if self._closed:
            kept.connection.terminate()
            return
        kept.used = monotonic()
        self._idle.append(kept)
        if len(self._idle) > self._keep and self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE, self._sweep)

    def drop(self, kept: Kept) -> None:
        """Ends a connection that nobody may use again."""
        self._left(kept)
        kept.connection.terminate()

    async def settle(self, kept: Kept) -> None:
        """Puts a connection back on which a statement or a transaction may still run, once the server has ended it;
        drops it if that does not come."""
        connection = kept.connection
        try:
            # The driver sends this after a cancelled statement has ended.
            await connection.execute("ROLLBACK" if kept.is_in_transaction() else "SELECT 1", timeout=CLOSE_TIMEOUT)
            if kept.is_in_transaction():  # it was just about to begin
                await connection.execute("ROLLBACK", timeout=CLOSE_TIMEOUT)
        except LOST:
            self.drop(kept)
        except BaseException:
            self.drop(kept)
            raise
        else:
            self.put_back(kept)

    async def close(self) -> None:
        """Closes the connections; running queries have some seconds to end."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(kept.connection.close(timeout=CLOSE_TIMEOUT) for kept in idle), return_exceptions=True)
        if self._out:
            self._all_back.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._all_back.wait(), CLOSE_TIMEOUT)
        for kept in list(self._out):
            self.drop(kept)

    def _find(self, settings: SessionSettings) -> Kept | None:
        """The connection used last that has the settings; else the one unused for longest, which leaves the others to
        those they are set for."""
        self._idle = idle = [each for each in self._idle if not each.connection.is_closed()]
        for place in range(len(idle) - 1, -1, -1):
            if idle[place].settings == settings:
                return idle.pop(place)
        return idle.pop(0) if idle else None

    async def _made(self) -> Kept:
        self._connecting += 1
        try:
            if self._make_room is not None:
                self._make_room()
            return Kept(await self._connected())
        finally:
            self._connecting -= 1

    async def _connected(self) -> Connection:
        try:
            return await self._connect()
        except ValueError as error:  # the driver reads the address only now
            raise bad_address() from error
        except asyncio.TimeoutError as error:
            raise unavailable() from error

    def _count(self) -> int:
        return len(self._idle) + len(self._out) + self._connecting

    def _left(self, kept: Kept) -> None:
        self._out.discard(kept)
        if not self._out:
            self._all_back.set()

    def _sweep(self) -> None:
        """Closes what nobody has used for long, except the minimum."""
        self._sweeper = None
        until = monotonic() - IDLE
        while len(self._idle) > self._keep and self._idle[0].used <= until:
            self._idle.pop(0).connection.terminate()
        if len(self._idle) > self._keep:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE, self._sweep)


async def _set(kept: Kept, settings: SessionSettings) -> None:
    """Replaces what a session says of a caller. The message is a message of its own, sent before any that relies on it:
    one statement that both sets and reads may read what was set before."""
    cleared = {name: "none" if name == ROLE else "" for name, _ in kept.settings}
    await apply_settings(kept.connection, tuple((cleared | dict(settings)).items()), local=False)
    kept.settings = settings


async def apply_settings(connection: Connection, settings: SessionSettings, *, local: bool) -> None:
    """Sets them for the transaction or the session. Raises DatabaseError when PostgreSQL refuses one of them."""
    # The role last: it may not be allowed to set the others.
    ordered = sorted(settings, key=lambda setting: setting[0] == ROLE)
    try:
        names, values = [name for name, _ in ordered], [value for _, value in ordered]
        await connection.fetch(SET, local, names, values, timeout=TOLD_TIMEOUT)
    except SETTINGS_REFUSED as error:
        raise settings_refused() from error


def settings_refused() -> DatabaseError:
    """PostgreSQL does not set what the access policy names."""
    return DatabaseError(
        "PostgreSQL refused the role or the settings of the access policy.",
        hint="The engine's login must be a member of the role: GRANT role TO login.",
    )


def closed() -> EngineNotOpenError:
    """The engine is not open."""
    return EngineNotOpenError("The engine is not open.", hint="`await engine.open()`, or `async with engine:`.")

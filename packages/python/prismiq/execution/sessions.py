"""Where a statement runs: a session that is read-only, in UTC, bounded in time, and says who asks.

    OwnSessions     the engine's own connections. Straight to PostgreSQL all this is set on them once, so that a query
                    is one round trip; through a pooler in transaction mode each query is a transaction
    HostSessions    the host's pool; nothing may stay on its connections, so each query is a transaction

Only the store of dashboards asks for sessions that may write. Both give turns to callers: as many statements at once as
there are connections, fairly among tenants.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

from prismiq.access.caller import Caller
from prismiq.execution.connecting import milliseconds
from prismiq.execution.connections import (
    CLOSE_TIMEOUT,
    LOST,
    TOLD_TIMEOUT,
    Connection,
    SessionSettings,
    apply_settings,
)
from prismiq.execution.turns import Turns
from prismiq.settings import Settings


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


def begin(settings: Settings, *, writable: bool = False) -> str:
    """What begins a transaction of ours, as one message and so one round trip. Constants and a number of ours: nothing
    in it comes from a request."""
    mode = "READ WRITE" if writable else "READ ONLY"
    limit = f"SET LOCAL statement_timeout = {milliseconds(settings)}"
    return f"BEGIN {mode}; SET LOCAL TimeZone = 'UTC'; SET LOCAL jit = off; {limit}"


def export_settings(seconds: float) -> str:
    """What a transaction begins with in which rows are written out or read part by part: time for a client that takes
    them slowly, and the forms of values that the encoder knows. Constants and a number of ours."""
    limit = f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}"
    return f"{limit}; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1"


@asynccontextmanager
async def in_transaction(connection: Connection, begin: str, settings: SessionSettings) -> AsyncGenerator[None]:
    """A transaction with the settings. The caller's go in a message before any that relies on them."""
    await connection.execute(begin, timeout=TOLD_TIMEOUT)
    try:
        if settings:
            await apply_settings(connection, settings, local=True)
        yield
        await connection.execute("COMMIT", timeout=TOLD_TIMEOUT)
    except BaseException:
        with suppress(*LOST):
            await connection.execute("ROLLBACK", timeout=CLOSE_TIMEOUT)
        raise


def turns_for(slots: int, settings: Settings) -> Turns:
    """The turns at so many connections."""
    half = max(1, slots // 2)
    return Turns(
        slots,
        per_tenant=settings.max_concurrent_per_tenant or half,
        max_waiting=settings.max_waiting_per_tenant,
    )

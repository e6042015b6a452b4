"""How a connection of the engine's own is made: straight to PostgreSQL, or through a pooler in transaction mode."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.execution.calendar import keep_months
from prismiq.execution.connections import Connection
from prismiq.execution.infinities import learn_once
from prismiq.settings import Settings

_driver: Any = cast("Any", asyncpg)

APPLICATION = {"application_name": "prismiq"}


def driver_address(dsn: str) -> str:
    """The address as the driver reads it; SQLAlchemy's names the driver, too."""
    return dsn.replace("postgresql+asyncpg://", "postgresql://", 1)


def milliseconds(settings: Settings) -> int:
    """The statement time-out as PostgreSQL counts."""
    return max(1, round(settings.statement_timeout * 1000))


async def connect_directly(dsn: str, settings: Settings, *, writable: bool = False) -> Connection:
    """A connection whose session is read-only unless it is to be writable, in UTC and bounded in time, so that a query
    needs nothing around it."""
    session = APPLICATION | session_settings(settings)
    if writable:
        session["default_transaction_read_only"] = "off"
    connection = await _driver.connect(dsn, timeout=settings.connect_timeout, server_settings=session)
    return await _with(connection, _made_to_read(connection))


async def connect_through_pooler(dsn: str, settings: Settings) -> Connection:
    """A connection that relies on nothing of its session, and keeps no prepared statements there: with a transaction
    mode PgBouncer before 1.21 those of other connections would answer, silently wrong."""
    connection = await _driver.connect(
        dsn,
        timeout=settings.connect_timeout,
        statement_cache_size=0,
        server_settings=APPLICATION,
    )
    return await _with(connection, _made_to_read(connection, in_one_transaction=True))


async def _made_to_read(connection: Connection, *, in_one_transaction: bool = False) -> None:
    """Has a connection give values as we read them. In one transaction the look-up of the type stays on one server."""
    if in_one_transaction:
        await connection.execute("BEGIN")
    await learn_once(connection)
    await keep_months(connection)
    if in_one_transaction:
        await connection.execute("COMMIT")


async def _with(connection: Connection, work: Coroutine[Any, Any, None]) -> Connection:
    """The connection, once the work is done; nobody else would close it where it fails, or takes too long."""
    try:
        await work
    except BaseException:
        connection.terminate()
        raise
    return connection


async def is_behind_pooler(dsn: str, settings: Settings) -> bool:
    """Whether the address is a pooler's: it refuses what we ask of a session, or the server's process is another than
    the one we were told. Raises what the driver raises when nobody answers."""
    try:
        connection = await _driver.connect(
            dsn,
            timeout=settings.connect_timeout,
            statement_cache_size=0,
            server_settings=APPLICATION | session_settings(settings),
        )
    except asyncpg.ProtocolViolationError:  # "unsupported startup parameter"
        return True
    try:
        await connection.execute("BEGIN")
        told, actual = connection.get_server_pid(), await connection.fetchval("SELECT pg_backend_pid()")
        await connection.execute("COMMIT")
        return told != actual
    except BaseException:
        connection.terminate()
        raise
    finally:
        await connection.close(timeout=settings.connect_timeout)


def session_settings(settings: Settings) -> dict[str, str]:
    """What makes a session read-only, bounded in time, and one whose values have the form that we read."""
    return {
        "default_transaction_read_only": "on",
        "statement_timeout": str(milliseconds(settings)),
        "TimeZone": "UTC",
        "jit": "off",
    }

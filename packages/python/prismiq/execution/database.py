"""Runs statements on PostgreSQL: bounded in time and rows, with our own errors."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.errors import ConfigurationError, QueryFailedError
from prismiq.execution.calendar import fetch_any_year, keeping_months
from prismiq.execution.failures import own_errors
from prismiq.execution.pivot import reshape
from prismiq.execution.pool import Connection, HostPool, OwnPool, Pool, Sessions
from prismiq.execution.result import QueryResult
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import Statement

GRACE = 5.0
"""Seconds after the statement time-out in which the server must have answered; it is gone otherwise."""

_STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_JSON = frozenset({DataType.JSON, DataType.JSONB})


class Database:
    """One PostgreSQL database, reached by an address or through the host's pool.

    A task that is cancelled while it waits here cancels its statement on the server.
    """

    def __init__(self, dsn: str | None = None, *, pool: Pool | None = None, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._deadline = settings.statement_timeout + GRACE
        if pool is not None:
            self._sessions: Sessions = HostPool(pool, settings)
        elif dsn is not None:
            self._sessions = OwnPool(dsn, settings)
        else:
            raise ConfigurationError("A database needs an address or a pool.", hint="Give `dsn` or `pool`.")

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there yet."""
        await self._sessions.open()

    async def close(self) -> None:
        """Closes an own pool; the host's stays open."""
        await self._sessions.close()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """A read-only connection for more than one statement. Raises our errors, also from inside the block."""
        with own_errors():
            async with self._sessions.session() as connection:
                yield connection

    async def run(self, statement: Statement) -> QueryResult:
        """Runs a statement. Raises DatabaseError, or one of its kinds."""
        with own_errors():
            try:
                return await self._run(statement)
            except _STALE:  # a table changed; the driver has now dropped what it had prepared for the old one
                return await self._run(statement)

    async def explain(self, statement: Statement) -> list[Any]:
        """PostgreSQL's plan for a statement, which is not run."""
        async with self.connection() as connection:
            # The statement is the compiler's own and its values stay bound.
            found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement.sql}", *statement.args)
        return json.loads(found) if isinstance(found, str) else found

    async def ping(self) -> None:
        """Asks for a sign of life. Raises DatabaseUnavailableError or BusyError."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1", timeout=GRACE)

    async def _run(self, statement: Statement) -> QueryResult:
        async with self._sessions.session() as connection:
            json_is_text = True
            if not self._sessions.own and any(column.type in _JSON for column in statement.columns):
                json_is_text = await _json_is_text(connection)
            async with AsyncExitStack() as stack:
                if not self._sessions.own and any(column.type is DataType.INTERVAL for column in statement.columns):
                    await stack.enter_async_context(keeping_months(connection))
                records = await self._fetch(connection, statement)
        statement, records = reshape(statement, records)
        return QueryResult.of(statement, records, json_is_text=json_is_text)

    async def _fetch(self, connection: Connection, statement: Statement) -> Sequence[Any]:
        try:
            return await connection.fetch(statement.sql, *statement.args, timeout=self._deadline)
        except (ValueError, OverflowError) as error:  # a year or a time that Python's types cannot hold
            if isinstance(error, asyncpg.InterfaceError | UnicodeDecodeError):
                raise
            if self._sessions.own:
                return await fetch_any_year(connection, statement.sql, statement.args, timeout=self._deadline)
            raise QueryFailedError(
                "The result holds a date or time beyond the years 1 to 9999, which the host's pool cannot read.",
                hint="Filter such rows out, or let the engine connect by itself (`dsn`).",
            ) from error


async def _json_is_text(connection: Connection) -> bool:
    """Whether a host's connection gives JSON as text: the host may have set a codec that parses it."""
    return await connection.fetchval("SELECT '[]'::jsonb") == "[]"

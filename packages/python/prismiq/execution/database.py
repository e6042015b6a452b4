"""Runs statements on PostgreSQL: bounded in time and rows, with our own errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access.caller import Caller
from prismiq.errors import ConfigurationError, QueryFailedError
from prismiq.execution.calendar import fetch_any_year, keeping_months
from prismiq.execution.connections import Connection
from prismiq.execution.cost import CostCeiling, explain
from prismiq.execution.failures import own_errors
from prismiq.execution.host_sessions import HostSessions, Pool
from prismiq.execution.own_sessions import OwnSessions
from prismiq.execution.pivot import reshape
from prismiq.execution.result import QueryResult
from prismiq.execution.sessions import Sessions
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import Statement

GRACE = 5.0
"""Seconds after the statement time-out in which the server must have answered; it is gone otherwise."""

ENGINE = Caller()
"""The engine itself, which says nothing of a caller to PostgreSQL."""

_STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_JSON = frozenset({DataType.JSON, DataType.JSONB})


class Database:
    """One PostgreSQL database, reached by an address or through the host's pool.

    A task that is cancelled while it waits here cancels its statement on the server.
    """

    def __init__(self, dsn: str | None = None, *, pool: Pool | None = None, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._deadline = settings.statement_timeout + GRACE
        self._ceiling = CostCeiling(settings.max_cost) if settings.max_cost is not None else None
        if pool is not None:
            self._sessions: Sessions = HostSessions(pool, settings)
        elif dsn is not None:
            self._sessions = OwnSessions(dsn, settings)
        else:
            raise ConfigurationError("A database needs an address or a pool.", hint="Give `dsn` or `pool`.")

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there yet."""
        await self._sessions.open()

    async def close(self) -> None:
        """Closes an own pool; the host's stays open."""
        await self._sessions.close()

    @asynccontextmanager
    async def connection(self, caller: Caller = ENGINE) -> AsyncGenerator[Connection]:
        """A read-only connection for more than one statement. Raises our errors, also from inside the block."""
        with own_errors():
            async with self._sessions.session(caller) as connection:
                yield connection

    async def run(self, statement: Statement, caller: Caller = ENGINE) -> QueryResult:
        """Runs a statement for a caller. Raises DatabaseError, or one of its kinds, and QueryTooCostlyError."""
        with own_errors():
            try:
                return await self._run(statement, caller)
            except _STALE:  # a table changed; the driver has now dropped what it had prepared for the old one
                return await self._run(statement, caller)

    async def explain(self, statement: Statement, caller: Caller = ENGINE) -> list[Any]:
        """PostgreSQL's plan for a statement, which is not run."""
        async with self.connection(caller) as connection:
            return await explain(connection, statement)

    async def ping(self) -> None:
        """Asks for a sign of life. Raises DatabaseUnavailableError or BusyError."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1", timeout=GRACE)

    async def _run(self, statement: Statement, caller: Caller) -> QueryResult:
        json_is_text = True
        async with self._sessions.session(caller) as connection:
            if self._ceiling is not None:
                await self._ceiling.check(connection, statement, caller)
            if self._sessions.own:
                records = await self._fetch(connection, statement)
            else:
                json_is_text, records = await self._fetch_from_host(connection, statement)
        if statement.pivot is not None:
            statement, records = reshape(statement, records)
        return QueryResult.of(statement, records, json_is_text=json_is_text)

    async def _fetch_from_host(self, connection: Connection, statement: Statement) -> tuple[bool, Sequence[Any]]:
        """The rows, and whether JSON in them is text: the host may have codecs of its own."""
        types = {column.type for column in statement.columns}
        json_is_text = _JSON.isdisjoint(types) or await _json_is_text(connection)
        if DataType.INTERVAL not in types:
            return json_is_text, await self._fetch(connection, statement)
        async with keeping_months(connection):
            return json_is_text, await self._fetch(connection, statement)

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

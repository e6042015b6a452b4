"""Runs statements on PostgreSQL: bounded in time and rows, with our own errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access.caller import Caller
from prismiq.errors import ConfigurationError, QueryFailedError, QueryTimeoutError
from prismiq.execution.calendar import (
    fetch_any_year,
    keeping_months,
    knowing_every_year,
    meaning_what_they_say,
    taken_for_infinity,
)
from prismiq.execution.connections import Connection
from prismiq.execution.copying import Sink, copy
from prismiq.execution.cost import CostCeiling, explain
from prismiq.execution.failures import own_errors
from prismiq.execution.host_sessions import HostSessions, Pool
from prismiq.execution.infinities import learn
from prismiq.execution.own_sessions import OwnSessions
from prismiq.execution.pivot import reshape
from prismiq.execution.result import QueryResult
from prismiq.execution.sessions import Sessions, export_settings, in_transaction
from prismiq.schema.types import MOMENTS, DataType
from prismiq.settings import Settings
from prismiq.sql.statement import Statement

if TYPE_CHECKING:
    from prismiq.execution.pipelined import Pipelined

Take = Callable[[QueryResult], Awaitable[None]]

T = TypeVar("T")

PART = 500
"""Rows that are read at once where not all of them are to be in memory."""

GRACE = 5.0
"""Seconds after the statement time-out in which the server must have answered; it is gone otherwise."""

ENGINE = Caller()
"""The engine itself, which says nothing of a caller to PostgreSQL."""

_STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_UNREADABLE = (ValueError, OverflowError)
"""What the driver raises for a year or a time that Python's types cannot hold."""
_NOT_OF_VALUES = (asyncpg.InterfaceError, UnicodeDecodeError)
_JSON = frozenset({DataType.JSON, DataType.JSONB})
_WITH_YEARS = MOMENTS | {DataType.TIME, DataType.TIMETZ, DataType.ARRAY}


class Database:
    """One PostgreSQL database, reached by an address or through the host's pool.

    A task that is cancelled while it waits here cancels its statement on the server.
    """

    def __init__(self, dsn: str | None = None, *, pool: Pool | None = None, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._timeout = settings.statement_timeout
        self._deadline = settings.statement_timeout + GRACE
        self._ceiling = (
            CostCeiling(settings.max_cost, timeout=self._deadline) if settings.max_cost is not None else None
        )
        self._pipelined: Pipelined | None = None
        self._knows_infinities = False  # of the host's connections
        if pool is not None:
            self._sessions: Sessions = HostSessions(pool, settings)
        elif dsn is not None:
            self._sessions = own = OwnSessions(dsn, settings)
            if settings.driver == "psycopg" and self._ceiling is None:  # estimates are asyncpg's
                self._pipelined = pipelined(dsn, settings, own, deadline=self._deadline)
        else:
            raise ConfigurationError("A database needs an address or a pool.", hint="Give `dsn` or `pool`.")

    async def open(self) -> None:
        """Gets ready. PostgreSQL need not be there yet."""
        await self._sessions.open()
        if self._pipelined is not None:
            await self._pipelined.open()

    async def close(self) -> None:
        """Closes an own pool; the host's stays open."""
        await self._sessions.close()
        if self._pipelined is not None:
            await self._pipelined.close()

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

    async def copy(self, statement: Statement, caller: Caller, sink: Sink, *, seconds: float | None = None) -> int:
        """Has PostgreSQL write the rows of a statement that is in a form for COPY to a sink. Returns how many.

        All of it may take so many seconds, by default those of a statement. Raises like `run`.
        """
        seconds = seconds or self._timeout
        with own_errors():
            own = self._sessions.own
            async with (
                self._reading(statement, caller, seconds) as connection,
                meaning_what_they_say(connection, statement.args, own=own),
            ):
                return await _within(seconds, copy(connection, statement, sink))

    async def read(self, statement: Statement, caller: Caller, take: Take, *, seconds: float | None = None) -> None:
        """Hands over the rows of a statement part by part, as results of their own. Raises like `run`.

        All of it may take so many seconds, by default those of a statement.
        """
        seconds = seconds or self._timeout
        with own_errors():
            async with self._reading(statement, caller, seconds) as connection, self._codecs(connection, statement):
                await _within(seconds, self._read_parts(connection, statement, take))

    async def _read_parts(self, connection: Connection, statement: Statement, take: Take) -> None:
        json_is_text = self._sessions.own or await _json_is_text(connection)
        prepared = await connection.prepare(statement.sql)
        cursor = await prepared.cursor(*statement.args)
        uncut = replace(statement, row_cap=None)
        while records := await self._part(cursor):
            await take(QueryResult.of(uncut, records, json_is_text=json_is_text))

    async def _part(self, cursor: Any) -> Sequence[Any]:
        try:
            return await cursor.fetch(PART)
        except _UNREADABLE as error:
            if self._sessions.own or isinstance(error, _NOT_OF_VALUES):
                raise
            raise _beyond_years() from error

    @asynccontextmanager
    async def _reading(self, statement: Statement, caller: Caller, seconds: float) -> AsyncGenerator[Connection]:
        """A connection in a transaction with the settings for it."""
        async with self._sessions.session(caller) as connection:
            if self._ceiling is not None:
                await self._ceiling.check(connection, statement, caller)
            if connection.is_in_transaction():  # which ends what is set for it
                await connection.execute(export_settings(seconds))
                yield connection
            else:
                async with in_transaction(connection, f"BEGIN READ ONLY; {export_settings(seconds)}", ()):
                    yield connection

    @asynccontextmanager
    async def _codecs(self, connection: Connection, statement: Statement) -> AsyncGenerator[None]:
        """The codecs of an own connection that know every year, where a column has years; a cursor cannot begin
        again. On a connection of the host's those that keep months."""
        types = {column.type for column in statement.columns}
        if self._sessions.own and not types.isdisjoint(_WITH_YEARS):
            async with knowing_every_year(connection):
                yield
        elif not self._sessions.own and _has_spans(statement):
            async with keeping_months(connection):
                yield
        else:
            async with meaning_what_they_say(connection, statement.args, own=self._sessions.own):
                yield

    async def explain(self, statement: Statement, caller: Caller = ENGINE) -> list[Any]:
        """PostgreSQL's plan for a statement, which is not run."""
        async with self.connection(caller) as connection:
            return await explain(connection, statement, timeout=self._deadline)

    async def ping(self) -> None:
        """Asks for a sign of life. Raises DatabaseUnavailableError or BusyError."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1", timeout=GRACE)

    async def _run(self, statement: Statement, caller: Caller) -> QueryResult:
        json_is_text = True
        records = None if self._pipelined is None else await self._pipelined.fetch(statement, caller)
        if records is None:
            json_is_text, records = await self._fetched(statement, caller)
        return result_of(statement, records, json_is_text=json_is_text)

    async def _fetched(self, statement: Statement, caller: Caller) -> tuple[bool, Sequence[Any]]:
        """The rows, and whether JSON in them is text."""
        async with self._sessions.session(caller) as connection:
            if self._ceiling is not None:
                await self._ceiling.check(connection, statement, caller)
            if self._sessions.own:
                return True, await self._fetch(connection, statement)
            return await self._fetch_from_host(connection, statement)

    async def _fetch_from_host(self, connection: Connection, statement: Statement) -> tuple[bool, Sequence[Any]]:
        """The rows, and whether JSON in them is text: the host may have codecs of its own."""
        types = {column.type for column in statement.columns}
        if not self._knows_infinities:
            await learn(connection)
            self._knows_infinities = True
        json_is_text = _JSON.isdisjoint(types) or await _json_is_text(connection)
        if not _has_spans(statement):
            return json_is_text, await self._fetch(connection, statement)
        async with keeping_months(connection):
            return json_is_text, await self._fetch(connection, statement)

    async def _fetch(self, connection: Connection, statement: Statement) -> Sequence[Any]:
        if taken_for_infinity(statement.args):
            async with meaning_what_they_say(connection, statement.args, own=self._sessions.own):
                return await connection.fetch(statement.sql, *statement.args, timeout=self._deadline)
        try:
            return await connection.fetch(statement.sql, *statement.args, timeout=self._deadline)
        except _UNREADABLE as error:
            if isinstance(error, _NOT_OF_VALUES):
                raise
            if self._sessions.own:
                return await fetch_any_year(connection, statement.sql, statement.args, timeout=self._deadline)
            raise _beyond_years() from error


def result_of(statement: Statement, records: Sequence[Sequence[Any]], *, json_is_text: bool = True) -> QueryResult:
    """The result of a statement's rows."""
    if statement.pivot is not None:
        statement, records = reshape(statement, records)
    return QueryResult.of(statement, records, json_is_text=json_is_text)


def pipelined(dsn: str, settings: Settings, sessions: OwnSessions, *, deadline: float) -> Pipelined:
    """The second set of connections. Raises ConfigurationError where psycopg is not installed."""
    try:
        made: type[Pipelined] = import_module("prismiq.execution.pipelined").Pipelined
    except ImportError as error:
        raise ConfigurationError(
            'The driver "psycopg" is not installed.',
            hint="pip install 'prismiq[pipeline]', or leave PRISMIQ_DRIVER at asyncpg.",
        ) from error
    return made(dsn, settings, sessions, deadline=deadline)


async def _within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The outcome of the work. PostgreSQL ends a statement in time only where its rows are taken, so this does, too."""
    try:
        return await asyncio.wait_for(work, seconds + GRACE)
    except asyncio.TimeoutError as error:
        raise QueryTimeoutError(
            f"The rows were not taken within {seconds:g} seconds.",
            hint="Take them faster, narrow the filters, or raise PRISMIQ_EXPORT_TIMEOUT.",
        ) from error


def _beyond_years() -> QueryFailedError:
    return QueryFailedError(
        "The result holds a date or time beyond the years 1 to 9999, which the host's pool cannot read.",
        hint="Filter such rows out, or let the engine connect by itself (`dsn`).",
    )


def _has_spans(statement: Statement) -> bool:
    """Whether the driver may make 30 days of a month: also within what it knows no element of."""
    return any(
        column.type in (DataType.INTERVAL, DataType.OTHER)
        or (column.type is DataType.ARRAY and column.element in (DataType.INTERVAL, DataType.OTHER, None))
        for column in statement.columns
    )


async def _json_is_text(connection: Connection) -> bool:
    """Whether a host's connection gives JSON as text: the host may have set a codec that parses it."""
    return await connection.fetchval("SELECT '[]'::jsonb") == "[]"

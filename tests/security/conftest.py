from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.util import find_spec

import asyncpg
import httpx
import pytest

from prismiq.engine import PrismiqEngine
from security.boards import filled_store
from security.callers import POLICY, client_for, host

collect_ignore = [] if find_spec("schemathesis") else ["test_openapi_fuzz.py"]  # which needs Python 3.11


@pytest.fixture
async def engine(shared_shop_dsn: str) -> AsyncIterator[PrismiqEngine]:
    """The shop, under the policy of callers.py, with the dashboards of boards.py."""
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY, store=await filled_store()) as engine:
        yield engine


@pytest.fixture
async def client(engine: PrismiqEngine) -> AsyncIterator[httpx.AsyncClient]:
    """An application that mounts it. `asking(client, "acme")` asks as one of the callers."""
    async with client_for(host(engine)) as client:
        yield client


@pytest.fixture
async def database(shared_shop_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """The database behind the engine, without any policy."""
    connection = await asyncpg.connect(shared_shop_dsn)
    yield connection
    await connection.close()

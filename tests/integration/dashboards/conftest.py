from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from prismiq.dashboards import DashboardStore, MemoryStore, PostgresStore


@pytest.fixture(params=["memory", "postgres", "host pool"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def address(kind: str, request: pytest.FixtureRequest) -> str | None:
    return None if kind == "memory" else request.getfixturevalue("dsn")


@pytest.fixture
async def store(kind: str, address: str | None) -> AsyncIterator[DashboardStore]:
    """Every store there is, empty and ready."""
    if address is None:
        yield MemoryStore()
        return
    pool = await asyncpg.create_pool(address, min_size=0, max_size=4) if kind == "host pool" else None
    store = PostgresStore(address) if pool is None else PostgresStore(pool=pool)
    await store.open()
    assert await store.migrate() == ["0001"]
    yield store
    await store.close()
    if pool is not None:
        await pool.close()


@pytest.fixture
def until() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """Waits for a condition of the world outside; fails after a minute."""

    async def wait(holds: Callable[[], Awaitable[bool]]) -> None:
        async def poll() -> None:
            while True:
                if await holds():
                    return
                await asyncio.sleep(0.005)

        await asyncio.wait_for(poll(), 60)

    return wait

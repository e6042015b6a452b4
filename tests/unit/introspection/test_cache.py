from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from prismiq.errors import DatabaseUnavailableError, EngineNotOpenError
from prismiq.introspection import SchemaCache
from prismiq.introspection.cache import RETRY_AFTER
from prismiq.schema import DatabaseSchema

TTL = 60.0


class Loader:
    """A load that waits to be told how it ends."""

    def __init__(self) -> None:
        self.pending: list[asyncio.Future[DatabaseSchema]] = []
        self.calls = 0

    async def __call__(self) -> DatabaseSchema:
        self.calls += 1
        future = asyncio.get_running_loop().create_future()
        self.pending.append(future)
        return await future

    async def finish(self, version: str) -> None:
        await self._ready()
        self.pending.pop(0).set_result(DatabaseSchema(tables=(), version=version))
        await turn()

    async def fail(self) -> None:
        await self._ready()
        self.pending.pop(0).set_exception(DatabaseUnavailableError("PostgreSQL is away."))
        await turn()

    async def _ready(self) -> None:
        await turn()
        assert self.pending, "no load is running"


async def turn() -> None:
    """Lets every task run until it waits for something from outside."""
    for _ in range(10):
        await asyncio.sleep(0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def cache(loader: Loader, clock: Clock) -> AsyncIterator[SchemaCache]:
    cache = SchemaCache(loader, TTL, clock)
    yield cache
    await cache.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"


async def filled(cache: SchemaCache, loader: Loader) -> None:
    getting = asyncio.create_task(cache.get())
    await loader.finish("first")
    assert (await getting).version == "first"


async def test_many_waiters_share_one_load(cache: SchemaCache, loader: Loader):
    waiters = [asyncio.create_task(cache.get()) for _ in range(20)]
    await loader.finish("first")
    assert {(await waiter).version for waiter in waiters} == {"first"}
    assert loader.calls == 1


async def test_a_fresh_schema_is_served_without_loading(cache: SchemaCache, loader: Loader, clock: Clock):
    await filled(cache, loader)
    clock.now += TTL - 1
    assert (await cache.get()).version == "first"
    await turn()
    assert loader.calls == 1


async def test_a_stale_schema_is_served_while_one_load_refreshes_it(cache: SchemaCache, loader: Loader, clock: Clock):
    await filled(cache, loader)
    clock.now += TTL
    assert [(await cache.get()).version for _ in range(5)] == ["first"] * 5
    await loader.finish("second")
    assert (await cache.get()).version == "second"
    assert loader.calls == 2


async def test_the_age_counts_from_the_start_of_the_load(cache: SchemaCache, loader: Loader, clock: Clock):
    getting = asyncio.create_task(cache.get())
    await turn()
    clock.now += TTL
    await loader.finish("first")
    assert (await getting).version == "first"
    await cache.get()
    await turn()
    assert loader.calls == 2


async def test_a_cancelled_waiter_leaves_the_load_to_the_others(cache: SchemaCache, loader: Loader):
    first, second = asyncio.create_task(cache.get()), asyncio.create_task(cache.get())
    await turn()
    first.cancel()
    await turn()
    assert first.cancelled()
    await loader.finish("first")
    assert (await second).version == "first"
    assert loader.calls == 1


async def test_a_failing_first_load_fails_all_who_wait_and_the_next_call_tries_again(
    cache: SchemaCache, loader: Loader
):
    waiters = [asyncio.create_task(cache.get()) for _ in range(3)]
    await loader.fail()
    for waiter in waiters:
        with pytest.raises(DatabaseUnavailableError):
            await waiter
    await filled(cache, loader)
    assert loader.calls == 2


async def test_a_failing_background_refresh_keeps_the_schema_and_backs_off(
    cache: SchemaCache, loader: Loader, clock: Clock, caplog: pytest.LogCaptureFixture
):
    await filled(cache, loader)
    clock.now += TTL
    await cache.get()
    with caplog.at_level(logging.WARNING, logger="prismiq"):
        await loader.fail()
    assert "PostgreSQL is away" in caplog.text
    clock.now += RETRY_AFTER - 1
    assert [(await cache.get()).version for _ in range(5)] == ["first"] * 5
    await turn()
    assert loader.calls == 2, "not at once"
    clock.now += 1
    assert (await cache.get()).version == "first"
    await loader.finish("second")
    assert (await cache.get()).version == "second"


async def test_refresh_waits_for_what_it_loads(cache: SchemaCache, loader: Loader):
    await filled(cache, loader)
    refreshing = [asyncio.create_task(cache.refresh()) for _ in range(3)]
    await turn()
    assert (await cache.get()).version == "first", "others are not made to wait"
    await loader.finish("second")
    assert {(await task).version for task in refreshing} == {"second"}
    assert loader.calls == 2


async def test_refresh_does_not_take_a_load_that_began_before_it(cache: SchemaCache, loader: Loader):
    getting = asyncio.create_task(cache.get())
    await turn()
    refreshing = [asyncio.create_task(cache.refresh()) for _ in range(3)]
    await loader.finish("before")
    assert (await getting).version == "before"
    await loader.finish("after")
    assert {(await task).version for task in refreshing} == {"after"}
    assert loader.calls == 2


async def test_a_failing_refresh_raises_and_keeps_the_schema(cache: SchemaCache, loader: Loader):
    await filled(cache, loader)
    refreshing = asyncio.create_task(cache.refresh())
    await loader.fail()
    with pytest.raises(DatabaseUnavailableError):
        await refreshing
    assert (await cache.get()).version == "first"


async def test_closing_ends_the_load_and_tells_who_waits(cache: SchemaCache, loader: Loader):
    waiters = [asyncio.create_task(cache.get()), asyncio.create_task(cache.refresh())]
    await turn()
    await cache.close()
    for waiter in waiters:
        with pytest.raises(EngineNotOpenError):
            await waiter
    assert loader.pending[0].cancelled()
    with pytest.raises(EngineNotOpenError):
        await cache.get()
    with pytest.raises(EngineNotOpenError):
        await cache.refresh()
    await cache.close()


async def test_closing_ends_a_background_refresh(cache: SchemaCache, loader: Loader, clock: Clock):
    await filled(cache, loader)
    clock.now += TTL
    await cache.get()
    await turn()
    await cache.close()
    assert loader.pending[0].cancelled()


async def test_a_failure_that_nobody_waits_for_is_no_unhandled_one(cache: SchemaCache, loader: Loader):
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    waiter = asyncio.create_task(cache.get())
    await turn()
    waiter.cancel()
    await loader.fail()
    await turn()
    assert unhandled == []

"""A client that goes away cancels its statement on the server, over a real connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response

from prismiq.access import AccessPolicy
from prismiq.api import create_router, public_context
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings

SLOW = {"source": "slow", "columns": ["id", "slept"]}
QUICK = {"source": "quick", "measures": ["count"]}
MARKER = "%slow.slept%"


@pytest.fixture
async def watcher(dsn: str) -> AsyncIterator[Any]:
    """A connection to look at the others from."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(120)::text AS slept")
    await connection.execute("CREATE TABLE quick (id int)")
    yield connection
    await connection.close()


def running(watcher: Any, count: int) -> Any:
    async def holds() -> bool:
        found = await watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()",
            MARKER,
        )
        return found == count

    return holds


async def send(address: tuple[str, int], path: str, content: object, *, method: str = "POST") -> asyncio.StreamWriter:
    """Sends a whole request and does not wait for its answer."""
    _, writer = await asyncio.open_connection(*address)
    body = b"" if content is None else json.dumps(content).encode()
    headers = [f"{method} {path} HTTP/1.1", "Host: host", "Content-Type: application/json"]
    writer.write("\r\n".join([*headers, f"Content-Length: {len(body)}", "", ""]).encode() + body)
    await writer.drain()
    return writer


class Stamp(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


@pytest.mark.parametrize("pool", ["own", "host"])
@pytest.mark.parametrize("middleware", [False, True], ids=["bare", "middleware"])
async def test_a_dropped_connection_cancels(
    dsn: str, watcher: Any, serve: Any, until: Any, pool: str, middleware: bool
) -> None:
    settings = Settings(pool_max_size=2)
    async with asyncpg.create_pool(dsn, min_size=0, max_size=2) as hosts:
        given: dict[str, Any] = {"dsn": dsn} if pool == "own" else {"pool": hosts}
        async with PrismiqEngine(**given, policy=AccessPolicy.open(), settings=settings) as engine:
            app = FastAPI()
            if middleware:
                app.add_middleware(Stamp)
            app.include_router(create_router(engine, get_context=public_context))
            async with serve(app) as address, httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}") as client:
                for _ in range(3):
                    # Two that differ: of equal ones only one would run.
                    writers = [await send(address, "/query", {**SLOW, "limit": limit}) for limit in (1, 2)]
                    await until(running(watcher, 2))
                    for writer in writers:
                        writer.transport.abort()
                    await until(running(watcher, 0))
                    # Both connections serve again.
                    answers = await asyncio.gather(*(client.post("/query", json=QUICK) for _ in range(4)))
                    assert [answer.status_code for answer in answers] == [200] * 4


async def test_values_and_explain_are_cancelled_too(dsn: str, watcher: Any, serve: Any, until: Any) -> None:
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        async with serve(app) as address:
            writer = await send(address, "/schema/tables/slow/columns/slept/values", None, method="GET")
            await until(running(watcher, 1))
            writer.transport.abort()
            await until(running(watcher, 0))


async def test_a_client_that_leaves_within_its_body(dsn: str, watcher: Any, serve: Any, caplog: Any) -> None:
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        async with serve(app) as address, httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}") as client:
            _, writer = await asyncio.open_connection(*address)
            head = b"POST /query HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"
            writer.write(head)
            await writer.drain()
            writer.transport.abort()
            assert (await client.post("/query", json=QUICK)).status_code == 200
    assert "Traceback" not in caplog.text


async def test_an_answer_in_time_is_sent_whole_while_the_connection_stays(dsn: str, watcher: Any, serve: Any) -> None:
    """Keep-alive: the watch over one request must not eat the next."""
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        async with serve(app) as address:
            limits = httpx.Limits(max_connections=1)
            async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}", limits=limits) as client:
                for _ in range(20):
                    assert (await client.post("/query", json=QUICK)).json()["rows"] == [[0]]


async def test_a_handler_that_the_host_cancels(dsn: str, watcher: Any, until: Any) -> None:
    """A time-out of the host's around the application ends the statement as well."""
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
            task = asyncio.create_task(client.post("/query", json=SLOW))
            await until(running(watcher, 1))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(running(watcher, 0))
            assert (await client.post("/query", json=QUICK)).status_code == 200

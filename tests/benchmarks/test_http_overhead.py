"""What the way over HTTP costs: one small aggregate as `POST /query`, against the same SQL on a held connection.

    uv run pytest tests/benchmarks/test_http_overhead.py --benchmark -s

The ways take turns, request by request, so that whatever else the machine does falls on all of them.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter
from typing import Any

import asyncpg
import pytest
import uvicorn
from fastapi import FastAPI

from prismiq.access import AccessPolicy
from prismiq.api import create_router, public_context
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings

QUESTION = {"source": "orders", "dimensions": ["status"], "measures": ["count", "sum(total)"], "order_by": ["status"]}
BODY = json.dumps(QUESTION).encode()
ROUNDS = 1500
Way = Callable[[], Awaitable[Any]]


@pytest.mark.benchmark
async def test_post_query_against_asyncpg(shared_shop_dsn: str) -> None:
    connection = await asyncpg.connect(shared_shop_dsn)
    async with (
        PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open(), settings=Settings(driver="asyncpg")) as engine,
        PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open(), settings=Settings(driver="psycopg")) as pipelined,
    ):
        app = FastAPI()
        app.include_router(create_router(engine, get_context=public_context))
        other = FastAPI()
        other.include_router(create_router(pipelined, get_context=public_context))
        app.mount("/pipelined", other)
        statement = await engine.compile_query(QUESTION)

        listener = socket.create_server(("127.0.0.1", 0))
        # asyncio does this for the sockets that it makes itself; without it Nagle's algorithm adds 40 ms to an answer.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())

        ways: dict[str, Way] = {
            "asyncpg, held connection": lambda: connection.fetch(statement.sql, *statement.args),
            "engine.execute_query": lambda: engine.execute_query(BODY),
            "the same, pipelined": lambda: pipelined.execute_query(BODY),
            "POST /query, in process": lambda: in_process(app),
            "the same, pipelined, in process": lambda: in_process(other),
            "POST /query, uvicorn": lambda: over_tcp(reader, writer, "/query"),
            "the same, pipelined, uvicorn": lambda: over_tcp(reader, writer, "/pipelined/query"),
        }
        rows = [list(row) for row in await ways["asyncpg, held connection"]()]
        assert len(rows) == 5
        for name in list(ways)[3:]:
            answered = json.loads(await ways[name]())["rows"]
            assert [(row[0], row[1]) for row in answered] == [(row[0], row[1]) for row in rows]

        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                started = perf_counter()
                await way()
                times[name].append(perf_counter() - started)

        writer.close()
        server.should_exit = True
        await serving
    await connection.close()

    base = median(times["asyncpg, held connection"])
    print(f"\np50 of {ROUNDS} requests each, interleaved; a 5-row aggregate")
    for name, taken in times.items():
        print(f"  {name:32} {median(taken) * 1e6:7.0f} µs   {median(taken) / base:5.2f} ×")
    assert median(times["POST /query, in process"]) < 10 * base


async def in_process(app: FastAPI) -> bytes:
    """One request as a server makes it, without a client library's cost."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/query",
        "raw_path": b"/query",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    messages = iter([{"type": "http.request", "body": BODY, "more_body": False}])
    gone = asyncio.Event()
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.append(message["body"])

    await app(scope, receive, send)
    return b"".join(sent)


HEAD = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes:
    """One request on a connection that is kept."""
    writer.write(HEAD % (path.encode(), len(BODY)) + BODY)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.partition(b":")[2]))

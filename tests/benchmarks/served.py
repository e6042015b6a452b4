"""The application that is measured over HTTP, in a process of its own, and a client that costs little.

    async with serving(dsn) as server:
        status, size = await (await server.connect()).ask("POST", "/query", question)

Beside Prismiq's routes it has `/bare`, a Starlette route of a constant, `/watch`: how long the event loop was held since
it was asked last, and `/cpu`: the seconds that the process has computed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from prismiq import AccessPolicy, PrismiqEngine, RequestContext, create_router
from prismiq.settings import Settings

CONSTANT = b'{"columns":[],"rows":[[1,2.5,"three"]]}' * 8


def create_app() -> FastAPI:
    """The application, as BENCHMARK in the environment describes it."""
    wanted = json.loads(os.environ["BENCHMARK"])
    policy = AccessPolicy.model_validate(wanted["policy"])
    engine = PrismiqEngine(wanted["dsn"], policy=policy, settings=Settings(**wanted["settings"]))
    held = Held()

    async def get_context(request: Request) -> RequestContext:
        return RequestContext(user="u", tenant=request.headers.get("tenant"))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(held.watch())
        async with engine:
            gc.collect()
            gc.freeze()  # as `prismiq serve` does
            yield
        watching.cancel()

    async def bare(request: Request) -> Response:
        await request.body()
        return Response(CONSTANT, media_type="application/json")

    async def watch(request: Request) -> Response:
        longest, held.longest = held.longest, 0.0
        return Response(str(longest))

    async def cpu(request: Request) -> Response:
        return Response(str(process_time()))

    app = FastAPI(lifespan=lifespan)
    app.include_router(create_router(engine, get_context=get_context))
    app.router.add_route("/bare", bare, methods=["POST"])
    app.router.add_route("/watch", watch)
    app.router.add_route("/cpu", cpu)
    return app


class Held:
    """The longest time that nothing else had a turn."""

    longest = 0.0

    async def watch(self) -> None:
        while True:
            started = perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, perf_counter() - started - 0.001)


class Server:
    """A running server, and one connection to it."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self._status = Path(f"/proc/{pid}/status")
        self._refs = Path(f"/proc/{pid}/clear_refs")

    async def connect(self) -> Link:
        """Another connection."""
        return Link(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**20))

    def memory(self) -> tuple[int, int]:
        """Bytes in use, and at most since `forget_peak`."""
        fields = dict(line.split(":", 1) for line in self._status.read_text().splitlines() if ":" in line)
        return (int(fields["VmRSS"].split()[0]) * 1024, int(fields["VmHWM"].split()[0]) * 1024)

    def forget_peak(self) -> None:
        """Counts the peak of memory from now."""
        self._refs.write_text("5")


class Link:
    """A kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.first_byte = 0.0

    async def ask(self, method: str, path: str, body: object = None, headers: str = "") -> tuple[int, int]:
        """One request. Returns the status and how many bytes came; their contents are not kept."""
        content = b"" if body is None else json.dumps(body).encode()
        started = perf_counter()
        head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n{headers}"
        self._writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        self.first_byte = perf_counter() - started
        status = int(answer[9:12])
        if b"transfer-encoding: chunked" not in answer:
            length = next((line for line in answer.split(b"\r\n") if line.startswith(b"content-length:")), b":0")
            size = int(length.partition(b":")[2])
            await self._reader.readexactly(size)
            return status, size
        size = 0
        while chunk := int((await self._reader.readuntil(b"\r\n")).strip(), 16):
            size += chunk
            left = chunk + 2
            while left:
                left -= len(await self._reader.read(min(left, 2**18)))
        await self._reader.readexactly(2)
        return status, size

    async def text(self, path: str) -> str:
        """A short answer as text."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        return (await self._reader.readexactly(int(length.partition(b":")[2]))).decode()

    def close(self) -> None:
        """Ends it."""
        self._writer.close()


@asynccontextmanager
async def serving(dsn: str, *, policy: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[Server]:
    """Serves the application for as long as the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wanted = {"dsn": dsn, "policy": policy or AccessPolicy.open().model_dump(mode="json"), "settings": settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", "--factory", "benchmarks.served:create_app", "--log-level", "error",
        "--no-access-log", "--timeout-keep-alive", "600", "--fd", str(listener.fileno()),
        pass_fds=[listener.fileno()],
        env={**os.environ, "BENCHMARK": json.dumps(wanted), "PYTHONPATH": os.pathsep.join(["tests", *sys.path])},
    )  # fmt: skip
    try:
        server = Server(listener.getsockname()[1], process.pid)
        link = await server.connect()
        await link.ask("GET", "/health/ready")
        link.close()
        yield server
    finally:
        process.terminate()
        await process.wait()
        listener.close()

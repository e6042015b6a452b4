"""An application as a host writes it, a client inside the process, and a real server for what needs a connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from prismiq.access import AccessPolicy
from prismiq.api import create_router, public_context
from prismiq.engine import PrismiqEngine

Connect = Callable[[FastAPI], httpx.AsyncClient]
Serve = Callable[[FastAPI], AbstractAsyncContextManager[tuple[str, int]]]
Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
async def engine(shared_shop_dsn: str) -> AsyncIterator[PrismiqEngine]:
    """The shop, open to all."""
    async with PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open()) as engine:
        yield engine


@pytest.fixture
def app(engine: PrismiqEngine) -> FastAPI:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=public_context))
    return app


@pytest.fixture
def connect() -> Connect:
    """A client for an application in this process."""

    def make(app: FastAPI) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host")

    return make


@pytest.fixture
async def client(app: FastAPI, connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(app) as client:
        yield client


@pytest.fixture
def serve() -> Serve:
    """Serves an application on a free port for as long as the block."""

    @asynccontextmanager
    async def run(app: Any) -> AsyncIterator[tuple[str, int]]:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            await serving

    return run


@pytest.fixture
def until() -> Until:
    """Waits for a condition of the world outside; fails after 20 seconds."""

    async def wait(holds: Callable[[], Awaitable[bool]]) -> None:
        async def poll() -> None:
            while True:
                if await holds():
                    return
                await asyncio.sleep(0.005)

        await asyncio.wait_for(poll(), 20)

    return wait

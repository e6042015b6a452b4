from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from prismiq.execution import Database
from prismiq.sql import Statement
from prismiq.testing import TemporaryPostgres


@pytest.fixture
def own_server() -> Iterator[TemporaryPostgres]:
    """A server that the test may stop and start."""
    with TemporaryPostgres() as server:
        yield server


Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


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


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL that is sent for questions, as it is sent."""
    sent: list[str] = []
    run = Database.run

    async def noted(self: Database, statement: Statement, *rest: Any) -> Any:
        sent.append(statement.sql)
        return await run(self, statement, *rest)

    monkeypatch.setattr(Database, "run", noted)
    return sent

"""Two instances on one store, many editors at once, and the ends of processes in the middle of writing.

What must hold: no change is lost, no answer is a 500, and what was acknowledged is there afterwards.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.demo.processes import gone, processes_of, wait_until
from prismiq.dashboards import PostgresStore
from prismiq.embedded import EmbeddedPostgres

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
EDITORS, EDITS = 10, 20
WRITERS = 8
WIDGET: dict[str, Any] = {"type": "text", "text": "x", "position": {"x": 0, "y": 0, "w": 1, "h": 1}}


@asynccontextmanager
async def instance(dsn: str) -> AsyncIterator[tuple[httpx.AsyncClient, subprocess.Popen[str]]]:
    """`prismiq serve` in a process of its own, with its store in the same database."""
    command = [sys.executable, "-m", "prismiq", "serve", "--port", "0"]
    environment = {**os.environ, "PRISMIQ_DATABASE_URL": dsn, "PRISMIQ_STORE_DSN": dsn, "PYTHONUNBUFFERED": "1"}
    process = await asyncio.to_thread(subprocess.Popen, command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = await asyncio.to_thread(process.stdout.readline)
        url = re.search(r"http://\S+(?=\.)", said)
        assert url, said
        # Shorter than uvicorn keeps a connection, which would close it just when it is used again.
        limits = httpx.Limits(max_connections=20, keepalive_expiry=1)
        async with httpx.AsyncClient(base_url=url[0], timeout=60, limits=limits) as client:
            yield client, process
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
        process.stdout.close()


async def migrated(dsn: str) -> None:
    store = PostgresStore(dsn)
    await store.open()
    await store.migrate()
    await store.close()


async def test_two_hundred_edits_and_as_many_reads_by_two_instances(dsn: str) -> None:
    await migrated(dsn)
    answers: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        clients = [(await stack.enter_async_context(instance(dsn)))[0] for _ in range(2)]
        made = (await clients[0].post("/dashboards", json={"title": "Shared", "visibility": {"tenant": "edit"}})).json()
        path = f"/dashboards/{made['id']}"

        async def edit(number: int) -> None:
            """Reads, adds a tag or a widget, and does so anew where another was quicker."""
            client = clients[number % 2]
            for turn in range(EDITS):
                mark = f"e{number}-{turn}"
                while True:
                    read = await client.get(path)
                    answers[read.status_code] += 1
                    headers = {"if-match": read.headers["etag"]}
                    if number % 2:
                        widget = {
                            **WIDGET,
                            "id": mark,
                            "position": {"x": turn % 10, "y": number + turn // 10, "w": 1, "h": 1},
                        }
                        response = await client.post(path + "/widgets", json=widget, headers=headers)
                    else:
                        titles = {"description": f"{read.json()['description']}{mark};"}
                        response = await client.patch(path, json=titles, headers=headers)
                    answers[response.status_code] += 1
                    if response.status_code in (200, 201):
                        break
                    assert response.status_code == 412, response.text

        async def look() -> None:
            """Reads and lists meanwhile: a version once seen is never followed by an older one."""
            seen = 0
            for turn in range(EDITORS * EDITS // 2):
                client = clients[turn % 2]
                board = (await client.get(path)).json()
                assert board["version"] >= seen
                seen = board["version"]
                listed = await client.get("/dashboards", params={"search": "shared"})
                assert [each["id"] for each in listed.json()["items"]] == [made["id"]]

        await asyncio.gather(*(edit(number) for number in range(EDITORS)), look())
        final = (await clients[1].get(path)).json()
    marks = [f"e{number}-{turn}" for number in range(EDITORS) for turn in range(EDITS)]
    written = [*final["description"].split(";")[:-1], *(widget["id"] for widget in final["widgets"])]
    assert sorted(written) == sorted(marks)
    assert final["version"] == 1 + EDITORS * EDITS
    assert set(answers) <= {200, 201, 412}


@pytest.fixture
def durable() -> Iterator[EmbeddedPostgres]:
    """A server that waits for the disk, as one in production does."""
    folder = Path(tempfile.mkdtemp(prefix="prismiq-durable-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


class Writer:
    """Counts up in a dashboard of its own, and knows what it was told."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.acknowledged = 0
        self.tried = 0

    async def run(self, client: httpx.AsyncClient, stop: asyncio.Event, answers: Counter[object]) -> None:
        while not stop.is_set():
            self.tried = self.acknowledged + 1
            try:
                response = await client.patch(
                    self.path, json={"refresh_interval": 100 + self.tried}, headers={"if-match": "*"}
                )
            except httpx.TransportError as error:
                answers[type(error)] += 1
                return
            answers[response.status_code] += 1
            if response.status_code != 200:
                return
            self.acknowledged = self.tried

    async def check(self, client: httpx.AsyncClient) -> None:
        board = (await client.get(self.path)).json()
        # What was under way when the end came may have happened or not; what was acknowledged has.
        assert board["refresh_interval"] - 100 in (self.acknowledged, self.tried)
        self.acknowledged = board["refresh_interval"] - 100


async def writers_on(client: httpx.AsyncClient) -> list[Writer]:
    made = [
        await client.post("/dashboards", json={"title": f"Counter {each}", "refresh_interval": 100})
        for each in range(WRITERS)
    ]
    return [Writer(f"/dashboards/{response.json()['id']}") for response in made]


def in_full_swing(writers: list[Writer], beyond: int) -> Callable[[], Awaitable[bool]]:
    async def all_are() -> bool:
        return min(each.acknowledged for each in writers) >= beyond

    return all_are


def all_gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: all(gone(pid) for pid in pids)


async def test_postgresql_is_killed_in_the_middle(durable: EmbeddedPostgres, until: Until) -> None:
    dsn = durable.dsn()
    await migrated(dsn)
    answers: Counter[object] = Counter()
    async with instance(dsn) as (client, process):
        writers = await writers_on(client)
        for _ in range(3):
            start = min(each.acknowledged for each in writers)
            working = [asyncio.create_task(each.run(client, asyncio.Event(), answers)) for each in writers]
            await until(in_full_swing(writers, start + 5))
            # Its processes, the first of them first, so that none can tidy up after another.
            pids = [
                durable.pid,
                *(each for each in processes_of(durable.data_dir) if each not in (durable.pid, process.pid)),
            ]
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            await asyncio.gather(*working)
            durable.stop()
            wait_until(all_gone(pids), "PostgreSQL is gone")
            away = await client.get("/dashboards")
            assert (away.status_code, away.json()["code"]) == (503, "database_unavailable")
            durable.start()
            for each in writers:
                await each.check(client)
    assert set(answers) == {200, 503}


async def test_an_instance_is_killed_in_the_middle(dsn: str, until: Until) -> None:
    await migrated(dsn)
    answers: Counter[object] = Counter()
    async with instance(dsn) as (other, _):
        writers = await writers_on(other)
        for _ in range(2):
            async with instance(dsn) as (client, process):
                start = min(each.acknowledged for each in writers)
                working = [asyncio.create_task(each.run(client, asyncio.Event(), answers)) for each in writers]
                await until(in_full_swing(writers, start + 5))
                process.kill()
                await asyncio.gather(*working)
            for each in writers:
                await each.check(other)
        assert len((await other.get("/dashboards")).json()["items"]) == WRITERS
    assert 500 not in answers
    assert answers[200] >= WRITERS * 10

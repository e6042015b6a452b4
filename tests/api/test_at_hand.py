"""What is at hand is given at once; what must be waited for is as if it were awaited whole."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from starlette.requests import Request

from prismiq.api.ids import new_id
from prismiq.api.requests import header, run_while_connected


def request() -> Request:
    async def waits() -> Any:
        await asyncio.Event().wait()

    headers = [(b"accept", b"text/csv"), (b"x", b"1"), (b"accept", b"*/*")]
    return Request({"type": "http", "headers": headers}, waits)


async def test_an_outcome_that_is_there() -> None:
    async def work() -> int:
        return 5

    async def fails() -> int:
        raise ValueError("at once")

    assert await run_while_connected(request(), work()) == 5
    with pytest.raises(ValueError, match="at once"):
        await run_while_connected(request(), fails())


async def test_what_is_waited_for_goes_in_and_out() -> None:
    seen: list[object] = []

    async def work(gate: asyncio.Future[int]) -> int:
        await asyncio.sleep(0)
        try:
            seen.append(await gate)
        except ValueError as error:
            seen.append(error)
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("ended")
        return 1

    for outcome in (3, ValueError("within")):
        gate: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        running = asyncio.ensure_future(run_while_connected(request(), work(gate)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if isinstance(outcome, int):
            gate.set_result(outcome)
        else:
            gate.set_exception(outcome)
        for _ in range(3):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert seen == [outcome, "ended"]
        seen.clear()


async def test_it_runs_in_the_task_that_asked() -> None:
    async def work() -> tuple[object, object]:
        before = asyncio.current_task()
        await asyncio.sleep(0.03)  # past the time after which the client is watched
        return before, asyncio.current_task()

    assert await run_while_connected(request(), work()) == (asyncio.current_task(), asyncio.current_task())


def test_headers_are_looked_up_by_name() -> None:
    asked = request()
    assert [header(asked, name) for name in (b"accept", b"x", b"prefer")] == ["text/csv, */*", "1", ""]


def test_ids_are_never_the_same() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in made)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_fork_has_ids_of_its_own() -> None:
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 32).decode() not in {new_id() for _ in range(200)}
    os.close(reading)
    os.close(writing)

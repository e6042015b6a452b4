"""Whose query runs next."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from prismiq.access.caller import Turn
from prismiq.errors import BusyError, EngineNotOpenError
from prismiq.execution.turns import Turns

A: Turn = ("tenant", "a")
B: Turn = ("tenant", "b")
U: Turn = ("user", "u")


def turns(slots: int, per_tenant: int = 99, max_waiting: int = 99) -> Turns:
    return Turns(slots, per_tenant=per_tenant, max_waiting=max_waiting)


class Served:
    """Those who wait, in the order in which it was their turn."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[Turn] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def wait(self, *who: Turn) -> None:
        async def one(each: Turn) -> None:
            await self.turns.wait(each, timeout=20)
            self.order.append(each)

        self.tasks += [_task(one(each)) for each in who]
        await _everybody()

    async def give_back(self, who: Turn) -> None:
        self.turns.give_back(who)
        await _everybody()


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work)


async def _everybody() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_as_many_as_there_are_slots() -> None:
    waiting = turns(2)
    assert [waiting.take(A), waiting.take(A), waiting.take(B)] == [True, True, False]
    waiting.give_back(A)
    assert waiting.take(B)


async def test_of_a_tenant_not_all_of_them_and_of_a_user_as_many_as_there_are() -> None:
    waiting = turns(3, per_tenant=2)
    assert [waiting.take(A), waiting.take(A), waiting.take(A), waiting.take(B)] == [True, True, False, True]
    others = turns(3, per_tenant=2)
    assert [others.take(U) for _ in range(4)] == [True, True, True, False]


async def test_tenants_in_turn_however_many_of_one_wait() -> None:
    served = Served(turns(1))
    assert served.turns.take(A)
    await served.wait(A, A, A, A, B, B, U)
    for who in (A, A, B, U, A, B, A):
        await served.give_back(who)
    assert served.order == [A, B, U, A, B, A, A]


async def test_a_tenant_at_its_limit_is_passed_over() -> None:
    served = Served(turns(3, per_tenant=1))
    assert served.turns.take(A)
    assert served.turns.take(U)
    assert served.turns.take(U)
    await served.wait(A, A, B)
    await served.give_back(U)
    assert served.order == [B]
    await served.give_back(U)
    assert served.order == [B], "a slot stays free rather than going to a tenant at its limit"
    await served.give_back(A)
    assert served.order == [B, A]
    await served.give_back(A)
    assert served.order == [B, A, A]


async def test_too_many_of_one_wait() -> None:
    served = Served(turns(1, max_waiting=2))
    assert served.turns.take(A)
    await served.wait(A, A)
    with pytest.raises(BusyError, match="waiting already"):
        await served.turns.wait(A, timeout=20)
    await served.wait(B)
    await served.give_back(A)
    await served.give_back(A)
    await served.give_back(B)
    assert served.order == [A, B, A]


async def test_it_was_not_the_callers_turn_in_time() -> None:
    waiting = turns(1)
    assert waiting.take(A)
    with pytest.raises(BusyError, match="in use"):
        await waiting.wait(B, timeout=0.001)
    waiting.give_back(A)
    assert waiting.take(A), "who gave up waits no more"


async def test_who_is_cancelled_loses_no_turn() -> None:
    waiting = turns(1)
    assert waiting.take(A)
    leaving, staying = (_task(waiting.wait(who, timeout=20)) for who in (B, U))
    await _everybody()
    leaving.cancel()
    await _everybody()
    waiting.give_back(A)
    await staying
    waiting.give_back(U)

    assert waiting.take(A)
    leaving, staying = (_task(waiting.wait(who, timeout=20)) for who in (B, U))
    await _everybody()
    waiting.give_back(A)  # it is B's turn now,
    leaving.cancel()  # and in the same moment B leaves
    await asyncio.wait_for(staying, 5)
    with pytest.raises(asyncio.CancelledError):
        await leaving
    waiting.give_back(U)
    assert waiting.take(A)


async def test_all_are_refused_at_the_end() -> None:
    waiting = turns(1)
    assert waiting.take(A)
    left = [_task(waiting.wait(who, timeout=20)) for who in (A, B, B)]
    await _everybody()
    waiting.refuse_all(EngineNotOpenError("over"))
    for each in left:
        with pytest.raises(EngineNotOpenError):
            await each

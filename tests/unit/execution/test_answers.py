"""Which answers are kept, for how long, and how many are computed."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from time import monotonic
from typing import Any

import pytest

from prismiq.errors import BusyError, QueryTimeoutError
from prismiq.execution import answers as module
from prismiq.execution.answers import Answer, Answers, MemoryCache
from prismiq.schema.models import TableRef

ORDERS, PLANES = TableRef("public", "orders"), TableRef("public", "planes")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


class Database:
    """Counts what is computed; each answer says which it is."""

    def __init__(self, *, clock: Clock | None = None, tables: frozenset[TableRef] = frozenset({ORDERS})) -> None:
        self.begun = 0
        self.gate: asyncio.Event | None = None
        self.fails = False
        self._clock, self._tables = clock, tables

    async def __call__(self) -> Answer:
        self.begun += 1
        number = self.begun
        await asyncio.sleep(0)  # as any database
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise QueryTimeoutError("too slow")
        at = monotonic() if self._clock is None else self._clock()
        return Answer(b"%d " % number, b"", self._tables, 1, at)


def answers(*, ttl: float = 0, stale: float = 0, room: int = 100_000) -> Answers:
    return Answers(MemoryCache(room), ttl=ttl, stale=stale)


async def ask(answers: Answers, database: Any, key: Hashable = "q", max_age: float | None = None) -> tuple[int, bool]:
    answer, cached = await answers.get(key, database, max_age=max_age)
    return int(answer.content), cached


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class TestKept:
    async def test_nothing_by_default(self) -> None:
        kept, database = answers(), Database()
        assert [await ask(kept, database) for _ in range(2)] == [(1, False), (2, False)]

    async def test_for_the_time_to_live(self, clock: Clock) -> None:
        kept, database = answers(ttl=10), Database(clock=clock)
        assert await ask(kept, database) == (1, False)
        clock.now += 10
        assert await ask(kept, database) == (1, True)
        clock.now += 0.1
        assert await ask(kept, database) == (2, False)

    async def test_for_as_long_as_the_client_says(self, clock: Clock) -> None:
        kept, database = answers(), Database(clock=clock)
        assert await ask(kept, database, max_age=60) == (1, False)
        clock.now += 59
        assert await ask(kept, database, max_age=60) == (1, True)
        assert await ask(kept, database, max_age=30) == (2, False)
        assert await ask(kept, database, max_age=0) == (3, False)
        assert await ask(kept, database) == (4, False)

    async def test_stale_for_a_while_with_a_new_one_on_its_way(self, clock: Clock) -> None:
        kept, database = answers(ttl=10, stale=20), Database(clock=clock)
        await ask(kept, database)
        clock.now += 25
        assert await ask(kept, database) == (1, True)
        assert await ask(kept, database) == (1, True)
        await turns()
        assert database.begun == 2, "one refresh, however many ask"
        assert await ask(kept, database) == (2, True)
        clock.now += 31
        assert await ask(kept, database) == (3, False)

    async def test_a_failed_refresh_keeps_what_there_is(self, clock: Clock) -> None:
        kept, database = answers(ttl=10, stale=20), Database(clock=clock)
        await ask(kept, database)
        clock.now += 15
        database.fails = True
        assert await ask(kept, database) == (1, True)
        await turns()
        assert await ask(kept, database) == (1, True)
        await kept.close()

    async def test_within_its_room_the_ones_used_last(self) -> None:
        kept, database = answers(ttl=10, room=4 * 510), Database()
        for key in "abc":
            await ask(kept, database, key)
        assert (await ask(kept, database, "a"))[1]
        await ask(kept, database, "d")
        await ask(kept, database, "e")
        assert [(await ask(kept, database, key))[1] for key in ("a", "e")] == [True, True]
        assert not (await ask(kept, database, "b"))[1]

    async def test_not_one_that_takes_all_the_room(self) -> None:
        kept, database = answers(ttl=10, room=800), Database()
        assert [(await ask(kept, database))[1] for _ in range(2)] == [False, False]

    async def test_until_a_table_of_it_is_forgotten(self) -> None:
        kept, orders, planes = answers(ttl=10), Database(), Database(tables=frozenset({PLANES}))
        for _ in range(2):
            await ask(kept, orders, "o")
            await ask(kept, planes, "p")
        kept.forget({ORDERS})
        assert await ask(kept, orders, "o") == (2, False)
        assert await ask(kept, planes, "p") == (1, True)
        kept.forget()
        assert await ask(kept, planes, "p") == (2, False)

    async def test_not_what_was_under_way_when_its_table_was_forgotten(self) -> None:
        kept, database = answers(ttl=10), Database()
        database.gate = asyncio.Event()
        first = asyncio.ensure_future(ask(kept, database))
        await turns()
        kept.forget({ORDERS})
        database.gate.set()
        assert await first == (1, False)
        assert await ask(kept, database) == (2, False)

    async def test_nor_for_whoever_asks_after_that(self) -> None:
        """What is under way may have read the table before it changed."""
        kept, database = answers(ttl=10), Database()
        database.gate = asyncio.Event()
        first = asyncio.ensure_future(ask(kept, database))
        await turns()
        second = asyncio.ensure_future(ask(kept, database))
        await turns()
        kept.forget({ORDERS})
        third = asyncio.ensure_future(ask(kept, database))
        await turns()
        database.gate.set()
        assert [await each for each in (first, second, third)] == [(1, False), (1, False), (2, False)]
        assert await ask(kept, database) == (2, True)


class TestAtOnce:
    async def test_one_is_computed_and_one_is_next(self) -> None:
        """Who asks while one is computed gets one that begins after: the database may have changed since."""
        kept, database = answers(), Database()
        database.gate = asyncio.Event()
        first = asyncio.ensure_future(ask(kept, database))
        await turns()
        others = [asyncio.ensure_future(ask(kept, database)) for _ in range(40)]
        await turns()
        assert database.begun == 1
        database.gate.set()
        assert await first == (1, False)
        assert await asyncio.gather(*others) == [(2, False)] * 40

    async def test_where_age_does_not_matter_all_share_it(self) -> None:
        kept, database = answers(ttl=1), Database()
        assert await asyncio.gather(*(ask(kept, database) for _ in range(40))) == [(1, False)] * 40

    async def test_others_are_not_held_up(self) -> None:
        kept, slow, quick = answers(), Database(), Database()
        slow.gate = asyncio.Event()
        waiting = asyncio.ensure_future(ask(kept, slow, "slow"))
        assert await ask(kept, quick, "quick") == (1, False)
        slow.gate.set()
        await waiting

    async def test_an_error_is_everybodys_who_waited_for_it(self) -> None:
        kept, database = answers(ttl=1), Database()
        database.fails = True
        found = await asyncio.gather(*(ask(kept, database) for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in found] == [QueryTimeoutError] * 5
        assert database.begun == 1
        database.fails = False
        assert await ask(kept, database) == (2, False), "errors are not kept"

    @pytest.mark.parametrize("ttl", [0, 1])
    async def test_when_the_one_who_computes_leaves_another_does(self, ttl: float) -> None:
        kept, database = answers(ttl=ttl), Database()
        database.gate = asyncio.Event()
        first = asyncio.ensure_future(ask(kept, database))
        await turns()
        others = [asyncio.ensure_future(ask(kept, database)) for _ in range(3)]
        await turns()
        first.cancel()
        others[1].cancel()
        await turns()
        assert database.begun == 2
        database.gate.set()
        found = await asyncio.gather(first, *others, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError)
        assert isinstance(found[2], asyncio.CancelledError)
        assert [found[1], found[3]] == [(2, False)] * 2
        assert await ask(kept, database, max_age=0) == (3, False), "nothing is left behind"


def test_the_version_is_of_the_rows() -> None:
    one, same, other = (Answer(text, rest, frozenset(), 1) for text, rest in ((b"a", b"1"), (b"a", b"2"), (b"b", b"1")))
    assert one.version == same.version != other.version
    assert one.body(cached=True) == b"atrue1"
    assert one.body(cached=False) == b"afalse1"


async def test_a_refusal_is_of_whoever_had_the_turn() -> None:
    """A tenant whose own queries take all its turns does not have another one refused, who may ask at once."""
    kept, refuse = answers(), asyncio.Event()

    async def busy() -> Answer:
        await refuse.wait()
        raise BusyError("all turns are taken")

    def get(turn: str, compute: Any) -> asyncio.Task[Any]:
        return asyncio.ensure_future(kept.get("q", compute, max_age=60, turn=turn))

    database = Database()
    asked = [get("acme", busy), get("acme", database), get("globex", database), get("initech", database)]
    await asyncio.sleep(0)
    refuse.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(each, BusyError) for each in found] == [True, True, False, False]
    assert database.begun == 1


async def test_who_is_refused_twice_asks_no_more() -> None:
    kept, tried = answers(), list[str]()

    def get(turn: str) -> asyncio.Task[Any]:
        async def busy() -> Answer:
            tried.append(turn)
            await asyncio.sleep(0)
            raise BusyError("all connections are taken")

        return asyncio.ensure_future(kept.get("q", busy, max_age=60, turn=turn))

    found = await asyncio.gather(*(get(f"t{number}") for number in range(20)), return_exceptions=True)
    assert all(isinstance(each, BusyError) for each in found)
    assert len(tried) == 2

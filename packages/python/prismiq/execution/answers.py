"""Encoded answers: kept while they are fresh, and computed once however many ask at the same time.

An answer is kept under everything it depends on: the compiled statement, the values bound to it, what the session says
of the caller, and how numbers are written. So who may see what is in the key by construction, and a period relative to
now is another key tomorrow.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import blake2b
from time import monotonic
from typing import Any, Protocol

from prismiq.errors import BusyError, PrismiqError
from prismiq.execution.forms import Forms
from prismiq.schema.models import TableRef


@dataclass(frozen=True)
class Answer:
    """A result as it is sent."""

    content: bytes
    """The JSON up to what tells whether it was kept."""
    rest: bytes
    """The JSON after that."""
    tables: frozenset[TableRef]
    rows: int
    at: float = field(default_factory=monotonic)
    key_size: int = 0
    """Bytes of what it is kept under."""

    @property
    def size(self) -> int:
        """Bytes that keeping it takes, about."""
        return len(self.content) + len(self.rest) + self.forms.size + self.key_size + 500

    @cached_property
    def forms(self) -> Forms:
        """What a client gets that takes it compressed; kept of a kept one."""
        return Forms()

    def body(self, *, cached: bool) -> bytes:
        """The JSON that a client gets."""
        return b"".join((self.content, b"true" if cached else b"false", self.rest))

    def age(self) -> int:
        """Whole seconds since it was computed."""
        return int(monotonic() - self.at)

    @cached_property
    def version(self) -> str:
        """Equal for equal rows under equal columns, whenever they were computed."""
        return blake2b(self.content, digest_size=12).hexdigest()


class AnswerCache(Protocol):
    """Keeps answers. A second level that instances share fits behind it, too."""

    def get(self, key: Hashable) -> Answer | None:
        """The answer under a key, however old."""
        ...

    def put(self, key: Hashable, answer: Answer) -> None:
        """Keeps an answer, for as long as there is room."""
        ...

    def forget(self, tables: Collection[TableRef] | None) -> None:
        """Drops the answers that any of the tables is in; all of them for None."""
        ...


class MemoryCache:
    """The answers used last, up to so many bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._room = self._max = max_bytes
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()

    def get(self, key: Hashable) -> Answer | None:
        """The answer under a key, however old."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, answer: Answer) -> None:
        """Keeps an answer; what was used longest ago makes room. One that takes a quarter of it all is not kept."""
        self._drop(key)
        if answer.size > self._max // 4:
            return
        self._kept[key] = answer
        answer.forms.on_growth = partial(self._grow, key, answer)
        self._take(answer.size)

    def _grow(self, key: Hashable, answer: Answer, size: int) -> None:
        """Makes room for another form of an answer, which it is still kept."""
        if self._kept.get(key) is answer:
            self._take(size)

    def _take(self, size: int) -> None:
        self._room -= size
        while self._room < 0:
            self._room += self._kept.popitem(last=False)[1].size

    def forget(self, tables: Collection[TableRef] | None) -> None:
        """Drops the answers that any of the tables is in; all of them for None."""
        for key in [key for key, each in self._kept.items() if tables is None or not each.tables.isdisjoint(tables)]:
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._room += found.size


Compute = Callable[[], Coroutine[Any, Any, Answer]]


class _Flight:
    """One computation, for whoever waits for it."""

    __slots__ = ("_over", "answer", "begun", "error", "turn")

    def __init__(self, begun: int, turn: Hashable) -> None:
        self.begun = begun
        self.turn = turn
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self._over: asyncio.Event | None = None

    async def over(self) -> None:
        """Waits for its end. Without an answer and an error then, whoever computed it has left."""
        if self._over is None:
            self._over = asyncio.Event()
        await self._over.wait()

    def end(self) -> None:
        """Lets everybody go on who waits."""
        if self._over is not None:
            self._over.set()


class Answers:
    """Finds an answer, waits for the one under way, or has it computed.

    Who wants an answer that is fresh now never gets one whose computation began before it asked: the database may have
    changed in between, perhaps by this very caller. So however many ask, one computation runs and one is next.
    """

    def __init__(self, cache: AnswerCache, *, ttl: float, stale: float) -> None:
        self._cache = cache
        self._ttl = ttl
        self._stale = stale
        self._flights: dict[Hashable, _Flight] = {}
        self._count = 0
        self._refreshing: dict[Hashable, asyncio.Task[None]] = {}
        self._forgotten_at = 0
        """What has begun by then may have read what is to be forgotten."""

    def keeps(self, max_age: float | None) -> bool:
        """Whether an answer is kept for whoever asks so."""
        return (self._ttl if max_age is None else max_age) > 0

    async def get(
        self, key: Hashable, compute: Compute, *, max_age: float | None, turn: Hashable = None
    ) -> tuple[Answer, bool]:
        """The answer, and whether it was kept. It is computed in the `turn` of whoever asks first.

        One of at most `max_age` seconds will do, by default of the cache's own `ttl`; for `stale` seconds more it is
        still given while a new one is computed. Raises what `compute` raises.
        """
        oldest = self._ttl if max_age is None else max_age
        if oldest > 0:
            found = self._cache.get(key)
            if found is not None:
                age = monotonic() - found.at
                if age <= oldest:
                    return found, True
                if max_age is None and age <= oldest + self._stale:
                    self._refresh(key, compute, turn)
                    return found, True
        return await self._computed(key, compute, turn, keep=oldest > 0), False

    def forget(self, tables: Collection[TableRef] | None = None) -> None:
        """Drops what is kept of these tables, or all; what is being computed will not be kept, and is for nobody who
        asks from now on."""
        self._count = self._forgotten_at = self._count + 1
        self._cache.forget(tables)

    async def close(self) -> None:
        """Ends what is computed for nobody, and drops all."""
        tasks = list(self._refreshing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.forget()

    async def _computed(self, key: Hashable, compute: Compute, turn: Hashable, *, keep: bool) -> Answer:
        self._count += 1
        begun_after = self._forgotten_at if keep else self._count
        refused = False
        while (flight := self._flights.get(key)) is not None:
            await flight.over()
            if flight.begun > begun_after:
                if flight.error is not None:
                    if isinstance(flight.error, BusyError) and flight.turn != turn and not refused:
                        refused = True  # that was another's turn, not this caller's
                        continue
                    raise flight.error
                if flight.answer is not None:
                    return flight.answer
        self._count += 1
        flight = self._flights[key] = _Flight(self._count, turn)
        forgotten = self._forgotten_at
        try:
            flight.answer = await compute()
        except Exception as error:
            flight.error = error
            raise
        finally:
            del self._flights[key]
            flight.end()
        if keep and forgotten == self._forgotten_at:
            self._cache.put(key, flight.answer)
        return flight.answer

    def _refresh(self, key: Hashable, compute: Compute, turn: Hashable) -> None:
        """Computes it for the cache, once, for nobody in particular."""
        if key in self._refreshing or key in self._flights:
            return

        async def refresh() -> None:
            try:
                with suppress(PrismiqError):  # whoever asks next has the error itself
                    await self._computed(key, compute, turn, keep=True)
            finally:
                del self._refreshing[key]

        self._refreshing[key] = asyncio.ensure_future(refresh())

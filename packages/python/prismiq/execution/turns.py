"""Whose query runs next: so many at once, of one tenant not all of them, and those that wait by turns of who asks."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque

from prismiq.access.caller import Turn
from prismiq.errors import BusyError

_Waiting = deque["asyncio.Future[None]"]


class Turns:
    """Lets at most `slots` callers run, and of one tenant at most `per_tenant`.

    Who waits is served in turn, one query of each tenant (or user without one) after the other, so that a tenant with
    a hundred queries delays another's single one by one query and not by a hundred.
    """

    def __init__(self, slots: int, *, per_tenant: int, max_waiting: int) -> None:
        self._free = slots
        self._per_tenant = per_tenant
        self._max_waiting = max_waiting
        self._running: Counter[Turn] = Counter()
        self._waiting: OrderedDict[Turn, _Waiting] = OrderedDict()

    def take(self, who: Turn) -> bool:
        """Takes a turn where one is free. False: wait for it."""
        if self._free and (who[0] != "tenant" or self._running[who] < self._per_tenant):
            self._free -= 1
            self._running[who] += 1
            return True
        return False

    async def wait(self, who: Turn, *, timeout: float) -> None:
        """Waits until it is the caller's turn, which is then taken.

        Raises BusyError when too many of the same caller wait already, or after `timeout` seconds.
        """
        if who[0] != "engine" and len(self._waiting.get(who, ())) >= self._max_waiting:
            raise _too_many()
        queue = self._waiting.setdefault(who, deque())
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        queue.append(mine)
        timer = loop.call_later(timeout, _expire, mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled() and mine.exception() is None:
                self.give_back(who)  # it came in the same moment as the cancellation
            raise
        finally:
            timer.cancel()
            if mine in queue:
                queue.remove(mine)
            if not queue and self._waiting.get(who) is queue:
                del self._waiting[who]

    def give_back(self, who: Turn) -> None:
        """Ends a turn; the next who waits has it."""
        self._free += 1
        self._running[who] -= 1
        if not self._running[who]:
            del self._running[who]
        self._serve()

    def refuse_all(self, error: Exception) -> None:
        """Ends all waiting with an error."""
        for queue in self._waiting.values():
            for turn in queue:
                if not turn.done():
                    turn.set_exception(error)

    def _serve(self) -> None:
        for who in list(self._waiting):
            if not self._free:
                return
            queue = self._waiting[who]
            while queue and queue[0].done():
                queue.popleft()
            if queue and self.take(who):
                queue.popleft().set_result(None)
                self._waiting.move_to_end(who)


def _expire(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(
            BusyError(
                "All connections to PostgreSQL are in use.",
                hint="Try again in a moment, or raise PRISMIQ_POOL_MAX_SIZE.",
            )
        )


def _too_many() -> BusyError:
    return BusyError(
        "Too many queries of this caller are waiting already.",
        hint="Send fewer at once, or raise PRISMIQ_MAX_WAITING_PER_TENANT.",
    )

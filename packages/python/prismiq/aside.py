"""Work that would hold the event loop, done in a thread, and once for whoever waits for the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

MANY_TABLES = 100
"""From so many on what is made of a whole schema takes milliseconds."""


class Aside(Generic[T]):
    """Makes things in threads. What is made must depend on nothing that others change meanwhile."""

    def __init__(self) -> None:
        self._making: dict[Hashable, asyncio.Future[T]] = {}

    async def make(self, key: Hashable, work: Callable[[], T]) -> T:
        """What `work` gives, or what it gives to another who asked for the same key. Raises what it raises.

        Who is cancelled leaves it to the others.
        """
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.ensure_future(asyncio.to_thread(work))
            making.add_done_callback(lambda _: self._making.pop(key))
        return await asyncio.shield(making)

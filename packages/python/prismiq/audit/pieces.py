"""The pieces of an answer, and who wants to know how they end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any


class Pieces(AsyncGenerator[bytes, None]):
    """The same pieces. `over` is called once: with None when they are at their end, with the error that ended them, or
    with GeneratorExit where not all were wanted, also where none was."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], over: Callable[[BaseException | None], object]) -> None:
        self._pieces = pieces
        self._over: Callable[[BaseException | None], object] | None = over

    async def asend(self, value: None) -> bytes:
        """The next piece."""
        try:
            return await self._pieces.asend(value)
        except StopAsyncIteration:
            self._end(None)
            raise
        except BaseException as error:
            self._end(error)
            raise

    async def athrow(self, *error: Any) -> bytes:
        """Raises an error where the pieces are made."""
        try:
            return await self._pieces.athrow(*error)
        except BaseException as raised:
            self._end(raised)
            raise

    async def aclose(self) -> None:
        """Ends them."""
        try:
            await self._pieces.aclose()
        finally:
            self._end(GeneratorExit())

    def _end(self, error: BaseException | None) -> None:
        over, self._over = self._over, None
        if over is not None:
            over(error)

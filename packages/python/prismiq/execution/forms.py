"""What is made of some content once, however many want it: its compressed forms."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any


class Forms:
    """The forms of one content by their names, of which those worth it are kept."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes of those that are kept."""
        self.on_growth: Callable[[int], None] | None = None
        """Is told of the bytes of each that is kept from now on."""
        self._kept: dict[str, bytes] = {}
        self._making: dict[tuple[str, bool], asyncio.Task[bytes]] = {}

    async def get(self, name: str, make: Callable[[], Coroutine[Any, Any, bytes]], *, keep: bool = True) -> bytes:
        """The form of that name: a kept one, that which is being made, or what `make` makes. Who does not keep it
        means another content."""
        if keep and (kept := self._kept.get(name)) is not None:
            return kept
        making = self._making.get((name, keep))
        if making is None:
            making = self._making[name, keep] = asyncio.ensure_future(self._make(name, make, keep))
        return await asyncio.shield(making)  # it is not only for whoever leaves

    async def _make(self, name: str, make: Callable[[], Coroutine[Any, Any, bytes]], keep: bool) -> bytes:
        try:
            made = await make()
        finally:
            del self._making[name, keep]
        if keep:
            self._kept[name] = made
            self.size += len(made)
            if self.on_growth is not None:
                self.on_growth(len(made))
        return made


class FormsOfSome:
    """The forms of the contents that were sent last."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._forms: OrderedDict[bytes, Forms] = OrderedDict()

    def of(self, content: bytes) -> Forms:
        """Those of this content; equal contents have the same."""
        found = self._forms.get(content)
        if found is None:
            found = self._forms[content] = Forms()
            if len(self._forms) > self._count:
                self._forms.popitem(last=False)
        else:
            self._forms.move_to_end(content)
        return found

"""Several questions' values in one place, so that what is the same in all of them is the same in their shapes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from prismiq.calendars import Clock
from prismiq.query.shape import QueryShape, Slot, Values
from prismiq.query.walks import rewritten


@dataclass(frozen=True, slots=True)
class Posed:
    """A question's shape and values, and the clock of its outermost query."""

    shape: QueryShape
    values: Values
    clock: Clock


class Pool:
    """Gives equal values, read by the same clock, one slot."""

    def __init__(self) -> None:
        self._slots: dict[Hashable, Slot] = {}
        self._values: list[object] = []
        self._clocks: dict[int, Clock] = {}

    def shape_of(self, posed: Posed) -> QueryShape:
        """The shape with the slots of the pool."""

        def change(part: object) -> object | None:
            return self._pooled(part, posed) if isinstance(part, Slot) else None

        return cast("QueryShape", rewritten(posed.shape, change))

    def add(self, value: int) -> int:
        """The index of a slot for a number of the engine's own."""
        self._values.append(value)
        return len(self._values) - 1

    def values(self) -> Values:
        """All that is in it."""
        return Values(tuple(self._values), None, 0, dict(self._clocks))

    def _pooled(self, slot: Slot, posed: Posed) -> Slot:
        value = posed.values.slots[slot.index]
        clock = posed.values.clocks.get(slot.index, posed.clock)
        key = (replace(slot, index=0, loc=()), repr(value), clock)
        found = self._slots.get(key)
        if found is None:
            found = self._slots[key] = replace(slot, index=len(self._values))
            self._values.append(value)
            self._clocks[found.index] = clock
        return found


def same_rows(posed: Sequence[Posed]) -> list[list[int]]:
    """The places of the questions that are asked of the same rows: of one source, its joins and filters with their
    values, by one clock. Whoever is alone is left out."""
    found: dict[Hashable, list[int]] = {}
    pool = Pool()
    for place, each in enumerate(posed):
        asked = replace(each.shape, dimensions=(), measures=(), calculations=(), columns=(), having=None, top=None)
        asked = pool.shape_of(
            replace(each, shape=replace(asked, pivot=None, totals=None, comparison=None, order_by=()))
        )
        found.setdefault((asked, each.clock), []).append(place)
    return [places for places in found.values() if len(places) > 1]

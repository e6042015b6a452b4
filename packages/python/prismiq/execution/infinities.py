"""Infinite dates and timestamps, which the driver gives as Python's first and last ones.

Those are days of their own, too. But for an infinity the driver always gives one and the same object, by which it is
known here: no other value is that object.
"""

from __future__ import annotations

from datetime import date
from typing import Any

_ALL = """
    SELECT date 'infinity', timestamp 'infinity', timestamptz 'infinity',
        date '-infinity', timestamp '-infinity', timestamptz '-infinity'
"""
"""Hand-written, since it asks for nothing but how values are read."""

_known: dict[int, tuple[date, str]] = {}
"""The driver's objects by their identity. They are held, so that nothing else can have it."""


async def learn(connection: Any) -> None:
    """Learns how the driver reads infinities. Where a codec of the host's makes others of them, these are its own
    business."""
    record = await connection.fetchrow(_ALL)
    for place, value in enumerate(record):
        if isinstance(value, date):
            _known[id(value)] = value, "infinity" if place < len(record) / 2 else "-infinity"


async def learn_once(connection: Any) -> None:
    """The same with a connection of the engine's own, unless one has taught it already."""
    if not _known:
        await learn(connection)


def named(value: Any) -> Any:
    """The name of an infinity; anything else as it is."""
    found = _known.get(id(value))
    return value if found is None else found[1]


def is_any_infinite(values: Any) -> bool:
    """Whether one of the values is an infinity."""
    return not _known.keys().isdisjoint(map(id, values))

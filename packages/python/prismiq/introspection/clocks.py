"""Whether PostgreSQL's clocks show what those here do: each side has a database of time zones of its own.

Buckets are PostgreSQL's, and the bounds of periods and what is filled are computed here. Where a zone's rules changed
and one side does not know yet, they do not fit together.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta, timezone
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.zones import zone_of

_AHEAD = """
    SELECT array_agg(extract(epoch FROM timezone(':' || $1, at) - timezone('UTC', at))::int ORDER BY at)
    FROM unnest($2::timestamptz[]) AS at
"""
"""Hand-written, since it is no query of anybody's: by how many seconds a zone's clock is ahead at each moment."""

_SPAN = timedelta(days=400)
_STEP = timedelta(days=10)


async def clocks_apart(connection: Any, zones: Collection[str], now: datetime) -> frozenset[str]:
    """The zones whose clocks show something else in PostgreSQL than here, within some 400 days of `now`."""
    first = now.astimezone(timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0) - _SPAN
    moments = [first + step * _STEP for step in range(2 * _SPAN // _STEP)]
    apart: set[str] = set()
    for name in zones:
        zone = zone_of(name)
        ours = [round((each.astimezone(zone).utcoffset() or timedelta()).total_seconds()) for each in moments]
        if await _ahead(connection, name, moments) != ours:
            apart.add(name)
    return frozenset(apart)


async def _ahead(connection: Any, name: str, moments: list[datetime]) -> list[int] | None:
    """By how many seconds PostgreSQL's clock of a zone is ahead; None where it knows no such zone."""
    within = connection.is_in_transaction()  # which would end with an error
    if within:
        await connection.execute("SAVEPOINT before_clock")
    try:
        return await connection.fetchval(_AHEAD, name, moments)
    except asyncpg.DataError:
        if within:
            await connection.execute("ROLLBACK TO SAVEPOINT before_clock")
        return None

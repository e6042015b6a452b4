"""A daily series in a zone with daylight saving time, against the SQL that a person would write.

uv run pytest tests/benchmarks/test_time_buckets.py --benchmark -s
"""

from __future__ import annotations

import asyncpg
import pytest

from benchmarks.ways import in_turns, report
from prismiq import PrismiqEngine

ROWS = 10_000_000
ROUNDS = 5
SERIES = {
    "source": "events",
    "dimensions": [{"name": "day", "field": "at", "granularity": "day"}],
    "measures": ["count", "sum(amount)"],
    "filters": [{"field": "at", "operator": "in_period", "value": {"from": "2025-01-01", "to": "2026-01-01"}}],
    "time_zone": "America/New_York",
}
BY_HAND = """
    SELECT date_trunc('day', at, 'America/New_York'), count(*), sum(amount) FROM events
    WHERE at >= '2025-01-01 America/New_York' AND at < '2026-01-01 America/New_York'
    GROUP BY 1 ORDER BY 1
"""


@pytest.mark.benchmark
async def test_daily_series_in_new_york(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    await connection.execute(
        "CREATE TABLE events AS SELECT '2024-12-15'::timestamptz + n * interval '3.6 seconds' AS at, n % 100 AS amount "
        f"FROM generate_series(1, {ROWS}) AS n"
    )
    await connection.execute("ANALYZE events")
    async with PrismiqEngine(dsn) as engine:
        ways = {"by hand": lambda: connection.fetch(BY_HAND), "Prismiq": lambda: engine.execute_query(SERIES)}
        times = await in_turns(ways, ROUNDS)
        found, expected = (await engine.execute_query(SERIES)).rows, await connection.fetch(BY_HAND)
    await connection.close()
    assert [row[1:] for row in found] == [tuple(row)[1:] for row in expected]
    ratios = report(f"{ROWS:,} rows by day in New York", times)
    assert ratios["Prismiq"] < 2

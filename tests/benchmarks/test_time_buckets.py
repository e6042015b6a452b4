"""A daily series in a zone with daylight saving time, against the SQL that a person would write.

uv run pytest tests/benchmarks/test_time_buckets.py --benchmark -s
"""

from __future__ import annotations

from statistics import median
from time import perf_counter

import asyncpg
import pytest

from prismiq import PrismiqEngine

ROWS = 2_000_000
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
        "CREATE TABLE events AS SELECT '2024-12-15'::timestamptz + n * interval '18 seconds' AS at, n % 100 AS amount "
        f"FROM generate_series(1, {ROWS}) AS n"
    )
    await connection.execute("ANALYZE events")
    times: dict[str, list[float]] = {"by hand": [], "Prismiq": []}
    async with PrismiqEngine(dsn) as engine:
        for _ in range(ROUNDS):
            started = perf_counter()
            expected = await connection.fetch(BY_HAND)
            times["by hand"].append(perf_counter() - started)
            started = perf_counter()
            found = await engine.execute_query(SERIES)
            times["Prismiq"].append(perf_counter() - started)
    await connection.close()
    assert [row[1:] for row in found.rows] == [tuple(row)[1:] for row in expected]
    by_hand, ours = median(times["by hand"]), median(times["Prismiq"])
    print(
        f"\n{ROWS:,} rows by day in New York: {ours * 1e3:.0f} ms, by hand {by_hand * 1e3:.0f} ms: {ours / by_hand:.2f} ×"
    )

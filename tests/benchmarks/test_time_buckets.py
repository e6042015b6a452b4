"""Series and heat maps in a zone with daylight saving time, against the SQL that a person would write.

uv run pytest tests/benchmarks/test_time_buckets.py --benchmark -s
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import pytest

from benchmarks.ways import in_turns, report
from prismiq import PrismiqEngine

ROWS = 10_000_000
ROUNDS = 5
ZONE = "America/New_York"
LOCAL = f"at AT TIME ZONE '{ZONE}'"
BUCKETS = {
    "day": f"date_trunc('day', at, '{ZONE}')",
    "hour": f"date_trunc('hour', at, '{ZONE}')",
    "day_of_week": f"extract(isodow FROM {LOCAL})",
    "hour_of_day": f"extract(hour FROM {LOCAL})",
}


def by_hand(granularities: Sequence[str]) -> str:
    keys = range(1, len(granularities) + 1)
    return f"""
        SELECT {", ".join(BUCKETS[each] for each in granularities)}, count(*), sum(amount) FROM events
        WHERE at >= '2025-01-01 {ZONE}' AND at < '2026-01-01 {ZONE}'
        GROUP BY {", ".join(map(str, keys))} ORDER BY {", ".join(map(str, keys))}
    """


@pytest.mark.benchmark
@pytest.mark.parametrize("granularities", [["day"], ["hour"], ["day_of_week", "hour_of_day"]], ids=" × ".join)
async def test_in_new_york(dsn: str, granularities: list[str]) -> None:
    question = {
        "source": "events",
        "dimensions": [{"name": each, "field": "at", "granularity": each} for each in granularities],
        "measures": ["count", "sum(amount)"],
        "filters": [{"field": "at", "operator": "in_period", "value": {"from": "2025-01-01", "to": "2026-01-01"}}],
        "time_zone": ZONE,
    }
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    await connection.execute(
        "CREATE TABLE events AS SELECT '2024-12-15'::timestamptz + n * interval '3.6 seconds' AS at, n % 100 AS amount "
        f"FROM generate_series(1, {ROWS}) AS n"
    )
    await connection.execute("ANALYZE events")
    sql = by_hand(granularities)
    async with PrismiqEngine(dsn) as engine:
        ways = {"by hand": lambda: connection.fetch(sql), "Prismiq": lambda: engine.execute_query(question)}
        times = await in_turns(ways, ROUNDS)
        found, expected = (await engine.execute_query(question)).rows, await connection.fetch(sql)
    await connection.close()
    assert [row[-2:] for row in found] == [tuple(row)[-2:] for row in expected]
    ratios = report(f"{ROWS:,} rows by {' and '.join(granularities)} in New York", times)
    assert ratios["Prismiq"] < 2

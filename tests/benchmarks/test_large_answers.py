"""Large answers over HTTP, against asyncpg's `fetch` of the same rows and against COPY to nowhere.

uv run pytest tests/benchmarks/test_large_answers.py --benchmark -s
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from statistics import median
from typing import Any

import asyncpg
import pytest

from benchmarks.served import serving
from benchmarks.ways import in_turns, report

ROWS = """
    CREATE TABLE events AS SELECT n::bigint AS id, 'name of ' || n % 1000 AS name, (n * 1.37)::numeric(12, 2) AS amount,
        timestamptz '2020-01-01' + n * interval '7 seconds 3 microseconds' AS at, n % 7 * 1.1::float8 AS score,
        date '2020-01-01' + (n % 3000)::int AS day
    FROM generate_series(1, 500000) AS n;
    ALTER TABLE events ADD PRIMARY KEY (id); ANALYZE events
"""
COLUMNS = ["id", "name", "amount", "at", "score", "day"]


@pytest.fixture
async def events(dsn: str) -> AsyncIterator[tuple[str, Any]]:
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    await connection.execute(ROWS)
    yield dsn, connection
    await connection.close()


def question(limit: int | None) -> dict[str, Any]:
    return {"source": "events", "columns": COLUMNS, "order_by": ["id"], "limit": limit}


async def nowhere(_: bytes) -> None:
    pass


@pytest.mark.benchmark
@pytest.mark.parametrize(
    ("rows", "path", "rounds"),
    [(10_000, "/query", 30), (100_000, "/query", 9), (500_000, "/query?format=csv", 5)],
    ids=["10k JSON", "100k JSON", "500k CSV"],
)
async def test_over_http(events: tuple[str, Any], rows: int, path: str, rounds: int) -> None:
    dsn, connection = events
    sql = f"SELECT {', '.join(COLUMNS)} FROM events ORDER BY id LIMIT {rows}"
    async with serving(dsn, row_cap=100_000) as server:
        link = await server.connect()
        asked = question(rows)

        async def over_http() -> None:
            status, size = await link.ask("POST", path, asked)
            assert (status, size > rows * 50) == (200, True)

        ways = {
            "COPY to nowhere": lambda: connection.copy_from_query(sql, output=nowhere),
            "asyncpg, fetch": lambda: connection.fetch(sql),
            f"POST {path}": over_http,
        }
        firsts: list[float] = []
        for _ in range(6):  # before this process, the client, has the rows of `fetch` to put away
            await over_http()
            firsts.append(link.first_byte)
        await link.text("/watch")
        idle, _ = server.memory()
        server.forget_peak()
        times = await in_turns(ways, rounds)
        _, peak = server.memory()
        longest = float(await link.text("/watch"))
        ratios = report(
            f"{rows:,} rows × 6 over HTTP",
            times,
            to_fetch=round(median(times[f"POST {path}"]) / median(times["asyncpg, fetch"]), 2),
            first_byte_ms=round(median(firsts[1:]) * 1e3, 1),
            peak_memory_above_idle_MB=round((peak - idle) / 1e6, 1),
            event_loop_held_ms=round(longest * 1e3, 1),
        )
        link.close()
    assert ratios[f"POST {path}"] < 10

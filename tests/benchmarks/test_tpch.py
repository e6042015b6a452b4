"""TPC-H on PostgreSQL: the time of Prismiq's statements over that of the standard's own SQL.

    uv run pytest tests/benchmarks/test_tpch.py --benchmark -s

Loads scale factor 1 (`PRISMIQ_TPCH_SCALE`), which takes minutes, or uses a database that `PRISMIQ_TPCH_DSN` names.
`PRISMIQ_TPCH_ROUNDS` is how often each is run. The two take turns, so that whatever else the machine does falls on both; the ratio is that of their
medians, and of the best times besides, which noise touches least.
"""

from __future__ import annotations

import asyncio
import json
import os
from statistics import geometric_mean, median, quantiles
from time import perf_counter

import asyncpg
import pytest

from prismiq.testing import TemporaryPostgres
from tpch.data import QUERIES, load, statement_of

SCALE = float(os.environ.get("PRISMIQ_TPCH_SCALE", "1"))
ROUNDS = int(os.environ.get("PRISMIQ_TPCH_ROUNDS", "7"))
SETTINGS = {"jit": "off"}  # as the engine's own connections have it


@pytest.fixture
def large_dsn(postgres_server: TemporaryPostgres) -> str:
    return os.environ.get("PRISMIQ_TPCH_DSN") or asyncio.run(postgres_server.create_template("tpch_large", load(SCALE)))


@pytest.mark.benchmark
async def test_statements_against_the_reference(large_dsn: str) -> None:
    connection = await asyncpg.connect(large_dsn, server_settings=SETTINGS, command_timeout=None)
    found: dict[str, dict[str, float]] = {}
    print("\n query      prismiq   reference   ratio   of the best   spread")
    for folder in QUERIES:
        statement = await statement_of(folder, connection)
        ways = {"prismiq": (statement.sql, *statement.args), "reference": ((folder / "reference.sql").read_text(),)}
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(ROUNDS + 1):
            for way in sorted(ways, reverse=bool(number % 2)):  # neither is always the one that comes second
                started = perf_counter()
                rows = await connection.fetch(*ways[way])
                if number:  # the first warms the cache
                    times[way].append((perf_counter() - started) * 1000)
                assert rows
        ratios = [ours / theirs for ours, theirs in zip(times["prismiq"], times["reference"], strict=True)]
        low, _, high = quantiles(ratios, n=4)
        found[folder.name] = {way: round(median(each), 1) for way, each in times.items()}
        found[folder.name]["ratio"] = ratio = round(median(times["prismiq"]) / median(times["reference"]), 3)
        shown = " ".join(f"{value:8.1f} ms" for value in list(found[folder.name].values())[:2])
        found[folder.name]["best"] = best = round(min(times["prismiq"]) / min(times["reference"]), 3)
        print(f" {folder.name:6} {shown}   {ratio:5.2f}         {best:5.2f}   {low:.2f}–{high:.2f}", flush=True)
    await connection.close()
    means = {key: round(geometric_mean(each[key] for each in found.values()), 3) for key in ("ratio", "best")}
    print(f" geometric mean {means['ratio']}, of the best {means['best']}")
    print(json.dumps({"scale_factor": SCALE, "rounds": ROUNDS, "queries": found, "geometric_mean": means}))

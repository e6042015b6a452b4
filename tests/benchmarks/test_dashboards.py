"""Dashboards of twelve widgets in one request, against the slowest query and against all of them one after the other:
one over five million rows, and the demo's.

uv run pytest tests/benchmarks/test_dashboards.py --benchmark -s
"""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import asyncpg
import pytest

import prismiq.demo
from benchmarks.ways import in_turns, report
from prismiq import MemoryStore, PrismiqEngine, RequestContext
from prismiq.dashboards.files import load_yaml
from prismiq.settings import Settings

ADA = RequestContext(user="ada")
BOARDS = Path(prismiq.demo.__file__).parent / "dashboards"
FILTERS = {"when": {"from": "2013-01-01", "to": "2013-07-01"}}


def twelve() -> dict[str, Any]:
    """The widgets of the demo's dashboards that show flights, on one."""
    boards = [load_yaml(path.read_text(encoding="utf-8")) for path in sorted(BOARDS.glob("*.yaml"))]
    widgets = [widget for board in boards for widget in board["widgets"] if "query" in widget]
    flights = [widget for widget in widgets if widget["query"]["source"] == "flights"][:12]
    placed = [{key: value for key, value in widget.items() if key not in ("position", "link")} for widget in flights]
    assert len(placed) == 12
    return {
        "title": "Twelve",
        "filters": [{"id": "when", "type": "period", "field": "scheduled_departure"}],
        "widgets": placed,
    }


@pytest.mark.benchmark
async def test_twelve_widgets(flights_dsn: str) -> None:
    async with PrismiqEngine(flights_dsn, store=MemoryStore()) as engine:
        made = await engine.dashboards.create(twelve(), ADA)
        names = [widget["id"] for widget in made.definition["widgets"]]
        queries = [await engine.dashboards.widget_query(made.id, name, ADA, filters=FILTERS) for name in names]
        alone: dict[str, list[float]] = {name: [] for name in names}
        firsts: list[float] = []

        async def one_by_one() -> None:
            for name, query in zip(names, queries, strict=True):
                started = perf_counter()
                await engine.answer_query(query, ADA)
                alone[name].append(perf_counter() - started)

        async def at_once() -> None:
            started = perf_counter()
            async with aclosing(await engine.dashboards.data(made.id, ADA, filters=FILTERS)) as answers:
                count = 0
                async for each in answers:
                    count += 1
                    if count == 1:
                        firsts.append(perf_counter() - started)
                    assert each.answer is not None
                    assert json.loads(each.answer.body(cached=False))["row_count"]
            assert count == 12

        times = await in_turns({"one after the other": one_by_one, "the dashboard": at_once}, 9)
        slowest = max(median(taken) for taken in alone.values())
        ratios = report(
            "12 widgets over the demo's flights",
            times,
            slowest_alone_ms=round(slowest * 1e3, 1),
            first_answer_to_slowest=round(median(firsts) / slowest, 2),
            last_answer_to_slowest=round(median(times["the dashboard"]) / slowest, 2),
        )
    assert ratios["the dashboard"] < 2


SALES = """
    CREATE TABLE sales AS SELECT n AS id, timestamptz '2024-01-01' + n * interval '12.6 seconds' AS at,
        (ARRAY['new', 'paid', 'sent', 'done', 'void'])[1 + (hashint4(n) & 1023) % 5] AS status,
        'c' || ((hashint4(n) >> 10) & 1023) % 20 AS country,
        (ARRAY['web', 'shop', 'phone', 'partner'])[1 + ((hashint4(n) >> 20) & 1023) % 4] AS channel,
        ((hashint4(n + 1) & 65535) / 100.0)::numeric(12, 2) AS amount, n % 9 AS quantity
    FROM generate_series(1, 5000000) AS n;
    ANALYZE sales
"""
PERIOD = [{"field": "at", "operator": "in_period", "value": {"from": "2024-03-01", "to": "2025-09-01"}}]


def sales(*dimensions: Any, measures: tuple[str, ...] = ("count", "sum(amount)"), **more: Any) -> dict[str, Any]:
    return {"source": "sales", "dimensions": list(dimensions), "measures": list(measures), "filters": PERIOD, **more}


MONTH, DAY = ({"name": each, "field": "at", "granularity": each} for each in ("month", "day"))
SAME_ROWS: dict[str, dict[str, Any]] = {
    "orders": sales(measures=("count",)),
    "revenue": sales(measures=("sum(amount)",)),
    "average": sales(measures=("avg(amount)",)),
    "largest": sales(measures=("max(amount)",)),
    "days": sales(DAY),
    "months": sales(MONTH, measures=("sum(amount)", "sum(quantity)")),
    "statuses": sales("status"),
    "countries": sales("country", order_by=["-sum_amount"], limit=10),
    "first countries": sales("country", top={"dimension": "country", "by": "sum_amount", "n": 5, "other": "Others"}),
    "channels": sales("channel"),
    "statuses of channels": sales("channel", "status", totals="rollup"),
    "a pivot": sales("country", "channel", measures=("sum(amount)",), pivot={"dimension": "channel"}),
}


@pytest.mark.benchmark
async def test_twelve_widgets_over_the_same_rows(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(SALES)
    await admin.close()
    alone: dict[str, list[float]] = {name: [] for name in SAME_ROWS}
    async with (
        PrismiqEngine(dsn) as engine,
        PrismiqEngine(dsn, settings=Settings(share_scans_from=None)) as unshared,
    ):

        async def one_by_one() -> None:
            for name, query in SAME_ROWS.items():
                started = perf_counter()
                await engine.answer_query(query)
                alone[name].append(perf_counter() - started)

        async def at_once(engine: PrismiqEngine) -> None:
            async with aclosing(await engine.answer_queries(SAME_ROWS)) as answers:
                assert len([each async for each in answers if each.answer is not None]) == 12

        ways = {
            "one after the other": one_by_one,
            "one scan": lambda: at_once(engine),
            "each by itself": lambda: at_once(unshared),
        }
        times = await in_turns(ways, 5)
    slowest = max(median(taken) for taken in alone.values())
    shared, apart = median(times["one scan"]) / slowest, median(times["each by itself"]) / slowest
    report(
        "12 widgets over the same of 5,000,000 rows",
        times,
        slowest_alone_ms=round(slowest * 1e3, 1),
        one_scan_to_slowest=round(shared, 2),
        each_by_itself_to_slowest=round(apart, 2),
    )
    assert shared < apart

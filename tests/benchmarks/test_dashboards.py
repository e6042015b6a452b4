"""A dashboard of twelve widgets in one request, against its slowest query and against all of them one after the other.

uv run pytest tests/benchmarks/test_dashboards.py --benchmark -s
"""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pytest

import prismiq.demo
from benchmarks.ways import in_turns, report
from prismiq import MemoryStore, PrismiqEngine, RequestContext
from prismiq.dashboards.files import load_yaml

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

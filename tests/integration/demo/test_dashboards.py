"""The demo's dashboards: every widget's query runs, with every filter that applies, and shows something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import pytest

from prismiq import PrismiqEngine, RequestContext
from prismiq.dashboards import Dashboard, MemoryStore
from prismiq.dashboards.files import dump_yaml, load_yaml
from prismiq.dashboards.filters import condition, path_for, with_condition
from prismiq.dashboards.reading import read
from prismiq.dashboards.widgets import QueryWidget
from prismiq.demo.database import AUTHOR, prepare_dashboards

FILES = {
    each.name: each.read_text(encoding="utf-8")
    for each in (files("prismiq.demo") / "dashboards").iterdir()
    if each.name.endswith(".yaml")
}
DASHBOARDS = {
    name: read(Dashboard, {key: value for key, value in load_yaml(text).items() if key != "kind"})
    for name, text in FILES.items()
}
WIDGETS = [
    (name, widget.id)
    for name, board in DASHBOARDS.items()
    for widget in board.widgets
    if isinstance(widget, QueryWidget)
]
VALUES: dict[str, Any] = {
    "period": {"from": "2013-03-01", "to": "2013-06-01"},
    "select": "JetBlue Airways",
    "multi_select": ["JFK", "LGA"],
    "number_range": {"min": 2, "max": 30},
    "boolean": False,
}


@pytest.fixture
async def engine(flights_dsn: str) -> AsyncIterator[PrismiqEngine]:
    async with PrismiqEngine(flights_dsn, store=MemoryStore()) as engine:
        yield engine


def test_there_are_two() -> None:
    assert sorted(FILES) == ["punctuality.yaml", "weather-and-delays.yaml"]
    kinds = {widget.type for board in DASHBOARDS.values() for widget in board.widgets}
    assert kinds == {
        "metric",
        "line",
        "area",
        "bar",
        "stacked",
        "pie",
        "scatter",
        "heatmap",
        "table",
        "pivot",
        "funnel",
        "text",
    }


async def test_they_are_stored_as_they_are_written(engine: PrismiqEngine) -> None:
    for _ in range(2):
        await prepare_dashboards(engine)
        page = await engine.dashboards.list(RequestContext(user="public"))
        assert [(each.record.slug, each.version, each.access) for each in page.items] == [
            ("punctuality", 1, "view"), ("weather-and-delays", 1, "view"),
        ]  # fmt: skip
    for stored in page.items:
        exported = await engine.dashboards.export(stored.id, AUTHOR)
        assert exported == load_yaml(FILES[f"{stored.record.slug}.yaml"])
        assert load_yaml(dump_yaml(exported)) == exported


@pytest.mark.parametrize(("board", "name"), WIDGETS)
async def test_every_widget_shows_something(engine: PrismiqEngine, board: str, name: str) -> None:
    dashboard = DASHBOARDS[board]
    widget = next(each for each in dashboard.widgets if each.id == name)
    assert isinstance(widget, QueryWidget)
    assert widget.query is not None
    assert (await engine.execute_query(widget.query)).row_count
    applied = 0
    for one in dashboard.filters:
        path = path_for(one, widget.id)
        for value in (one.default, VALUES[one.type]):
            asked = None if path is None else condition(one, path, value)
            if asked is None:
                continue
            query = with_condition(widget.query, asked)
            if not await engine.validate_query(query):
                applied += 1
                assert (await engine.execute_query(query)).row_count, one.id
    assert applied >= 2

"""What is stored outlives what it was written for: columns that disappear, definitions of another version."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from prismiq import AccessPolicy, DefinitionError, NotFoundError, PrismiqEngine, QueryError, RequestContext, TablePolicy
from prismiq.dashboards import MemoryStore

ADA = RequestContext(user="ada", tenant="acme")
BY_REGION: dict[str, Any] = {
    "id": "by-region",
    "type": "bar",
    "query": {"source": "orders", "dimensions": ["region"], "measures": ["count"]},
    "position": {"x": 0, "y": 0, "w": 6, "h": 4},
}
COUNT: dict[str, Any] = {
    "id": "count",
    "type": "metric",
    "query": {"source": "orders", "measures": ["count"]},
    "position": {"x": 6, "y": 0, "w": 6, "h": 4},
}
BOARD: dict[str, Any] = {
    "title": "Orders",
    "filters": [{"id": "region", "type": "select", "field": "region", "default": "EU", "targets": {"count": None}}],
    "widgets": [BY_REGION, COUNT],
}


@pytest.fixture
async def engine(shop_dsn: str) -> AsyncIterator[PrismiqEngine]:
    async with PrismiqEngine(shop_dsn, store=shop_dsn) as engine:
        await engine.migrate()
        yield engine


@pytest.fixture
async def admin(shop_dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(shop_dsn)
    yield connection
    await connection.close()


async def test_a_dashboard_opens_and_changes_after_its_column_disappeared(engine: PrismiqEngine, admin: Any) -> None:
    boards = engine.dashboards
    made = await boards.create(BOARD, ADA)
    await admin.execute("ALTER TABLE orders DROP COLUMN region CASCADE")
    await engine.refresh_schema()
    assert await boards.get(made.id, ADA) == made
    assert [each.id for each in (await boards.list(ADA)).items] == [made.id]
    with pytest.raises(QueryError, match='"region" is not a field'):
        await engine.execute_query(await boards.widget_query(made.id, "by-region", ADA))
    assert (await engine.execute_query(await boards.widget_query(made.id, "count", ADA))).rows == [(9,)]
    renamed = await boards.update(made.id, {"title": "Renamed"}, ADA, versions=1)
    assert renamed.definition["widgets"] == made.definition["widgets"]
    moved = await boards.set_layout(made.id, {"positions": {"by-region": {"x": 0, "y": 9, "w": 2, "h": 2}}}, ADA)
    assert moved.version == 3
    await boards.update_widget(made.id, "count", {"title": "All"}, ADA)
    await boards.add_widget(made.id, {"type": "text", "text": "x"}, ADA)
    with pytest.raises(DefinitionError) as refused:
        await boards.update_widget(made.id, "by-region", {"query": {"limit": 5}}, ADA)
    assert [each.loc for each in refused.value.issues] == [("widgets", 0, "query", "dimensions", 0, "field")]
    copied = await boards.duplicate(made.id, ADA)
    assert [each["id"] for each in copied.definition["widgets"]] == ["by-region", "count", "text"]
    assert (await boards.delete_widget(made.id, "by-region", ADA)).version == 6
    with pytest.raises(DefinitionError):
        await boards.import_(await boards.export(copied.id, ADA), RequestContext(user="bob", tenant="acme"))


@pytest.mark.parametrize(
    "content",
    [
        [],
        "text",
        {"widgets": 1, "filters": "x", "title": 7},
        {"widgets": [1, None, "x", {"id": 5}, {"type": "unheard of", "position": "here"}]},
        {"widgets": [{**COUNT, "position": {"x": -1, "y": "a"}}, COUNT], "filters": [{}], "refresh_interval": "often"},
        {"widgets": [{**COUNT, "query": {"source": 1}}], "layout": {"x": [1]}, "a new key": True},
    ],
)
async def test_what_one_record_holds_breaks_no_list(engine: PrismiqEngine, admin: Any, content: Any) -> None:
    boards = engine.dashboards
    good = await boards.create({"title": "A good one"}, ADA)
    bad = await boards.create(BOARD, ADA)
    await admin.execute("UPDATE prismiq.dashboards SET content = $1 WHERE id = $2", json.dumps(content), bad.id)
    await admin.execute("UPDATE prismiq.dashboards SET view_roles = ARRAY[repeat('x', 500), ''] WHERE id = $1", bad.id)
    assert [each.id for each in (await boards.list(ADA)).items] == [good.id, bad.id]
    found = await boards.get(bad.id, ADA)
    json.dumps(found.to_json())
    assert found.definition["title"] == "Orders"
    with pytest.raises(NotFoundError):
        await boards.widget_query(bad.id, "by-region", ADA)
    await boards.export(bad.id, ADA)
    mended = {
        "visibility": "private",
        "widgets": [COUNT],
        "filters": [],
        "refresh_interval": None,
        "layout": None,
        "a new key": None,
    }
    assert (await boards.update(bad.id, mended, ADA, versions=1)).definition["widgets"] == [COUNT]


async def test_a_widget_is_checked_as_its_saver_sees_the_schema(shared_shop_dsn: str) -> None:
    policy = AccessPolicy(tenant_column="tenant_id", tables={"employees": TablePolicy(visible_to=frozenset({"hr"}))})
    async with PrismiqEngine(shared_shop_dsn, policy=policy, store=MemoryStore()) as engine:
        hr = RequestContext(user="ada", tenant="acme", roles=frozenset({"hr"}))
        salaries = {"title": "Salaries", "visibility": {"tenant": "edit"}}
        widget = {"id": "w", "type": "metric", "query": {"source": "employees", "measures": ["sum(salary)"]}}
        made = await engine.dashboards.create({**salaries, "widgets": [widget]}, hr)
        bob = RequestContext(user="bob", tenant="acme")
        with pytest.raises(DefinitionError, match="employees") as refused:
            await engine.dashboards.create({**salaries, "widgets": [widget]}, bob)
        assert refused.value.issues[0].code.value == "unknown_table"
        # Bob may rename it, and still sees none of its numbers.
        assert (await engine.dashboards.update(made.id, {"title": "Numbers"}, bob)).version == 2
        with pytest.raises(QueryError, match="employees"):
            await engine.execute_query(await engine.dashboards.widget_query(made.id, "w", bob), bob)

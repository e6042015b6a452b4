"""Stored queries say their paths: a bare table name is replaced by the path it stands for, and nothing else changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import asyncpg
import pytest

from prismiq import AccessPolicy, PrismiqEngine, QueryError, RequestContext, TablePolicy

GROUPS: dict[str, Any] = {"source": "order_items", "measures": ["count"]}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dimensions, in every form": (
        {**GROUPS, "dimensions": ["products.name", {"field": "products.category", "name": "c"}, {"path": ["products", "sku"]}]},
        {**GROUPS, "dimensions": ["product.name", {"field": "product.category", "name": "c"}, {"path": ["product", "sku"]}]},
    ),
    "measures, in every form": (
        {**GROUPS, "measures": ["sum(orders.total)", {"aggregate": "count", "table": "products"}, {"name": "a", "aggregate": "avg", "field": "quantity", "grain": "order_items", "filters": {"field": "products.name", "value": "products.name"}}]},
        {**GROUPS, "measures": ["sum(order.total)", {"aggregate": "count", "table": "product"}, {"name": "a", "aggregate": "avg", "field": "quantity", "grain": "order_items", "filters": {"field": "product.name", "value": "products.name"}}]},
    ),
    "several steps": (
        {"source": "refunds", "dimensions": ["products.name"], "measures": ["count"]},
        {"source": "refunds", "dimensions": ["order.order_items.product.name"], "measures": ["count"]},
    ),
    "row queries and their order": (
        {"source": "order_items", "columns": ["orders.total", "order.status"], "order_by": ["-orders.total", {"field": "orders.id"}]},
        {"source": "order_items", "columns": ["order.total", "order.status"], "order_by": ["-order.total", {"field": "order.id"}]},
    ),
    "filters, in every form": (
        {**GROUPS, "filters": {"and": [{"or": [{"field": "orders.total", "operator": "gt", "value": {"field": "products.list_price"}}, {"not": {"field": "orders.status", "value": "paid"}}]}]}},
        {**GROUPS, "filters": {"and": [{"or": [{"field": "order.total", "operator": "gt", "value": {"field": "product.list_price"}}, {"not": {"field": "order.status", "value": "paid"}}]}]}},
    ),
    "expressions": (
        {**GROUPS, "dimensions": [{"name": "x", "expression": "case when orders.total > 10 then products.name || ' of orders' end"}]},
        {**GROUPS, "dimensions": [{"name": "x", "expression": "case when order.total > 10 then product.name || ' of orders' end"}]},
    ),
    "inside exists": (
        {"source": "customers", "measures": ["count"], "filters": {"exists": "orders", "filters": [{"field": "products.name", "value": "x"}]}},
        {"source": "customers", "measures": ["count"], "filters": {"exists": "orders", "filters": [{"field": "order_items.product.name", "value": "x"}]}},
    ),
    "queries in queries": (
        {"source": {"query": {**GROUPS, "dimensions": ["orders.status"]}}, "columns": ["order_status"]},
        {"source": {"query": {**GROUPS, "dimensions": ["order.status"]}}, "columns": ["order_status"]},
    ),
    "a query as values": (
        {"source": "orders", "columns": ["id"], "filters": {"field": "id", "operator": "in", "query": {"source": "order_items", "dimensions": ["orders.id"], "filters": {"field": "products.name", "value": "x"}}}},
        {"source": "orders", "columns": ["id"], "filters": {"field": "id", "operator": "in", "query": {"source": "order_items", "dimensions": ["order.id"], "filters": {"field": "product.name", "value": "x"}}}},
    ),
}  # fmt: skip


@pytest.fixture
async def engine(shared_shop_dsn: str) -> AsyncIterator[PrismiqEngine]:
    async with PrismiqEngine(shared_shop_dsn) as engine:
        yield engine


@pytest.mark.parametrize("name", CASES)
async def test_a_path_in_the_place_of_each_shortcut(engine: PrismiqEngine, name: str) -> None:
    query, expected = deepcopy(CASES[name])
    found = await engine.with_explicit_paths(query)
    assert found == expected
    assert query == CASES[name][0]
    assert (await engine.execute_query(found)).rows == (await engine.execute_query(query)).rows
    assert await engine.with_explicit_paths(found) == found


@pytest.mark.parametrize(
    "query",
    [
        {
            "source": "orders",
            "dimensions": ["customer.segment"],
            "measures": ["sum(total)"],
            "filters": [{"field": "status", "value": "customers.name"}],
        },
        {"source": "orders", "columns": ["orders.id", "public.orders.total"]},
        {"source": "customers", "dimensions": ["orders.status"], "measures": ["count"]},
        {"measures": ["sum(orders.total)", "count(products.id)"]},
    ],
)
async def test_what_takes_none_stays_as_it_is(engine: PrismiqEngine, query: Any) -> None:
    assert await engine.with_explicit_paths(query) == query


async def test_a_text_that_looks_like_a_field_is_left_alone(engine: PrismiqEngine) -> None:
    """The name in quotes would be replaced, too; that means something else, so all stays as it was written."""
    query = {**GROUPS, "filters": {"expression": "orders.status = 'orders.status'"}}
    assert await engine.with_explicit_paths(query) == query


async def test_what_is_stored_keeps_its_meaning_when_a_second_path_appears(shop_dsn: str) -> None:
    context = RequestContext(user="ada")
    query = {"source": "order_items", "dimensions": ["orders.status"], "measures": ["count"]}
    async with PrismiqEngine(shop_dsn, store=shop_dsn) as engine:
        await engine.migrate()
        before = await engine.execute_query(query)
        made = await engine.saved_queries.create({"title": "By status", "query": query}, context)
        connection = await asyncpg.connect(shop_dsn)
        await connection.execute("ALTER TABLE order_items ADD COLUMN replaced_id integer REFERENCES orders")
        await connection.close()
        await engine.refresh_schema()
        with pytest.raises(QueryError, match="by which path"):
            await engine.execute_query(query)
        stored = (await engine.saved_queries.get(made.id, context)).definition["query"]
        assert (await engine.execute_query(stored)).rows == before.rows


async def test_a_hidden_table_is_not_named(shared_shop_dsn: str) -> None:
    policy = AccessPolicy(tenant_column="tenant_id", tables={"products": TablePolicy(visible=False)})
    async with PrismiqEngine(shared_shop_dsn, policy=policy) as engine:
        with pytest.raises(QueryError) as refused:
            await engine.with_explicit_paths(
                {"source": "refunds", "columns": ["products.name"]}, RequestContext(user="ada", tenant="acme")
            )
        assert "order_items" not in str(refused.value)

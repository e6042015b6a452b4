"""What callers share (compiled plans, the schema, connections, prepared statements) serves nobody another's values."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import pytest

from prismiq.access import AccessPolicy, RequestContext
from prismiq.engine import PrismiqEngine
from prismiq.errors import ContextError, QueryError
from prismiq.settings import Settings
from security.callers import ACME, CLERK, GLOBEX, NOBODYS, POLICY, asking, client_for, host

FEW = Settings(pool_max_size=3, plan_cache_size=4)
"""Fewer connections than callers, and fewer plans than questions, so that everything is shared and let go again."""
CALLERS: Mapping[str, RequestContext] = {
    "acme": ACME,
    "globex": GLOBEX,
    "clerk": CLERK,
    "acme in the EU": ACME.model_copy(update={"attributes": {"regions": ["EU"], "order_ids": [1]}}),
    "acme nowhere": ACME.model_copy(update={"attributes": {"regions": [], "order_ids": []}}),
    "a stranger": ACME.model_copy(update={"tenant": "nobody knows"}),
}
QUESTIONS: list[dict[str, Any]] = [
    {"source": "orders", "measures": ["count", "sum(total)"]},
    {"source": "orders", "columns": ["id", "customer.name", "total"], "order_by": ["id"]},
    {"source": "customers", "dimensions": ["segment"], "measures": ["sum(orders.total)", "count"]},
    {"source": "customers", "columns": ["name"], "filters": {"exists": "orders"}, "order_by": ["name"]},
    {"source": "refunds", "dimensions": ["reason"], "measures": ["sum(amount)"]},
    {"source": "employees", "columns": ["name", "manager.name"]},
    {"source": "plans", "columns": ["name"], "order_by": ["name"]},
    {"source": "products", "measures": [{"aggregate": "max", "name": "x", "expression": "list_price * 2"}]},
]


async def answer(engine: PrismiqEngine, question: dict[str, Any], context: RequestContext) -> object:
    try:
        return [tuple(row) for row in (await engine.execute_query(question, context)).rows]
    except (QueryError, ContextError) as error:
        return type(error).__name__, str(error)


async def test_alternating_callers_on_few_connections(shared_shop_dsn: str) -> None:
    """Each answer is compared with that of an engine which nobody else has ever asked."""
    alone: dict[tuple[str, int], object] = {}
    for who, context in CALLERS.items():
        async with PrismiqEngine(shared_shop_dsn, policy=POLICY, settings=Settings(plan_cache_size=0)) as engine:
            for number, question in enumerate(QUESTIONS):
                alone[who, number] = await answer(engine, question, context)
    assert len({str(alone[who, 0]) for who in CALLERS}) == 5, "the callers must differ, or nothing is tested"

    chance = random.Random(20131)
    asked = [chance.choice(list(alone)) for _ in range(600)]
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY, settings=FEW) as engine:
        for start in range(0, len(asked), 200):  # 200 at once
            batch = asked[start : start + 200]
            found = await asyncio.gather(*(answer(engine, QUESTIONS[number], CALLERS[who]) for who, number in batch))
            for key, each in zip(batch, found, strict=True):
                assert each == alone[key], key


async def test_over_http_and_while_the_schema_is_read_anew(shared_shop_dsn: str) -> None:
    """The schema is refreshed all the time, and everything asks at once: 200 requests of two tenants and a clerk."""
    urls = [
        "/schema",
        "/schema/tables/orders",
        "/schema/tables/refunds",
        "/schema/tables/customers/columns/name/values",
    ]
    async with (
        PrismiqEngine(shared_shop_dsn, policy=POLICY, settings=FEW) as engine,
        client_for(host(engine, {"acme": ACME, "globex": GLOBEX, "clerk": CLERK})) as client,
    ):
        callers = ("acme", "globex", "clerk")
        first = {(who, url): (await asking(client, who)("GET", url)) for who in callers for url in urls}
        asked = [(callers[number % 3], urls[number % len(urls)]) for number in range(200)]
        refreshing = asyncio.gather(*(engine.refresh_schema() for _ in range(5)))
        found = await asyncio.gather(*(asking(client, who)("GET", url) for who, url in asked))
        await refreshing
    for (who, url), response in zip(asked, found, strict=True):
        expected = first[who, url]
        assert response.status_code == expected.status_code, (who, url)
        if url.endswith("values"):
            assert response.json()["rows"] == expected.json()["rows"], who
        else:
            assert (response.content, response.headers.get("etag")) == (expected.content, expected.headers.get("etag"))
    assert first["acme", "/schema"].content != first["clerk", "/schema"].content


async def test_a_plan_that_is_kept_still_asks_for_the_tenant(shared_shop_dsn: str) -> None:
    """Whoever comes after a caller with a tenant, and has none, gets an error and not the other's rows."""
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY) as engine:
        for question in QUESTIONS[:4]:
            assert isinstance(await answer(engine, question, ACME), list)
            with pytest.raises(ContextError):
                await engine.execute_query(question, NOBODYS)
            with pytest.raises(ContextError):
                await engine.execute_query(question, None)


async def test_a_plan_of_one_role_is_not_served_to_another(shared_shop_dsn: str) -> None:
    question = {"source": "refunds", "measures": ["count"]}
    without = ACME.model_copy(update={"roles": frozenset({"admin"})})
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY) as engine:
        for _ in range(3):
            assert (await engine.execute_query(question, ACME)).rows == [(4,)]
            with pytest.raises(QueryError):
                await engine.execute_query(question, without)
            assert (await engine.execute_query(question, GLOBEX)).rows == [(1,)]


async def test_values_of_a_question_are_not_kept_with_its_plan(shared_shop_dsn: str) -> None:
    """Equal shapes, other values: a literal, a list, a limit, a period, an expression's number, a label."""

    def question(number: int, *, label: str = "x") -> dict[str, Any]:
        return {
            "source": "orders",
            "columns": [{"field": "id", "label": label}, {"name": "n", "expression": f"id * 0 + {number}"}],
            "filters": [{"field": "id", "operator": "in", "value": [number, -1]}],
            "limit": number,
        }

    async with PrismiqEngine(shared_shop_dsn, policy=POLICY) as engine:
        for number in (1, 2, 7, 3, 101, 1):
            result = await engine.execute_query(question(number, label=f"Label {number}"), ACME)
            assert [tuple(row) for row in result.rows] == ([] if number == 101 else [(number, number)])
            assert result.columns[0].label == f"Label {number}"


async def test_plans_are_shared_between_tenants_and_hold_nothing_of_theirs(shared_shop_dsn: str) -> None:
    """One plan for all of the same roles, with parents, trees and masks; another for a role that sees more."""
    policy = AccessPolicy.load(
        {
            "tenant_column": "tenant_id",
            "tables": {
                "order_items": {"parent": "order"},
                "orders": {"rows": [{"filters": {"not": {"field": "region", "value": {"attribute": "not_in"}}}}]},
                "customers": {"columns": {"phone": {"last": 4, "unless_roles": ["support"]}}},
            },
        }
    )
    question = {"source": "order_items", "dimensions": ["order.customer.phone"], "measures": ["count"]}
    async with PrismiqEngine(shared_shop_dsn, policy=policy) as engine:
        answers: list[object] = []
        for tenant, roles in (("acme", ()), ("globex", ()), ("acme", ("other",)), ("acme", ("support", "other"))):
            context = RequestContext(
                user="ada", tenant=tenant, roles=frozenset(roles), attributes={"not_in": "north-west"}
            )
            answers.append(await answer(engine, question, context))
        kept = engine._questions._templates._kept  # pyright: ignore[reportPrivateUsage]
        written = repr(kept)
    assert len(kept) == 2
    assert not [secret for secret in ("acme", "globex", "ada", "north-west") if secret in written]
    assert answers[0] == answers[2] != answers[1]
    assert "***" in str(answers[0])
    assert "***" not in str(answers[3])

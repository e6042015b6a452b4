"""A metric or dimension with a part that the caller may not see is told apart from one that there is not by nothing.

One engine has definitions over what its policy hides; the other has only the rest. The same caller asks both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from prismiq import PrismiqEngine, SchemaConfiguration
from security.callers import ACME, CLERK, POLICY, asking, client_for, host

SEEN: dict[str, Any] = {
    "metrics": {"revenue": {"table": "orders", "aggregate": "sum", "field": "total"}},
    "dimensions": {"market": {"table": "customers", "expression": "coalesce(segment, 'none')"}},
}
# Each has one part that CLERK may not see: the table, the field, an expression's field, a filter's, one of `exists`.
HIDDEN: dict[str, Any] = {
    "metrics": {
        "refunded": {"table": "refunds", "aggregate": "sum", "field": "amount"},
        "refunds_count": {"table": "refunds", "aggregate": "count"},
        "discounts": {"table": "orders", "aggregate": "sum", "field": "discount"},
        "net": {"table": "orders", "aggregate": "sum", "expression": "total - coalesce(discount, 0)"},
        "discounted": {
            "table": "orders",
            "aggregate": "count",
            "filters": {"field": "discount", "operator": "gt", "value": 0},
        },
        "returned": {"table": "orders", "aggregate": "count", "filters": {"exists": "refunds"}},
        "reachable": {"table": "orders", "aggregate": "count", "filters": {"expression": "customer.phone is not null"}},
        "logged": {"table": "audit_log", "aggregate": "count"},
    },
    "dimensions": {
        "phone_area": {"table": "customers", "expression": "left(phone, 3)"},
        "plan_name": {"table": "customers", "field": "plan.name"},
        "why": {"table": "refunds", "field": "reason"},
    },
}
BOTH = {kind: {**SEEN[kind], **HIDDEN[kind]} for kind in SEEN}
CALLERS = {"clerk": CLERK, "admin": ACME.model_copy(update={"roles": frozenset({"admin"})})}
Two = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture
async def two(shared_shop_dsn: str) -> AsyncIterator[Two]:
    async with (
        PrismiqEngine(shared_shop_dsn, policy=POLICY, configuration=SchemaConfiguration.load(BOTH)) as hidden,
        PrismiqEngine(shared_shop_dsn, policy=POLICY, configuration=SchemaConfiguration.load(SEEN)) as missing,
        client_for(host(hidden, CALLERS)) as first,
        client_for(host(missing, CALLERS)) as second,
    ):
        yield first, second


def questions() -> Iterator[dict[str, Any]]:
    near = ("refund", "discount", "phone_are", "wh", "plan_nam", "nothing")
    for source in ("orders", "customers", "plans"):
        for name in (*HIDDEN["metrics"], *HIDDEN["dimensions"], *near):
            yield {"source": source, "measures": [name]}
            yield {"source": source, "measures": [{"metric": name}, "revenue"]}
            yield {"source": source, "measures": [{"metric": name, "path": "orders"}]}
            yield {"source": source, "measures": [{"metric": name, "path": "refunds"}]}
            yield {"source": source, "dimensions": [name], "measures": ["count"]}
            yield {"source": source, "dimensions": [{"dimension": name}, "market"]}
            yield {"source": source, "columns": [{"dimension": name, "path": "customer"}]}
            yield {"source": source, "measures": ["count"], "filters": {"field": name, "value": 1}}
            yield {"source": source, "measures": ["revenue"], "order_by": name}


@pytest.mark.parametrize("who", CALLERS)
async def test_a_hidden_definition_is_a_missing_one(two: Two, who: str) -> None:
    asked = 0
    for question in questions():
        first, second = [await asking(client, who)("POST", "/query/validate", json=question) for client in two]
        assert (first.status_code, first.content) == (second.status_code, second.content), question
        asked += not first.json()["valid"]
    assert asked > 300


@pytest.mark.parametrize("who", CALLERS)
async def test_the_schema_lists_what_the_caller_may_use(two: Two, who: str) -> None:
    first, second = [(await asking(client, who)("GET", "/schema")).json() for client in two]
    first.pop("version"), second.pop("version")
    assert first == second
    assert [metric["name"] for metric in first["metrics"]] == ["revenue"]
    assert [dimension["name"] for dimension in first["dimensions"]] == ["market"]


async def test_who_may_see_the_parts_may_use_them(shared_shop_dsn: str) -> None:
    configuration = SchemaConfiguration.load(BOTH)
    async with PrismiqEngine(shared_shop_dsn, configuration=configuration) as engine:
        schema = await engine.get_schema()
        assert {each.name for each in schema.metrics} == set(BOTH["metrics"])
        assert {each.name for each in schema.dimensions} == set(BOTH["dimensions"])
        assert (await engine.execute_query({"source": "refunds", "measures": ["refunded"], "dimensions": ["why"]})).rows
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY, configuration=configuration) as engine:
        finance = ACME.model_copy(update={"roles": frozenset({"finance"})})
        names = {each.name for each in (await engine.get_schema(finance)).metrics}
        assert {"refunded", "refunds_count", "returned"} <= names
        assert not {"discounts", "net", "discounted", "reachable", "logged"} & names


async def test_rows_of_others_count_in_no_metric(two: Two) -> None:
    question = {"source": "customers", "measures": [{"metric": "revenue", "path": "orders"}], "dimensions": ["market"]}
    written = {
        "source": "customers",
        "dimensions": [{"name": "market", "expression": "coalesce(segment, 'none')"}],
        "measures": [{"name": "revenue", "aggregate": "sum", "field": "orders.total"}],
    }
    ask = asking(two[0], "clerk")
    rows = [(await ask("POST", "/query", json=each)).json()["rows"] for each in (question, written)]
    assert rows[0] == rows[1] != []

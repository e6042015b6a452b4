"""Answers that are kept, over HTTP: what the client says, what it is told, and that nobody gets another's."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Header

from prismiq import AccessPolicy, PrismiqEngine, RequestContext, Settings, create_router, public_context
from prismiq.errors import NotFoundError

COUNT = {"source": "orders", "measures": ["count"]}


async def acme_or_other(tenant: str = Header()) -> RequestContext:
    return RequestContext(user="u", tenant=tenant)


def mounted(engine: PrismiqEngine, get_context: Any = public_context) -> FastAPI:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=get_context))
    return app


@pytest.fixture
async def kept(shop_dsn: str) -> Any:
    """A client of an engine that keeps answers for a minute, and a connection that changes the orders."""
    writer = await asyncpg.connect(shop_dsn)
    settings = Settings(cache_ttl=60)
    async with PrismiqEngine(shop_dsn, policy=AccessPolicy.open(), settings=settings) as engine:
        transport = httpx.ASGITransport(mounted(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            yield engine, client, writer
    await writer.close()


async def test_an_answer_is_given_again_and_says_so(kept: Any) -> None:
    engine, client, writer = kept
    first = await client.post("/query", json=COUNT)
    assert first.json()["meta"]["cached"] is False
    assert "age" not in first.headers
    await writer.execute("DELETE FROM order_items; DELETE FROM refunds; DELETE FROM orders")
    again = await client.post("/query", json=COUNT)
    assert again.json()["meta"] == {**first.json()["meta"], "cached": True}
    assert again.json()["rows"] == first.json()["rows"]
    assert again.headers["age"] == "0"
    assert again.headers["etag"] == first.headers["etag"]

    fresh = await client.post("/query", json=COUNT, headers={"Cache-Control": "no-cache"})
    assert fresh.json()["rows"] == [[0]]
    assert fresh.headers["etag"] != first.headers["etag"]
    engine.forget_answers("customers")
    assert (await client.post("/query", json=COUNT)).json()["meta"]["cached"] is True
    engine.forget_answers("orders")
    assert (await client.post("/query", json=COUNT)).json()["rows"] == [[0]]
    with pytest.raises(NotFoundError):
        engine.forget_answers("nowhere")


async def test_a_client_may_ask_for_less_than_fresh(client: httpx.AsyncClient) -> None:
    """Without a time to live nothing is kept, unless a client says that older will do."""
    minute = {"Cache-Control": "max-age=60"}
    for headers, cached in ((None, False), (minute, False), (minute, True), (None, False), (minute, True)):
        assert (await client.post("/query", json=COUNT, headers=headers)).json()["meta"]["cached"] is cached
    for odd in ("max-age=x", "max-age", "private", "max-age=-1", "max-age=999999999999999999999"):
        assert (await client.post("/query", json=COUNT, headers={"Cache-Control": odd})).status_code == 200


async def test_the_same_rows_need_not_be_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.post("/query", json=COUNT)
    same = await client.post("/query", json=COUNT, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert "content-length" not in same.headers
    other = await client.post(
        "/query", json={**COUNT, "measures": ["sum(total)"]}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert other.status_code == 200


async def test_every_way_of_asking_is_kept_apart(kept: Any) -> None:
    """Values that Python takes for equal, and numbers written otherwise, are other answers."""
    _, client, _ = kept
    seen = []
    for factor in ("1", "1.0", "1.00"):
        question = {"source": "orders", "measures": [{"name": "n", "aggregate": "max", "expression": f"{factor} * 2"}]}
        answer = await client.post("/query", json=question)
        assert answer.json()["meta"]["cached"] is False
        seen.append(answer.text.partition('"rows":[[')[2].partition("]")[0])
    assert seen == ["2", "2.0", "2.00"]
    for numbers in ("exact", "string"):
        answer = await client.post(f"/query?numbers={numbers}", json={"source": "orders", "measures": ["sum(total)"]})
        assert answer.json()["meta"]["cached"] is False


async def test_no_tenant_gets_anothers(shop_dsn: str) -> None:
    policy = AccessPolicy(tenant_column="tenant_id")
    async with PrismiqEngine(shop_dsn, policy=policy, settings=Settings(cache_ttl=60)) as engine:
        transport = httpx.ASGITransport(mounted(engine, acme_or_other))
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            rows = {"source": "orders", "columns": ["id"], "order_by": ["id"]}

            async def ask(tenant: str) -> Any:
                return (await client.post("/query", json=rows, headers={"Tenant": tenant})).json()

            for _ in range(3):
                found = await asyncio.gather(*(ask(tenant) for tenant in ["acme", "globex", "nobody"] * 5))
                by_tenant = [{str(each["rows"]) for each in found[place::3]} for place in range(3)]
                assert [len(each) for each in by_tenant] == [1, 1, 1]
                assert len(set.union(*by_tenant)) == 3
                assert by_tenant[2] == {"[]"}


async def test_forty_at_once_are_two_statements(dsn: str, until: Any) -> None:
    """One runs, and as the table may have changed since it began, one more for all the others."""
    writer = await asyncpg.connect(dsn)
    await writer.execute("CREATE VIEW slow AS SELECT clock_timestamp()::text AS began, pg_sleep(0.2)::text AS slept")
    question = {"source": "slow", "columns": ["began", "slept"]}
    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        transport = httpx.ASGITransport(mounted(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            await client.get("/schema")
            answers = await asyncio.gather(*(client.post("/query", json=question) for _ in range(40)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["rows"][0][0] for each in answers}) == 2
    await writer.close()

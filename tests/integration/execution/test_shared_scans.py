"""Questions of the same rows, asked at once: one statement answers them, as each by itself would be answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import asyncpg
import pytest

from prismiq import AccessPolicy, PrismiqEngine, RequestContext
from prismiq.execution import Database
from prismiq.plan.lower import fast_buckets
from prismiq.query.definition import Granularity
from prismiq.settings import Settings
from prismiq.sql import Statement

ADA = RequestContext(user="ada", tenant="acme")
GUS = RequestContext(user="gus", tenant="globex")
POLICY = AccessPolicy.load({"tenant_column": "tenant_id", "tables": {"order_items": {"parent": "order"}}})
EU = [{"field": "customer.region", "value": "EU"}]
MONTH = {"name": "month", "field": "ordered_at", "granularity": "month", "fill": True}


def orders(*dimensions: Any, measures: Any = ("count", "sum(total)", "avg(total)"), **more: Any) -> dict[str, Any]:
    asked = {"source": "orders", "dimensions": list(dimensions), "measures": list(measures), "filters": EU}
    return {**asked, "time_zone": "America/New_York", **more}


SHARED: dict[str, dict[str, Any]] = {
    "one group": orders(),
    "by an enum": orders("status", measures=["count", "max(ordered_at)"]),
    "filled months": orders(MONTH),
    "a page": orders("status", measures=["sum(total)"], order_by=["-sum_total"], limit=2, offset=1),
    "with the others": orders(
        "customer.name", top={"dimension": "customer_name", "by": "count", "n": 1, "other": "more"}
    ),
    "totals": orders("customer.country", "status", totals="rollup"),
    "a pivot": orders("customer.region", "status", measures=["count"], pivot={"dimension": "status"}),
    "having": orders("customer.name", having={"field": "count", "operator": "gt", "value": 1}),
    "a share": orders("status", calculations=[{"name": "share", "expression": "1.0 * count / sum(count) over ()"}]),
    "with a filter of its own": orders(
        "status",
        measures=[
            {"name": "large", "aggregate": "count", "filters": {"field": "total", "operator": "gt", "value": 20}}
        ],
    ),
}
ALONE: dict[str, dict[str, Any]] = {
    "does not add up": orders(measures=["count_distinct(customer_id)", "median(total)"]),
    "of other rows": orders(filters=[]),
    "rows": {"source": "orders", "columns": ["id"], "order_by": ["id"], "filters": EU},
    "of another table": {"source": "customers", "measures": ["count"]},
    "of its children": orders(measures=["sum(order_items.quantity)"]),
}


@asynccontextmanager
async def sharing(dsn: str, **settings: Any) -> AsyncIterator[PrismiqEngine]:
    async with PrismiqEngine(dsn, policy=POLICY, settings=Settings(share_scans_from=0, **settings)) as engine:
        yield engine


async def ask(
    engine: PrismiqEngine, questions: Mapping[str, Any], context: RequestContext = ADA, **more: Any
) -> dict[str, Any]:
    async with aclosing(await engine.answer_queries(questions, context, **more)) as answers:
        return {
            each.name: each.error.code if each.answer is None else json.loads(each.answer.body(cached=each.cached))  # type: ignore[union-attr]  one of the two
            async for each in answers
        }


@pytest.mark.parametrize("context", [ADA, GUS], ids=["acme", "globex"])
async def test_one_statement_answers_all_as_each_would_be(
    shared_shop_dsn: str, statements: list[str], context: RequestContext
) -> None:
    async with sharing(shared_shop_dsn) as engine:
        found = await ask(engine, SHARED, context)
        assert len(statements) == 1
        for name, question in SHARED.items():
            alone = json.loads((await engine.answer_query(question, context))[0].body(cached=False))
            for each in (found[name], alone):
                each["meta"].pop("as_of")
            assert found[name] == alone, name
        assert found["one group"]["rows"][0][0] > 0


@pytest.mark.parametrize("since", ["1950", "2020", "2026"])
async def test_buckets_by_the_shorter_and_the_longer_way(
    shared_shop_dsn: str, statements: list[str], monkeypatch: pytest.MonkeyPatch, since: str
) -> None:
    """Of many days no bounds are told, and of many hours none of hours: a clock is asked for these."""
    monkeypatch.setattr(fast_buckets, "MANY_ROWS", 0)
    period = {"field": "ordered_at", "operator": "in_period", "value": {"from": f"{since}-01-01", "to": "2027-01-01"}}
    async with sharing(shared_shop_dsn) as engine:
        questions = {
            str(each): orders({"name": "at", "field": "ordered_at", "granularity": each}, filters=period)
            for each in Granularity
        }
        found = await ask(engine, questions)
        assert len(statements) == 1
        for name, question in questions.items():
            [alone] = (await ask(engine, {name: question})).values()
            assert found[name]["rows"] == alone["rows"], name


async def test_what_does_not_add_up_is_asked_by_itself(shared_shop_dsn: str, statements: list[str]) -> None:
    async with sharing(shared_shop_dsn) as engine:
        found = await ask(engine, ALONE | {"one": orders(), "two": orders("status")})
        assert len(statements) == len(ALONE)  # rows are copied, and two are one
        assert not [each for each in found.values() if isinstance(each, str)]
        assert found["one"]["rows"] == (await ask(engine, {"one": orders()}))["one"]["rows"]


async def test_small_tables_are_not_shared(shared_shop_dsn: str, statements: list[str]) -> None:
    async with PrismiqEngine(shared_shop_dsn, settings=Settings(share_scans_from=1_000)) as engine:
        await ask(engine, SHARED, None)  # type: ignore[arg-type]  an engine without a policy
    assert len(statements) == len(SHARED)


async def test_groups_are_counted_before_anything_is_shared(dsn: str, statements: list[str]) -> None:
    """By what PostgreSQL's statistics say of the columns: many groups of few rows are not worth it."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(
        "CREATE TABLE events AS SELECT n AS id, n % 5 AS kind, n % 9000 AS who, now() - n * interval '1 minute' AS at "
        "FROM generate_series(1, 20000) AS n; ANALYZE events"
    )
    await admin.close()

    def by(*dimensions: Any) -> dict[str, Any]:
        return {"source": "events", "dimensions": list(dimensions), "measures": ["count"]}

    day, hour = {"field": "at", "granularity": "day"}, {"field": "at", "granularity": "hour_of_day"}
    settings = Settings(share_scans_from=10_000)
    async with PrismiqEngine(dsn, settings=settings) as engine:
        sent: list[int] = []
        for batch in (
            [by("kind"), by(day)],
            [by("kind"), by("who")],
            [by(day), by(hour), by("kind"), by()],
            [by("id"), by()],
        ):
            statements.clear()
            await ask(engine, dict(zip("abcd", batch, strict=False)), None)  # type: ignore[arg-type]
            sent.append(len(statements))
    # 14 days, 24 hours and 5 kinds are more than a group for 20 rows, so that the kinds go with the whole
    assert sent == [1, 2, 2, 2]


async def test_an_error_is_that_of_the_one_that_has_it(shop_dsn: str, statements: list[str]) -> None:
    bad = {
        "name": "bad",
        "aggregate": "count",
        "filters": {"field": "customer.name", "operator": "regex", "value": "("},
    }
    wrong = orders(measures=[bad])
    async with sharing(shop_dsn) as engine:
        for sent in (4, 3):  # all of them and then each; and it is not tried again
            statements.clear()
            found = await ask(engine, {"one": orders(), "two": orders("status"), "wrong": wrong})
            assert found["wrong"] == "query_failed"
            assert found["one"]["rows"] == (await ask(engine, {"one": orders()}))["one"]["rows"]
            assert len(statements) == sent + 1


async def test_what_is_kept_is_not_asked_for(shared_shop_dsn: str, statements: list[str]) -> None:
    async with sharing(shared_shop_dsn) as engine:
        first = await ask(engine, SHARED, max_age=60)
        again = await ask(engine, SHARED, max_age=60)
        assert len(statements) == 1
        assert all(each["meta"]["cached"] for each in again.values())
        assert {name: each["rows"] for name, each in first.items()} == {
            name: each["rows"] for name, each in again.items()
        }
        await ask(engine, SHARED | {"new": orders("customer.region")}, max_age=60)
        assert len(statements) == 2


async def test_all_are_of_one_moment(shared_shop_dsn: str) -> None:
    """Though a day begins between any two looks at the clock."""
    days = count()

    def clock() -> datetime:
        return datetime(2024, 3, 1, tzinfo=timezone.utc) + timedelta(days=next(days))

    since = [{"field": "ordered_at", "operator": "in_period", "value": {"last": 7, "unit": "day"}}]
    named = {"name": "day", "field": "ordered_at", "granularity": "day", "fill": True}
    questions = {"days": orders(named, filters=since), "all": orders(filters=since)}
    settings = Settings(share_scans_from=0)
    async with PrismiqEngine(shared_shop_dsn, settings=settings, clock=clock) as engine:
        found = await ask(engine, questions, None)  # type: ignore[arg-type]
        assert sum(row[1] for row in found["days"]["rows"]) == found["all"]["rows"][0][0]


async def test_who_leaves_ends_the_statement(shop_dsn: str) -> None:
    admin, watcher = await asyncpg.connect(shop_dsn), await asyncpg.connect(shop_dsn)
    watching = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
        "AND query LIKE 'WITH%'"
    )
    async with sharing(shop_dsn) as engine:
        await engine.get_schema(ADA)
        async with admin.transaction():
            await admin.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            answers = await engine.answer_queries(SHARED, ADA)
            first = asyncio.ensure_future(anext(answers))
            while not await watcher.fetchval(watching):  # a round trip each
                pass
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await answers.aclose()
            while await watcher.fetchval(watching):
                pass
        found = await ask(engine, SHARED)  # which the connections are still good for
        assert found["one group"]["rows"][0][0] > 0
    await admin.close()
    await watcher.close()


async def test_who_asks_after_it_was_sent_has_an_answer_of_its_own(
    shop_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of a batch waits for another caller's computation, and goes on when the shared statement is long under way:
    whoever asked meanwhile, perhaps after a change, is not given rows from before."""
    run, sent = Database.run, asyncio.Queue[asyncio.Event]()

    async def slow(self: Database, statement: Statement, *rest: Any) -> Any:
        found = await run(self, statement, *rest)
        arrived = asyncio.Event()
        await sent.put(arrived)
        await arrived.wait()
        return found

    async def settled() -> None:
        for _ in range(20):  # until whoever has something to wait for does
            await asyncio.sleep(0)

    asked = json.dumps(orders(), separators=(",", ":")).encode()
    async with sharing(shop_dsn) as engine:
        before = json.loads((await engine.answer_query(asked, ADA))[0].body(cached=False))["rows"][0][0]
        monkeypatch.setattr(Database, "run", slow)
        other = asyncio.ensure_future(engine.answer_query(asked, ADA))
        alone = await sent.get()
        batch = asyncio.ensure_future(ask(engine, {"all": orders(), "by status": orders("status")}))
        shared = await sent.get()
        admin = await asyncpg.connect(shop_dsn)
        await admin.execute("DELETE FROM order_items; DELETE FROM refunds; DELETE FROM orders")
        await admin.close()
        late = asyncio.ensure_future(engine.answer_query(asked, ADA))
        await settled()
        monkeypatch.setattr(Database, "run", run)
        alone.set()
        await other
        await settled()
        shared.set()
        await batch
        assert before > 0
        assert json.loads((await late)[0].body(cached=False))["rows"][0][0] == 0


async def test_stale_answers_are_computed_anew_together(shop_dsn: str, statements: list[str]) -> None:
    async with sharing(shop_dsn, cache_ttl=1e-9, cache_stale=1_000) as engine:
        before = await ask(engine, SHARED)
        admin = await asyncpg.connect(shop_dsn)
        await admin.execute("UPDATE orders SET total = total / 2")
        await admin.close()
        stale = await ask(engine, SHARED)
        assert stale["one group"]["meta"]["cached"]
        assert stale["one group"]["rows"] == before["one group"]["rows"]
        await asyncio.gather(*engine._answers._refreshing.values())  # pyright: ignore[reportPrivateUsage]
        anew = await ask(engine, SHARED)
        assert anew["one group"]["rows"] != before["one group"]["rows"]
        await asyncio.gather(*engine._answers._refreshing.values())  # pyright: ignore[reportPrivateUsage]
        assert len(statements) == 3


async def test_over_the_hosts_pool(shared_shop_dsn: str, statements: list[str]) -> None:
    settings = Settings(share_scans_from=0)
    async with (
        asyncpg.create_pool(shared_shop_dsn, min_size=1) as pool,
        PrismiqEngine(pool=pool, policy=POLICY, settings=settings) as engine,
        sharing(shared_shop_dsn) as own,
    ):
        found, expected = await ask(engine, SHARED), await ask(own, SHARED)
    assert len(statements) == 2
    assert {name: each["rows"] for name, each in found.items()} == {
        name: each["rows"] for name, each in expected.items()
    }


async def test_what_turns_out_large_is_copied_by_itself(dsn: str, statements: list[str]) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "CREATE TABLE many AS SELECT n AS id, n % 6000 AS kind FROM generate_series(1, 200000) AS n; ANALYZE many"
    )
    await connection.close()
    by_kind = {"source": "many", "dimensions": ["kind"], "measures": ["count"]}
    questions = {"by kind": by_kind, "all": {"source": "many", "measures": ["count"]}}
    async with PrismiqEngine(dsn, settings=Settings(share_scans_from=0)) as engine:
        for shared in (True, False, False):
            statements.clear()
            found = await ask(engine, questions, None)  # type: ignore[arg-type]  there is no policy
            assert (len(found["by kind"]["rows"]), found["all"]["rows"]) == (6000, [[200000]])
            assert ["UNION ALL" in sql for sql in statements] == [shared]

"""What plans call relations of their own, beside tables and aliases that are called so; and types of no own name."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any

import asyncpg
import pytest

from prismiq import AccessPolicy, PrismiqEngine, RequestContext
from prismiq.plan.lower import pre_aggregate
from prismiq.settings import Settings

ADA = RequestContext(user="ada", tenant="a")
POLICY = AccessPolicy.load({"tenant_column": "tenant_id"})
TABLES = """
    CREATE TABLE p (id int PRIMARY KEY, tenant_id text NOT NULL, name text);
    CREATE TABLE t (id int PRIMARY KEY, tenant_id text NOT NULL, p_id int REFERENCES p, v int, far date);
    CREATE TABLE {odd} (id int PRIMARY KEY, tenant_id text NOT NULL, x int);
    INSERT INTO p SELECT n, 'a', 'n' || n % 3 FROM generate_series(1, 9) AS n;
    INSERT INTO t SELECT n, 'a', 1 + n % 9, n, date '2024-01-01' + n FROM generate_series(1, 200) AS n;
    INSERT INTO {odd} SELECT n, 'a', n FROM generate_series(1, 5) AS n; ANALYZE
"""
NAMES = ["t_by_key", "cube", "cube_2", "top", "top_2", "levels", "found", "grid"]


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(sql)
    await connection.close()


async def ask(engine: PrismiqEngine, questions: dict[str, Any], context: RequestContext | None = None) -> Any:
    async with aclosing(await engine.answer_queries(questions, context)) as answers:
        found = {each.name: each.answer async for each in answers}
    return {name: answer and json.loads(answer.body(cached=False))["rows"] for name, answer in found.items()}


@pytest.mark.parametrize("odd", NAMES)
async def test_a_table_may_be_called_so(dsn: str, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await execute(dsn, TABLES.format(odd=odd))
    above = {"field": "sum_v", "operator": "gt", "query": {"source": odd, "measures": ["max(x)"]}}
    by_name = {"source": "t", "dimensions": ["p.name"], "measures": ["sum(v)"]}
    ranked = {"dimension": "p_name", "by": "sum_v", "n": 1, "other": "more"}
    questions = {
        "having": {**by_name, "having": above},
        "top": {**by_name, "top": ranked},
        "totals": {**by_name, "totals": "rollup"},
        "all": {"source": "t", "measures": ["sum(v)"]},
        "its own": {
            "source": odd,
            "dimensions": ["x"],
            "measures": ["count"],
            "top": {**ranked, "dimension": "x", "by": "count"},
        },
    }
    async with PrismiqEngine(dsn, policy=POLICY, settings=Settings(share_scans_from=None)) as engine:
        plain = await ask(engine, questions, ADA)
    assert None not in plain.values()
    monkeypatch.setattr(pre_aggregate, "is_worth_it", lambda *_: True)
    async with PrismiqEngine(dsn, policy=POLICY, settings=Settings(share_scans_from=0)) as engine:
        assert await ask(engine, questions, ADA) == plain


@pytest.mark.parametrize("alias", NAMES)
async def test_a_joined_query_may_be_called_so(dsn: str, alias: str) -> None:
    await execute(dsn, TABLES.format(odd="odd"))
    grouped = {"source": "p", "dimensions": ["id", "name"], "measures": ["count"]}
    joined = {"query": grouped, "alias": alias, "on": [{"left": "p_id", "right": "id"}]}
    measures = ["sum(v)", {"name": "c", "aggregate": "sum", "field": f"{alias}.count"}]
    inner = {"source": "t", "joins": [joined], "dimensions": [f"{alias}.name", "v"], "measures": measures}
    source = {"query": inner, "alias": "q"}
    ranked = {"dimension": "v", "by": "count", "n": 2}
    questions = {
        "all": {"source": source, "measures": ["count"]},
        "by v": {"source": source, "dimensions": ["v"], "measures": ["count"]},
        "first": {"source": source, "dimensions": ["v"], "measures": ["count"], "top": ranked},
        "last": {"source": source, "dimensions": ["v"], "measures": ["count"], "top": {**ranked, "descending": False}},
        "beside": {"source": "p", "measures": ["count"]},
    }
    async with PrismiqEngine(dsn, settings=Settings(share_scans_from=None)) as engine:
        plain = await ask(engine, questions)
    assert None not in plain.values()
    async with PrismiqEngine(dsn, settings=Settings(share_scans_from=0)) as engine:
        assert await ask(engine, questions) == plain


async def test_what_cannot_be_planned_together_is_asked_apart(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    await execute(dsn, TABLES.format(odd="odd"))
    monkeypatch.setattr("prismiq.together.scans_of", fails)
    questions = {"all": {"source": "t", "measures": ["count"]}, "more": {"source": "t", "measures": ["sum(v)"]}}
    async with PrismiqEngine(dsn, settings=Settings(share_scans_from=0)) as engine:
        assert await ask(engine, questions) == {"all": [[200]], "more": [[20100]]}


async def test_a_type_that_a_record_hides_is_tried_once(dsn: str, statements: list[str]) -> None:
    await execute(
        dsn,
        "CREATE DOMAIN shade AS text; CREATE TABLE t AS SELECT n AS id, ('s' || n % 3)::shade AS shade "
        "FROM generate_series(1, 100) AS n; ANALYZE",
    )
    questions = {
        "all": {"source": "t", "measures": ["count"]},
        "by shade": {"source": "t", "dimensions": ["shade"], "measures": ["count"]},
    }
    async with PrismiqEngine(dsn, settings=Settings(share_scans_from=0)) as engine:
        for _ in range(3):
            assert await ask(engine, questions) == {"all": [[100]], "by shade": [["s0", 33], ["s1", 34], ["s2", 33]]}
    assert len(statements) in (6, 7), "at most once in vain"


async def test_a_day_in_the_far_future_hinders_nothing(dsn: str, statements: list[str]) -> None:
    await execute(
        dsn,
        "CREATE TABLE t AS SELECT n AS id, n % 5 AS kind, CASE WHEN n < 100 THEN date '2024-01-01' WHEN n < 200 THEN "
        "'infinity' ELSE date '300000-01-01' + n END AS until, timestamp '4713-01-01 BC' + n * interval '10 years' AS at "
        "FROM generate_series(1, 20000) AS n; ANALYZE",
    )
    questions = {
        "all": {"source": "t", "measures": ["count"]},
        "by kind": {"source": "t", "dimensions": ["kind"], "measures": ["count"]},
    }
    async with PrismiqEngine(dsn, settings=Settings(share_scans_from=10_000)) as engine:
        assert (await ask(engine, questions))["all"] == [[20000]]
    assert len(statements) == 1

"""Values that are equal and not the same: 1.0 and 1.00, 'a' and 'A' of citext. One stands for the other only where
nothing tells them apart: with and without each of the optimisations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from prismiq.access import scope
from prismiq.access.scope import ScopedSchema
from prismiq.introspection import introspect
from prismiq.plan import PASSES, plan
from prismiq.plan.lower import pre_aggregate
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.schema import SchemaConfiguration, apply
from prismiq.sql import build
from prismiq.testing import TemporaryPostgres

DDL = """
CREATE TABLE words (word text PRIMARY KEY, name text);
CREATE TABLE visits (id int PRIMARY KEY, word citext, v int, kind text, n numeric, at interval, ratio float8);
CREATE TABLE sales (id int PRIMARY KEY, word text REFERENCES words, w int);
INSERT INTO words VALUES ('a', 'low'), ('A', 'up');
INSERT INTO visits VALUES (1, 'a', 1, 'x', 1.0, '1 day', 0), (2, 'A', 10, 'x', 1.00, '1 day', 1),
    (3, 'a', 100, 'y', 1.00, '24:00', '-0');
INSERT INTO sales VALUES (1, 'a', 5), (2, 'A', 7), (3, 'A', 9);
"""
CONFIGURATION = SchemaConfiguration.load(
    {
        "relationships": [
            {
                "table": "visits",
                "columns": ["word"],
                "target": "words",
                "target_columns": ["word"],
                "name": "its_word",
                "inverse_name": "visits",
            }
        ]
    }
)
SOLD: dict[str, Any] = {"name": "sold", "aggregate": "sum", "field": "sales.w"}
QUESTIONS: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    "rows by a key that the join tells apart": (
        {"source": "visits", "dimensions": ["its_word.name"], "measures": ["count", "sum(v)"]},
        [("low", 2, 101), ("up", 1, 10)],
    ),
    "and over its children": (
        {"source": "words", "dimensions": ["name"], "measures": ["sum(visits.v)"]},
        [("low", 101), ("up", 10)],
    ),
    "a path beside another, by a key that the join tells apart": (
        {"source": "words", "dimensions": ["visits.kind"], "measures": [SOLD]},
        [("x", 21), ("y", 5)],
    ),
    "numbers as texts": (
        {
            "source": "words",
            "dimensions": [{"name": "n", "expression": "cast(visits.n as text)"}],
            "measures": [SOLD],
            "filters": {"field": "name", "value": "low"},
        },
        [("1.0", 5), ("1.00", 5)],
    ),
    "a part of spans": (
        {
            "source": "words",
            "dimensions": [{"name": "hours", "expression": "extract(hour from visits.at)"}],
            "measures": [SOLD],
            "filters": {"field": "name", "value": "low"},
        },
        [(Decimal(0), 5), (Decimal(24), 5)],
    ),
    "a zero with a sign": (
        {
            "source": "words",
            "dimensions": [{"name": "ratio", "expression": "cast(visits.ratio as text)"}],
            "measures": [SOLD],
            "filters": {"field": "name", "value": "low"},
        },
        [("-0", 5), ("0", 5)],
    ),
}


@pytest.fixture(scope="module")
def equal_dsn(postgres_server: TemporaryPostgres) -> str:
    async def fill(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        known = await connection.fetchval("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'")
        if not known:
            pytest.skip("citext is not installed")
        await connection.execute("CREATE EXTENSION citext;" + DDL)
        await connection.close()

    return asyncio.run(postgres_server.create_template("equal", fill))


@pytest.fixture
async def connection(equal_dsn: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    opened = await asyncpg.connect(equal_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def scoped(connection: asyncpg.Connection[Any]) -> ScopedSchema:
    return scope(apply(await introspect(connection), CONFIGURATION), None, None)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_the_answer_is_right(
    question: str, connection: asyncpg.Connection[Any], scoped: ScopedSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pre_aggregate, "is_worth_it", lambda *_: True)
    definition, expected = QUESTIONS[question]
    shape, values = split(QueryDefinition.model_validate(definition))
    for passes in (PASSES, frozenset[str](), *(PASSES - {name} for name in PASSES)):
        statement = build(plan(shape, scoped, passes)).bind(values, None, row_cap=100)
        found = [tuple(row) for row in await connection.fetch(statement.sql, *statement.args)]
        assert found == expected, f"without {sorted(PASSES - passes)}: {statement.sql}"

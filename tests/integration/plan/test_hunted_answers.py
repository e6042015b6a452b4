"""Answers that once were wrong, or errors, found by hunting for them: each with and without the optimisations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from prismiq.access import scope
from prismiq.access.scope import ScopedSchema
from prismiq.introspection import introspect
from prismiq.plan import PASSES, plan
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.schema import apply
from prismiq.sql import build
from prismiq.testing import TemporaryPostgres

DDL = """
CREATE TABLE parents (id int PRIMARY KEY, x int);
CREATE TABLE documents (id int PRIMARY KEY, parent_id int REFERENCES parents, body json, n int);
CREATE TABLE kinds (id int PRIMARY KEY, parent_id int REFERENCES parents, kind text);
CREATE TABLE one (id int PRIMARY KEY, parent_id int REFERENCES parents, v int);
CREATE TABLE two (id int PRIMARY KEY, parent_id int REFERENCES parents, v int, at date, tags text[]);
CREATE TABLE notes (parent_id int REFERENCES parents, note json);
CREATE TABLE staff (id int PRIMARY KEY, boss_id int REFERENCES staff, pay int);
CREATE TABLE badges (id int PRIMARY KEY, staff_id int UNIQUE REFERENCES staff, worth int);
INSERT INTO parents VALUES (1, 10), (2, 20), (3, 30);
INSERT INTO documents VALUES (1, 1, '{}', 5), (2, 1, NULL, 6);
INSERT INTO kinds VALUES (1, 1, 'a'), (2, 1, 'a'), (3, 2, 'a'), (4, 3, 'a');
INSERT INTO one VALUES (1, 1, 5), (2, 2, 5);
INSERT INTO two VALUES (1, 1, 5, '2026-01-01', '{x}'), (2, 3, 5, NULL, '{}'), (3, 3, 7, 'infinity', NULL);
INSERT INTO notes VALUES (1, '1'), (1, '1'), (2, NULL);
INSERT INTO staff VALUES (1, NULL, 1), (2, 1, 2), (3, 1, 4), (4, 2, 8);
INSERT INTO badges VALUES (1, 1, 100), (2, NULL, 200), (3, NULL, 300);
"""


def total(field: str, **parts: Any) -> dict[str, Any]:
    return {"aggregate": "sum", "field": field, **parts}


QUESTIONS: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    # Parents without a document have a null key each: they are three, though DISTINCT ON could take them for two.
    "rows without a row of the grain are not one row": (
        {
            "source": "parents",
            "dimensions": ["kinds.kind"],
            "measures": [
                {"aggregate": "count", "field": "documents.body"},
                {"aggregate": "count_distinct", "field": "x"},
                total("documents.n"),
            ],
        },
        [("a", 1, 3, 11)],
    ),
    "json on a path that others multiply": (
        {
            "source": "parents",
            "dimensions": ["kinds.kind"],
            "measures": ["count", total("documents.n")],
            "filters": [{"field": "notes.note", "operator": "is_not_null"}],
        },
        [("a", 1, 11)],
    ),
    "json in a dimension's neighbour": (
        {
            "source": "parents",
            "dimensions": ["documents.n"],
            "measures": [total("one.v")],
            "filters": [{"field": "documents.body", "operator": "is_not_null"}],
        },
        [(5, 5)],
    ),
    "exists beside a to-many path, in one not": (
        {
            "source": "parents",
            "measures": ["count"],
            "filters": {"not": {"and": [{"field": "two.v", "operator": "gt", "value": 6}, {"exists": "one"}]}},
        },
        [(2,)],  # of the one without a `two` it is unknown
    ),
    "a table called one": (
        {
            "source": "parents",
            "measures": ["count"],
            "filters": {"not": {"and": [{"field": "one.v", "value": 5}, {"field": "two.v", "value": 5}]}},
        },
        [(1,)],
    ),
    "a constant to group by": (
        {"source": "parents", "dimensions": [{"name": "yes", "expression": "true"}], "measures": ["count"]},
        [(True, 3)],
    ),
    "constants to list and sort by": (
        {
            "source": "parents",
            "columns": [{"name": "no", "expression": "false"}, {"name": "n", "expression": "null"}, "id"],
            "order_by": ["no", "-n", "-id"],
        },
        [(False, None, 3), (False, None, 2), (False, None, 1)],
    ),
    "a constant among what is told apart": (
        {
            "source": "parents",
            "dimensions": [{"name": "yes", "expression": "true"}, "kinds.kind"],
            "measures": [{"aggregate": "count", "field": "documents.body"}],
        },
        [(True, "a", 1)],
    ),
    "sorted by a path whose first name is an output's": (
        {
            "source": "staff",
            "dimensions": [{"field": "boss.pay", "name": "boss_pay"}, {"field": "id", "name": "boss"}],
            "measures": ["count"],
            "order_by": [{"field": {"path": ["boss", "pay"]}, "descending": True}],
        },
        [(2, 4, 1), (1, 2, 1), (1, 3, 1), (None, 1, 1)],
    ),
    "there and back again": (
        {
            "source": "staff",
            "dimensions": ["boss.pay"],
            "measures": [
                "count",
                total("staff_via_boss_id.pay", name="reports"),
                total("boss.pay", name="bosses"),
                total("boss.staff_via_boss_id.pay", name="peers"),
            ],
        },
        [(1, 2, 8, 1, 6), (2, 1, None, 2, 8), (None, 1, 6, None, None)],
    ),
    "one to one, with keys that lead nowhere": (
        {"source": "badges", "measures": ["count", total("staff.pay"), total("worth", name="w")]},
        [(3, 1, 600)],
    ),
    "one to one, from the other side": (
        {"source": "staff", "measures": ["count", total("badges.worth"), total("pay", name="p")]},
        [(4, 100, 15)],
    ),
    "a filter on a path there and back speaks of another row than the source's": (
        {
            "source": "staff",
            "columns": ["id"],
            "filters": [{"field": "boss.staff_via_boss_id.pay", "operator": "eq", "value": 4}],
        },
        [(2,), (3,)],
    ),
    "one related row for both filters, of the query and of the measure": (
        {
            "source": "parents",
            "dimensions": ["x"],
            "measures": [{"aggregate": "count", "filters": {"field": "two.at", "operator": "is_not_null"}}],
            "filters": [{"field": "two.v", "value": 5}],
        },
        [(10, 1), (30, 0)],
    ),
    "a group stays though no row of the only measure's table is in it": (
        {
            "source": "parents",
            "dimensions": ["x"],
            "measures": [total("one.v"), {"aggregate": "count", "table": "one"}],
        },
        [(10, 5, 1), (20, 5, 1), (30, None, 0)],
    ),
    "the row that is not there satisfies is_null": (
        {
            "source": "parents",
            "columns": ["id"],
            "filters": {"or": [{"field": "two.at", "operator": "is_null"}, {"field": "x", "value": 10}]},
        },
        [(1,), (2,), (3,)],
    ),
}


@pytest.fixture(scope="module")
def hunted_dsn(postgres_server: TemporaryPostgres) -> str:
    return asyncio.run(postgres_server.create_template("hunted", DDL))


@pytest.fixture
async def connection(hunted_dsn: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    opened = await asyncpg.connect(hunted_dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def scoped(connection: asyncpg.Connection[Any]) -> ScopedSchema:
    return scope(apply(await introspect(connection)), None, None)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_the_answer_is_right(question: str, connection: asyncpg.Connection[Any], scoped: ScopedSchema) -> None:
    definition, expected = QUESTIONS[question]
    shape, values = split(QueryDefinition.model_validate(definition))
    for passes in (PASSES, frozenset[str](), *(PASSES - {name} for name in PASSES)):
        statement = build(plan(shape, scoped, passes)).bind(values, None, row_cap=100)
        found = [tuple(row) for row in await connection.fetch(statement.sql, *statement.args)]
        assert found == expected, f"without {sorted(PASSES - passes)}: {statement.sql}"


async def test_text_that_only_looks_like_a_number_is_none(
    connection: asyncpg.Connection[Any], scoped: ScopedSchema
) -> None:
    """PostgreSQL's \\d and \\s know digits and spaces that its own numbers do not: an error, had they been let through."""
    for text in ("\u00a03", "3\u2003", "\u0663", "\uff13", "1_0", "0x1", "1e999", "."):
        shape, values = split(
            QueryDefinition.model_validate(
                {
                    "source": "parents",
                    "columns": [{"name": "n", "expression": f"cast(concat('{text}', '') as numeric)"}],
                }
            )
        )
        statement = build(plan(shape, scoped)).bind(values, None, row_cap=1)
        rows = await connection.fetch(statement.sql, *statement.args)
        assert [tuple(row) for row in rows] == [(None,)] * 2, text


async def test_a_number_too_small_for_a_double_is_none(
    connection: asyncpg.Connection[Any], scoped: ScopedSchema
) -> None:
    expression = " * ".join(["x", *["cast(concat('1e-99', '') as numeric)"] * 4])
    asked = {"source": "parents", "columns": [{"name": "n", "expression": f"cast({expression} as double precision)"}]}
    shape, values = split(QueryDefinition.model_validate(asked))
    statement = build(plan(shape, scoped)).bind(values, None, row_cap=10)
    assert [row[0] for row in await connection.fetch(statement.sql, *statement.args)] == [None] * 3

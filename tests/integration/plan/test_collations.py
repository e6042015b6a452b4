"""Texts that a collation takes for equal: what is unique without it is not unique by it, so a join would multiply.

Such collations need ICU, which a PostgreSQL of the system has and the bundled one has not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from prismiq import PrismiqEngine
from prismiq.embedded.install import Install
from prismiq.errors import IssueCode, PrismiqError, QueryError
from prismiq.schema import SchemaConfiguration
from prismiq.testing import TemporaryPostgres

TABLES = """
    CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE plain (code text PRIMARY KEY);
    CREATE TABLE alike (code text COLLATE any_case PRIMARY KEY);
    CREATE TABLE marks (id int PRIMARY KEY, code text COLLATE any_case REFERENCES alike, size int);
    INSERT INTO plain VALUES ('a'), ('A');
    INSERT INTO alike VALUES ('a'), ('b');
    INSERT INTO marks VALUES (1, 'a', 1), (2, 'A', 10), (3, 'B', 100)
"""
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture(scope="module")
def server() -> Iterator[TemporaryPostgres]:
    if not PROGRAMS:
        pytest.skip("the system has no PostgreSQL")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("prismiq.embedded.server.find_install", lambda: Install(PROGRAMS[-1].parent))
        with TemporaryPostgres() as server:
            yield server


@pytest.fixture
async def marks_dsn(server: TemporaryPostgres) -> AsyncIterator[str]:
    async with server.database() as dsn:
        connection = await asyncpg.connect(dsn)
        await connection.execute(TABLES)
        await connection.close()
        yield dsn


def relationship(table: str, target: str) -> dict[str, Any]:
    return {"table": table, "columns": ["code"], "target": target, "target_columns": ["code"], "name": "by_code"}


async def test_of_one_collation(marks_dsn: str) -> None:
    async with PrismiqEngine(marks_dsn) as engine:
        asked = {"source": "marks", "dimensions": ["alike.code"], "measures": ["count", "sum(size)"]}
        found = (await engine.execute_query({**asked, "order_by": ["alike_code"]})).rows
        assert found == [("a", 2, 11), ("b", 1, 100)]
        schema = await engine.get_schema()
        assert {column.name: column.collation for column in schema.tables[1].columns} == {
            "id": None,
            "code": "any_case",
            "size": None,
        }


@pytest.mark.parametrize(("table", "target"), [("marks", "plain"), ("plain", "alike")])
async def test_a_relationship_between_two_is_refused(marks_dsn: str, table: str, target: str) -> None:
    configuration = SchemaConfiguration.load({"relationships": [relationship(table, target)]})
    with pytest.raises(PrismiqError, match=r"cannot be compared: .*COLLATE .any_case."):
        async with PrismiqEngine(marks_dsn, configuration=configuration) as engine:
            await engine.get_schema()


@pytest.mark.parametrize(("source", "joined"), [("marks", "plain"), ("plain", "marks")])
async def test_a_join_between_two_is_refused(marks_dsn: str, source: str, joined: str) -> None:
    join = {"table": joined, "alias": "other", "on": [{"left": "code", "right": "code"}]}
    async with PrismiqEngine(marks_dsn) as engine:
        with pytest.raises(QueryError) as caught:
            await engine.execute_query({"source": source, "joins": [join], "measures": ["count"]})
    [issue] = caught.value.issues
    assert (issue.code, "different collations" in issue.message) == (IssueCode.TYPE_MISMATCH, True)


async def test_a_foreign_key_between_two_is_no_relationship(marks_dsn: str) -> None:
    connection = await asyncpg.connect(marks_dsn)
    try:
        await connection.execute("CREATE TABLE notes (id int PRIMARY KEY, code text COLLATE any_case REFERENCES plain)")
    except asyncpg.InvalidForeignKeyError:
        pytest.skip("this PostgreSQL refuses such a key itself")
    finally:
        await connection.close()
    async with PrismiqEngine(marks_dsn) as engine:
        [notes] = [table for table in (await engine.get_schema()).tables if table.name == "notes"]
        assert not notes.relationships

"""Values at the edges of what the driver and Python have, as an answer shows them, by each way to PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from prismiq.execution import Database, encode_json
from prismiq.schema.types import DataType
from prismiq.settings import Settings
from prismiq.sql.statement import OutputColumn, Role, Statement


@pytest.fixture(params=["own", "pipelined", "host"])
async def database(dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    if request.param == "host":
        async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
            found = Database(pool=pool)
            await found.open()
            yield found
            return
    found = Database(dsn, settings=Settings(driver="psycopg" if request.param == "pipelined" else "asyncpg"))
    await found.open()
    yield found
    await found.close()


@pytest.mark.parametrize(
    ("sql", "kind", "element", "shown"),
    [
        ("interval '00:35:47.483647'", DataType.INTERVAL, None, "PT35M47.483647S"),
        ("interval '3 days -00:35:47.483648'", DataType.INTERVAL, None, "P2DT23H24M12.516352S"),
        ("ARRAY[interval '1 month']", DataType.ARRAY, DataType.INTERVAL, ["P1M"]),
        ("daterange('2020-01-01', 'infinity')", DataType.OTHER, None, "[2020-01-01,infinity)"),
        ("daterange('-infinity', '2020-01-01')", DataType.OTHER, None, "[-infinity,2020-01-01)"),
        ("polygon '((0,0),(1,2.5))'", DataType.OTHER, None, [[0.0, 0.0], [1.0, 2.5]]),
        ("path '[(0,0),(1,1)]'", DataType.OTHER, None, [[0.0, 0.0], [1.0, 1.0]]),
    ],
)
async def test_they_are_shown_as_they_are(
    database: Database, sql: str, kind: DataType, element: DataType | None, shown: object
) -> None:
    column = OutputColumn("c", kind, Role.COLUMN, "C", element=element)
    found = await database.run(Statement(f"SELECT {sql}", (), (column,)))
    assert json.loads(encode_json(found))["rows"] == [[shown]]


async def test_a_span_that_python_cannot_hold(dsn: str) -> None:
    found = Database(dsn)
    await found.open()
    column = OutputColumn("c", DataType.INTERVAL, Role.COLUMN, "C")
    rows = await found.run(Statement("SELECT interval '999999998 days 2562047788 hours'", (), (column,)))
    assert rows.rows == [("P999999998DT2562047788H",)]
    await found.close()

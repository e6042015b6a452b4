"""Distinct values estimated by the extension hll, where a PostgreSQL of the system has it, and refused where it is not.

Debian's package is postgresql-15-hll.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from prismiq import PrismiqEngine, QueryError
from prismiq.embedded.install import Install
from prismiq.testing import TemporaryPostgres

CONTROL = sorted(Path("/usr/share/postgresql").glob("*/extension/hll.control"))
FIELDS = ("n", "x", "t", "u", "d", "m", "f", "b")
QUERY = {
    "source": "readings",
    "dimensions": ["kind"],
    "measures": [
        {"name": f"{field}_{how}", "aggregate": aggregate, "field": field}
        for field in FIELDS
        for how, aggregate in (("about", "approx_count_distinct"), ("exactly", "count_distinct"))
    ],
}
TABLE = """
CREATE TABLE readings (
    id integer PRIMARY KEY, kind text, n integer, x numeric, t text, u uuid, d date, m timestamptz, f double precision,
    b boolean
);
INSERT INTO readings
SELECT i, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END, i % 50, CASE WHEN i % 3 = 0 THEN 1.0 ELSE 1.00 END, i % 9,
       md5((i % 20)::text)::uuid, date '2026-01-01' + i % 30, now() + i % 7 * interval '1 hour',
       CASE WHEN i % 3 = 0 THEN '-0'::float8 ELSE 0 END, i % 3 = 0
FROM generate_series(1, 400) i;
INSERT INTO readings VALUES (1000, 'none');
"""


@pytest.fixture(scope="module")
def server() -> Iterator[TemporaryPostgres]:
    if not CONTROL:
        pytest.skip("no PostgreSQL of the system has the extension hll")
    version = CONTROL[-1].parent.parent.name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "prismiq.embedded.server.find_install", lambda: Install(Path(f"/usr/lib/postgresql/{version}/bin"))
        )
        with TemporaryPostgres() as server:
            yield server


async def test_an_estimate_of_few_values_is_their_number(server: TemporaryPostgres) -> None:
    async def fill(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("CREATE SCHEMA extensions; CREATE EXTENSION hll SCHEMA extensions;" + TABLE)
        await connection.close()

    dsn = await server.create_template("readings", fill)
    async with PrismiqEngine(dsn) as engine:
        rows = (await engine.execute_query(QUERY)).to_dicts()
    assert [row["kind"] for row in rows] == ["even", "none", "odd"]
    for row in rows:
        assert [row[f"{field}_about"] for field in FIELDS] == [row[f"{field}_exactly"] for field in FIELDS], row
    assert {row["kind"]: row["x_about"] for row in rows} == {"even": 1, "none": 0, "odd": 1}


async def test_without_the_extension_the_way_out_is_named(shop_dsn: str) -> None:
    async with PrismiqEngine(shop_dsn) as engine:
        with pytest.raises(QueryError) as caught:
            await engine.execute_query({"source": "orders", "measures": ["approx_count_distinct(total)"]})
    (issue,) = caught.value.issues
    assert "hll" in issue.message
    assert "count_distinct" in str(issue.hint)

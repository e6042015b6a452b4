"""`fill` over what is found: as many buckets as a range may have, and one more."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from prismiq.engine import PrismiqEngine
from prismiq.errors import IssueCode, QueryError
from prismiq.query import Granularity
from prismiq.sql.spans import MAX_BUCKETS

FIRST = {"date": "1200-01-01", "timestamp": "1200-01-01 00:00", "timestamptz": "2000-01-01 00:00+00"}
LENGTHS = {
    Granularity.SECOND: "1 second",
    Granularity.MINUTE: "1 minute",
    Granularity.HOUR: "1 hour",
    Granularity.DAY: "1 day",
    Granularity.WEEK: "7 days",
    Granularity.MONTH: "1 month",
    Granularity.QUARTER: "3 months",
    Granularity.YEAR: "1 year",
}
SHORT = (Granularity.SECOND, Granularity.MINUTE, Granularity.HOUR)
WHICH = [(kind, each) for kind in FIRST for each in LENGTHS if not (kind == "date" and each in SHORT)]


@pytest.mark.parametrize(("kind", "granularity"), WHICH)
async def test_as_many_buckets_as_a_range_may_have_and_one_more(dsn: str, kind: str, granularity: Granularity) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("SET timezone = 'UTC'")
    length = LENGTHS[granularity]
    last = f"'{FIRST[kind]}'::{kind} + {MAX_BUCKETS - 1} * interval '{length}'"
    await connection.execute(f"""
        CREATE TABLE marks (id int PRIMARY KEY, at {kind});
        INSERT INTO marks VALUES (1, '{FIRST[kind]}'), (2, {last}), (3, 'infinity'), (4, '-infinity'), (5, NULL)
    """)
    dimension = {"name": "at", "field": "at", "granularity": granularity.value, "fill": True}
    zone = "America/New_York" if kind == "timestamptz" else "UTC"
    question: dict[str, Any] = {
        "source": {"query": {"source": "marks", "dimensions": [dimension], "measures": ["count"], "time_zone": zone}},
        "measures": ["count"],
    }
    async with PrismiqEngine(dsn) as engine:
        [(buckets,)] = (await engine.execute_query(question)).rows
        assert buckets == MAX_BUCKETS + 3, "both infinities and null are groups of their own"
        await connection.execute(f"UPDATE marks SET at = at + interval '{length}' WHERE id = 2")
        with pytest.raises(QueryError) as caught:
            await engine.execute_query(question)
        assert [issue.code for issue in caught.value.issues] == [IssueCode.TOO_COMPLEX]
    await connection.close()

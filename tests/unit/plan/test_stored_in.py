"""A timestamp that is configured to hold the wall time of a zone is an instant wherever a query meets it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timezone

import asyncpg
import pytest

from prismiq import AccessPolicy, PrismiqEngine, RequestContext, SchemaConfiguration
from prismiq.access.policy import RowFilter, TablePolicy
from prismiq.errors import ConfigurationError, IssueCode
from prismiq.execution.encode import encode_json

TABLE = """
CREATE TABLE visits (id integer PRIMARY KEY, at timestamp NOT NULL, twice timestamp, day date);
INSERT INTO visits VALUES
  (1, '2026-03-31 21:59:00', '2025-10-26 02:30:00', '2026-01-01'),
  (2, '2026-03-31 22:00:00', 'infinity', NULL);
CREATE INDEX visits_at ON visits (at)
"""
COLUMNS = {"at": {"stored_in": "UTC"}, "twice": {"stored_in": "Europe/Berlin"}}


@pytest.fixture
async def visits(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    await connection.execute(TABLE)
    await connection.close()
    return dsn


@pytest.fixture
async def engine(visits: str) -> AsyncIterator[PrismiqEngine]:
    configuration = SchemaConfiguration.load({"tables": {"visits": {"columns": COLUMNS}}})
    async with PrismiqEngine(visits, configuration=configuration) as engine:
        yield engine


async def test_result_has_offsets_and_says_where_it_is_from(engine: PrismiqEngine) -> None:
    result = await engine.execute_query(
        {"source": "visits", "columns": ["at", "twice"], "order_by": "-at", "time_zone": "Europe/Berlin"}
    )
    told = json.loads(encode_json(result))
    assert told["rows"] == [
        ["2026-04-01T00:00:00+02:00", "infinity"],
        ["2026-03-31T23:59:00+02:00", "2025-10-26T02:30:00+01:00"],
    ]
    assert told["columns"][0] | {"label": ""} == {
        "name": "at", "type": "timestamptz", "role": "column", "label": "", "source": "visits.at"
    }  # fmt: skip


async def test_buckets_go_by_the_zone_of_the_query(engine: PrismiqEngine) -> None:
    question = {"source": "visits", "dimensions": [{"field": "at", "granularity": "month"}], "measures": ["count"]}
    in_utc = await engine.execute_query(question)
    in_berlin = await engine.execute_query(question | {"time_zone": "Europe/Berlin"})
    assert [row[0].month for row in in_utc.rows] == [3]
    assert [row[0].month for row in in_berlin.rows] == [3, 4]


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("lte", "2026-03-31", [1]),
        ("eq", "2026-04-01", [2]),
        ("gte", "2026-04-01T00:00:00", [2]),
        ("eq", "2026-03-31T21:59:00Z", [1]),
        ("in", ["2026-03-31T21:59:00Z"], [1]),
        ("in_period", {"from": "2026-04-01"}, [2]),
        ("in_period", "today", [2]),
        ("is_null", None, []),
    ],
)
async def test_filters(visits: str, operator: str, value: object, found: list[int]) -> None:
    configuration = SchemaConfiguration.load({"tables": {"visits": {"columns": COLUMNS}}})

    def clock() -> datetime:
        return datetime(2026, 4, 1, 12, tzinfo=timezone.utc)

    condition = {"field": "at", "operator": operator} | ({} if value is None else {"value": value})
    question = {"source": "visits", "columns": ["id"], "filters": condition, "time_zone": "Europe/Berlin"}
    async with PrismiqEngine(visits, configuration=configuration, clock=clock) as engine:
        assert [row[0] for row in (await engine.execute_query(question)).rows] == found


async def test_expressions_and_measures(engine: PrismiqEngine) -> None:
    result = await engine.execute_query(
        {
            "source": "visits",
            "measures": [
                {"name": "last", "aggregate": "max", "field": "at"},
                {"name": "hours", "aggregate": "max", "expression": "extract(hour from at)"},
                {"name": "late", "aggregate": "count", "filters": [{"expression": "at >= '2026-04-01'"}]},
            ],
            "time_zone": "Europe/Berlin",
        }
    )
    assert result.rows == [(datetime(2026, 3, 31, 22, tzinfo=timezone.utc), 23, 1)]


async def test_a_filter_can_use_the_index_of_a_column_in_utc(engine: PrismiqEngine) -> None:
    condition = {"field": "at", "operator": "gte", "value": "2026-04-01"}
    statement = await engine.compile_query({"source": "visits", "columns": ["id"], "filters": condition})
    assert "visits.at >= timezone(" in statement.sql


async def test_row_filters_compare_instants(visits: str) -> None:
    configuration = SchemaConfiguration.load({"tables": {"visits": {"columns": COLUMNS}}})
    policy = AccessPolicy(tables={"visits": TablePolicy(rows=(RowFilter(column="twice", attribute="since"),))})
    context = RequestContext(user="u", attributes={"since": "2025-10-26T01:30:00Z"})
    async with PrismiqEngine(visits, configuration=configuration, policy=policy) as engine:
        result = await engine.execute_query({"source": "visits", "columns": ["id"]}, context)
    assert result.rows == [(1,)]


async def test_schema_and_values(engine: PrismiqEngine) -> None:
    column = (await engine.get_schema()).by_ref[("public", "visits")].by_name["at"]
    assert (column.type, column.stored_in, column.database_type) == (
        "timestamptz",
        "UTC",
        "timestamp without time zone",
    )
    values = await engine.get_column_values("visits", "at")
    assert [row[0].tzinfo is not None for row in values.rows] == [True, True]


async def test_what_cannot_be_stored_in_a_zone(visits: str) -> None:
    columns = {"day": {"stored_in": "UTC"}, "at": {"stored_in": "Europe/Berlim"}}
    configuration = SchemaConfiguration.load({"tables": {"visits": {"columns": columns}}})
    async with PrismiqEngine(visits, configuration=configuration) as engine:
        with pytest.raises(ConfigurationError) as caught:
            await engine.get_schema()
    assert "'day' is date" in str(caught.value)
    assert "Did you mean 'Europe/Berlin'?" in str(caught.value)


async def test_an_explicit_join_compares_what_is_stored_in_one_zone_only(engine: PrismiqEngine) -> None:
    join = {"table": "visits", "alias": "other"}
    question = {"source": "visits", "measures": [{"aggregate": "count", "table": "other"}]}
    alike = await engine.execute_query(question | {"joins": [join | {"on": [{"left": "visits.at", "right": "at"}]}]})
    assert alike.rows == [(2,)]
    issue, *_ = await engine.validate_query(
        question | {"joins": [join | {"on": [{"left": "visits.at", "right": "twice"}]}]}
    )
    assert issue.code is IssueCode.TYPE_MISMATCH

"""Zones whose names are abbreviations to PostgreSQL: they have a summer time, and the abbreviation has none."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from prismiq import PrismiqEngine
from prismiq.zones import known_zones

MOMENT = datetime(2025, 7, 1, 22, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize("zone", ["CET", "EET", "MET", "WET", "Europe/Brussels"])
async def test_a_bucket_is_of_the_zone(dsn: str, zone: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE seen AS SELECT '2025-07-01 22:30+00'::timestamptz AS at")
    await connection.close()
    local = MOMENT.astimezone(ZoneInfo(zone))
    day = local.date()
    asked = {
        "source": "seen",
        "dimensions": [
            {"name": "day", "field": "at", "granularity": "day"},
            {"name": "hour", "field": "at", "granularity": "hour_of_day"},
            {"name": "computed", "expression": "extract(hour from at)"},
        ],
        "measures": ["count"],
        "filters": {"field": "at", "value": str(day)},
        "time_zone": zone,
    }
    async with PrismiqEngine(dsn) as engine:
        assert (await engine.execute_query(asked)).rows == [(day, local.hour, local.hour, 1)]


async def test_no_other_zone_is_an_abbreviation(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    found = await connection.fetch(
        "SELECT DISTINCT name FROM pg_timezone_names, unnest($1::timestamptz[]) AS moment "
        "WHERE timezone(name, moment) <> timezone(':' || name, moment)",
        [datetime(year, month, 1, tzinfo=timezone.utc) for year in (1942, 1967, 1980, 2000, 2025) for month in (1, 7)],
    )
    await connection.close()
    told_apart = {row["name"] for row in found} & known_zones()
    summer = {"CET", "EET", "MET", "WET"}
    assert summer <= told_apart <= summer | {"EST", "HST", "MST"}, "the latter by the files that the server has"

"""Where PostgreSQL's rules for a zone are others than those here, nothing is computed by both without a word of it."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from prismiq import PrismiqEngine
from prismiq.introspection import clocks, clocks_apart
from prismiq.plan.lower import fast_buckets
from prismiq.settings import Settings
from prismiq.zones import zone_of

NOW = datetime(2026, 11, 30, tzinfo=timezone.utc)
BY_DAY = {
    "source": "seen",
    "dimensions": [{"name": "day", "field": "at", "granularity": "day"}],
    "measures": ["count"],
    "filters": {"field": "at", "operator": "in_period", "value": {"from": "2025-03-01", "to": "2025-03-03"}},
}


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Berlin keeps the rules of Kolkata here, and PostgreSQL does not know."""

    def other(name: str) -> ZoneInfo:
        return zone_of("Asia/Kolkata" if name == "Europe/Berlin" else name)

    monkeypatch.setattr(clocks, "zone_of", other)


async def test_zones_are_compared(dsn: str, moved: None) -> None:
    connection = await asyncpg.connect(dsn)
    zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "CET", "EST"]
    assert await clocks_apart(connection, zones, NOW) == {"Europe/Berlin"}
    async with connection.transaction():
        monkeyed = await clocks_apart(connection, ["Europe/Berlin"], NOW)
        assert (monkeyed, await connection.fetchval("SELECT 1")) == ({"Europe/Berlin"}, 1)
    await connection.close()


async def test_a_zone_that_postgresql_does_not_know(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "zone_of", lambda _: zone_of("UTC"))
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        assert await clocks_apart(connection, ["Mars/Olympus", "UTC"], NOW) == {"Mars/Olympus"}
        assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
async def test_a_question_by_such_a_clock_is_warned_of(
    dsn: str, moved: None, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_buckets, "MANY_ROWS", 0)
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE seen AS SELECT now() AS at FROM generate_series(1, 3); ANALYZE seen")
    await connection.close()
    async with PrismiqEngine(dsn, settings=Settings(time_zone=zone)) as by_default:
        apart = zone == "Europe/Berlin"
        statement = await by_default.compile_query(BY_DAY)
        assert [zone in warning for warning in statement.warnings] == [True] * apart
        assert ("width_bucket" in statement.sql) is not apart
        assert (await by_default.execute_query(BY_DAY)).meta.warnings == statement.warnings
    async with PrismiqEngine(dsn) as engine:
        asked = {**BY_DAY, "time_zone": zone}
        assert not (await engine.compile_query(asked)).warnings, "nobody had asked for it before"
        await engine.refresh_schema()
        assert len((await engine.compile_query(asked)).warnings) == apart

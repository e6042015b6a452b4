"""Buckets found among bounds computed here are those that PostgreSQL's clock gives, in every zone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from prismiq import PrismiqEngine
from prismiq.plan.lower import fast_buckets
from prismiq.query.definition import Granularity

# Where the clock skips midnight or a whole day, shows one twice, or is set back over one; by whole and by half hours.
ZONES = (
    *("America/New_York", "America/Havana", "America/Sao_Paulo", "America/Goose_Bay", "America/St_Johns"),
    *("Pacific/Apia", "Pacific/Kwajalein", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu"),
)
YEARS = (1993, 2006, 2011, 2023)
FAST = re.compile("width_bucket|date_bin")
BOUNDS = {"from": "1993-01-01", "to": "2024-01-01"}


def moments() -> Iterator[datetime]:
    """Around each change of each clock in these years, and some days beside."""
    for name in ZONES:
        zone = ZoneInfo(name)
        for year in YEARS:
            hour = datetime(year, 1, 1, tzinfo=timezone.utc)
            while hour.year == year:
                following = hour + timedelta(hours=1)
                if hour.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
                    yield from (hour + timedelta(minutes=minutes) for minutes in range(-1500, 1600, 19))
                hour = following
            yield from (datetime(year, month, 3, 4, 5, tzinfo=timezone.utc) for month in range(1, 13))


@pytest.fixture
async def events_dsn(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE events (at timestamptz, wall timestamp)")
    rows = [(moment, moment.replace(tzinfo=None)) for moment in moments()]
    await connection.copy_records_to_table("events", records=rows)
    await connection.execute("ANALYZE events")
    await connection.close()
    return dsn


def by(granularity: str, zone: str, bounds: object = BOUNDS, **more: Any) -> dict[str, Any]:
    return {
        "source": "events",
        "dimensions": [{"name": "bucket", "field": "at", "granularity": granularity}],
        "measures": ["count", {"name": "first", "aggregate": "min", "field": "at"}],
        "filters": [{"field": "at", "operator": "in_period", "value": bounds}],
        "time_zone": zone,
        **more,
    }


@pytest.mark.parametrize("zone", ZONES)
async def test_they_are_postgresqls(events_dsn: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: Counter[Granularity] = Counter()
    async with PrismiqEngine(events_dsn) as slow, PrismiqEngine(events_dsn) as engine:
        for granularity, year in product(Granularity, YEARS):
            asked = by(granularity, zone, {"from": f"{year}-01-01", "to": f"{year + 1}-01-01"})
            for more in ({}, {"totals": "grand"}, {"week_start": "sunday", "fiscal_year_start": 4}):
                question = {**asked, **more}
                monkeypatch.setattr(fast_buckets, "MANY_ROWS", 10**9)
                plain = await slow.execute_query(question)
                monkeypatch.setattr(fast_buckets, "MANY_ROWS", 0)
                fast = await engine.execute_query(question)
                taken[granularity] += bool(FAST.search((await engine.compile_query(question)).sql))
                assert fast.rows == plain.rows, question
    assert set(taken) == set(Granularity), "or nothing is tested"
    assert sum(taken.values()) > 100, taken


async def test_the_longer_way_where_there_are_too_many_or_a_day_begins_twice(
    events_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_buckets, "MANY_ROWS", 0)
    async with PrismiqEngine(events_dsn) as engine:
        for asked, fast in (
            (by("day", "UTC", {"from": "2023-01-01", "to": "2023-02-01"}), True),
            (by("day", "UTC", {"from": "1950-01-01", "to": "2023-02-01"}), False),  # the same plan, other values
            (by("day", "America/Goose_Bay", {"from": "1993-01-01", "to": "1994-01-01"}), False),
            (by("day", "America/Goose_Bay", {"from": "2023-01-01", "to": "2024-01-01"}), True),
            (by("day", "UTC", {"from": "2023-01-01"}), False),
            (by("hour", "UTC", {"from": "2006-01-01", "to": "2011-01-01"}), True),
            (by("hour", "UTC"), False),  # more days than a clock is looked at for
            (by("second", "UTC", {"from": "1890-01-01", "to": "1890-02-01"}), False),
            (by("hour_of_day", "UTC", {"from": "2023-01-01", "to": "2024-01-01"}), True),
            (by("hour_of_day", "UTC", {"from": "2006-01-01", "to": "2011-01-01"}), False),  # that many hours
            (by("hour", "Australia/Lord_Howe", {"from": "2023-01-01", "to": "2024-01-01"}), False),  # by half an hour
            (by("minute", "Australia/Lord_Howe", {"from": "2023-01-01", "to": "2024-01-01"}), True),
            (by("hour_of_day", "Asia/Kathmandu", {"from": "2023-01-01", "to": "2024-01-01"}), True),
        ):
            assert bool(FAST.search((await engine.compile_query(asked)).sql)) is fast, asked
            assert (await engine.execute_query(asked)).row_count > 0 or "1890" in str(asked)


async def test_of_a_small_table_a_clock_is_asked(events_dsn: str) -> None:
    connection = await asyncpg.connect(events_dsn)
    await connection.execute("CREATE TABLE few AS SELECT * FROM events LIMIT 5; ANALYZE few")
    await connection.close()
    asked = by("day", "UTC", {"from": "2023-01-01", "to": "2023-02-01"})
    async with PrismiqEngine(events_dsn) as engine:
        assert "width_bucket" in (await engine.compile_query(asked)).sql
        assert "width_bucket" not in (await engine.compile_query({**asked, "source": "few"})).sql

"""Where the clocks of zones come from."""

from __future__ import annotations

import copy
import pickle
import zoneinfo
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import orjson
import pytest

from prismiq.zones import known_zones, zone_of


@pytest.fixture
def without_the_systems() -> Iterator[None]:
    zoneinfo.reset_tzpath(to=())
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("without_the_systems")
def test_every_zone_is_read_from_the_package() -> None:
    """And not from files of the system, which may be older than PostgreSQL's."""
    moments = [datetime(year, month, 1, tzinfo=timezone.utc) for year in range(1900, 2040, 7) for month in (1, 7)]
    for name in sorted(known_zones()):
        packaged = zoneinfo.ZoneInfo.no_cache(name)
        found = zone_of(name)
        assert found.key == name
        assert [each.astimezone(found).utcoffset() for each in moments] == [
            each.astimezone(packaged).utcoffset() for each in moments
        ]


def test_moments_of_a_zone_can_be_copied_pickled_and_encoded() -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=timezone.utc).astimezone(zone_of("Asia/Kolkata"))
    for other in (copy.deepcopy(moment), pickle.loads(pickle.dumps(moment))):
        assert (other, other.utcoffset()) == (moment, timedelta(hours=5.5))
        assert other.tzinfo is moment.tzinfo
    assert orjson.dumps(moment) == b'"2026-07-01T17:30:00+05:30"'


def test_what_only_a_system_calls_a_zone_is_none() -> None:
    assert "localtime" not in known_zones()

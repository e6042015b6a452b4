"""The flights: all there, their keys sound, their times right, and loaded whole or not at all."""

from __future__ import annotations

import asyncio
import csv
import io
import lzma
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from prismiq.demo import load
from prismiq.demo.database import DATABASE, prepare_flights
from prismiq.demo.load import load_flights
from prismiq.testing import TemporaryPostgres

ROWS = {"airlines": 16, "airports": 1_458, "planes": 3_322, "weather": 26_115, "flights": 336_776}


def source(table: str) -> list[dict[str, str]]:
    data = Path(load.__file__).with_name("data") / f"{table}.csv.xz"
    return list(csv.DictReader(io.StringIO(lzma.open(data, "rt").read())))


@pytest.mark.parametrize("table", ROWS)
async def test_every_row_is_there(flights_dsn: str, table: str) -> None:
    connection = await asyncpg.connect(flights_dsn)
    assert await connection.fetchval(f"SELECT count(*) FROM {table}") == ROWS[table]
    await connection.close()


async def test_times_are_those_of_the_source(flights_dsn: str) -> None:
    """Departures are checked against two columns that the load does not use: the UTC hour and the wall time."""
    connection = await asyncpg.connect(flights_dsn)
    loaded = await connection.fetch(
        """
        SELECT to_char(scheduled_departure AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00:00"Z"') AS hour,
               to_char(scheduled_departure AT TIME ZONE 'America/New_York', 'FMHH24MI') AS scheduled,
               to_char(departure AT TIME ZONE 'America/New_York', 'FMHH24MI') AS departed,
               to_char(arrival_time, 'FMHH24MI') AS arrived
        FROM flights ORDER BY id
        """
    )
    await connection.close()
    wall = {"2400": "0"}

    def expected(row: dict[str, str]) -> tuple[object, ...]:
        times = (row["sched_dep_time"], row["dep_time"], row["arr_time"])
        return (row["time_hour"], *(None if each == "NA" else wall.get(each, each) for each in times))

    def found(row: asyncpg.Record) -> tuple[object, ...]:
        return (row["hour"], *(None if each is None else str(int(each)) for each in tuple(row)[1:]))

    wrong = [
        (ours, theirs)
        for ours, theirs in zip(map(found, loaded), map(expected, source("flights")), strict=True)
        if ours != theirs
    ]
    assert wrong == []


async def test_a_dangling_key_is_null_and_every_other_is_kept(flights_dsn: str) -> None:
    known = {row["tailnum"] for row in source("planes")}
    expected = Counter(row["tailnum"] for row in source("flights") if row["tailnum"] in known)
    connection = await asyncpg.connect(flights_dsn)
    rows = await connection.fetch("SELECT tailnum, count(*) FROM flights WHERE tailnum IS NOT NULL GROUP BY 1")
    assert dict(rows) == expected
    assert await connection.fetchval("SELECT count(*) FROM flights WHERE dest IS NULL") == 7_602
    assert await connection.fetchval("SELECT count(*) FROM flights WHERE cancelled") == 8_255
    await connection.close()


async def test_every_foreign_key_is_valid_and_indexed(flights_dsn: str) -> None:
    connection = await asyncpg.connect(flights_dsn)
    keys = await connection.fetch(
        """
        SELECT conname, convalidated, EXISTS (
            SELECT FROM pg_index WHERE indrelid = conrelid AND conkey[1] = indkey[0]
        ) AS indexed
        FROM pg_constraint WHERE contype = 'f'
        """
    )
    await connection.close()
    assert {key["conname"] for key in keys} == {
        "flights_carrier_fkey",
        "flights_tailnum_fkey",
        "flights_origin_fkey",
        "flights_dest_fkey",
        "flights_weather_fkey",
        "weather_origin_fkey",
    }
    assert all(key["convalidated"] and key["indexed"] for key in keys)


async def test_every_table_is_described(flights_dsn: str) -> None:
    connection = await asyncpg.connect(flights_dsn)
    comments = await connection.fetch(
        """
        SELECT relname, obj_description(oid)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        """
    )
    await connection.close()
    assert len(comments) == len(ROWS)
    assert all(comment for _, comment in comments)


async def test_an_interrupted_load_leaves_nothing_and_the_next_is_whole(dsn: str) -> None:
    def interrupt(step: str, done: float | None) -> None:
        if step == "loading flights":
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await load_flights(dsn, interrupt)
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()
    steps: list[str] = []
    report = await load_flights(dsn, lambda step, _: steps.append(step))
    assert report.rows == ROWS
    assert report.dangling == {
        "flights.tailnum → planes": 50_094,
        "flights.dest → airports": 7_602,
        "flights.weather_hour → weather": 1_556,
    }
    assert list(dict.fromkeys(steps)) == [
        *(f"loading {table}" for table in ROWS),
        "making tables",
        "adding keys and indexes",
        "done",
    ]


async def test_prepared_once_and_again_only_when_incomplete(postgres_server: TemporaryPostgres) -> None:
    server = postgres_server.server
    admin = await asyncpg.connect(server.dsn())
    # A load that was killed has left a database without the mark of completeness.
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    # Two demos at once: the second waits for the first and finds its work done.
    (reader, first), (_, second) = await asyncio.gather(
        prepare_flights(server, lambda *_: None), prepare_flights(server, lambda *_: None)
    )
    assert sorted([first is None, second is None]) == [False, True]
    connection = await asyncpg.connect(reader)
    assert await connection.fetchval("SELECT count(*) FROM flights") == ROWS["flights"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM flights")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetchval("SELECT pg_read_file('/etc/passwd')")
    await connection.close()
    await admin.execute(f"DROP DATABASE {DATABASE}")
    await admin.close()

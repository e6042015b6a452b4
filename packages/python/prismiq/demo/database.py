"""The demo's database on an embedded server: made and loaded once, found again afterwards."""

from __future__ import annotations

from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.demo.load import LoadReport, Progress, load_flights
from prismiq.embedded import EmbeddedPostgres

DATABASE = "flights"
READER = "prismiq_reader"

_COMPLETE = "Prismiq demo data, complete, version 1"  # raise it when schema.sql or the data change
_LOCK = 0x50524951  # any number that every demo agrees on


async def prepare_flights(server: EmbeddedPostgres, progress: Progress) -> tuple[str, LoadReport | None]:
    """Loads the flights where they are not there yet, or are of an older version.

    Returns the address of the database, for a role that may only read, and the report of the load, if there was one.
    """
    admin = await _connect(server.dsn())
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)  # a second demo on this server waits for the first
        report = None
        if await _comment(admin) != _COMPLETE:
            await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {DATABASE}")
            report = await load_flights(server.dsn(DATABASE), progress)
            await _let_read(admin, server)
            await admin.execute(f"COMMENT ON DATABASE {DATABASE} IS '{_COMPLETE}'")
    finally:
        await admin.close()
    return server.dsn(DATABASE, READER), report


async def _comment(admin: Any) -> str | None:
    return await admin.fetchval(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", DATABASE
    )


async def _let_read(admin: Any, server: EmbeddedPostgres) -> None:
    """A role for the API, which may read the flights and nothing else."""
    if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", READER):
        password = server.password
        # CREATE ROLE takes no bound values; PostgreSQL quotes them itself.
        create = "SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)"
        await admin.execute(await admin.fetchval(create, READER, password))
    flights = await _connect(server.dsn(DATABASE))
    try:
        await flights.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
    finally:
        await flights.close()


async def _connect(dsn: str) -> Any:
    return cast("Any", await asyncpg.connect(dsn))  # pyright: ignore[reportUnknownMemberType]  as above

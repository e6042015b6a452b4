"""The demo's databases on an embedded server: the flights, and the store of dashboards beside them.

Both are made once and found again afterwards; the store outlives a new version of the flights.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

from prismiq.access import RequestContext
from prismiq.dashboards import apply_changes, plan_changes
from prismiq.dashboards.files import load_yaml
from prismiq.demo.load import LoadReport, Progress, load_flights
from prismiq.embedded import EmbeddedPostgres
from prismiq.engine import PrismiqEngine

DATABASE = "flights"
READER = "prismiq_reader"
STORE = "dashboards"
KEEPER = "prismiq_keeper"
AUTHOR = RequestContext(user="prismiq")
"""Whose the demo's own dashboards are."""

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


async def prepare_store(server: EmbeddedPostgres) -> str:
    """Makes the database that dashboards are stored in, where it is not there yet. Returns its address."""
    admin = await _connect(server.dsn())
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await _make_role(admin, server, KEEPER)
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", STORE):
            await admin.execute(f"CREATE DATABASE {STORE} OWNER {KEEPER}")
    finally:
        await admin.close()
    return server.dsn(STORE, KEEPER)


async def prepare_dashboards(engine: PrismiqEngine) -> None:
    """Brings the store's tables and the demo's own dashboards to what this version has. Others' are left alone."""
    await engine.migrate()
    folder = files("prismiq.demo") / "dashboards"
    found = {each.name: load_yaml(each.read_bytes()) for each in folder.iterdir() if each.name.endswith(".yaml")}
    await apply_changes(engine.dashboards, await plan_changes(engine.dashboards, found, AUTHOR), AUTHOR)


async def _comment(admin: Any) -> str | None:
    return await admin.fetchval(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", DATABASE
    )


async def _let_read(admin: Any, server: EmbeddedPostgres) -> None:
    """A role for the API, which may read the flights and nothing else."""
    await _make_role(admin, server, READER)
    flights = await _connect(server.dsn(DATABASE))
    try:
        await flights.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
    finally:
        await flights.close()


async def _make_role(admin: Any, server: EmbeddedPostgres, role: str) -> None:
    if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        # CREATE ROLE takes no bound values; PostgreSQL quotes them itself.
        create = "SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)"
        await admin.execute(await admin.fetchval(create, role, server.password))


async def _connect(dsn: str) -> Any:
    return cast("Any", await asyncpg.connect(dsn))  # pyright: ignore[reportUnknownMemberType]  as above

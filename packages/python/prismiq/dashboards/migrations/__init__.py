"""Makes and changes the store's tables: Alembic writes the SQL, asyncpg runs it.

Alembic works offline here, so that what a DBA reads in `prismiq migrate --sql` is what `prismiq migrate` runs, and no
second driver is needed. Migrations therefore look at nothing in the database.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from prismiq.dashboards.tables import SCHEMA
from prismiq.errors import ConfigurationError

_LOCK = 0x50524951_4D494752  # "PRIQMIGR": every instance agrees on it
_VERSIONS = f"{SCHEMA}.alembic_version"


def migration_sql(start: str | None = None) -> str:
    """The SQL from a revision, or from nothing, to the newest. Empty where nothing is missing.

    Raises ConfigurationError without Alembic, and for a revision that does not exist.
    """
    script = _scripts()
    revisions = _pending(script, start)
    return _sql(script, start) if revisions else ""


async def migrate(connection: Any) -> list[str]:
    """Brings a database to the newest revision, all or nothing. Others who start it meanwhile wait, and find it done.

    Returns the revisions applied, in order. Raises what asyncpg raises, and ConfigurationError as `migration_sql` does.
    """
    script = _scripts()
    within = connection.is_in_transaction()
    if not within:
        await connection.execute("BEGIN")
    try:
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.fetchval("SELECT pg_advisory_xact_lock($1)", _LOCK)
        current = await current_revision(connection)
        if current is not None and current not in {each.revision for each in script.walk_revisions()}:
            revisions: list[str] = []  # a newer program has been here
        else:
            revisions = _pending(script, current)
        if revisions:
            has_schema = await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", SCHEMA)
            await connection.execute(_sql(script, current, make_schema=not has_schema))
        if not within:
            await connection.execute("COMMIT")
    except BaseException:
        if not within and not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    return revisions


async def current_revision(connection: Any) -> str | None:
    """The revision a database is at, or None where the store has no tables there."""
    if await connection.fetchval("SELECT to_regclass($1) IS NULL", _VERSIONS):
        return None
    return await connection.fetchval(f"SELECT max(version_num) FROM {SCHEMA}.alembic_version")  # noqa: S608  a constant


def _scripts() -> Any:
    try:
        from alembic.config import Config  # noqa: PLC0415  an extra
        from alembic.script import ScriptDirectory  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "Migrations need Alembic, which is not installed.", hint="pip install 'prismiq[dashboards]'"
        ) from None
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _pending(script: Any, start: str | None) -> list[str]:
    known = [each.revision for each in script.walk_revisions()][::-1]
    if start is None:
        return known
    if start not in known:
        raise ConfigurationError(f'There is no revision "{start}".', hint=f"There are {', '.join(known)}.")
    return known[known.index(start) + 1 :]


def _sql(script: Any, start: str | None, *, make_schema: bool = True) -> str:
    from alembic.config import Config  # noqa: PLC0415  an extra
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415

    written = io.StringIO()
    if start is None and make_schema:
        written.write(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};\n\n")

    def steps(revision: Any, context: Any) -> Any:
        return script._upgrade_revs("head", revision)

    with EnvironmentContext(
        Config(), script, fn=steps, as_sql=True, starting_rev=start, destination_rev="head"
    ) as environment:
        environment.configure(
            dialect_name="postgresql",
            literal_binds=True,
            output_buffer=written,
            version_table_schema=SCHEMA,
            transactional_ddl=False,
        )
        environment.run_migrations()
    return written.getvalue()

"""The commands for what is stored: `prismiq migrate`, `prismiq dashboards apply` and `export`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from prismiq.access import RequestContext
from prismiq.cli import output
from prismiq.cli.commands import Config, DatabaseUrl, engine_for
from prismiq.dashboards import Change, PostgresStore, apply_changes, plan_changes
from prismiq.dashboards.files import dump_yaml, load_yaml
from prismiq.dashboards.migrations import migration_sql
from prismiq.dashboards.wire import load_json
from prismiq.errors import ConfigurationError, DefinitionError, Issue

app = typer.Typer(help="Dashboards as code.", no_args_is_help=True, add_completion=False)

StoreDsn = Annotated[
    str, typer.Option("--store", envvar="PRISMIQ_STORE_DSN", help="Where dashboards are stored: postgresql://…")
]
Tenant = Annotated[str | None, typer.Option(help="Whose dashboards; none where there are no tenants.")]
User = Annotated[str, typer.Option(help="The owner of the dashboards.")]
_SUFFIXES = (".yaml", ".yml", ".json")


def migrate(
    dsn: Annotated[
        str | None, typer.Option(envvar="PRISMIQ_STORE_DSN", help="Where dashboards are stored: postgresql://…")
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL and run nothing.")] = False,
    start: Annotated[
        str | None, typer.Option("--from", metavar="REVISION", help="With --sql: the revision that is there.")
    ] = None,
) -> None:
    """Make or change the tables that dashboards are stored in. Several may run it at once."""
    if sql:
        output.print_sql(migration_sql(start))
        return
    if dsn is None:
        raise ConfigurationError("No store is named.", hint="Give its address: --dsn, or PRISMIQ_STORE_DSN.")

    async def run() -> list[str]:
        store = PostgresStore(dsn)
        await store.open()
        try:
            return await store.migrate()
        finally:
            await store.close()

    output.print_migrated(asyncio.run(run()))


@app.command("apply")
def apply_directory(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder of .yaml and .json files.")],
    database_url: DatabaseUrl,
    store: StoreDsn,
    *,
    tenant: Tenant = None,
    user: User = "prismiq",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    config: Config = None,
) -> None:
    """Make the stored dashboards those that the files describe. Applying them twice changes nothing."""
    context = RequestContext(user=user, tenant=tenant)
    files = _read(directory)

    async def run() -> list[Change]:
        async with engine_for(database_url, config, None, store=store) as engine:
            changes = await plan_changes(engine.dashboards, files, context)
            if not dry_run:
                await apply_changes(engine.dashboards, changes, context)
            return changes

    output.print_changes(asyncio.run(run()), dry_run=dry_run)


@app.command("export")
def export_directory(
    directory: Annotated[Path, typer.Argument(file_okay=False, help="The folder to write to.")],
    database_url: DatabaseUrl,
    store: StoreDsn,
    tenant: Tenant = None,
    user: User = "prismiq",
) -> None:
    """Write every dashboard of an owner into a file of its own, named after its slug."""
    context = RequestContext(user=user, tenant=tenant)

    async def run() -> dict[str, str]:
        written: dict[str, str] = {}
        async with engine_for(database_url, None, None, store=store) as engine:
            cursor = None
            while True:
                page = await engine.dashboards.list(context, cursor=cursor)
                for each in page.items:
                    if each.record.owner == user:
                        content = await engine.dashboards.export(each.id, context)
                        written[f"{each.record.slug}.yaml"] = dump_yaml(content)
                cursor = page.next_cursor
                if cursor is None:
                    return written

    files = asyncio.run(run())
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    output.print_exported(sorted(files), directory)


def _read(directory: Path) -> dict[str, dict[str, Any]]:
    """The folder's files by their names. Raises DefinitionError with all that cannot be read."""
    files: dict[str, dict[str, Any]] = {}
    issues: list[Issue] = []
    for path in sorted(directory.iterdir()):
        if path.suffix in _SUFFIXES:
            try:
                read = load_json if path.suffix == ".json" else load_yaml
                files[path.name] = read(path.read_bytes())
            except DefinitionError as error:
                issues += [Issue((path.name, *each.loc), each.code, each.message, each.hint) for each in error.issues]
    if issues:
        raise DefinitionError(issues)
    if not files:
        raise ConfigurationError(
            f"There is no file in {directory}.", hint="Dashboards are read from .yaml, .yml and .json files."
        )
    return files

"""The commands. What only the serving ones need is imported there, so that the others start quicker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from prismiq.access import AccessPolicy, RequestContext
from prismiq.access.explain import TableAccess
from prismiq.cli import output
from prismiq.engine import PrismiqEngine
from prismiq.query.json_schema import schema_text
from prismiq.schema import SchemaConfiguration

app = typer.Typer(
    help="An analytics engine for the FastAPI application you already have.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 takes a free one.")]
DatabaseUrl = Annotated[
    str, typer.Option(envvar="PRISMIQ_DATABASE_URL", help="postgresql://user:password@host:5432/database")
]
Config = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="A schema configuration: a .yaml or .toml file."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON for programs, not a table for people.")]
Question = Annotated[
    typer.FileBinaryRead, typer.Argument(metavar="FILE", help="A query definition in JSON; - reads standard input.")
]

T = TypeVar("T")


@app.command()
def demo(
    port: Port = 8000,
    data_dir: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for the database; your data folder by default.")
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Delete the demo's database first and load it anew.")] = False,
) -> None:
    """Serve real flight data from an embedded PostgreSQL. Nothing to set up."""
    from prismiq.demo.run import default_data_dir, run_demo  # noqa: PLC0415

    run_demo(data_dir or default_data_dir(), port, reset=reset, console=output.people)


@app.command()
def serve(
    database_url: DatabaseUrl,
    host: Annotated[
        str, typer.Option(help="Address to serve on. Others than loopback let the network in.")
    ] = "127.0.0.1",
    port: Port = 8000,
    config: Config = None,
) -> None:
    """Serve the API for a database. Everybody who reaches the port may read all that the database role may."""
    from fastapi import FastAPI  # noqa: PLC0415

    from prismiq.api import create_router, public_context  # noqa: PLC0415
    from prismiq.serving import address, listen, orderly_end  # noqa: PLC0415
    from prismiq.serving import serve as serve_app  # noqa: PLC0415

    with listen(host, port) as listener, orderly_end():
        url = address(listener)

        async def run() -> None:
            async with engine_for(database_url, config, AccessPolicy.open()) as engine:
                await engine.get_schema()  # learn now, not by the first request, that the database is away
                app = FastAPI(title="Prismiq")
                app.include_router(create_router(engine, get_context=public_context))
                await serve_app(app, listener, lambda: output.print_serving(url))

        try:
            asyncio.run(run())
        except KeyboardInterrupt:
            output.people.print("Stopped.")


@app.command()
def schema(
    database_url: DatabaseUrl,
    table: Annotated[str | None, typer.Argument(help="Only this table, with its columns and relationships.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show the tables, columns and relationships that queries can use."""
    found = _with_engine(database_url, config, lambda engine: engine.get_schema())
    output.print_schema(found, table, as_json=as_json)


@app.command()
def query(database_url: DatabaseUrl, file: Question, config: Config = None, as_json: Json = False) -> None:
    """Run a query and show its rows."""
    text = file.read()
    result = _with_engine(database_url, config, lambda engine: engine.execute_query(text))
    output.print_result(result, as_json=as_json)


@app.command()
def sql(database_url: DatabaseUrl, file: Question, config: Config = None, as_json: Json = False) -> None:
    """Show the SQL of a query without running it."""
    text = file.read()
    statement = _with_engine(database_url, config, lambda engine: engine.compile_query(text))
    output.print_statement(statement, as_json=as_json)


@app.command("query-schema")
def query_schema() -> None:
    """Print the JSON Schema of a query, for an editor or a language model."""
    output.print_json_schema(schema_text())


policies = typer.Typer(help="Look into an access policy.", no_args_is_help=True)
app.add_typer(policies, name="policy")


@policies.command("check")
def check_policy(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy: a .yaml or .toml file.")],
    database_url: DatabaseUrl,
    *,
    config: Config = None,
    user: Annotated[str, typer.Option(help="Who asks.")] = "someone",
    tenant: Annotated[str | None, typer.Option(help="Their tenant.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role of theirs; may be given several times.")] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help='An attribute; text, or JSON as in regions=["EU"]. Several times.'),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a policy lets a caller see of each table, and why. Fails when it does not fit the database."""
    attributes = dict(_attribute(each) for each in attribute or ())
    policy = AccessPolicy.load(file)
    context = RequestContext(user=user, tenant=tenant, roles=frozenset(role or ()), attributes=attributes)

    async def run() -> list[TableAccess]:
        async with engine_for(database_url, config, policy) as engine:
            return await engine.explain_access(context)

    output.print_access(asyncio.run(run()), as_json=as_json)


def _attribute(text: str) -> tuple[str, Any]:
    """`regions=["EU"]` or `region=EU`: the value is JSON where it can be read as such."""
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise typer.BadParameter(f'"{text}" is not NAME=VALUE.', param_hint="--attribute")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _with_engine(database_url: str, config: Path | None, ask: Callable[[PrismiqEngine], Awaitable[T]]) -> T:
    """Opens an engine, asks it one thing and closes it. The command line is the host's own: no policy."""

    async def run() -> T:
        async with engine_for(database_url, config, None) as engine:
            return await ask(engine)

    return asyncio.run(run())


def engine_for(
    database_url: str, config: Path | None, policy: AccessPolicy | None, store: str | None = None
) -> PrismiqEngine:
    """An engine for one command."""
    configuration = SchemaConfiguration.load(config) if config else None
    return PrismiqEngine(database_url, policy=policy, configuration=configuration, store=store)

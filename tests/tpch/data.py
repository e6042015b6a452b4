"""TPC-H's data and answers from DuckDB's generator, without network: the extension comes as a package."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import duckdb

from prismiq.access import scope
from prismiq.introspection import introspect
from prismiq.plan import PASSES, plan
from prismiq.plan.passes import Passes
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.schema import apply
from prismiq.sql import Statement, build

HERE = Path(__file__).parent
QUERIES = sorted(path.parent for path in HERE.glob("*/query.json"))
TABLES = ("region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem")


def generator() -> duckdb.DuckDBPyConnection:
    """A DuckDB with the TPC-H extension."""
    (extension,) = files("duckdb_extension_tpch").joinpath("extensions", f"v{duckdb.__version__}").iterdir()
    connection = duckdb.connect()
    connection.execute(f"LOAD '{extension}'")
    return connection


def load(scale_factor: float) -> Callable[[str], Awaitable[None]]:
    """What fills a PostgreSQL database with the tables of that scale."""

    async def fill(dsn: str) -> None:
        connection = await asyncpg.connect(dsn, command_timeout=None)
        try:
            await connection.execute((HERE / "schema.sql").read_text())
            with TemporaryDirectory() as folder, generator() as generated:
                generated.execute(f"CALL dbgen(sf={scale_factor})")
                for table in TABLES:
                    path = Path(folder, table)
                    generated.execute(f"COPY {table} TO '{path}' (FORMAT csv, HEADER false)")
                    await connection.copy_to_table(table, source=path, format="csv")
            await connection.execute((HERE / "foreign_keys.sql").read_text())
            await connection.execute("VACUUM (ANALYZE)")
        finally:
            await connection.close()

    return fill


def answer(number: int, scale_factor: float) -> list[list[str]]:
    """The answer that DuckDB publishes for a query, its header left out. Scales: 0.01, 0.1, 1."""
    with generator() as connection:
        found = connection.execute(
            "SELECT answer FROM tpch_answers() WHERE query_nr = ? AND scale_factor = ?", [number, scale_factor]
        ).fetchone()
    assert found is not None, f"no answer for query {number} at scale {scale_factor}"
    return [line.split("|") for line in found[0].splitlines()[1:]]


def number_of(folder: Path) -> int:
    """The standard's number of a query."""
    return int(folder.name.removeprefix("q"))


async def statement_of(folder: Path, connection: asyncpg.Connection, passes: Passes = PASSES) -> Statement:
    """A query's definition as the statement that Prismiq runs."""
    definition = QueryDefinition.model_validate_json((folder / "query.json").read_text())
    shape, values = split(definition)
    scoped = scope(apply(await introspect(connection)), None, None)
    return build(plan(shape, scoped, passes)).bind(values, None, row_cap=100_000)

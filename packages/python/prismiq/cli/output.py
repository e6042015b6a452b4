"""What the commands print: tables for people, JSON for programs, errors on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from prismiq.access.explain import TableAccess
from prismiq.dashboards import Change
from prismiq.errors import DefinitionError, NotFoundError, PrismiqError
from prismiq.execution import QueryResult, encode_json
from prismiq.schema.models import ColumnSchema, DatabaseSchema, TableSchema
from prismiq.sql import Role, Statement

_UNLIMITED = 10_000  # a file or a pipe has no width to fit into

people = Console(highlight=False, width=None if sys.stdout.isatty() else _UNLIMITED)
errors = Console(stderr=True, highlight=False)


def print_error(error: PrismiqError) -> None:
    """One message for what went wrong; for a definition every reason, each with its place."""
    if isinstance(error, DefinitionError):
        for issue in error.issues:
            place = ".".join(map(str, issue.loc))
            _complain(f"{place}: {issue.message}" if place else issue.message, issue.hint)
    else:
        _complain(error.message, error.hint)


def print_serving(url: str) -> None:
    """Where it serves, and to whom."""
    _plain(
        f"Prismiq answers at {url}. API docs: {url}/docs\n"
        "Open to everybody who reaches this port: no sign-in, every table and column the database role may read\n"
        "(public_context, AccessPolicy.open()). To serve users of your own, mount create_router in your application.\n"
        "Ctrl-C stops it."
    )


def print_json_schema(text: str) -> None:
    """A JSON Schema, byte for byte as it is published."""
    sys.stdout.write(text)


def print_schema(schema: DatabaseSchema, table: str | None, *, as_json: bool) -> None:
    """The tables; with a name, that table's columns and relationships. Raises NotFoundError where it is none."""
    if table is None:
        if as_json:
            _json(schema.model_dump_json().encode())
        else:
            _print_tables(schema)
        return
    found = schema.candidates(tuple(table.split(".")))
    if len(found) != 1:
        raise NotFoundError(f'There is no single table "{table}".', hint="`prismiq schema` lists them all.")
    one = schema.by_ref[found[0]]
    if as_json:
        _json(one.model_dump_json().encode())
    else:
        _print_table(schema, one)


def print_result(result: QueryResult, *, as_json: bool) -> None:
    """The rows. What is amiss with them goes to standard error."""
    if as_json:
        _json(encode_json(result))
        return
    table = Table()
    for column in result.columns:
        justify = "right" if column.role is Role.MEASURE else "left"
        table.add_column(Text(column.name), justify=justify, overflow="fold")
    for row in result.rows:
        table.add_row(*map(_cell, row))
    people.print(table)
    count = "1 row" if result.row_count == 1 else f"{result.row_count:,} rows"
    _plain(f"{count}{', cut at the row cap: there are more' if result.truncated else ''}")
    for warning in result.meta.warnings:
        _complain(warning, None, kind="warning")


def print_statement(statement: Statement, *, as_json: bool) -> None:
    """The SQL and its arguments."""
    if as_json:
        names = [column.name for column in statement.columns]
        _json(orjson.dumps({"sql": statement.sql, "args": statement.args, "columns": names}, default=str))
        return
    _plain(statement.sql)
    for number, value in enumerate(statement.args, start=1):
        _plain(f"-- ${number} = {value!r}")


def print_access(tables: list[TableAccess], *, as_json: bool) -> None:
    """What a caller sees of each table; what their context lacks goes to standard error."""
    if as_json:
        _json(orjson.dumps([table.model_dump() for table in tables]))
        return
    shown = Table()
    for name in ("table", "rows", "columns"):
        shown.add_column(name, overflow="fold")
    for table in tables:
        rows = "\nand ".join(table.rows) or "all"
        columns = "\n".join(f"{name}: {how}" for name, how in table.columns.items()) or "all"
        cells = (table.table, rows, columns) if table.visible else (table.table, f"invisible: {table.reason}", "")
        shown.add_row(*map(_cell, cells), style=None if table.visible else "dim")
    people.print(shown)
    lacking: dict[str, list[str]] = {}
    for table in tables:
        for message in table.lacking:
            lacking.setdefault(message, []).append(table.table)
    for message, names in lacking.items():
        _complain(f"{message} Each query of {', '.join(names)} is an error.", None, kind="warning")


def print_sql(text: str) -> None:
    """SQL, byte for byte."""
    sys.stdout.write(text)


def print_migrated(revisions: Sequence[str]) -> None:
    """What the tables of the store are now."""
    _plain(f"Applied {', '.join(revisions)}." if revisions else "Nothing to do: the tables are as they should be.")


def print_changes(changes: Sequence[Change], *, dry_run: bool) -> None:
    """What was, or would be, changed: a diff for each file."""
    for change in changes:
        _plain(f"{change.action}: {change.slug} ({change.file})")
        if change.diff:
            _plain(change.diff.rstrip("\n"))
    changed = sum(change.action != "keep" for change in changes)
    would = "would be changed" if dry_run else "changed"
    _plain(f"{changed} {would}, {len(changes) - changed} as they were.")


def print_exported(names: Sequence[str], directory: Path) -> None:
    """Which files were written."""
    for name in names:
        _plain(str(directory / name))


def _print_tables(schema: DatabaseSchema) -> None:
    shown = Table()
    for name in ("table", "kind", "rows (about)", "columns", "relationships"):
        shown.add_column(name, overflow="fold", justify="right" if name.startswith("rows") else "left")
    for table in schema.tables:
        cells = (
            schema.reference(table.ref),
            table.kind.value.replace("_", " "),
            None if table.row_estimate is None else f"{table.row_estimate:,}",
            ", ".join(column.name for column in table.columns),
            ", ".join(relationship.name for relationship in table.relationships),
        )
        shown.add_row(*map(_cell, cells))
    people.print(shown)


def _print_table(schema: DatabaseSchema, table: TableSchema) -> None:
    _plain(f"{schema.reference(table.ref)}{f': {table.description}' if table.description else ''}")
    columns = Table()
    for name in ("column", "type", "", "description"):
        columns.add_column(name, overflow="fold")
    for column in table.columns:
        cells = (column.name, column.database_type, _traits(table, column), column.description)
        columns.add_row(*map(_cell, cells))
    people.print(columns)
    if table.relationships:
        relationships = Table()
        for name in ("relationship", "leads to", "cardinality", "by"):
            relationships.add_column(name, overflow="fold")
        for each in table.relationships:
            by = " = ".join(", ".join(names) for names in (each.columns, each.target_columns) if names)
            cells = (each.name, schema.reference(each.target), each.cardinality.value.replace("_", " "), by)
            relationships.add_row(*map(_cell, cells))
        people.print(relationships)


def _traits(table: TableSchema, column: ColumnSchema) -> str:
    traits = ["key"] if column.name in (table.key or ()) else []
    traits += [] if column.nullable else ["not null"]
    traits += ["generated"] if column.generated else []
    return ", ".join(traits)


def _cell(value: object) -> Text:
    """A value as it is: brackets in it are no markup."""
    return Text("" if value is None else str(value))


def _complain(message: str, hint: str | None, kind: str = "error") -> None:
    errors.print(f"{kind}: {message}", style="red" if kind == "error" else "yellow", markup=False, soft_wrap=True)
    if hint:
        errors.print(hint, markup=False, soft_wrap=True)


def _plain(text: str) -> None:
    people.print(text, markup=False, soft_wrap=True)


def _json(document: bytes) -> None:
    sys.stdout.write(document.decode() + "\n")

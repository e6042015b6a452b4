"""A scope as a schema of its own: what `/schema` shows one caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prismiq.access.scope import ScopedSchema, ScopedTable
from prismiq.schema.models import (
    ColumnSchema,
    DatabaseSchema,
    DefinedDimension,
    DefinedMetric,
    ForeignKey,
    Relationship,
    TableRef,
    TableSchema,
)


def visible_schema(
    scoped: ScopedSchema, metrics: tuple[DefinedMetric, ...] = (), dimensions: tuple[DefinedDimension, ...] = ()
) -> DatabaseSchema:
    """The tables, columns and relationships that exist for the caller, and nothing that tells of others.

    `metrics` and `dimensions` are the configuration's that the caller may use.

    A key or a foreign key is shown where all its columns are; a relationship always, since it can be followed, but
    without columns that are hidden. Of a table reduced to the caller's rows the size and the row estimate are left out,
    since they are of all its rows.
    """
    tables = tuple(_table(table, scoped.tables) for table in scoped.tables.values())
    return DatabaseSchema(
        tables=tables,
        metrics=metrics,
        dimensions=dimensions,
        default_schema=scoped.database.default_schema,
        version=scoped.version,
    )


def _table(table: ScopedTable, others: Mapping[TableRef, ScopedTable]) -> TableSchema:
    schema = table.schema
    reduced = bool(table.rows)
    # Built anew, not copied: a copy would carry what the whole table has cached of its hidden columns.
    kept = {name: getattr(schema, name) for name in TableSchema.model_fields}
    return TableSchema.model_validate(
        kept
        | {
            "columns": tuple(_column(column, table) for column in schema.columns if column.name in table.columns),
            "primary_key": schema.primary_key if _shows(table, schema.primary_key or ()) else None,
            "declared_key": schema.declared_key if _shows(table, schema.declared_key or ()) else None,
            "unique": tuple(columns for columns in schema.unique if _shows(table, columns)),
            "foreign_keys": tuple(key for key in schema.foreign_keys if _followed(key, table, others)),
            "relationships": tuple(_relationship(each, table, others[each.target]) for each in table.relationships),
            "row_estimate": None if reduced else schema.row_estimate,
            "size_bytes": None if reduced else schema.size_bytes,
        }
    )


def _column(column: ColumnSchema, table: ScopedTable) -> ColumnSchema:
    """A generated column's expression may name any other column."""
    whole = len(table.columns) == len(table.schema.columns)
    return column if whole or not column.generated else column.model_copy(update={"default": None})


def _followed(key: ForeignKey, table: ScopedTable, others: Mapping[TableRef, ScopedTable]) -> bool:
    """Whether the caller can follow a foreign key and sees all its columns."""
    wanted = (key.target, key.columns, key.target_columns)
    followed = any((each.target, each.columns, each.target_columns) == wanted for each in table.relationships)
    return followed and _shows(table, key.columns) and _shows(others[key.target], key.target_columns)


def _relationship(each: Relationship, table: ScopedTable, target: ScopedTable) -> Relationship:
    own, theirs = _shows(table, each.columns), _shows(target, each.target_columns)
    if own and theirs:
        return each
    return each.model_copy(
        update={
            "columns": each.columns if own else (),
            "target_columns": each.target_columns if theirs else (),
            "aliases": (),
            "constraint": None,
        }
    )


def _shows(table: ScopedTable, columns: Iterable[str]) -> bool:
    return table.columns.keys() >= set(columns)

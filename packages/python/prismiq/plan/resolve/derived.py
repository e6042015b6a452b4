"""A nested query as a table: its outputs are the columns, what tells its rows apart is the key."""

from __future__ import annotations

from collections.abc import Collection

from prismiq.access.scope import ScopedTable
from prismiq.plan.planning import Relation
from prismiq.schema.models import ColumnSchema, TableSchema


def derived_table(name: str, relation: Relation) -> ScopedTable:
    """The table that the query around a nested one sees. It has no relationships, and no rows of it are left out."""
    columns: list[ColumnSchema] = []
    for output in relation.outputs:
        type_ = relation.types[output.name]
        columns.append(
            ColumnSchema(
                name=output.name,
                type=type_.kind,
                database_type=str(type_.kind),
                type_schema=type_.type_schema or "pg_catalog",
                type_name=type_.type_name or "",
                element_type=type_.element,
                enum_values=type_.labels,
                comparable=type_.comparable,
                label=output.label,
            )
        )
    schema = TableSchema(schema_name="", name=name, columns=tuple(columns), declared_key=relation.key)
    return ScopedTable(schema, {column.name: column for column in columns}, (), ())


def is_unique(table: TableSchema, columns: Collection[str]) -> bool:
    """Whether no two rows of a table are equal in all of the columns, none of which is null."""
    keys = (table.primary_key, table.declared_key, *table.unique)
    return any(key is not None and set(key) <= set(columns) for key in keys)

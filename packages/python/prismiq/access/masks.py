"""A table with masked columns, as a table of other columns: the masked ones, and raw ones for keys and joins.

A masked column's name means its masked value wherever a query can write it. What the engine itself compares (keys, the
columns of relationships) is read raw, under a name that no query can write; so a masked column is no key either, and
nothing is concluded of it that holds of the raw one alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from prismiq.access.policy import Mask
from prismiq.schema.models import ColumnSchema, ForeignKey, Relationship, TableRef, TableSchema
from prismiq.schema.types import EXACT, FLOATS, MOMENTS, NUMBERS, DataType

_SHOWN_IN_PART = EXACT | {DataType.TEXT, DataType.ENUM, DataType.UUID}
"""What `last` is of: types whose text is the same in every session."""
MAX_IDENTIFIER = 63


@dataclass(frozen=True, slots=True)
class MaskedColumn:
    """How the column `name` of a scoped table is made of a stored one: by a mask, or as it is."""

    name: str
    stored: ColumnSchema
    mask: Mask | None


def mask_problem(column: ColumnSchema, mask: Mask) -> str | None:
    """Why a mask does not fit a column, or None."""
    if mask.kind == "last" and column.type not in _SHOWN_IN_PART:
        return f'"{column.name}" is {column.type}, and only of text and whole or exact numbers the last are shown'
    return None


def masked_table(table: TableSchema, masks: Mapping[str, Mask]) -> tuple[TableSchema, tuple[MaskedColumn, ...]]:
    """The table of the masked columns, with raw ones added under names of their own; and how each is made."""
    if not masks:
        return table, ()
    raw = raw_names(table, masks)
    columns = [masked_column(each, masks[each.name]) if each.name in masks else each for each in table.columns]
    columns += [table.by_name[name].model_copy(update={"name": raw[name]}) for name in raw]
    made = [MaskedColumn(name, table.by_name[name], mask) for name, mask in masks.items()]
    made += [MaskedColumn(raw[name], table.by_name[name], None) for name in raw]

    def key(names: Sequence[str] | None) -> tuple[str, ...] | None:
        return None if names is None else renamed(names, raw)

    # Built anew, not copied: a copy would carry what the stored table has cached.
    fields = {name: getattr(table, name) for name in TableSchema.model_fields}
    changed = {
        "columns": tuple(columns),
        "primary_key": key(table.primary_key),
        "declared_key": key(table.declared_key),
        "unique": tuple(renamed(each, raw) for each in table.unique),
    }
    return TableSchema.model_validate(fields | changed), tuple(made)


def relinked(table: TableSchema, raw: Mapping[TableRef, Mapping[str, str]]) -> TableSchema:
    """The table with its foreign keys and relationships by the raw names of both ends."""
    own = raw.get(table.ref, {})

    def keyed(key: ForeignKey) -> ForeignKey:
        target = raw.get(key.target, {})
        return key.model_copy(
            update={"columns": renamed(key.columns, own), "target_columns": renamed(key.target_columns, target)}
        )

    def related(each: Relationship) -> Relationship:
        target = raw.get(each.target, {})
        return each.model_copy(
            update={"columns": renamed(each.columns, own), "target_columns": renamed(each.target_columns, target)}
        )

    fields = {name: getattr(table, name) for name in TableSchema.model_fields}
    changed = {
        "foreign_keys": tuple(keyed(each) for each in table.foreign_keys),
        "relationships": tuple(related(each) for each in table.relationships),
    }
    return TableSchema.model_validate(fields | changed)


def raw_names(table: TableSchema, masks: Mapping[str, Mask]) -> Mapping[str, str]:
    """What each masked column is called as it is stored."""
    taken = set(table.by_name)
    found: dict[str, str] = {}
    for name in masks:
        number, wanted = 1, f"{_cut(name, MAX_IDENTIFIER - 8)}_raw"
        while wanted in taken:
            number += 1
            wanted = f"{_cut(name, MAX_IDENTIFIER - 8)}_raw_{number}"
        taken.add(wanted)
        found[name] = wanted
    return found


def renamed(names: Sequence[str], raw: Mapping[str, str]) -> tuple[str, ...]:
    """The columns by their raw names, where they have such."""
    return tuple(raw.get(name, name) for name in names)


def masked_column(column: ColumnSchema, mask: Mask) -> ColumnSchema:
    """The column that the caller sees: typed by its mask, and without what is known of the stored one alone."""
    if mask.kind == "null":
        return column.model_copy(update={"nullable": True, "default": None, "generated": False, "identity": False})
    type_ = DataType.TEXT if mask.kind == "last" else constant_type(mask.value, column)
    return ColumnSchema(
        name=column.name,
        type=type_,
        database_type=_WRITTEN.get(type_, str(type_)),
        type_name=_NAMES.get(type_, str(type_)),
        nullable=column.nullable and mask.kind == "last",
        label=column.label,
        description=column.description,
    )


def constant_type(value: object, column: ColumnSchema) -> DataType:
    """The type of a constant: the column's where it is of that kind, else its own."""
    if isinstance(value, bool):
        return DataType.BOOLEAN
    if isinstance(value, int):
        fits = column.type in NUMBERS - {DataType.SMALLINT, DataType.INTEGER, DataType.BIGINT}
        return column.type if fits else DataType.BIGINT if -(2**63) <= value < 2**63 else DataType.NUMERIC
    if isinstance(value, float | Decimal):
        return column.type if column.type in FLOATS else DataType.NUMERIC
    if isinstance(value, datetime):
        return column.type if column.type in MOMENTS - {DataType.DATE} else DataType.TIMESTAMPTZ
    return DataType.DATE if isinstance(value, date) else DataType.TEXT


_NAMES = {DataType.BIGINT: "int8", DataType.BOOLEAN: "bool", DataType.REAL: "float4", DataType.DOUBLE: "float8"}
_WRITTEN = {
    DataType.DOUBLE: "double precision",
    DataType.TIMESTAMP: "timestamp without time zone",
    DataType.TIMESTAMPTZ: "timestamp with time zone",
}


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")

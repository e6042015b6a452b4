"""The shape of the JSON that catalog.sql returns. Columns go by number, relations and types by oid."""

from __future__ import annotations

from typing import TypedDict


class TypeFacts(TypedDict):
    """A type by its raw name. `kind` and `category` are `pg_type.typtype` and `typcategory`."""

    type_schema: str
    type_name: str
    kind: str
    category: str


class ColumnTypeFacts(TypeFacts):
    """A column's base type. `modifier` packs precision and scale, `not_null` is the domain's."""

    database_type: str
    modifier: int
    domain: str | None
    not_null: bool
    comparable: bool
    element: TypeFacts | None
    enum_values: list[str] | None


class ColumnFacts(TypedDict):
    """One readable column. `type` is a key of `Document.types`; `collation` is one by which texts that differ may be
    equal."""

    number: int
    name: str
    type: str
    collation: str | None
    not_null: bool
    generated: bool
    identity: bool
    default: str | None
    comment: str | None


class KeyFacts(TypedDict):
    """A primary key, unique constraint or unique index."""

    primary: bool
    columns: list[int]


class ForeignKeyFacts(TypedDict):
    """A foreign key; `target` is the oid of its table."""

    constraint: str
    columns: list[int]
    target: int
    target_columns: list[int]


class TableFacts(TypedDict):
    """One readable relation. `kind` is `pg_class.relkind`; `unproven_not_null` are numbers of columns."""

    oid: int
    schema: str
    name: str
    kind: str
    has_children: bool
    comment: str | None
    columns: list[ColumnFacts] | None
    unproven_not_null: list[int] | None
    keys: list[KeyFacts] | None
    foreign_keys: list[ForeignKeyFacts] | None


class Document(TypedDict):
    """All of it. `types` by `oid:modifier`; `estimates` are rows and bytes by a relation's oid."""

    default_schema: str
    hll_schema: str | None
    types: dict[str, ColumnTypeFacts] | None
    estimates: dict[str, tuple[int, int]] | None
    tables: list[TableFacts] | None

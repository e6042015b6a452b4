"""What the database holds: tables, columns and relationships, as data.

Built by `prismiq.introspection`, adjusted by `prismiq.schema.configuration`, reduced per caller by `prismiq.access`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from prismiq.schema.types import DataType


class TableRef(NamedTuple):
    """A table's identity: its PostgreSQL schema and its name, both raw."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


class TableKind(str, Enum):
    """What PostgreSQL calls the relation."""

    TABLE = "table"
    PARTITIONED_TABLE = "partitioned_table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized_view"
    FOREIGN_TABLE = "foreign_table"


class Cardinality(str, Enum):
    """How many rows of the target a row of the table can have, proven by uniqueness alone."""

    MANY_TO_ONE = "many_to_one"
    ONE_TO_MANY = "one_to_many"
    ONE_TO_ONE = "one_to_one"


class Model(BaseModel):
    """Frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnSchema(Model):
    """One column of a table."""

    name: str
    type: DataType
    database_type: str = Field(description="As PostgreSQL writes it: `numeric(10,2)`, `character varying(20)`.")
    type_schema: str = Field(default="pg_catalog", description="Where the column's (base) type lives.")
    type_name: str = Field(default="", description="The raw name of the column's (base) type: `int4`, `Mood`.")
    element_type: DataType | None = Field(default=None, description="Of an array.")
    domain: str | None = Field(default=None, description="The domain's name where the column's type is one.")
    enum_values: tuple[str, ...] | None = Field(default=None, description="The labels of an enum, in its order.")
    precision: int | None = None
    scale: int | None = None
    collation: str | None = Field(
        default=None, description="The collation, where by it texts that differ may be equal: one that ignores case."
    )
    comparable: bool = Field(default=True, description="Whether values can be compared, grouped and sorted.")
    nullable: bool = True
    default: str | None = Field(default=None, description="The default's expression.")
    generated: bool = False
    identity: bool = False
    hidden: bool = Field(default=False, description="Not exposed; still usable as a key or in a join.")
    label: str | None = None
    description: str | None = Field(default=None, description="From the configuration, else the database's comment.")
    stored_in: str | None = Field(
        default=None,
        description="The zone whose wall time the database holds here; `type` is then timestamptz.",
    )


class ForeignKey(Model):
    """A foreign key, or a declared relationship where `constraint` is None.

    `columns[i]` of the table equals `target_columns[i]` of the target, whose target columns are unique.
    """

    constraint: str | None
    columns: tuple[str, ...]
    target: TableRef
    target_columns: tuple[str, ...]
    name: str | None = Field(default=None, description="A configured name; else it is derived.")
    inverse_name: str | None = None


class Relationship(Model):
    """A foreign key seen from one of its ends: following `name` from `table` leads to `target`."""

    name: str
    aliases: tuple[str, ...] = Field(default=(), description="Other accepted names: the `<table>_via_<columns>` form.")
    table: TableRef
    columns: tuple[str, ...]
    target: TableRef
    target_columns: tuple[str, ...]
    cardinality: Cardinality
    inverse_name: str = Field(description="The name of the way back, as a relationship of `target`.")
    constraint: str | None = None
    forward: bool = Field(default=True, description="Whether `table` holds the foreign key.")

    @property
    def to_one(self) -> bool:
        """Whether a row of `table` has at most one row of `target`."""
        return self.cardinality is not Cardinality.ONE_TO_MANY

    @property
    def from_one(self) -> bool:
        """Whether a row of `target` has at most one row of `table`."""
        return self.cardinality is not Cardinality.MANY_TO_ONE


class TableSchema(Model):
    """One readable relation."""

    schema_name: str
    name: str
    kind: TableKind = TableKind.TABLE
    columns: tuple[ColumnSchema, ...]
    primary_key: tuple[str, ...] | None = None
    unique: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Full unique constraints and indexes, their columns in any nullability."
    )
    declared_key: tuple[str, ...] | None = Field(default=None, description="From the configuration, for views.")
    foreign_keys: tuple[ForeignKey, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    row_estimate: int | None = None
    size_bytes: int | None = None
    label: str | None = None
    description: str | None = None

    @property
    def ref(self) -> TableRef:
        """The table's identity."""
        return TableRef(self.schema_name, self.name)

    @cached_property
    def by_name(self) -> Mapping[str, ColumnSchema]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def key(self) -> tuple[str, ...] | None:
        """What identifies a row: the primary key, else a unique constraint over NOT NULL columns, else declared."""
        if self.primary_key:
            return self.primary_key
        for columns in sorted(self.unique, key=lambda names: (len(names), names)):
            if all(name in self.by_name and not self.by_name[name].nullable for name in columns):
                return columns
        return self.declared_key

    def relationship(self, name: str) -> Relationship | None:
        """The relationship called `name` here, by its name first and then by an alias."""
        for relationship in self.relationships:
            if relationship.name == name:
                return relationship
        for relationship in self.relationships:
            if name in relationship.aliases:
                return relationship
        return None


class DefinedMetric(Model):
    """A measure with a name, from the configuration: an aggregate over the rows of `table`, where its fields start."""

    name: str
    table: TableRef
    aggregate: str
    field: str | None = None
    expression: str | None = None
    p: float | None = None
    separator: str | None = None
    order_by: tuple[str, ...] | None = Field(default=None, description="As in a query, a list of fields.")
    filters: Any = Field(default=None, description="As in a query.")
    label: str | None = None
    description: str | None = None
    format: str | None = None


class DefinedDimension(Model):
    """A dimension with a name, from the configuration: a field or an expression of `table`."""

    name: str
    table: TableRef
    field: str | None = None
    expression: str | None = None
    granularity: str | None = None
    label: str | None = None
    description: str | None = None
    format: str | None = None


class DatabaseSchema(Model):
    """Everything the connected role may read, as configured, before any caller's policy.

    `version` is a hash over all of it: equal versions are equal schemas.
    """

    tables: tuple[TableSchema, ...]
    metrics: tuple[DefinedMetric, ...] = Field(default=(), description="Measures that a query can use by name.")
    dimensions: tuple[DefinedDimension, ...] = Field(default=(), description="Dimensions to use by name.")
    hll_schema: str | None = Field(
        default=None,
        exclude=True,
        description="Where PostgreSQL's extension hll is, which approx_count_distinct needs.",
    )
    clocks_apart: frozenset[str] = Field(
        default=frozenset(),
        exclude=True,
        description="Of the time zones asked for, those whose clocks show something else in PostgreSQL than here.",
    )
    default_schema: str = Field(default="public", description="Where a bare table name is looked up first.")
    version: str = ""

    @cached_property
    def json_text(self) -> bytes:
        """The schema as it is sent, without what there is none of.

        Table by table: between two of a thousand, other threads get their turn.
        """
        tables = b",".join(each.model_dump_json(exclude_none=True).encode() for each in self.tables)
        rest = self.model_dump_json(exclude_none=True, exclude={"tables"}).encode()
        return b'{"tables":[' + tables + b"]," + rest[1:]

    @cached_property
    def by_ref(self) -> Mapping[TableRef, TableSchema]:
        """The tables by identity."""
        return {table.ref: table for table in self.tables}

    @cached_property
    def by_bare_name(self) -> Mapping[str, tuple[TableRef, ...]]:
        """The identities that a bare name could mean."""
        found: dict[str, tuple[TableRef, ...]] = {}
        for table in self.tables:
            found[table.name] = (*found.get(table.name, ()), table.ref)
        return found

    def candidates(self, segments: tuple[str, ...]) -> tuple[TableRef, ...]:
        """The tables that `orders` or `sales.orders` can mean.

        Returns one for a clear name, several for a bare name that lives in several schemas (none of them the default
        one), none for an unknown one.
        """
        if len(segments) == 2:
            ref = TableRef(*segments)
            return (ref,) if ref in self.by_ref else ()
        if len(segments) != 1:
            return ()
        default = TableRef(self.default_schema, segments[0])
        return (default,) if default in self.by_ref else self.by_bare_name.get(segments[0], ())

    def reference(self, ref: TableRef) -> str:
        """The shortest name a query can call the table by."""
        return ref.name if self.candidates((ref.name,)) == (ref,) else str(ref)

"""Lays the configuration over what introspection found: the schema that the engine serves.

`_Application.run` names the steps in their order. Whatever speaks of something that the database does not have becomes
a problem, and all problems are raised together, so that one run tells everything there is to mend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from prismiq.schema.configuration import (
    ColumnConfiguration,
    RelationshipConfiguration,
    SchemaConfiguration,
    TableConfiguration,
    invalid,
)
from prismiq.schema.models import ColumnSchema, DatabaseSchema, ForeignKey, Relationship, TableRef, TableSchema
from prismiq.schema.relationships import derive_relationships, unique_keys
from prismiq.schema.types import EXACT, FLOATS, TEXTS, DataType
from prismiq.schema.version import schema_version
from prismiq.zones import known_zones


def apply(schema: DatabaseSchema, configuration: SchemaConfiguration | None = None) -> DatabaseSchema:
    """The schema as configured: exposed tables, labels, keys, relationships with their names, and its version.

    Raises ConfigurationError, with every problem in one message, where the configuration does not fit the schema.
    """
    return _Application(schema, configuration or SchemaConfiguration()).run()


class _Application:
    def __init__(self, schema: DatabaseSchema, configuration: SchemaConfiguration) -> None:
        self._found = schema
        self._configuration = configuration
        self._default_schema = configuration.default_schema or schema.default_schema
        self._tables: dict[TableRef, TableSchema] = {}
        self._problems: list[str] = []

    def run(self) -> DatabaseSchema:
        self._check_schemas()
        self._expose()
        configured = self._configured()
        for ref, table in configured.items():
            self._tables[ref] = self._described(self._tables[ref], table)
        for number, relationship in enumerate(self._configuration.relationships):
            self._declare(relationship, f"relationships.{number}")
        self._rename(configured)
        tables = derive_relationships(self._tables.values())
        self._check_names(tables)
        if self._problems:
            raise invalid("The schema configuration does not fit the database", self._problems)
        schema = DatabaseSchema(
            tables=tables,
            default_schema=self._default_schema,
            hll_schema=self._found.hll_schema,
            clocks_apart=self._found.clocks_apart,
        )
        return schema.model_copy(update={"version": schema_version(schema)})

    def _check_schemas(self) -> None:
        known = {table.schema_name for table in self._found.tables}
        named = [("schemas", name) for name in self._configuration.schemas or ()]
        if self._configuration.default_schema is not None:
            named.append(("default_schema", self._configuration.default_schema))
        for place, name in named:
            if name not in known:
                self._report(place, f"schema '{name}' holds no table that the connected role may read", name, known)

    def _expose(self) -> None:
        include, exclude = self._configuration.include, self._configuration.exclude
        schemas = self._configuration.schemas
        for table in self._found.tables:
            if (
                (schemas is None or table.schema_name in schemas)
                and any(_matches(pattern, table.ref) for pattern in include)
                and not any(_matches(pattern, table.ref) for pattern in exclude)
            ):
                self._tables[table.ref] = table
        # A pattern may match nothing today. A name that does is a slip, and in `exclude` one that exposes a table.
        for place, patterns in (("include", include), ("exclude", exclude)):
            for pattern in patterns:
                if not set("*?[") & set(pattern) and not any(_matches(pattern, t.ref) for t in self._found.tables):
                    self._report(place, f"table '{pattern}' does not exist", pattern, self._names(self._found.tables))

    def _configured(self) -> dict[TableRef, TableConfiguration]:
        configured: dict[TableRef, TableConfiguration] = {}
        for name, table in self._configuration.tables.items():
            ref = self._resolve(name, f"tables.{name}")
            if ref in configured:
                self._report(f"tables.{name}", f"{ref} is configured twice")
            elif ref is not None:
                configured[ref] = table
        return configured

    def _resolve(self, name: str, place: str) -> TableRef | None:
        """The exposed table of that name: `schema.table`, or a bare name, first looked up in the default schema."""
        matching = [ref for ref in self._tables if name in (ref.name, str(ref))]
        default = TableRef(self._default_schema, name)
        if len(matching) == 1 or default in matching:
            return default if default in matching else matching[0]
        if matching:
            self._report(place, f"table '{name}' could be any of {', '.join(sorted(map(str, matching)))}")
        elif any(name in (table.name, str(table.ref)) for table in self._found.tables):
            self._report(place, f"table '{name}' is not exposed: see schemas, include and exclude")
        else:
            self._report(place, f"table '{name}' does not exist", name, self._names(self._tables.values()))
        return None

    def _described(self, table: TableSchema, configuration: TableConfiguration) -> TableSchema:
        place = f"tables.{table.ref}"
        self._check_columns(table, tuple(configuration.columns), f"{place}.columns")
        self._check_zones(table, configuration.columns, f"{place}.columns")
        key = configuration.key
        if key is not None and self._check_columns(table, key, f"{place}.key"):
            for name in key:
                if not table.by_name[name].comparable:
                    self._report(f"{place}.key", f"column '{name}' has a type without equality")
        return _changed(
            table,
            label=configuration.label,
            description=table.description if configuration.description is None else configuration.description,
            declared_key=key,
            columns=tuple(_described_column(each, configuration.columns.get(each.name)) for each in table.columns),
        )

    def _check_zones(self, table: TableSchema, columns: Mapping[str, ColumnConfiguration], place: str) -> None:
        for name, said in columns.items():
            if said.stored_in is None or name not in table.by_name:
                continue
            zone, where = said.stored_in, f"{place}.{name}.stored_in"
            if table.by_name[name].type is not DataType.TIMESTAMP:
                found = table.by_name[name].database_type
                self._report(where, f"'{name}' is {found}, and only a timestamp without time zone is wall time")
            if zone not in known_zones():
                self._report(where, f"time zone '{zone}' does not exist", zone, known_zones())

    def _declare(self, relationship: RelationshipConfiguration, place: str) -> None:
        ref = self._resolve(relationship.table, f"{place}.table")
        target_ref = self._resolve(relationship.target, f"{place}.target")
        if ref is None or target_ref is None:
            return
        table, target = self._tables[ref], self._tables[target_ref]
        columns, target_columns = relationship.columns, relationship.target_columns
        exist = self._check_columns(table, columns, f"{place}.columns")
        if not (self._check_columns(target, target_columns, f"{place}.target_columns") and exist):
            return
        if len(columns) != len(target_columns):
            self._report(place, "columns and target_columns differ in number")
            return
        for name, target_name in zip(columns, target_columns, strict=True):
            own, theirs = table.by_name[name], target.by_name[target_name]
            if not _joinable(own, theirs):
                types = " and ".join(
                    each.database_type + ("" if each.collation is None else f' COLLATE "{each.collation}"')
                    for each in (own, theirs)
                )
                self._report(place, f"'{name}' and '{target_name}' cannot be compared: {types}")
        if not any(key <= set(target_columns) for key in unique_keys(target)):
            names = ", ".join(target_columns)
            hint = f"where no two rows agree in them, declare it: tables.{target_ref}.key"
            self._report(place, f"({names}) is no key of {target_ref}; {hint}")
        declared = ForeignKey(
            constraint=None,
            columns=columns,
            target=target_ref,
            target_columns=target_columns,
            name=relationship.name,
            inverse_name=relationship.inverse_name,
        )
        self._tables[ref] = _changed(table, foreign_keys=(*table.foreign_keys, declared))

    def _rename(self, configured: Mapping[TableRef, TableConfiguration]) -> None:
        """All old names are those before any renaming, so that the order does not matter."""
        if not any(configuration.rename for configuration in configured.values()):
            return
        before = {table.ref: table for table in derive_relationships(self._tables.values())}
        for ref, configuration in configured.items():
            place = f"tables.{ref}.rename"
            renamed: dict[str, str] = {}
            for old, new in configuration.rename.items():
                relationship = before[ref].relationship(old)
                if relationship is None:
                    names = [each.name for each in before[ref].relationships]
                    self._report(place, f"relationship '{old}' does not exist", old, names)
                elif relationship.name in renamed:
                    self._report(place, f"'{renamed[relationship.name]}' and '{old}' are one relationship")
                else:
                    renamed[relationship.name] = old
                    self._set_name(relationship, new)

    def _set_name(self, relationship: Relationship, name: str) -> None:
        child = self._tables[relationship.table if relationship.forward else relationship.target]
        ends = (relationship.columns, relationship.target_columns)
        columns, target_columns = ends if relationship.forward else reversed(ends)
        target = relationship.target if relationship.forward else relationship.table
        field = "name" if relationship.forward else "inverse_name"
        keys = tuple(
            key.model_copy(update={field: name})
            if (key.columns, key.target, key.target_columns) == (columns, target, target_columns)
            else key
            for key in child.foreign_keys
        )
        self._tables[child.ref] = _changed(child, foreign_keys=keys)

    def _check_names(self, tables: Iterable[TableSchema]) -> None:
        for table in tables:
            counts = Counter(relationship.name for relationship in table.relationships)
            for name in sorted(name for name, count in counts.items() if count > 1):
                self._report(f"tables.{table.ref}", f"has several relationships called '{name}': rename the others too")

    def _check_columns(self, table: TableSchema, names: Sequence[str], place: str) -> bool:
        unknown = [name for name in names if name not in table.by_name]
        for name in unknown:
            self._report(place, f"column '{name}' does not exist in {table.ref}", name, table.by_name)
        repeated = len(set(names)) < len(names)
        if repeated:
            self._report(place, "names a column twice")
        return not unknown and not repeated

    def _report(self, place: str, problem: str, name: str = "", known: Iterable[str] = ()) -> None:
        by_folded = {each.casefold(): each for each in known}
        close = get_close_matches(name.casefold(), by_folded, n=1)
        self._problems.append(f"{place}: {problem}" + (f". Did you mean '{by_folded[close[0]]}'?" if close else ""))

    @staticmethod
    def _names(tables: Iterable[TableSchema]) -> list[str]:
        return [name for table in tables for name in (str(table.ref), table.name)]


def _described_column(column: ColumnSchema, configuration: ColumnConfiguration | None) -> ColumnSchema:
    if configuration is None:
        return column
    said = configuration.description
    return column.model_copy(
        update={
            "label": configuration.label,
            "description": column.description if said is None else said,
            "hidden": configuration.hidden,
            "type": column.type if configuration.stored_in is None else DataType.TIMESTAMPTZ,
            "stored_in": configuration.stored_in,
        }
    )


def _matches(pattern: str, ref: TableRef) -> bool:
    return any(name == pattern or fnmatchcase(name, pattern) for name in (ref.name, str(ref)))


def _changed(table: TableSchema, **update: object) -> TableSchema:
    """A copy. `model_copy` would also copy what the original had cached (`by_name`, `key`)."""
    fields = {name: getattr(table, name) for name in TableSchema.model_fields}
    return TableSchema.model_validate({**fields, **update})


def _joinable(own: ColumnSchema, theirs: ColumnSchema) -> bool:
    """Whether equality between the two keeps what is unique unique: no rounding, no zones."""
    if not (own.comparable and theirs.comparable) or own.collation != theirs.collation:
        return False
    same_type = (own.type_schema, own.type_name) == (theirs.type_schema, theirs.type_name)
    types = {own.type, theirs.type}
    return same_type or types <= EXACT or types <= FLOATS or types <= TEXTS

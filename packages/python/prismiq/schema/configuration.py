"""What a team says about its database: what to expose, what to call it, which keys and relationships hold.

Written in Python, YAML or TOML; `prismiq.schema.apply` lays it over what introspection found.

    schemas: [public, sales]
    exclude: [alembic_version, "*.tmp_*"]
    tables:
      customers:
        label: Customers
        columns:
          email: {hidden: true}
          segment: {label: Market segment, description: Chosen by sales.}
      sales.orders_by_day:
        key: [day, store_id]
      flights:
        rename: {airports_via_origin: origin_airport, airports_via_dest: dest_airport}
    relationships:
      - {table: sales.orders_by_day, columns: store_id, target: stores, target_columns: id}
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from prismiq.errors import ConfigurationError

# Python 3.10 has it by its former name.
_toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _listed(value: object) -> object:
    """One name stands for a list of one; a list of a file becomes a tuple."""
    if isinstance(value, list):
        return tuple(cast("list[object]", value))
    return (value,) if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_listed)]
SomeNames = Annotated[tuple[Name, ...], Field(min_length=1), BeforeValidator(_listed)]


class ColumnConfiguration(_Part):
    """What is said of one column."""

    label: str | None = None
    description: str | None = Field(default=None, description="Instead of the database's comment.")
    hidden: bool = Field(default=False, description="Not exposed; still used for keys and joins.")
    stored_in: Name | None = Field(
        default=None,
        description="The time zone (IANA name) whose wall time a `timestamp` column holds: it is then an instant.",
    )


class TableConfiguration(_Part):
    """What is said of one table."""

    label: str | None = None
    description: str | None = Field(default=None, description="Instead of the database's comment.")
    key: SomeNames | None = Field(
        default=None,
        description="Columns that are never null and that no two rows agree in: for a view, which has no key to find. "
        "Prismiq relies on it and does not check the rows.",
    )
    columns: Mapping[str, ColumnConfiguration] = Field(default_factory=dict)
    rename: Mapping[str, Name] = Field(
        default_factory=dict, description="This table's relationships, either way, by name: the new name."
    )


class RelationshipConfiguration(_Part):
    """A relationship that the database has no foreign key for: `columns` of `table` equal `target_columns` of `target`.

    The target columns must be a key of the target, or hold one.
    """

    table: Name
    columns: SomeNames
    target: Name
    target_columns: SomeNames
    name: Name | None = Field(default=None, description="In `table`; derived as for a foreign key where absent.")
    inverse_name: Name | None = Field(default=None, description="In `target`, for the way back.")


DefinedName = Annotated[str, Field(pattern=r"^[^\W\d]\w*$", max_length=63)]
"""A name that queries use, also within expressions."""


class DimensionConfiguration(_Part):
    """A dimension to use by name: a field or an expression, written from its table."""

    table: Name
    field: Name | None = None
    expression: Name | None = None
    granularity: Name | None = None
    label: str | None = None
    description: str | None = None
    format: str | None = Field(default=None, min_length=1, max_length=40)


class MetricConfiguration(_Part):
    """A measure to use by name: an aggregate over the rows of its table, from which its fields are written."""

    table: Name
    aggregate: Name
    field: Name | None = None
    expression: Name | None = None
    p: float | None = None
    separator: str | None = None
    order_by: tuple[Name, ...] | None = Field(default=None, description="As in a query, a list of fields.")
    filters: Any = Field(default=None, description="As in a query.")
    label: str | None = None
    description: str | None = None
    format: str | None = Field(default=None, min_length=1, max_length=40)


class SchemaConfiguration(_Part):
    """What to expose and what to say about it. Tables are named `orders` or `sales.orders`.

    `include` and `exclude` are patterns (`*`, `?`, `[…]`) on `schema.table` or the bare name; what both match is
    excluded.
    """

    schemas: Names | None = Field(default=None, description="PostgreSQL schemas to read; all but its own where absent.")
    default_schema: Name | None = Field(default=None, description="Where a bare table name is looked up first.")
    include: Names = ("*",)
    exclude: Names = ()
    tables: Mapping[str, TableConfiguration] = Field(default_factory=dict)
    relationships: Annotated[tuple[RelationshipConfiguration, ...], BeforeValidator(_listed)] = ()
    metrics: Mapping[DefinedName, MetricConfiguration] = Field(default_factory=dict)
    dimensions: Mapping[DefinedName, DimensionConfiguration] = Field(default_factory=dict)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | Mapping[str, Any]) -> SchemaConfiguration:
        """The configuration in a `.yaml`, `.yml` or `.toml` file, or in a mapping of the same shape.

        Raises ConfigurationError for a file that cannot be read, or that holds something else.
        """
        data, place = read_file(source, "schema configuration")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            raise invalid(f"{place} is not valid", problems) from None


def invalid(summary: str, problems: list[str]) -> ConfigurationError:
    """One error that tells every problem."""
    lines = "".join(f"\n- {problem}" for problem in problems)
    return ConfigurationError(f"{summary}:{lines}", details={"problems": tuple(problems)})


def read_file(source: str | os.PathLike[str] | Mapping[str, Any], kind: str) -> tuple[object, str]:
    """What a YAML or TOML file or a mapping holds, and what to call it in a message. Raises ConfigurationError."""
    if isinstance(source, Mapping):
        return source, f"The {kind}"
    return _read(Path(source), kind), f"The {kind} {Path(source).name}"


def _read(path: Path, kind: str) -> object:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text.") from None
    try:
        if path.suffix in (".yaml", ".yml"):
            return yaml.safe_load(text) or {}
        if path.suffix == ".toml":
            return _toml.loads(text)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"{path} has a syntax error: {error}") from None
    raise ConfigurationError(f"{path} is no {kind}.", hint="Name it .yaml, .yml or .toml.")

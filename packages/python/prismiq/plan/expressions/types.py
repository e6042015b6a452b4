"""What a value is: its data type, with what SQL needs to write it."""

from __future__ import annotations

from dataclasses import dataclass

from prismiq.schema.models import ColumnSchema
from prismiq.schema.types import DataType


@dataclass(frozen=True, slots=True)
class ValueType:
    """A data type with what an enum, an array or a type of an extension needs to be written in SQL."""

    kind: DataType
    element: DataType | None = None
    type_schema: str | None = None
    type_name: str | None = None
    labels: tuple[str, ...] | None = None
    comparable: bool = True

    @classmethod
    def of(cls, column: ColumnSchema) -> ValueType:
        """The type of a column's values."""
        # citext compares with its own operators only where both sides are citext.
        named = column.type in (DataType.ENUM, DataType.OTHER) or column.type_name == "citext"
        return cls(
            column.type,
            column.element_type,
            column.type_schema if named else None,
            column.type_name if named else None,
            column.enum_values,
            column.comparable,
        )

    @classmethod
    def raw(cls, column: ColumnSchema) -> ValueType:
        """The type of what the database holds, which the configuration may call an instant."""
        return cls.of(column) if column.stored_in is None else TIMESTAMP


BOOLEAN = ValueType(DataType.BOOLEAN)
BIGINT = ValueType(DataType.BIGINT)
INTEGER = ValueType(DataType.INTEGER)
INTERVAL = ValueType(DataType.INTERVAL)
JSONB = ValueType(DataType.JSONB)
NUMERIC = ValueType(DataType.NUMERIC)
DOUBLE = ValueType(DataType.DOUBLE)
TEXT = ValueType(DataType.TEXT)
DATE = ValueType(DataType.DATE)
TIMESTAMP = ValueType(DataType.TIMESTAMP)
TIMESTAMPTZ = ValueType(DataType.TIMESTAMPTZ)

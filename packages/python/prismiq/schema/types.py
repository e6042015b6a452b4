"""The types a column or an output can have, in PostgreSQL's own short names."""

from __future__ import annotations

from enum import Enum


class DataType(str, Enum):
    """What kind of value a column holds. A domain counts as the type it is based on."""

    BOOLEAN = "boolean"
    SMALLINT = "smallint"
    INTEGER = "integer"
    BIGINT = "bigint"
    NUMERIC = "numeric"
    REAL = "real"
    DOUBLE = "double"
    TEXT = "text"
    UUID = "uuid"
    DATE = "date"
    TIME = "time"
    TIMETZ = "timetz"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    INTERVAL = "interval"
    JSON = "json"
    JSONB = "jsonb"
    BYTEA = "bytea"
    ENUM = "enum"
    ARRAY = "array"
    OTHER = "other"

    def __str__(self) -> str:
        return self.value


INTEGERS = frozenset({DataType.SMALLINT, DataType.INTEGER, DataType.BIGINT})
EXACT = INTEGERS | {DataType.NUMERIC}
FLOATS = frozenset({DataType.REAL, DataType.DOUBLE})
NUMBERS = EXACT | FLOATS
TEXTS = frozenset({DataType.TEXT})
MOMENTS = frozenset({DataType.DATE, DataType.TIMESTAMP, DataType.TIMESTAMPTZ})

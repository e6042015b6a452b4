"""PostgreSQL's types as the fields of a `ColumnSchema`."""

from __future__ import annotations

from typing import TypedDict

from prismiq.introspection.document import ColumnTypeFacts, TypeFacts
from prismiq.schema.types import DataType

_DATA_TYPES = {
    "bool": DataType.BOOLEAN,
    "int2": DataType.SMALLINT,
    "int4": DataType.INTEGER,
    "int8": DataType.BIGINT,
    "numeric": DataType.NUMERIC,
    "float4": DataType.REAL,
    "float8": DataType.DOUBLE,
    "text": DataType.TEXT,
    "varchar": DataType.TEXT,
    "bpchar": DataType.TEXT,
    "name": DataType.TEXT,
    "uuid": DataType.UUID,
    "date": DataType.DATE,
    "time": DataType.TIME,
    "timetz": DataType.TIMETZ,
    "timestamp": DataType.TIMESTAMP,
    "timestamptz": DataType.TIMESTAMPTZ,
    "interval": DataType.INTERVAL,
    "json": DataType.JSON,
    "jsonb": DataType.JSONB,
    "bytea": DataType.BYTEA,
}


class ColumnType(TypedDict):
    """Those fields of a `ColumnSchema` that its type alone decides."""

    type: DataType
    database_type: str
    type_schema: str
    type_name: str
    element_type: DataType | None
    domain: str | None
    enum_values: tuple[str, ...] | None
    precision: int | None
    scale: int | None
    comparable: bool


def column_type(facts: ColumnTypeFacts) -> ColumnType:
    """The fields for a column of this type; a domain's are those of its base type."""
    element = facts["element"]
    precision, scale = _precision_and_scale(facts)
    return {
        "type": DataType.ARRAY if element else _data_type(facts),
        "database_type": facts["database_type"],
        "type_schema": facts["type_schema"],
        "type_name": facts["type_name"],
        "element_type": _data_type(element) if element else None,
        "domain": facts["domain"],
        "enum_values": None if facts["enum_values"] is None else tuple(facts["enum_values"]),
        "precision": precision,
        "scale": scale,
        "comparable": facts["comparable"],
    }


def _data_type(facts: TypeFacts) -> DataType:
    if facts["type_schema"] == "pg_catalog":
        return _DATA_TYPES.get(facts["type_name"], DataType.OTHER)
    if facts["kind"] == "e":
        return DataType.ENUM
    # An extension's own string type, in whatever schema it was created: citext.
    return DataType.TEXT if facts["kind"] == "b" and facts["category"] == "S" else DataType.OTHER


def _precision_and_scale(facts: ColumnTypeFacts) -> tuple[int | None, int | None]:
    """Of `numeric(10,2)`. PostgreSQL packs both into the modifier, the scale as 11 bits with a sign."""
    packed = facts["modifier"] - 4
    if (facts["type_schema"], facts["type_name"]) != ("pg_catalog", "numeric") or packed < 0:
        return None, None
    return packed >> 16 & 0xFFFF, ((packed & 0x7FF) ^ 0x400) - 0x400

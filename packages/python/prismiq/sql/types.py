"""The data types in SQLAlchemy's terms."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from prismiq.plan.expressions import ValueType
from prismiq.schema.types import DataType

SQLType = sa.types.TypeEngine[Any]

_PLAIN: dict[DataType, SQLType] = {
    DataType.BOOLEAN: sa.Boolean(),
    DataType.SMALLINT: sa.SmallInteger(),
    DataType.INTEGER: sa.Integer(),
    DataType.BIGINT: sa.BigInteger(),
    DataType.NUMERIC: sa.Numeric(),
    DataType.REAL: sa.REAL(),
    DataType.DOUBLE: sa.Double(),
    DataType.TEXT: pg.TEXT(),
    DataType.UUID: pg.UUID(),
    DataType.DATE: sa.Date(),
    DataType.TIME: pg.TIME(),
    DataType.TIMETZ: pg.TIME(timezone=True),
    DataType.TIMESTAMP: pg.TIMESTAMP(),
    DataType.TIMESTAMPTZ: pg.TIMESTAMP(timezone=True),
    DataType.INTERVAL: pg.INTERVAL(),
    DataType.JSON: pg.JSON(),
    DataType.JSONB: pg.JSONB(),
    DataType.BYTEA: pg.BYTEA(),
}


class NamedType(sa.types.UserDefinedType[Any]):
    """A type that only the database knows: an enum, or one of an extension."""

    cache_ok = True

    def __init__(self, schema: str, name: str) -> None:
        self.schema = schema
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        """The type's quoted name."""
        quote = pg.dialect().identifier_preparer.quote_identifier
        return f"{quote(self.schema)}.{quote(self.name)}"


def sql_type(type_: ValueType) -> SQLType:
    """The type a value is written with in SQL."""
    if type_.kind is DataType.ARRAY:
        element = ValueType(type_.element or DataType.TEXT)
        return pg.ARRAY(sql_type(element))
    if type_.type_name is not None:
        return NamedType(type_.type_schema or "pg_catalog", type_.type_name)
    return _PLAIN[type_.kind]


def sent_as(type_: ValueType) -> SQLType | None:
    """The type in which a value travels where the server must cast it, or None where it travels as what it is.

    The driver knows neither an enum nor a type of an extension, and SQLAlchemy would send a real as a double, which
    0.1 as a real does not equal.
    """
    if type_.type_name is not None or type_.kind in (DataType.JSONB, DataType.JSON, DataType.TIMETZ):
        return pg.TEXT()
    return sa.Double() if type_.kind is DataType.REAL else None

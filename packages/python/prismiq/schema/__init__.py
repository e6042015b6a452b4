"""What the database holds: its models, its relationships, and the configuration on top."""

from prismiq.schema.configuration import (
    ColumnConfiguration,
    RelationshipConfiguration,
    SchemaConfiguration,
    TableConfiguration,
)
from prismiq.schema.configured import apply
from prismiq.schema.models import (
    Cardinality,
    ColumnSchema,
    DatabaseSchema,
    ForeignKey,
    Relationship,
    TableKind,
    TableRef,
    TableSchema,
)
from prismiq.schema.relationships import derive_relationships
from prismiq.schema.types import DataType
from prismiq.schema.version import schema_version

__all__ = [
    "Cardinality",
    "ColumnConfiguration",
    "ColumnSchema",
    "DataType",
    "DatabaseSchema",
    "ForeignKey",
    "Relationship",
    "RelationshipConfiguration",
    "SchemaConfiguration",
    "TableConfiguration",
    "TableKind",
    "TableRef",
    "TableSchema",
    "apply",
    "derive_relationships",
    "schema_version",
]

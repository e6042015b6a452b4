"""PostgreSQL's catalog → `DatabaseSchema`, and the cache that keeps it fresh."""

from prismiq.introspection.cache import SchemaCache
from prismiq.introspection.catalog import introspect

__all__ = ["SchemaCache", "introspect"]

"""PostgreSQL's catalog → `DatabaseSchema`, and the cache that keeps it fresh."""

from prismiq.introspection.cache import SchemaCache
from prismiq.introspection.catalog import introspect
from prismiq.introspection.clocks import clocks_apart

__all__ = ["SchemaCache", "clocks_apart", "introspect"]

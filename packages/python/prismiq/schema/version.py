"""The version of a schema: equal versions are equal schemas."""

from __future__ import annotations

import json
from hashlib import blake2b

from prismiq.schema.models import DatabaseSchema

_EXCLUDED = {"version": True, "tables": {"__all__": {"row_estimate", "size_bytes"}}}


def schema_version(schema: DatabaseSchema) -> str:
    """16 hexadecimal digits over everything but row estimates and sizes, which change with every ANALYZE."""
    data = schema.model_dump(mode="json", exclude=_EXCLUDED)
    if schema.hll_schema is not None:
        data["hll_schema"] = schema.hll_schema
    if schema.clocks_apart:
        data["clocks_apart"] = sorted(schema.clocks_apart)
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return blake2b(canonical.encode(), digest_size=8).hexdigest()

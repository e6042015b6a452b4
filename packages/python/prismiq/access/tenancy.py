"""A PostgreSQL schema for each tenant: which is a caller's own, and the database as if there were no other."""

from __future__ import annotations

from prismiq.access.context import RequestContext
from prismiq.access.policy import AccessPolicy
from prismiq.errors import ContextError
from prismiq.schema.models import DatabaseSchema
from prismiq.schema.relationships import derive_relationships
from prismiq.schema.version import schema_version


def own_schema(policy: AccessPolicy, context: RequestContext | None, schema: DatabaseSchema) -> str | None:
    """The schema of the caller's tenant, or None where tenants have no schemas of their own.

    Raises ContextError for a context without a tenant, and for a tenant that has no schema.
    """
    named = policy.schema_per_tenant
    if named is None:
        return None
    tenant = None if context is None else context.tenant
    if tenant is None:
        hint = "Set `tenant` in the RequestContext that get_context returns."
        raise ContextError("The context names no tenant.", hint=hint)
    found = named.replace("{tenant}", str(tenant)) if isinstance(named, str) else named.get(str(tenant))
    present = {table.schema_name for table in schema.tables}
    if found is None or found in policy.shared_schemas or found not in present or str(tenant) == "":
        raise ContextError(
            "The context's tenant has no schema.",
            hint="`schema_per_tenant` says how it is called; one that is new is found when the schema is next read.",
        )
    return found


def schema_of(own: str, schema: DatabaseSchema, policy: AccessPolicy) -> DatabaseSchema:
    """The database as a tenant's: their schema and the shared ones, bare names meaning their own tables first.

    Relationships are named anew, so that nothing tells of tables elsewhere.
    """
    allowed = {own, *policy.shared_schemas}
    kept = [table for table in schema.tables if table.schema_name in allowed]
    if len(kept) == len(schema.tables) and schema.default_schema == own:
        return schema
    tables = derive_relationships(kept)
    found = DatabaseSchema(
        tables=tables,
        metrics=tuple(each for each in schema.metrics if each.table.schema in allowed),
        dimensions=tuple(each for each in schema.dimensions if each.table.schema in allowed),
        default_schema=own,
    )
    return found.model_copy(update={"version": schema_version(found)})

"""Keeps the scopes of one policy, since most callers of an engine share a few."""

from __future__ import annotations

from prismiq.access.context import RequestContext
from prismiq.access.policy import AccessPolicy
from prismiq.access.scope import ScopedSchema, scope
from prismiq.schema.models import DatabaseSchema


class Scopes:
    """The scopes of the schema at hand, by the roles that the policy tells apart."""

    def __init__(self, policy: AccessPolicy | None) -> None:
        self._policy = policy
        self._roles = frozenset[str]()
        if policy is not None:
            self._roles = frozenset(role for rule in policy.tables.values() for role in rule.visible_to or ())
        self._schema: DatabaseSchema | None = None
        self._kept: dict[frozenset[str], ScopedSchema] = {}

    def of(self, schema: DatabaseSchema, context: RequestContext | None) -> ScopedSchema:
        """What the caller may see. Raises what `scope` raises."""
        if self._policy is not None and not self._policy.is_open and context is None:
            return scope(schema, self._policy, context)
        if schema is not self._schema:
            self._schema, self._kept = schema, {}
        roles = self._roles & (context.roles if context is not None else frozenset())
        found = self._kept.get(roles)
        if found is None:
            found = self._kept[roles] = scope(schema, self._policy, context)
        return found

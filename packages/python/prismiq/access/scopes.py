"""Keeps the scopes of one policy, since most callers of an engine share a few."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from prismiq.access.context import RequestContext
from prismiq.access.policy import AccessPolicy
from prismiq.access.scope import ScopedSchema, scope
from prismiq.access.tenancy import own_schema, schema_of
from prismiq.aside import MANY_TABLES, Aside
from prismiq.schema.models import DatabaseSchema

KEPT = 500


class Scopes:
    """The scopes of the schema at hand, by the roles that the policy tells apart and the tenant's schema.

    Where tenants have schemas of their own, `configure` is applied to that of each, as it is to the whole where they
    have not.
    """

    def __init__(
        self, policy: AccessPolicy | None, configure: Callable[[DatabaseSchema], DatabaseSchema] | None = None
    ) -> None:
        self._policy = policy
        self._configure = configure
        self._roles = frozenset[str]() if policy is None else policy.roles
        self._schema: DatabaseSchema | None = None
        self._aside = Aside[ScopedSchema]()
        self._of_tenants: OrderedDict[str, DatabaseSchema] = OrderedDict()
        self._kept: OrderedDict[tuple[str | None, frozenset[str]], ScopedSchema] = OrderedDict()

    def of(self, schema: DatabaseSchema, context: RequestContext | None) -> ScopedSchema:
        """What the caller may see. Raises what `scope` raises."""
        if self._policy is None or self._policy.is_open:
            own = None
        elif context is None:
            return scope(schema, self._policy, context)
        else:
            own = own_schema(self._policy, context, schema)
        self._refresh(schema)
        key = own, self._roles & (context.roles if context is not None else frozenset())
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = scope(self.database(schema, context), self._policy, context)
            _limit(self._kept)
        else:
            self._kept.move_to_end(key)
        return found

    async def get(self, schema: DatabaseSchema, context: RequestContext | None) -> ScopedSchema:
        """The same, made beside the event loop where it is of many tables, and once for all who ask for it."""
        policy = self._policy
        if (
            len(schema.tables) < MANY_TABLES
            or policy is None
            or context is None
            or policy.schema_per_tenant is not None
        ):
            return self.of(schema, context)
        self._refresh(schema)
        key = None, self._roles & context.roles
        if key in self._kept:
            return self.of(schema, context)
        found = await self._aside.make((schema.version, key), lambda: scope(schema, policy, context))
        if schema is self._schema:  # else it was read anew meanwhile
            self._kept[key] = found
            _limit(self._kept)
        return found

    def database(self, schema: DatabaseSchema, context: RequestContext | None) -> DatabaseSchema:
        """The database before any rule: the whole, or that of the caller's tenant. Raises ContextError."""
        own = None if self._policy is None else own_schema(self._policy, context, schema)
        if own is None or self._policy is None:
            return schema
        self._refresh(schema)
        found = self._of_tenants.get(own)
        if found is None:
            found = schema_of(own, schema, self._policy)
            found = found if self._configure is None else self._configure(found)
            self._of_tenants[own] = found
            _limit(self._of_tenants)
        return found

    def _refresh(self, schema: DatabaseSchema) -> None:
        if schema is not self._schema:
            self._schema = schema
            self._of_tenants.clear()
            self._kept.clear()


def _limit(kept: OrderedDict[Any, Any]) -> None:
    if len(kept) > KEPT:
        kept.popitem(last=False)

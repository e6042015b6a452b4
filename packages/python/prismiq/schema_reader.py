"""The schema as an engine has it: what PostgreSQL holds, as the configuration and the policy have it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timezone

from prismiq.access import AccessPolicy
from prismiq.access.caller import engine_caller
from prismiq.access.check import near
from prismiq.execution import Database
from prismiq.introspection import clocks_apart, introspect
from prismiq.plan.definitions import define
from prismiq.schema import SchemaConfiguration, apply
from prismiq.schema.models import DatabaseSchema
from prismiq.schema.version import schema_version
from prismiq.sql.row_rules import check_rules

logger = logging.getLogger(__name__)


class SchemaReader:
    """Reads it, and says what a configuration makes of it."""

    def __init__(
        self,
        database: Database,
        configuration: SchemaConfiguration,
        policy: AccessPolicy | None,
        zones: Collection[str] = (),
    ) -> None:
        self._database = database
        self._configuration = configuration
        self._policy = policy
        self._zones = zones
        """Whose clocks are compared with PostgreSQL's: those asked for so far."""

    async def read(self) -> DatabaseSchema:
        """The schema that is there now. Raises DatabaseError, and ConfigurationError for what does not fit it."""
        async with self._database.connection(engine_caller(self._policy)) as connection:
            found = await introspect(connection, self._configuration.schemas)
            apart = await clocks_apart(connection, sorted({*self._zones} - {"UTC"}), datetime.now(timezone.utc))
        found = found.model_copy(update={"clocks_apart": apart})
        if self._policy is not None and self._policy.schema_per_tenant is not None:
            return found.model_copy(update={"version": schema_version(found)})  # each tenant's is configured by itself
        # A large schema is some 100 ms of Python; in a thread the event loop keeps its turns.
        return await asyncio.to_thread(self.configured, found)

    def configured(self, found: DatabaseSchema) -> DatabaseSchema:
        """The schema with what the configuration says. Raises ConfigurationError."""
        configuration = self._configuration
        if self._policy is not None and self._policy.schema_per_tenant is not None:
            # What is exposed and what a bare name means is said by the policy.
            configuration = configuration.model_copy(update={"schemas": None, "default_schema": None})
        schema = define(apply(found, configuration), configuration)
        if self._policy is not None:
            check_rules(schema, self._policy)
            _warn_of_no_tenants(schema, self._policy.tenant_column)
        return schema


def _warn_of_no_tenants(schema: DatabaseSchema, column: str | None) -> None:
    """A tenant column that no table has hides them all, as it should; it is rarely meant."""
    known = sorted({name for table in schema.tables for name in table.by_name})
    if column is not None and known and column not in known:
        logger.warning('No table has the tenant column "%s"%s: most are invisible.', column, near(column, known))

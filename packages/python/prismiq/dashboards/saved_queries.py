"""Saved queries: a query with a title, for widgets to share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prismiq.access import RequestContext
from prismiq.audit import SILENT, Audit
from prismiq.dashboards.checks import Planner, check_query
from prismiq.dashboards.models import SavedQuery
from prismiq.dashboards.reading import read, to_data
from prismiq.dashboards.records import Kind
from prismiq.dashboards.service import Data, StoredThings
from prismiq.dashboards.store import DashboardStore
from prismiq.errors import NotFoundError


class StoredQueries(StoredThings):
    """The saved queries of an engine's store."""

    kind = Kind.SAVED_QUERY
    called = "saved_queries"
    name = "saved query"
    defaults = {}

    def __init__(self, store: DashboardStore, planner: Planner, *, needs_tenant: bool, audit: Audit = SILENT) -> None:
        super().__init__(store, needs_tenant=needs_tenant, audit=audit)
        self._planner = planner

    async def query_of(self, id: str, context: RequestContext | None) -> Mapping[str, Any] | None:  # noqa: A002
        """The query, or None where there is none that the caller may see."""
        try:
            return (await self.get(id, context)).definition.get("query")
        except NotFoundError:
            return None

    async def _checked(self, data: Data, before: Data | None, context: RequestContext | None) -> Data:
        saved = read(SavedQuery, data)
        if before is None or before.get("query") != saved.query:
            query = await check_query(saved.query, ("query",), self._planner, context)
            saved = saved.model_copy(update={"query": query})
        return to_data(saved)

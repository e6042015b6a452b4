"""`/saved-queries`: queries with a title, for widgets to share."""

from __future__ import annotations

from fastapi import APIRouter

from prismiq.api.context import GetContext
from prismiq.api.stored import Collection, StoredQuery
from prismiq.dashboards import SavedQuery
from prismiq.engine import PrismiqEngine


def saved_queries_router(engine: PrismiqEngine, get_context: GetContext) -> APIRouter:
    """The routes below `/saved-queries`. The engine needs a store."""
    return Collection(
        "/saved-queries",
        lambda: engine.saved_queries,
        get_context,
        engine.settings.max_body_bytes,
        definition=SavedQuery,
        answer=StoredQuery,
    ).router

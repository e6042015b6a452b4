"""The router that a host mounts: every resource, under one prefix."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute

from prismiq.api.context import GetContext
from prismiq.api.dashboards import dashboards_router
from prismiq.api.health import health_router
from prismiq.api.pins import pins_router
from prismiq.api.query import query_router
from prismiq.api.refusals import tell_refusals
from prismiq.api.saved_queries import saved_queries_router
from prismiq.api.schema import schema_router
from prismiq.api.viewing import viewing_router
from prismiq.engine import PrismiqEngine
from prismiq.errors import ConfigurationError


def create_router(engine: PrismiqEngine, *, get_context: GetContext) -> APIRouter:
    """Everything Prismiq serves, as one router:

        app.include_router(create_router(engine, get_context=current_user), prefix="/analytics")

    `get_context` is any FastAPI dependency of yours that returns a `RequestContext`; it raises your own HTTPException
    for whoever may not ask. `public_context` lets everybody in. The router touches nothing of the application around
    it; open and close the engine in your lifespan (`async with engine: yield`). Until then requests get a 503.
    Dashboards are among what it serves where the engine has a `store`.

    Raises ConfigurationError for an engine without a policy.
    """
    if engine.policy is None:
        raise ConfigurationError(
            "This engine has no access policy, so it must not answer over HTTP.",
            hint="Give it one: PrismiqEngine(…, policy=AccessPolicy(tenant_column=…)). AccessPolicy.open() says out "
            "loud that every readable table is for whoever get_context lets in.",
        )
    router = APIRouter()
    parts = [("query", query_router(engine, get_context)), ("schema", schema_router(engine, get_context))]
    if engine.store is not None:
        for part in (dashboards_router, viewing_router, saved_queries_router, pins_router):
            parts.append(("dashboards", part(engine, get_context)))
    for tag, part in parts:  # in this order, as routes are tried
        tell_refusals(part.routes, engine.audit)
        _add(router, part, tag)
    _add(router, health_router(engine), "health")
    return router


def _add(router: APIRouter, part: APIRouter, tag: str) -> None:
    """Adds the routes themselves: each router within another is gone through once more for every request."""
    for route in part.routes:
        if isinstance(route, APIRoute):
            route.tags.append(tag)
        router.routes.append(route)

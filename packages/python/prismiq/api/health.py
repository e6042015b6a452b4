"""`/health`: for whoever keeps the service running. Asks for no context; tells nothing but whether it works."""

from __future__ import annotations

from fastapi import APIRouter, Response

from prismiq.api.documentation import documented
from prismiq.api.models import HealthResponse
from prismiq.api.problems import ProblemRoute
from prismiq.engine import PrismiqEngine

_OK = b'{"status":"ok"}'


def health_router(engine: PrismiqEngine) -> APIRouter:
    """The routes below `/health`."""
    router = APIRouter(route_class=ProblemRoute)

    async def live() -> Response:
        """The process answers."""
        return Response(_OK, headers={"Cache-Control": "no-store"}, media_type="application/json")

    async def ready() -> Response:
        """PostgreSQL answers, too."""
        await engine.check_ready()
        return Response(_OK, headers={"Cache-Control": "no-store"}, media_type="application/json")

    router.add_api_route(
        "/health/live", live, methods=["GET"], response_class=Response, responses=documented(HealthResponse)
    )
    router.add_api_route(
        "/health/ready",
        ready,
        methods=["GET"],
        response_class=Response,
        responses=documented(HealthResponse, 429, 502, 503),
    )
    return router

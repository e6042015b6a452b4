"""The demo's application: what a host writes, and nothing more."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from prismiq.access import AccessPolicy
from prismiq.api import create_router, public_context
from prismiq.demo.database import prepare_dashboards
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings


def create_app(dsn: str, store: str | None = None) -> FastAPI:
    """An application that answers everybody's questions about the database at `dsn`, with dashboards in `store`."""
    settings = Settings(time_zone="America/New_York")  # where the flights leave
    engine = PrismiqEngine(dsn, policy=AccessPolicy.open(), settings=settings, store=store)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with engine:
            if store is not None:
                await prepare_dashboards(engine)
            yield

    app = FastAPI(title="Prismiq demo", description="Flights from New York City in 2013.", lifespan=lifespan)
    app.include_router(create_router(engine, get_context=public_context))

    @app.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:  # pyright: ignore[reportUnusedFunction]  FastAPI uses it
        return RedirectResponse("docs")

    return app

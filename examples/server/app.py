"""An API for other programs: keys with roles, a schema configuration in a file, settings from the environment.

See README.md beside this file for how to run it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import yaml
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import APIKeyHeader

from prismiq import AccessPolicy, PrismiqEngine, RequestContext, SchemaConfiguration, TablePolicy, create_router

HERE = Path(__file__).parent
OPERATIONS = frozenset({"operations"})
POLICY = AccessPolicy(
    tables={
        "planes": TablePolicy(visible_to=OPERATIONS),
        "weather": TablePolicy(visible_to=OPERATIONS),
    },
    sql_visible_to=OPERATIONS,
)


def get_context(request: Request, key: Annotated[str, Depends(APIKeyHeader(name="X-API-Key"))]) -> RequestContext:
    """The program that this key belongs to."""
    callers: Mapping[str, Mapping[str, list[str] | str]] = request.app.state.callers
    for known, caller in callers.items():
        if secrets.compare_digest(known.encode(), key.encode()):
            return RequestContext.model_validate(caller)
    raise HTTPException(401, "The API key is not known.")


def create_app() -> FastAPI:
    """The application. Reads PRISMIQ_DATABASE_URL, PRISMIQ_* settings, and the keys in the file that API_KEYS names."""
    engine = PrismiqEngine(
        os.environ["PRISMIQ_DATABASE_URL"],
        policy=POLICY,
        configuration=SchemaConfiguration.load(HERE / "schema.yaml"),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine:
            await engine.refresh_schema()  # a mistake in schema.yaml stops the start, not the first request
            yield

    app = FastAPI(title="Flights", lifespan=lifespan)
    app.state.callers = yaml.safe_load(Path(os.environ["API_KEYS"]).read_text(encoding="utf-8"))
    app.include_router(create_router(engine, get_context=get_context), prefix="/v1")
    return app

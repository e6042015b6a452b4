"""An application that shows its dashboards to people without an account: it signs a token for each of them.

    export DATABASE_URL=postgresql://reader@localhost/shop
    export GUEST_SECRET=$(python -c "import secrets; print(secrets.token_urlsafe(64))")
    uv run --extra guests uvicorn --app-dir examples --factory embed_for_guests:create_app
    curl -s http://127.0.0.1:8000/embed/sales -H 'X-Api-Key: key-of-acme'
    curl -sN -X POST http://127.0.0.1:8000/analytics/dashboards/sales/data -H 'Authorization: Bearer …'

The customer's server asks for a token with the key that it has, and gives it to a browser, which brings it back as
`Authorization: Bearer …`. The browser sees the dashboard `sales` with the customer's rows of one region, and no more.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException

from prismiq import (
    AccessPolicy,
    GuestKey,
    GuestTokens,
    MemoryRevocations,
    MemoryStore,
    PrismiqEngine,
    RequestContext,
    create_router,
    guest_context,
)

CUSTOMERS = {"key-of-acme": "acme", "key-of-globex": "globex"}  # stands for your customers and their keys
POLICY = AccessPolicy(tenant_column="tenant_id")
SALES = {
    "title": "Sales",
    "filters": [{"id": "region", "type": "select", "field": "region"}],
    "widgets": [
        {
            "id": "by-status",
            "type": "bar",
            "query": {"source": "orders", "dimensions": ["status"], "measures": ["count", "sum(total)"]},
        }
    ],
}


def create_app(database_url: str | None = None, secret: str | None = None) -> FastAPI:
    """The application: tokens below /embed, analytics below /analytics."""
    revocations = MemoryRevocations()  # of one process; several share a table or Redis
    tokens = GuestTokens([GuestKey.secret("2026-11", secret or os.environ["GUEST_SECRET"])], revocations=revocations)
    # A store in memory forgets when the process ends; yours is PostgreSQL.
    engine = PrismiqEngine(database_url or os.environ["DATABASE_URL"], policy=POLICY, store=MemoryStore())

    async def embed(dashboard: str, x_api_key: Annotated[str, Header()], region: str = "EU") -> dict[str, str]:
        """A token for one visitor of the customer's page."""
        customer = CUSTOMERS.get(x_api_key)
        if customer is None:
            raise HTTPException(401, "This is no customer's key.")
        token = tokens.issue(
            user=f"visitor of {customer}",
            tenant=customer,
            dashboards=[dashboard],
            locked_filters={"region": region},
        )
        return {"token": token.text, "id": token.id}

    async def revoke(token_id: str, x_api_key: Annotated[str, Header()]) -> None:
        """Takes a token back before it expires."""
        if x_api_key not in CUSTOMERS:
            raise HTTPException(401, "This is no customer's key.")
        revocations.revoke(token_id)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine:
            for customer in CUSTOMERS.values():
                await engine.dashboards.create(SALES, RequestContext(user="we", tenant=customer))
            yield

    app = FastAPI(title="Embedded analytics", lifespan=lifespan)
    app.add_api_route("/embed/{dashboard}", embed)
    app.add_api_route("/tokens/{token_id}", revoke, methods=["DELETE"], status_code=204)
    app.include_router(create_router(engine, get_context=guest_context(tokens)), prefix="/analytics")
    return app

"""Prismiq in an application that has its own sign-in and its own asyncpg pool already.

    export DATABASE_URL=postgresql://reader@localhost/shop
    uv run uvicorn --app-dir examples --factory mount_in_fastapi:create_app
    curl -s http://127.0.0.1:8000/analytics/query -H 'Authorization: Bearer ada-token' \
        -H 'Content-Type: application/json' -d '{"source": "orders", "measures": ["count", "sum(total)"]}'

The tables are those of a shop: customers, orders and addresses, each with a `tenant_id`; plans, which all tenants
share; and an audit log.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from prismiq import AccessPolicy, Mask, PrismiqEngine, RequestContext, TablePolicy, create_router

# --- The application as it was: who is signed in, a pool, a page of its own. -----------------------------------------


@dataclass(frozen=True)
class User:
    """Somebody who is signed in."""

    id: str
    company: str
    roles: frozenset[str] = frozenset()


SESSIONS = {  # stands for your session store, or for the token that you verify
    "ada-token": User("ada", "acme"),
    "hank-token": User("hank", "globex", frozenset({"admin"})),
}


def current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> User:
    """The application's own authentication."""
    user = SESSIONS.get(credentials.credentials)
    if user is None:
        raise HTTPException(401, "Please sign in.")
    return user


async def read_order(order_id: int, request: Request, user: Annotated[User, Depends(current_user)]) -> dict[str, Any]:
    """A page of the application's own, on the same pool."""
    sql = "SELECT id, status, total::text FROM orders WHERE id = $1 AND tenant_id = $2"
    row = await request.app.state.pool.fetchrow(sql, order_id, user.company)
    if row is None:
        raise HTTPException(404, "There is no such order.")
    return dict(row)


# --- What Prismiq adds: who asks, who sees what, and a router. -------------------------------------------------------


def get_context(user: Annotated[User, Depends(current_user)]) -> RequestContext:
    """The signed-in user, in Prismiq's words."""
    return RequestContext(user=user.id, tenant=user.company, roles=user.roles)


POLICY = AccessPolicy(
    tenant_column="tenant_id",
    tables={
        "plans": TablePolicy(shared=True),
        "audit_log": TablePolicy(visible_to=frozenset({"admin"})),
        "customers": TablePolicy(columns={"email": Mask.HIDDEN, "phone": Mask.HIDDEN}),
    },
    sql_visible_to=frozenset({"admin"}),
)


def create_app(database_url: str | None = None) -> FastAPI:
    """The application, with analytics below /analytics."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database_url or os.environ["DATABASE_URL"], min_size=1, max_size=5) as pool:
            app.state.pool = pool
            # The engine wants the pool, which there is only from here on; so the router is mounted here, too.
            async with PrismiqEngine(pool=pool, policy=POLICY) as engine:
                app.include_router(create_router(engine, get_context=get_context), prefix="/analytics")
                yield

    app = FastAPI(title="A shop", lifespan=lifespan)
    app.add_api_route("/orders/{order_id}", read_order)
    return app

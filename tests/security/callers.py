"""The policy under test, the people who ask, and what none of them may ever read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
from fastapi import FastAPI, Header, HTTPException

from prismiq.access import AccessPolicy, Mask, RequestContext, RowFilter, TablePolicy
from prismiq.api import create_router
from prismiq.engine import PrismiqEngine

POLICY = AccessPolicy(
    tenant_column="tenant_id",
    tables={
        "plans": TablePolicy(shared=True),
        "measurements": TablePolicy(shared=True),
        "sales.regions": TablePolicy(shared=True),
        "audit_log": TablePolicy(visible=False),
        "employees": TablePolicy(visible_to=frozenset({"hr"})),
        "refunds": TablePolicy(visible_to=frozenset({"finance"})),
        "customers": TablePolicy(columns={"phone": Mask.HIDDEN, "plan_id": Mask.HIDDEN}),
        "orders": TablePolicy(
            rows=(RowFilter(column="region", attribute="regions", operator="in"),), columns={"discount": Mask.HIDDEN}
        ),
        "order_items": TablePolicy(rows=(RowFilter(column="order_id", attribute="order_ids", operator="in"),)),
    },
    sql_visible_to=frozenset({"admin"}),
)

EVERY_ROLE = frozenset({"admin", "hr", "finance"})
ACME = RequestContext(
    user="ada", tenant="acme", roles=EVERY_ROLE, attributes={"regions": ["EU", "US"], "order_ids": list(range(1, 8))}
)
GLOBEX = RequestContext(
    user="hank", tenant="globex", roles=EVERY_ROLE, attributes={"regions": ["EU", "APAC"], "order_ids": [101, 102]}
)
CLERK = RequestContext(user="bob", tenant="acme", attributes={"regions": ["US"], "order_ids": [7]})
"""Of acme, without a role, and for one region."""
NOBODYS = RequestContext(user="lost", roles=EVERY_ROLE, attributes={"regions": ["EU", "US"], "order_ids": [1]})
"""Without a tenant."""
CALLERS: Mapping[str, RequestContext] = {"acme": ACME, "globex": GLOBEX, "clerk": CLERK, "nobodys": NOBODYS}

OF_ACME = (
    b"acme", "Çelik".encode(), b"Hara 100%_", b"ada@example.com", b"Unter den Linden", b"Hamburg", b"consumer",
    b"furniture", b"9999999999.99", b"249.99", b"goodwill", b"Barbara", b"2025-12-31T23:59:59.999999",
)  # fmt: skip
OF_GLOBEX = (
    b"globex", b"weapons", b"secret segment", b"7777.77", b"8888.88", b"Zed", b"Baker Street", b"London", b"Laser",
    b"1000000", b"Hank", b"12345.00", b"99999.00",
)  # fmt: skip
"""Values that only one of the two has, as an answer would write them."""
NOT_THE_CLERKS = (b"1.40", b"9000.00", b"goodwill", b"2025-03-30T", b"5000.00")
"""Values of acme that the rules for roles and attributes keep from the clerk."""

HIDDEN = (b"audit_log", b"phone", b"plan_id", b"discount")
"""Names that exist for nobody."""
HIDDEN_FROM_CLERK = (*HIDDEN, b"employees", b"refunds", b"salary", b"manager", b"reason")

KEPT_FROM: Mapping[str, tuple[bytes, ...]] = {
    "acme": (*OF_GLOBEX, *HIDDEN),
    "globex": (*OF_ACME, *HIDDEN),
    "clerk": (*OF_GLOBEX, *HIDDEN_FROM_CLERK, *NOT_THE_CLERKS),
    "nobodys": (*OF_ACME, *OF_GLOBEX, *HIDDEN),
}


def host(engine: PrismiqEngine, callers: Mapping[str, RequestContext] = CALLERS) -> FastAPI:
    """An application that knows its users by a header, and asks whoever it does not know to sign in."""

    def signed_in(who: str | None = Header(default=None)) -> RequestContext:
        if who is None:
            raise HTTPException(401, "Sign in first.", {"WWW-Authenticate": "Bearer"})
        return callers[who]

    app = FastAPI()
    app.include_router(create_router(engine, get_context=signed_in))
    return app


def client_for(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host", timeout=60)


Ask = Callable[..., Any]


def asking(client: httpx.AsyncClient, who: str | None) -> Ask:
    """Sends requests as one caller, or as nobody."""

    async def ask(method: str, path: str, **how: Any) -> httpx.Response:
        headers = {**how.pop("headers", {}), **({} if who is None else {"who": who})}
        return await client.request(method, path, headers=headers, **how)

    return ask

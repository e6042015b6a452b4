"""Every route by every caller. A route without an entry in ACCESS fails: nobody adds one without thinking of it.

An entry says with what the route is asked, and how each caller is answered. Whatever the answer, its bytes hold nothing
of the other tenant and no name that is hidden from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest

from prismiq.access import AccessPolicy, GuestGrant, RequestContext
from prismiq.api import create_router, public_context
from prismiq.dashboards import MemoryStore
from prismiq.engine import PrismiqEngine
from security import boards
from security.callers import ACME, HIDDEN, KEPT_FROM, OF_ACME, OF_GLOBEX, asking, client_for, host

ALL = {"acme": 200, "globex": 200, "clerk": 200, "nobodys": 200}
ROWS = {"acme": 200, "globex": 200, "clerk": 200, "nobodys": 403}
"""A context without a tenant gets no rows."""
SQL = {"acme": 200, "globex": 200, "clerk": 403, "nobodys": 403}
NOT_FOUND = dict.fromkeys(ALL, 404)
FINANCE = {"acme": 200, "globex": 200, "clerk": 404, "nobodys": 403}


@dataclass(frozen=True)
class Call:
    """One request, and the status that each caller gets."""

    path: str
    expected: Mapping[str, int]
    body: Mapping[str, Any] | None = None
    unauthenticated: int = 401


TABLES: Mapping[str, tuple[str, ...]] = {
    "customers": ("id", "name", "email", "segment", "region", "country"),
    "addresses": ("street", "city", "country"),
    "products": ("sku", "name", "category", "list_price"),
    "orders": ("id", "status", "region", "ordered_at", "total", "customer.name", "customer.segment"),
    "events": ("kind", "at", "customer.email"),
    "customer_totals": ("name", "total", "orders"),
    "monthly_revenue": ("month", "revenue"),
    "sales.payouts": ("amount", "quotas.amount"),
    "sales.quotas": ("quarter", "amount", "region"),
    "sales.visits": ("visited_at", "customer.name"),
}
QUERIES: list[tuple[dict[str, Any], dict[str, int]]] = [
    *[({"source": table, "columns": list(columns)}, ROWS) for table, columns in TABLES.items()],
    ({"source": "plans", "columns": ["name", "monthly_price"]}, ALL),
    ({"source": "orders", "columns": ["id", "order_items.unit_price", "order_items.product.name"]}, ROWS),
    ({"source": "order_items", "columns": ["unit_price", "order.total"]}, ROWS),
    ({"source": "customers", "dimensions": ["name", "segment"], "measures": ["sum(orders.total)", "count"]}, ROWS),
    ({"source": "products", "measures": ["max(list_price)", "min(name)", "count_distinct(category)"]}, ROWS),
    ({"source": "orders", "dimensions": [{"name": "x", "expression": "customer.name || '!' || total"}]}, ROWS),
    ({"source": "customers", "columns": ["name"], "filters": {"exists": "orders"}}, ROWS),
    ({"source": "customers", "columns": ["name"], "filters": {"not": {"exists": "orders"}}}, ROWS),
    ({"source": "customers", "columns": ["name"], "filters": [{"field": "orders.total", "value": 8888.88}]}, ROWS),
]
# What only some roles see, and what nobody does.
BY_ROLE: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({"source": "employees", "columns": ["name", "salary", "manager.name"]}, {**ROWS, "clerk": 422}),
    ({"source": "refunds", "columns": ["amount", "reason", "order.total"]}, {**ROWS, "clerk": 422}),
    ({"source": "orders", "measures": ["sum(refunds.amount)"]}, {**ROWS, "clerk": 422}),
    ({"source": "audit_log", "columns": ["actor"]}, dict.fromkeys(ALL, 422)),
    ({"source": "customers", "columns": ["phone"]}, dict.fromkeys(ALL, 422)),
    ({"source": "customers", "columns": ["name", "plan.name"]}, dict.fromkeys(ALL, 422)),
    ({"source": "orders", "measures": ["sum(discount)"]}, dict.fromkeys(ALL, 422)),
]


def _queries(path: str, also: Mapping[str, int]) -> list[Call]:
    return [
        Call(path, {who: also.get(who, status) for who, status in expected.items()}, query)
        for query, expected in (*QUERIES, *BY_ROLE)
    ]


VALUES = [
    ("customers", "name", ROWS),
    ("customers", "segment", ROWS),
    ("products", "category", ROWS),
    ("orders", "total", ROWS),
    ("orders", "status", ROWS),
    ("sales.payouts", "amount", ROWS),
    ("plans", "name", ALL),
    ("employees", "name", FINANCE),
    ("refunds", "reason", FINANCE),
    ("customers", "phone", NOT_FOUND),
    ("customers", "plan_id", NOT_FOUND),
    ("audit_log", "actor", NOT_FOUND),
]
SHOWN = [
    ("orders", ALL),
    ("customers", ALL),
    ("plans", ALL),
    ("public.orders", ALL),
    ("sales.quotas", ALL),
    ("Weird Table", ALL),
    ("employees", {**ALL, "clerk": 404}),
    ("refunds", {**ALL, "clerk": 404}),
    ("audit_log", NOT_FOUND),
]
READING: Mapping[tuple[str, str], list[Call]] = {
    ("GET", "/schema"): [Call("/schema", ALL)],
    ("GET", "/schema/tables/{table}"): [Call(f"/schema/tables/{table}", expected) for table, expected in SHOWN],
    ("GET", "/schema/table"): [Call(f"/schema/table?table={table}", expected) for table, expected in SHOWN],
    ("GET", "/schema/tables/{table}/columns/{column}/values"): [
        Call(f"/schema/tables/{table}/columns/{column}/values?limit=50", expected) for table, column, expected in VALUES
    ],
    ("GET", "/schema/values"): [
        Call(f"/schema/values?table={table}&column={column}", expected) for table, column, expected in VALUES
    ],
    ("POST", "/query"): _queries("/query", {}),
    ("POST", "/query/validate"): [
        Call("/query/validate", {**ALL, "nobodys": 403 if expected["nobodys"] == 403 else 200}, q)
        for q, expected in (*QUERIES, *BY_ROLE)
    ],
    ("POST", "/query/sql"): _queries("/query/sql", {"clerk": 403}),
    ("POST", "/query/explain"): _queries("/query/explain", {"clerk": 403}),
    ("POST", "/query/batch"): [
        Call("/query/batch", {**ALL, "nobodys": 200}, {"queries": {"one": query, "two": query}})
        for query, _ in (*QUERIES, *BY_ROLE)
    ],
    ("GET", "/query/schema"): [Call("/query/schema", ALL)],
    ("GET", "/health/live"): [Call("/health/live", ALL, unauthenticated=200)],
    ("GET", "/health/ready"): [Call("/health/ready", ALL, unauthenticated=200)],
}


STORED = {route: [Call(*call) for call in calls] for route, calls in boards.calls().items()}
ACCESS: Mapping[tuple[str, str], list[Call]] = {**READING, **STORED}


def routes_of(routes: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path below a router. Whatever else it holds fails the test, rather than hide a route."""
    for route in routes:
        if hasattr(route, "methods") and hasattr(route, "path"):
            for method in route.methods - {"HEAD"}:
                yield method, prefix + route.path
            continue
        nested = getattr(route, "original_router", None)
        assert nested is not None, f"{route!r} is not a route this test can see into"
        yield from routes_of(nested.routes, prefix + getattr(route.include_context, "prefix", ""))


def test_every_route_has_an_entry() -> None:
    engine = PrismiqEngine("postgresql://nowhere", policy=AccessPolicy.open(), store=MemoryStore())
    router = create_router(engine, get_context=public_context)
    assert set(routes_of(router.routes)) == set(ACCESS)


def _without_clocks(response: httpx.Response) -> bytes:
    """All that came back but the moment and the milliseconds, whose digits may be anything: 11.40 holds 1.40."""
    content = re.sub(rb'"as_of":"[^"]*"', b"", response.content)
    return (
        content + str([item for item in response.headers.items() if item[0] not in ("server-timing", "date")]).encode()
    )


@pytest.mark.parametrize(("method", "route"), ACCESS)
@pytest.mark.parametrize("who", KEPT_FROM)
async def test_a_caller_gets_what_is_theirs(client: httpx.AsyncClient, who: str, method: str, route: str) -> None:
    ask = asking(client, who)
    for call in ACCESS[method, route]:
        response = await ask(method, call.path, json=call.body, headers={"if-match": "*"})
        assert response.status_code == call.expected[who], (call, response.text)
        # What the caller asked for, an error may repeat.
        asked = (call.path + str(call.body)).encode()
        everything = _without_clocks(response)
        found = [kept for kept in KEPT_FROM[who] if kept in everything and kept not in asked]
        assert not found, (call, response.text)


@pytest.mark.parametrize(("method", "route"), ACCESS)
async def test_nobody_gets_nothing(client: httpx.AsyncClient, method: str, route: str) -> None:
    """Before anything else is looked at: a broken body, a wrong type or a bad parameter tells nobody anything."""
    ask = asking(client, None)
    calls = ACCESS[method, route]
    for call in calls:
        response = await ask(method, call.path, json=call.body)
        assert response.status_code == call.unauthenticated, call
    if calls[0].unauthenticated == 401:
        sign_in = response.content
        assert sign_in == b'{"detail":"Sign in first."}'
        for how in (
            {"content": b"{"},
            {"content": b"x" * 2_000_000},
            {"content": b"", "headers": {"content-type": "text/plain"}},
            {"params": {"limit": "many", "numbers": "roman", "table": ["a", "b", "c"]}},
            {"headers": {"if-none-match": "*", "accept": "text/csv"}},
        ):
            refused = await ask(method, calls[0].path, **how)
            assert (refused.status_code, refused.content) == (401, sign_in), how


async def test_what_is_stored_would_be_found(client: httpx.AsyncClient) -> None:
    """Each owner is shown what the test above looks for in the answers of others."""
    for who, said in (
        ("acme", (b"goodwill", b"Unter den Linden", b"Hamburg")),
        ("globex", (b"secret segment", b"Baker")),
    ):
        shown = b"".join(
            [
                (await asking(client, who)(method, call.path)).content
                for (method, _), calls in STORED.items()
                for call in calls
                if method == "GET"
            ]
        )
        assert [each for each in said if each not in shown] == []


FOR_GUESTS = {
    ("GET", "/dashboards/{id}"),
    ("POST", "/dashboards/{id}/data"),
    ("GET", "/dashboards/{id}/filters/{filter}/values"),
}
"""The routes that a guest may call. They show what was granted, and for everything else they say that it is not there."""


@pytest.mark.parametrize(("method", "route"), sorted(FOR_GUESTS))
@pytest.mark.parametrize("granted", [boards.PRIVATE, boards.SHARED])
async def test_a_guest_sees_what_was_granted(engine: PrismiqEngine, method: str, route: str, granted: int) -> None:
    """Whomever it is shared with; and not even what is shared with everybody where it was not granted."""
    name = str(UUID(int=granted))
    for grant in (GuestGrant(dashboards=frozenset({name})), GuestGrant(dashboards=frozenset({f"board-{granted}"}))):
        guest = RequestContext(user="visitor", tenant="acme", guest=grant)
        async with client_for(host(engine, {"guest": guest})) as client:
            ask = asking(client, "guest")
            for call in ACCESS[method, route]:
                response = await ask(method, call.path, json=call.body)
                if name not in call.path:
                    assert (response.status_code, response.json()["code"]) == (404, "not_found"), call
                    continue
                assert response.status_code == 200, (call, response.text)
                everything = _without_clocks(response)
                assert [kept for kept in (*OF_GLOBEX, *HIDDEN, b'"owner"', b"saved_query") if kept in everything] == []


@pytest.mark.parametrize(("method", "route"), ACCESS)
async def test_a_guest_gets_nothing_but_what_is_for_guests(engine: PrismiqEngine, method: str, route: str) -> None:
    """With every role, and whatever the policy lets it see: a token opens dashboards, and nothing beside them."""
    guest = ACME.model_copy(update={"guest": GuestGrant(dashboards=frozenset({"7"}))})
    refused = (404, "not_found") if (method, route) in FOR_GUESTS else (403, "permission_denied")
    async with client_for(host(engine, {"guest": guest})) as client:
        ask = asking(client, "guest")
        for call in ACCESS[method, route]:
            response = await ask(method, call.path, json=call.body)
            if call.unauthenticated == 200:
                assert response.status_code == 200
                continue
            assert (response.status_code, response.json()["code"]) == refused, call
            assert [kept for kept in (*OF_ACME, *OF_GLOBEX, *HIDDEN) if kept in response.content] == []


async def test_what_is_looked_for_would_be_found(shared_shop_dsn: str) -> None:
    """The same calls without a policy show every value that the test above looks for."""
    shown = b""
    callers = {"anybody": RequestContext(user="anybody")}
    async with (
        PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open()) as engine,
        client_for(host(engine, callers)) as client,
    ):
        ask = asking(client, "anybody")
        for (method, _), calls in READING.items():
            for call in calls:
                response = await ask(method, call.path, json=call.body)
                assert response.status_code == 200, (call, response.text)
                shown += response.content
    missing = [each for each in (*OF_ACME, *OF_GLOBEX) if each not in shown and each not in (b"acme", b"globex")]
    assert not missing
    for who, kept in KEPT_FROM.items():
        assert [each for each in kept if each not in shown and each not in (b"acme", b"globex")] == [], who


@pytest.mark.parametrize(("one", "other"), list(product(["acme", "globex"], repeat=2)))
async def test_an_answer_is_the_same_however_often_others_ask(client: httpx.AsyncClient, one: str, other: str) -> None:
    """The first answer fills the caches; the other's question in between must not be what is served next."""
    question = {"source": "customers", "columns": ["id", "name", "segment"], "order_by": ["id"]}

    async def rows(who: str) -> Any:
        return (await asking(client, who)("POST", "/query", json=question)).json()["rows"]

    first, between, again = await rows(one), await rows(other), await rows(one)
    assert first == again
    assert (first == between) == (one == other)

"""A hidden name costs PostgreSQL what a missing one does: the same statements, in the same order.

So no time tells them apart that a further look-up takes. Every route that takes a name is asked for one that is there,
and hidden, and for one that is not; what reaches the database is written down by the driver.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from prismiq.dashboards import NewPin, PostgresStore
from prismiq.dashboards.records import Kind
from prismiq.engine import PrismiqEngine
from security.boards import ADA, BOARDS, EDITABLE, HANK, POSITION, PRIVATE, THEIRS, THEIRS_TOO, _board
from security.callers import POLICY, asking, client_for, host
from security.places import places
from security.test_every_endpoint import ACCESS

NO_NAME = {
    ("GET", "/schema"), ("GET", "/query/schema"), ("GET", "/dashboards"), ("GET", "/saved-queries"), ("GET", "/pins"),
    ("GET", "/health/live"), ("GET", "/health/ready"),
}  # fmt: skip
"""Routes that take none. The place of pins is a user's own."""

TABLES = {"audit_log": "audit_lug", "refunds": "refunts", "employees": "employeez", "public.refunds": "public.refunts"}
COLUMNS = {"phone": "phonx", "plan_id": "plan_ix", "plan.name": "plam.name", "orders.discount": "orders.discounx"}
"""Names that are hidden from the clerk, and missing ones of the same length."""
NOBODYS = str(UUID(int=77))
IDS = {str(UUID(int=number)): NOBODYS for number in (PRIVATE, THEIRS, THEIRS_TOO)}
MINE = str(UUID(int=EDITABLE))
PINS: dict[str, str] = {}
TEXT = {"id": "new", "type": "text", "text": "x"}


@dataclass(frozen=True)
class Request:
    """What is sent: the name is put in the place of NAME, wherever it stands."""

    path: str
    names: Mapping[str, str]
    body: Any = None

    def with_name(self, name: str) -> tuple[str, Any]:
        return self.path.replace("NAME", name), _with_name(self.body, name)


def _with_name(part: Any, name: str) -> Any:
    if isinstance(part, dict):
        return {key: _with_name(each, name) for key, each in part.items()}
    if isinstance(part, list):
        return [_with_name(each, name) for each in part]
    return part.replace("NAME", name) if isinstance(part, str) else part


def queries() -> Iterator[tuple[Any, Mapping[str, str]]]:
    """Queries with a name in each place that one can stand in."""
    for query in places("NAME", "id").values():
        yield query, TABLES
    for query in places("customers", "NAME").values():
        yield query, COLUMNS
    pair = {"left": "id", "right": "id"}
    yield (
        {"source": "customers", "joins": [{"table": "NAME", "alias": "a", "on": [pair]}], "measures": ["count"]},
        TABLES,
    )
    listed = {"source": "NAME", "columns": ["id"]}
    yield {"source": {"query": listed}, "measures": ["count"]}, TABLES
    among = {"field": "id", "operator": "in", "query": listed}
    yield {"source": "customers", "measures": ["count"], "filters": among}, TABLES


def bodies(path: str, around: Any) -> list[Request]:
    """The same queries, each inside of another body."""
    return [Request(path, names, around(query)) for query, names in queries()]


def chart(query: Any) -> dict[str, Any]:
    return {"id": "chart", "type": "bar", "query": query}


def by_id(collection: str) -> dict[tuple[str, str], list[Request]]:
    each, one = f"/{collection}/{{id}}", f"/{collection}/NAME"
    return {
        ("GET", each): [Request(one, IDS)],
        ("PATCH", each): [Request(one, IDS, {"title": "x"})],
        ("DELETE", each): [Request(one, IDS)],
        ("POST", f"{each}/duplicate"): [Request(f"{one}/duplicate", IDS, {})],
    }


REQUESTS: dict[tuple[str, str], list[Request]] = {
    ("GET", "/schema/tables/{table}"): [Request("/schema/tables/NAME", TABLES)],
    ("GET", "/schema/table"): [Request("/schema/table?table=NAME", TABLES)],
    ("GET", "/schema/tables/{table}/columns/{column}/values"): [
        Request("/schema/tables/NAME/columns/id/values?search=x", TABLES),
        Request("/schema/tables/customers/columns/NAME/values?search=x", COLUMNS),
    ],
    ("GET", "/schema/values"): [
        Request("/schema/values?table=NAME&column=id", TABLES),
        Request("/schema/values?table=customers&column=NAME", COLUMNS),
    ],
    **{("POST", path): bodies(path, lambda query: query) for path in ("/query", "/query/validate", "/query/sql", "/query/explain")},
    **by_id("dashboards"),
    **by_id("saved-queries"),
    ("POST", "/dashboards"): [
        *bodies("/dashboards", lambda query: {"title": "x", "widgets": [chart(query)]}),
        Request("/dashboards", IDS, {"title": "x", "widgets": [{"id": "a", "type": "bar", "saved_query": "NAME"}]}),
    ],
    ("POST", "/dashboards/import"): [
        Request("/dashboards/import", IDS, {"title": "x", "widgets": [{"id": "a", "type": "bar", "saved_query": "NAME"}]}),
    ],
    ("GET", "/dashboards/{id}/export"): [Request("/dashboards/NAME/export?format=json", IDS)],
    ("POST", "/dashboards/{id}/widgets"): [
        Request("/dashboards/NAME/widgets", IDS, TEXT),
        *bodies(f"/dashboards/{MINE}/widgets", chart),
        Request(f"/dashboards/{MINE}/widgets", IDS, {"id": "a", "type": "bar", "saved_query": "NAME"}),
    ],
    ("PATCH", "/dashboards/{id}/widgets/{widget}"): [
        Request("/dashboards/NAME/widgets/note", IDS, {"title": "x"}),
        Request(f"/dashboards/{UUID(int=THEIRS)!s}/widgets/NAME", {"note": "none"}, {"title": "x"}),
    ],
    ("DELETE", "/dashboards/{id}/widgets/{widget}"): [
        Request("/dashboards/NAME/widgets/note", IDS),
        Request(f"/dashboards/{UUID(int=THEIRS)!s}/widgets/NAME", {"note": "none"}),
    ],
    ("POST", "/query/batch"): bodies("/query/batch", lambda query: {"queries": {"a": query}}),
    ("POST", "/dashboards/{id}/data"): [
        Request("/dashboards/NAME/data", IDS, {}),
        Request("/dashboards/NAME/data?widget=customers&format=csv", IDS, {}),
        Request(f"/dashboards/{UUID(int=THEIRS)!s}/data?widget=NAME", {"customers": "none"}, {}),
    ],
    ("GET", "/dashboards/{id}/filters/{filter}/values"): [
        Request("/dashboards/NAME/filters/name/values", IDS),
        Request(f"/dashboards/{UUID(int=THEIRS)!s}/filters/NAME/values", {"name": "none"}),
    ],
    ("PUT", "/dashboards/{id}/layout"): [Request("/dashboards/NAME/layout", IDS, {"positions": {"note": POSITION}})],
    ("POST", "/saved-queries"): bodies("/saved-queries", lambda query: {"title": "x", "query": query}),
    ("POST", "/pins"): [
        Request("/pins", IDS, {"context": "home", "dashboard": "NAME"}),
        Request("/pins", IDS, {"context": "home", "dashboard": "NAME", "widget": "note"}),
    ],
    ("PUT", "/pins/order"): [Request("/pins/order", PINS, {"context": "home", "pins": ["NAME"]})],
    ("DELETE", "/pins/{id}"): [Request("/pins/NAME", PINS)],
}  # fmt: skip


def test_every_route_that_takes_a_name_is_here() -> None:
    assert set(REQUESTS) | NO_NAME == set(ACCESS)
    assert NO_NAME.isdisjoint(REQUESTS)


Statements = list[str]


@pytest.fixture
def statements() -> Statements:
    """What reached PostgreSQL."""
    return []


@pytest.fixture
async def client(shop_dsn: str, statements: Statements) -> AsyncIterator[httpx.AsyncClient]:
    async def watched(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(lambda record: statements.append(record.query))

    pool = await asyncpg.create_pool(shop_dsn, init=watched, min_size=1, max_size=1)
    store = PostgresStore(pool=pool)
    async with PrismiqEngine(pool=pool, policy=POLICY, store=store) as engine:
        await engine.migrate()
        for board in BOARDS:
            for kind in Kind:
                await store.insert(kind, _board(kind, *board))
        for owner, board in ((ADA, PRIVATE), (HANK, THEIRS)):
            pin = await store.add_pin(owner, NewPin(context="home", dashboard=UUID(int=board)))
            assert pin is not None
            PINS[str(pin.id)] = NOBODYS
        async with client_for(host(engine)) as client:
            await asking(client, "clerk")("GET", "/schema")
            await asking(client, "clerk")("GET", "/dashboards")
            yield client
    await pool.close()


@pytest.mark.parametrize(("method", "route"), REQUESTS)
async def test_a_hidden_name_asks_no_more_than_a_missing_one(
    client: httpx.AsyncClient, statements: Statements, method: str, route: str
) -> None:
    ask = asking(client, "clerk")

    async def reached(request: Request, name: str) -> tuple[Statements, int]:
        path, body = request.with_name(name)
        statements.clear()
        response = await ask(method, path, json=body, headers={"if-match": "*"})
        return list(statements), response.status_code

    for request in REQUESTS[method, route]:
        for hidden, missing in request.names.items():
            await reached(request, missing)  # once, for what the driver and the engine keep
            first, second = await reached(request, hidden), await reached(request, missing)
            assert first == second, (request, hidden)
            assert first[1] in (403, 404, 422) or route in ("/query/validate", "/query/batch", "/pins/order"), (
                request,
                first,
            )


async def test_what_reaches_it_is_seen(client: httpx.AsyncClient, statements: Statements) -> None:
    statements.clear()
    await asking(client, "clerk")("POST", "/query", json={"source": "customers", "measures": ["count"]})
    assert [each for each in statements if "FROM public.customers" in each]
    statements.clear()
    await asking(client, "clerk")("GET", f"/dashboards/{MINE}")
    assert [each for each in statements if "prismiq.dashboards" in each]

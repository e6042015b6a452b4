"""Whatever fits the OpenAPI document, and much that does not, is answered as the document says, and never by a 500.

Requests are made from the document, so a new route is tried as soon as it is there. Now and then a name or an id of
something that exists is put in, so that not all of them end at the first look-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import requests
import schemathesis.openapi
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from prismiq.access import AccessPolicy, RequestContext
from prismiq.api import create_router
from prismiq.dashboards import MemoryStore
from prismiq.engine import PrismiqEngine
from prismiq.settings import Settings
from security.boards import EDITABLE, PRIVATE, THEIRS, filled_store
from security.callers import ACME, POLICY
from security.test_every_endpoint import ACCESS, QUERIES

EXAMPLES = 30
"""Requests of each operation."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

TABLES = st.sampled_from(["orders", "customers", "order_items", "plans", "audit_log", "nowhere"])
FIELDS = st.sampled_from(["id", "name", "region", "status", "total", "ordered_at", "customer.name", "phone", "nothing"])
IDS = st.sampled_from([str(UUID(int=number)) for number in (PRIVATE, EDITABLE, THEIRS, 99)])
VALID = st.sampled_from(
    [
        *(query for query, _ in QUERIES),
        {"source": "orders", "dimensions": ["status", "customer.segment"], "measures": ["count", "sum(total)"]},
        {
            "source": "orders",
            "dimensions": [{"field": "ordered_at", "granularity": "month"}],
            "measures": ["avg(total)"],
        },
    ]
)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "source": TABLES,
    "table": TABLES,
    "field": FIELDS,
    "column": FIELDS,
    "expression": st.sampled_from(["total", "total / 0", "id || 'x'", "case when id > 1 then 1 end", "lower(region)"]),
    "aggregate": st.sampled_from(["count", "sum", "avg", "median", "array_agg"]),
    "granularity": st.sampled_from(["month", "second", "day_of_week"]),
    "time_zone": st.sampled_from(["UTC", "Europe/Berlin", "Mars/Olympus"]),
    "id": IDS,
    "dashboard": IDS,
    "saved_query": IDS,
    "widget": st.just("note"),
    "query": VALID,
}
"""What could stand under a name."""


async def acme() -> RequestContext:
    return ACME


def application(engine: PrismiqEngine) -> FastAPI:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=acme))
    return app


NOWHERE = PrismiqEngine("postgresql://nowhere", policy=AccessPolicy.open(), store=MemoryStore())
SCHEMA = schemathesis.openapi.from_dict(application(NOWHERE).openapi())
OPERATIONS = {(each.ok().method.upper(), each.ok().path): each.ok() for each in SCHEMA.get_all_operations()}


def test_every_operation_is_tried() -> None:
    assert set(OPERATIONS) == set(ACCESS)


@st.composite
def likelier(draw: st.DrawFn, part: Any, name: str = "") -> Any:
    """What was made, with names of what exists in places."""
    if name in LIKELY and draw(st.booleans()):
        return draw(LIKELY[name])
    if isinstance(part, dict):
        return {key: draw(likelier(each, key)) for key, each in part.items()}
    if isinstance(part, list):
        return [draw(likelier(each, name)) for each in part[:20]]
    return part


@st.composite
def sent(draw: st.DrawFn, operation: Any) -> tuple[Any, httpx.Request]:
    """A request as it is sent, and what it was made from."""
    modes = [GenerationMode.POSITIVE]
    if operation.body or len(operation.query):  # else nothing is wrong
        modes.append(GenerationMode.NEGATIVE)
    case = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(modes))))
    if case.path_parameters:
        case.path_parameters = draw(likelier(dict(case.path_parameters)))
    if case.query:
        case.query = draw(likelier(dict(case.query)))
    if isinstance(case.body, dict):
        case.body = draw(likelier(case.body))
        if operation.path.startswith("/query") and draw(st.booleans()):  # a query that has an answer, and a part or two
            parts = draw(st.lists(st.sampled_from(sorted(case.body) or ["limit"]), max_size=2))
            case.body = {**draw(VALID), **{part: case.body[part] for part in parts if part in case.body}}
    headers = {"If-Match": draw(st.sampled_from(["*", '"1"', '"2"', "1", 'W/"1"', '"x"']))}
    if draw(st.integers(0, 9)) == 0:
        headers = {}
    made = requests.Request(**case.as_transport_kwargs(base_url="http://host", headers=headers)).prepare()
    body = made.body.encode() if isinstance(made.body, str) else made.body or b""
    return case, httpx.Request(str(made.method), str(made.url), headers=dict(made.headers), content=body)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Hypothesis runs its examples one after the other, and one loop runs them all."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_document_is_true(loop: asyncio.AbstractEventLoop, shared_shop_dsn: str, method: str, path: str) -> None:
    store = loop.run_until_complete(filled_store())
    limits = Settings(statement_timeout=5, row_cap=1_000)
    engine = PrismiqEngine(shared_shop_dsn, policy=POLICY, settings=limits, store=store)
    loop.run_until_complete(engine.open())
    client = httpx.AsyncClient(transport=httpx.ASGITransport(application(engine), raise_app_exceptions=False))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(sent(OPERATIONS[method, path]))
    def answered_as_documented(made: tuple[Any, httpx.Request]) -> None:
        case, request = made
        response = loop.run_until_complete(client.send(request))
        case.validate_response(response, checks=CHECKS)

    try:
        answered_as_documented()
    finally:
        loop.run_until_complete(client.aclose())
        loop.run_until_complete(engine.close())

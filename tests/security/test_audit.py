"""Every request by a caller who is known is one event, refused ones too. A new route that tells of nothing fails."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from prismiq.access import GuestGrant
from prismiq.engine import PrismiqEngine
from security.callers import ACME, CALLERS, asking, client_for, host
from security.test_every_endpoint import ACCESS, FOR_GUESTS, Call

NOTHING_TO_TELL = {("GET", "/query/schema"), ("GET", "/health/live"), ("GET", "/health/ready")}
"""The same for every caller, and nothing of the database."""

OF_SCHEMA = {"GET /schema/table", "GET /schema/tables/{table}"}
"""Told where they are refused."""

Events = list[dict[str, Any]]


@pytest.fixture
def events() -> Iterator[Events]:
    """What the logger gets."""
    found: Events = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.__dict__["audit"])
            assert json.loads(record.getMessage()) == found[-1]

    logger, handler = logging.getLogger("prismiq.audit"), Handler()
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize(("method", "route"), ACCESS)
@pytest.mark.parametrize("who", CALLERS)
async def test_every_request_is_one_event(
    client: httpx.AsyncClient, events: Events, who: str, method: str, route: str
) -> None:
    ask, context = asking(client, who), CALLERS[who]
    for call in ACCESS[method, route]:
        events.clear()
        response = await ask(method, call.path, json=call.body, headers={"if-match": "*"})
        if (method, route) in NOTHING_TO_TELL:
            assert events == []
            continue
        if route == "/query/batch" and response.status_code == 200:
            assert {(each["operation"], each["user"]) for each in events} == {("answer_query", context.user)}
            continue
        if (method, route) in FOR_GUESTS - {("GET", "/dashboards/{id}")}:
            # What it consists of says whose part it is.
            parts = [each for each in events if each["operation"] in ("answer_query", "export_query")]
            assert all(each["dashboard"] in call.path for each in parts)
            events[:] = [each for each in events if each not in parts]
        *before, event = events
        # A table is looked for in the schema that the caller sees.
        assert [each["operation"] for each in before] == ["get_schema"] * (event["operation"] in OF_SCHEMA)
        assert event["user"] == context.user
        assert event.get("tenant") == context.tenant
        assert event.get("roles", []) == sorted(context.roles)
        assert event["outcome"] == _outcome(route, response), call
        assert event.get("query_id") == response.headers.get("x-query-id", event.get("query_id"))
        _check_what(event, call, response)


def _outcome(route: str, response: httpx.Response) -> str:
    if response.status_code >= 400:
        return response.json()["code"]
    if route == "/query/validate" and not response.json()["valid"]:
        return "query_invalid"
    return "ok"


def _check_what(event: dict[str, Any], call: Call, response: httpx.Response) -> None:
    """A query says of which tables, and a stored thing of which."""
    operation = event["operation"]
    if operation == "answer_or_stream" and response.status_code == 200:
        assert event["rows"] == response.json()["row_count"]
        assert event["shape"]
        assert event["tables"]
        assert event["query_id"] == response.headers["x-query-id"]
    if operation.startswith("dashboards.") and call.path.startswith("/dashboards/0"):
        assert event["dashboard"] in call.path or operation == "dashboards.duplicate"


@pytest.mark.parametrize(("method", "route"), [route for route in ACCESS if not route[1].startswith("/health")])
async def test_what_a_guest_is_refused_is_told(engine: PrismiqEngine, events: Events, method: str, route: str) -> None:
    guest = ACME.model_copy(update={"guest": GuestGrant()})
    async with client_for(host(engine, {"guest": guest})) as client:
        call = ACCESS[method, route][0]
        response = await asking(client, "guest")(method, call.path, json=call.body)
    [event] = events
    assert (event["user"], event["guest"], event["outcome"]) == (guest.user, True, response.json()["code"])
    if (method, route) in FOR_GUESTS:
        assert (response.status_code, event["dashboard"] in call.path) == (404, True)
    else:
        assert (response.status_code, event["operation"]) == (403, f"{method} {route}")


@pytest.mark.parametrize(
    ("path", "how", "code"),
    [
        ("/query", {"content": b"{}"}, "unsupported_media_type"),
        ("/query", {"content": b"x" * 2_000_000, "headers": {"content-type": "application/json"}}, "payload_too_large"),
        ("/query?numbers=roman", {"json": {}}, "invalid_parameter"),
        ("/dashboards", {"content": b"{"}, "unsupported_media_type"),
    ],
)
async def test_what_never_came_to_the_engine(
    client: httpx.AsyncClient, events: Events, path: str, how: dict[str, Any], code: str
) -> None:
    response = await asking(client, "acme")("POST", path, **how)
    assert response.json()["code"] == code
    [event] = events
    assert (event["user"], event["outcome"], event["operation"]) == ("ada", code, f"POST {path.partition('?')[0]}")


async def test_a_change_without_a_version(client: httpx.AsyncClient, events: Events) -> None:
    response = await asking(client, "acme")("DELETE", f"/dashboards/{1:032x}")
    assert response.status_code == 428
    [event] = events
    assert (event["operation"], event["outcome"]) == ("DELETE /dashboards/{id}", "precondition_required")
    assert event["dashboard"] == f"{1:032x}"


async def test_who_is_not_known_is_the_hosts_to_tell_of(client: httpx.AsyncClient, events: Events) -> None:
    """Also after a request of somebody who is."""
    await asking(client, "acme")("POST", "/query", content=b"")
    events.clear()
    await asking(client, None)("POST", "/query", content=b"")
    await asking(client, "acme")("GET", "/dashboards?limit=many")
    assert events == []

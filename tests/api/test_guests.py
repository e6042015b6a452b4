"""Guests over HTTP: who is let in, how others are refused, and that guests have no way but through a dashboard
(test_data.py)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from api.conftest import Connect
from prismiq import GuestKey, GuestTokens, MemoryRevocations, PrismiqEngine, RequestContext, create_router
from prismiq.api import guest_context

TOKENS = GuestTokens([GuestKey.secret("1", "a secret of more than thirty-two bytes")])
QUESTION = {"source": "orders", "measures": ["count"]}


def token(*dashboards: str, **more: Any) -> dict[str, str]:
    issued = TOKENS.issue(user="ada", tenant="acme", dashboards=dashboards, **more)
    return {"Authorization": f"Bearer {issued.text}"}


@pytest.fixture
def app(engine: PrismiqEngine) -> FastAPI:
    app = FastAPI()
    app.include_router(create_router(engine, get_context=guest_context(TOKENS)))
    return app


async def test_a_guest_asks_no_questions(client: httpx.AsyncClient) -> None:
    refused = await client.post("/query", json=QUESTION, headers=token("7"))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert refused.json()["detail"] == "A guest may not do this."


@pytest.mark.parametrize("path", ["/schema", "/query/schema"])
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", "Bearer a.b.c")],
        [("Authorization", "Basic YWRhOmFkYQ==")],
        [("Authorization", token("7")["Authorization"][:-2])],
        [("Authorization", token("7")["Authorization"] + " more")],
        [("Authorization", "Bearer x"), ("Authorization", token("7")["Authorization"])],
        [("X-Authorization", token("7")["Authorization"])],
        [("Cookie", "Authorization=" + token("7")["Authorization"])],
    ],
    ids=["none", "no token", "empty", "not signed", "basic", "cut off", "more", "two", "another header", "a cookie"],
)
async def test_every_refusal_is_the_same(client: httpx.AsyncClient, headers: list[tuple[str, str]], path: str) -> None:
    refused = await client.get(path, headers=headers)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "urn:prismiq:problem:guest_token_invalid",
        "title": "Not signed in",
        "status": 401,
        "detail": "There is no valid guest token.",
        "code": "guest_token_invalid",
        "hint": "Have the application issue a new one.",
    }


async def test_one_router_serves_users_and_guests(engine: PrismiqEngine, connect: Connect) -> None:
    """A host's own dependency that knows both."""

    async def get_context(request: Request) -> RequestContext:
        if request.headers.get("x-user"):
            return RequestContext(user=request.headers["x-user"])
        return await TOKENS.verify(request.headers.get("x-guest", ""))

    app = FastAPI()
    app.include_router(create_router(engine, get_context=get_context))
    async with connect(app) as client:
        ask = {"x-user": "hank"}, {"x-guest": TOKENS.issue(user="ada", dashboards=[]).text}, {}
        answers = [await client.post("/query", json=QUESTION, headers=headers) for headers in ask]
        assert [answer.status_code for answer in answers] == [200, 403, 401]


async def test_a_token_taken_back(engine: PrismiqEngine, connect: Connect) -> None:
    revocations = MemoryRevocations()
    tokens = GuestTokens([GuestKey.secret("1", "a secret of more than thirty-two bytes")], revocations=revocations)
    app = FastAPI()
    app.include_router(create_router(engine, get_context=guest_context(tokens)))
    issued = tokens.issue(user="ada", dashboards=[])
    headers = {"Authorization": f"bearer {issued.text}"}
    async with connect(app) as client:
        assert (await client.get("/schema", headers=headers)).status_code == 403
        revocations.revoke(issued.id)
        assert (await client.get("/schema", headers=headers)).status_code == 401


async def test_guests_never_see_sql(engine: PrismiqEngine) -> None:
    """Not even of Python code, and not under a policy that shows it to everyone."""
    guest = await TOKENS.verify(TOKENS.issue(user="ada", dashboards=["7"]).text)
    for show in (engine.compile_query, engine.explain_query):
        with pytest.raises(Exception, match="guest") as error:
            await show(QUESTION, guest)
        assert getattr(error.value, "code", "") == "permission_denied"
    assert (await engine.execute_query(QUESTION, guest)).row_count == 1  # how a dashboard's questions are asked

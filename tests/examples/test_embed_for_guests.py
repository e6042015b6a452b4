"""examples/embed_for_guests.py: a customer's key gives a token, and the token opens a dashboard and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from runpy import run_path

import httpx
import pytest

from prismiq import GuestKey, GuestTokens

EXAMPLE = Path(__file__).parents[2] / "examples/embed_for_guests.py"
SECRET = "a secret of more than thirty-two bytes"
ACME = {"X-Api-Key": "key-of-acme"}


@pytest.fixture
async def client(shared_shop_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    app = run_path(str(EXAMPLE))["create_app"](shared_shop_dsn, SECRET)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield client


async def test_a_customer_gets_a_token_for_a_visitor(client: httpx.AsyncClient) -> None:
    issued = (await client.get("/embed/sales", headers=ACME)).json()
    context = await GuestTokens([GuestKey.secret("2026-11", SECRET)]).verify(issued["token"])
    assert (context.tenant, context.user) == ("acme", "visitor of acme")
    assert context.guest is not None
    assert (context.guest.dashboards, context.guest.locked_filters) == (frozenset({"sales"}), {"region": "EU"})
    assert (await client.get("/embed/sales", headers={"X-Api-Key": "none"})).status_code == 401


async def test_a_visitor_sees_the_rows_of_the_region(client: httpx.AsyncClient) -> None:
    shown = {}
    for region in ("EU", "US"):
        issued = (await client.get(f"/embed/sales?region={region}", headers=ACME)).json()
        bearer = {"Authorization": f"Bearer {issued['token']}"}
        assert (await client.get("/analytics/dashboards/sales", headers=bearer)).json()["title"] == "Sales"
        assert (await client.get("/analytics/dashboards/other", headers=bearer)).status_code == 404
        data = await client.post(
            "/analytics/dashboards/sales/data", json={"filters": {"region": "APAC"}}, headers=bearer
        )
        answer, done = (json.loads(line) for line in data.text.splitlines())
        assert (answer["status"], done["status"]) == ("ok", "done")
        shown[region] = answer["result"]["rows"]
    assert shown["EU"] != shown["US"]
    assert all(shown.values())


async def test_a_visitor_asks_nothing_else_and_is_sent_away_when_revoked(client: httpx.AsyncClient) -> None:
    issued = (await client.get("/embed/sales", headers=ACME)).json()
    bearer = {"Authorization": f"Bearer {issued['token']}"}
    question = {"source": "orders", "measures": ["count"]}
    assert (await client.post("/analytics/query", json=question)).status_code == 401
    assert (await client.post("/analytics/query", json=question, headers=bearer)).status_code == 403
    assert (await client.delete(f"/tokens/{issued['id']}", headers=ACME)).status_code == 204
    assert (await client.post("/analytics/query", json=question, headers=bearer)).status_code == 401

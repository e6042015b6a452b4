"""The strings of test_injection.py in every place of what is stored, and of what asks for it.

Never a 500, never an effect beside a record of one's own, and what was stored comes back as it was.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from prismiq.dashboards import PostgresStore
from prismiq.engine import PrismiqEngine
from security.callers import POLICY, asking, client_for, host
from security.test_injection import CANARY, CORPUS, FINGERPRINT

ALLOWED = {200, 201, 204, 400, 404, 405, 409, 422}
"""405: `.` and `..` in an address are another address."""
TEXT: dict[str, Any] = {"type": "text", "text": "x"}
QUERY: dict[str, Any] = {"source": "plans", "columns": ["name"]}


@pytest.fixture
async def two(shop_dsn: str) -> AsyncIterator[tuple[httpx.AsyncClient, asyncpg.Connection]]:
    database = await asyncpg.connect(shop_dsn)
    await database.execute(CANARY)
    engine = PrismiqEngine(shop_dsn, policy=POLICY, store=PostgresStore(shop_dsn))
    async with engine, client_for(host(engine)) as client:
        await engine.migrate()
        yield client, database
    await database.close()


def boards_with(text: str) -> dict[str, dict[str, Any]]:
    """The string in every place of a dashboard that takes one."""

    def one(**parts: object) -> dict[str, Any]:
        return {"title": "x", **parts}

    def shown(**parts: object) -> dict[str, Any]:
        return one(widgets=[{**TEXT, **parts}])

    def asked(**parts: object) -> dict[str, Any]:
        return one(widgets=[{"type": "bar", "query": QUERY, **parts}])

    def filtered(**parts: object) -> dict[str, Any]:
        choice = {"id": "f", "type": "select", "label": "F", "field": "name", **parts}
        return one(filters=[choice], widgets=[{"id": "w", "type": "bar", "query": QUERY}])

    return {
        "title": {"title": text},
        "slug": one(slug=text),
        "description": one(description=text),
        "tag": one(tags=[text, "ordinary"]),
        "user": one(visibility={"users": {text: "edit"}}),
        "role": one(visibility={"roles": {text: "view"}}),
        "visibility": one(visibility=text),
        "key": one(**{text or "x": text}),
        "widget's id": shown(id=text),
        "widget's title": shown(title=text),
        "widget's text": shown(text=text),
        "widget's type": shown(type=text),
        "widget's options": asked(options={text: text}),
        "saved query": one(widgets=[{"type": "bar", "saved_query": text}]),
        "query": asked(query={"source": text, "columns": [text]}),
        "format": asked(formats={text: text}),
        "link": asked(link={"url": text}),
        "filter's id": filtered(id=text),
        "filter's label": filtered(label=text),
        "filter's field": filtered(field=text),
        "filter's default": filtered(default=[text]),
        "filter's targets": filtered(targets={text: text}),
        "filter's target": filtered(targets={"w": text}),
    }


@pytest.mark.parametrize("part", range(4))
async def test_in_every_place_of_what_is_stored(two: tuple[httpx.AsyncClient, asyncpg.Connection], part: int) -> None:
    client, database = two
    before = await database.fetchrow(FINGERPRINT)
    ask = asking(client, "acme")

    async def send(method: str, path: str, content: object) -> httpx.Response:
        headers = {"content-type": "application/json", "if-match": "*"}
        response = await ask(method, path, content=json.dumps(content), headers=headers)
        assert response.status_code in ALLOWED, (path, content, response.status_code, response.text)
        assert "syntax error" not in response.text
        assert "SELECT" not in response.text
        return response

    stored = 0
    for text in CORPUS[part::4]:
        for place, board in boards_with(text).items():
            made = await send("POST", "/dashboards", board)
            if made.status_code != 201:
                continue
            stored += 1
            path = f"/dashboards/{made.json()['id']}"
            found = (await ask("GET", path)).json()
            assert {key: found[key] for key in ("title", "description", "tags")} == {
                key: board.get(key, found[key]) for key in ("title", "description", "tags")
            }, (place, text)
            await send("PATCH", path, board)
            await send("PATCH", f"{path}/widgets/{quote(text[:50].encode('utf-8', 'surrogatepass'), safe='')}", TEXT)
            await send("POST", f"{path}/duplicate", {"title": text})
            await send("POST", "/pins", {"context": text, "dashboard": made.json()["id"], "widget": text})
            await ask("DELETE", path, headers={"if-match": "*"})
        await send("POST", "/saved-queries", {"title": text, "slug": text, "query": QUERY})
        await send("PUT", "/pins/order", {"context": text, "pins": [text]})
        await send("POST", "/dashboards/import", {"kind": text, "title": text})
    assert stored > 50
    assert await database.fetchrow(FINGERPRINT) == before


async def test_in_every_place_of_what_asks_for_it(two: tuple[httpx.AsyncClient, asyncpg.Connection]) -> None:
    client, database = two
    ask = asking(client, "acme")
    for number in range(3):
        await ask("POST", "/dashboards", json={"title": f"Board {number}", "tags": ["t"]})
    before = await database.fetchrow(FINGERPRINT)
    everything = (await ask("GET", "/dashboards")).json()["items"]
    for text in CORPUS:
        safe = quote(text.encode("utf-8", "surrogatepass")[:2000], safe="")
        for name in ("search", "tag", "slug", "sort", "cursor", "limit"):
            response = await ask("GET", f"/dashboards?{name}={safe}")
            assert response.status_code in (200, 422), (name, text, response.text)
            if response.status_code == 200 and name in ("tag", "slug"):
                assert response.json()["items"] == [], (name, text)
        for method, path in (
            ("GET", f"/dashboards/{safe}"),
            ("DELETE", f"/dashboards/{safe}"),
            ("GET", f"/dashboards/{safe}/export"),
            ("GET", f"/saved-queries/{safe}"),
            ("DELETE", f"/pins/{safe}"),
            ("GET", f"/pins?context={safe}"),
        ):
            response = await ask(
                method, path, headers={"if-match": text if text.isascii() and text.isprintable() else "*"}
            )
            assert response.status_code in (200, 404, 405, 412, 422, 428), (method, path, response.text)
    assert await database.fetchrow(FINGERPRINT) == before
    assert (await ask("GET", "/dashboards")).json()["items"] == everything

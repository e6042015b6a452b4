"""`/dashboards`: written, read, changed by several at once, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import reduce
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Header

from prismiq import AccessPolicy, PrismiqEngine, RequestContext
from prismiq.api import create_router
from prismiq.dashboards import MemoryStore

BAR: dict[str, Any] = {
    "id": "by-status",
    "type": "bar",
    "title": "Orders by status",
    "query": {"source": "orders", "dimensions": ["status"], "measures": ["count"]},
    "options": {"horizontal": True},
    "position": {"x": 0, "y": 0, "w": 6, "h": 4},
}
NOTE: dict[str, Any] = {"id": "note", "type": "text", "text": "# Orders", "position": {"x": 6, "y": 0, "w": 6, "h": 4}}
WHEN: dict[str, Any] = {
    "id": "when",
    "type": "period",
    "label": "Period",
    "field": "ordered_at",
    "default": "last_month",
}
SHOP: dict[str, Any] = {
    "title": "The shop",
    "description": "Orders and more.",
    "tags": ["sales", "daily"],
    "visibility": "tenant",
    "refresh_interval": 60,
    "filters": [WHEN],
    "widgets": [BAR, NOTE],
}


def who_asks(
    user: Annotated[str, Header()],
    tenant: Annotated[str, Header()] = "acme",
    role: Annotated[str | None, Header()] = None,
) -> RequestContext:
    return RequestContext(user=user, tenant=tenant, roles=frozenset([role] if role else []))


@pytest.fixture
async def client(shared_shop_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    async with PrismiqEngine(shared_shop_dsn, policy=AccessPolicy.open(), store=MemoryStore()) as engine:
        app = FastAPI()
        app.include_router(create_router(engine, get_context=who_asks), prefix="/prismiq")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://host/prismiq", headers={"user": "ada"}
        ) as client:
            yield client


BOB = {"user": "bob"}


async def stored(client: httpx.AsyncClient, **given: Any) -> dict[str, Any]:
    response = await client.post("/dashboards", json={**SHOP, **given})
    assert response.status_code == 201, response.text
    return response.json()


def tag(version: int) -> dict[str, str]:
    return {"if-match": f'"{version}"'}


async def test_what_is_saved_is_what_is_read(client: httpx.AsyncClient) -> None:
    response = await client.post("/dashboards", json=SHOP)
    assert response.status_code == 201, response.text
    made = response.json()
    assert response.headers["etag"] == '"1"'
    assert response.headers["location"] == f"/prismiq/dashboards/{made['id']}"
    read = await client.get(f"/dashboards/{made['id']}")
    assert (read.status_code, read.json(), read.headers["etag"]) == (200, made, '"1"')
    assert {key: made[key] for key in SHOP} == SHOP
    assert made["slug"] == "the-shop"
    assert (made["owner"], made["access"], made["version"]) == ("ada", "edit", 1)
    for widget in made["widgets"]:
        if "query" in widget:
            assert (await client.post("/query", json=widget["query"])).status_code == 200


async def test_what_is_left_out_is_made(client: httpx.AsyncClient) -> None:
    queries = [{key: value for key, value in BAR.items() if key not in ("id", "position")}] * 3
    made = await stored(
        client,
        widgets=[*queries, {"type": "text", "text": "x"}],
        filters=[{key: value for key, value in WHEN.items() if key != "id"}],
    )
    assert [each["id"] for each in made["widgets"]] == [
        "orders-by-status",
        "orders-by-status-2",
        "orders-by-status-3",
        "text",
    ]
    assert [each["position"] for each in made["widgets"]] == [
        {"x": 0, "y": 0, "w": 6, "h": 4}, {"x": 6, "y": 0, "w": 6, "h": 4}, {"x": 0, "y": 4, "w": 6, "h": 4}, {"x": 0, "y": 8, "w": 12, "h": 2},
    ]  # fmt: skip
    assert made["filters"][0]["id"] == "period"
    assert (await stored(client))["slug"] == "the-shop-2"
    assert (await client.post("/dashboards", json={**SHOP, "slug": "the-shop"})).json()["code"] == "conflict"


async def test_everything_that_is_wrong_is_told_at_once(client: httpx.AsyncClient) -> None:
    wrong = {
        "title": "",
        "colour": "red",
        "widgets": [
            {**BAR, "options": {"horizontl": True}},
            {**BAR, "type": "barr"},
            {**BAR, "id": "x", "position": {"x": 8, "y": 0, "w": 6, "h": 4}},
            {**BAR, "id": "y", "saved_query": "z"},
            {"type": "text"},
            {"type": "text", "text": "x", "position": {"x": 12, "y": 0, "w": 1, "h": 1}, "txt": 1},
            {**BAR, "id": "l", "link": {"url": "javascript:alert(1)"}},
        ],
        "filters": [{**WHEN, "type": "periods"}, {"type": "select", "id": "a b", "field": "status"}],
        "visibility": {"role": {"x": "view"}},
    }
    response = await client.post("/dashboards", json=wrong)
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "definition_invalid"
    assert {(tuple(each["loc"]), each["code"]) for each in problem["errors"]} == {
        (("title",), "invalid"),
        (("colour",), "unknown_key"),
        (("widgets", 0, "options", "horizontl"), "unknown_key"),
        (("widgets", 1), "invalid"),
        (("widgets", 2, "position"), "invalid"),
        (("widgets", 3, "saved_query"), "invalid"),
        (("widgets", 4, "text"), "missing"),
        (("widgets", 5, "position", "x"), "value_out_of_range"),
        (("widgets", 5, "txt"), "unknown_key"),
        (("widgets", 6, "link", "url"), "invalid"),
        (("filters", 0), "invalid"),
        (("filters", 1, "id"), "invalid"),
        (("visibility", "role"), "unknown_key"),
    }
    hints = {each["loc"][-1]: each["hint"] for each in problem["errors"]}
    assert '"horizontal"' in hints["horizontl"]
    assert '"roles"' in hints["role"]
    against_the_schema = {
        "title": "Wrong",
        "widgets": [
            {**BAR, "query": {"source": "orders", "dimensions": ["statuss"], "measures": ["count"], "limt": 1}},
            {
                **BAR,
                "id": "b",
                "query": {"source": "orders", "dimensions": ["statuss"], "measures": ["count", "sum(x)"]},
            },
            {**BAR, "id": "c", "position": None, "options": {"x": "state"}, "formats": {"revenue": ".2f"}},
            {**NOTE, "position": BAR["position"]},
        ],
        "filters": [
            {**WHEN, "id": "a", "targets": {"nothing": None}},
            {**WHEN, "id": "b", "targets": {"c": "order_date"}},
            {**WHEN, "id": "c", "default": "last_fortnight"},
            {**WHEN, "id": "d", "field": "status"},
        ],
    }
    problem = (await client.post("/dashboards", json=against_the_schema)).json()
    assert [(tuple(each["loc"]), each["code"]) for each in problem["errors"]] == [
        (("widgets", 0, "query", "limt"), "unknown_key"),
        (("widgets", 1, "query", "dimensions", 0, "field"), "unknown_field"),
        (("widgets", 1, "query", "measures", 1, "field"), "unknown_field"),
        (("widgets", 2, "options", "x"), "unknown_output"),
        (("widgets", 2, "formats", "revenue"), "unknown_output"),
        (("widgets", 1, "position"), "invalid"),
        (("widgets", 3, "position"), "invalid"),
        (("filters", 0, "targets", "nothing"), "invalid_value"),
        (("filters", 1, "targets", "c"), "unknown_field"),
        (("filters", 2, "default"), "invalid_value"),
        (("filters", 3, "default"), "type_mismatch"),
    ]
    assert (await client.get("/dashboards")).json()["items"] == []


async def test_a_change_names_the_version_it_is_made_to(client: httpx.AsyncClient) -> None:
    made = await stored(client)
    path = f"/dashboards/{made['id']}"
    for method, below, body in (
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("POST", "/widgets", {"type": "text", "text": "x"}),
        ("PATCH", "/widgets/note", {"text": "x"}),
        ("DELETE", "/widgets/note", None),
        ("PUT", "/layout", {"positions": {}}),
    ):
        response = await client.request(method, path + below, json=body)
        assert (response.status_code, response.json()["code"]) == (428, "precondition_required"), (method, below)
        for other in ('"2"', 'W/"0"', "nonsense", '"1x"'):
            response = await client.request(method, path + below, json=body, headers={"if-match": other})
            assert response.status_code == 412, (method, below, other)
            assert response.headers["etag"] == '"1"'
            problem = response.json()
            assert (problem["code"], problem["current_version"]) == ("version_conflict", 1)
    assert (await client.get(path)).json() == made

    changed = await client.patch(path, json={"title": "New"}, headers=tag(1))
    assert (changed.status_code, changed.headers["etag"], changed.json()["version"]) == (200, '"2"', 2)
    assert (await client.patch(path, json={"title": "Lost"}, headers=tag(1))).status_code == 412
    assert (await client.patch(path, json={"title": "Weak"}, headers={"if-match": 'W/"2"'})).json()["version"] == 3
    assert (await client.patch(path, json={"title": "One of"}, headers={"if-match": '"1", "3"'})).json()["version"] == 4
    assert (await client.patch(path, json={"title": "Any"}, headers={"if-match": "*"})).json()["version"] == 5
    assert (await client.patch(path, json={"title": "Any"}, headers=tag(5))).json()["version"] == 5  # nothing changed
    assert (await client.get(path)).json()["title"] == "Any"
    assert (await client.delete(path, headers=tag(4))).status_code == 412
    assert (await client.delete(path, headers=tag(5))).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_merge_patch_changes_what_it_names(client: httpx.AsyncClient) -> None:
    made = await stored(client)
    path = f"/dashboards/{made['id']}"
    patch = {"description": None, "tags": ["one"], "refresh_interval": None, "visibility": {"roles": {"sales": "edit"}}}
    headers = {**tag(1), "content-type": "application/merge-patch+json"}
    changed = (await client.patch(path, json=patch, headers=headers)).json()
    assert changed["visibility"] == {"roles": {"sales": "edit"}}
    assert (changed["description"], changed["tags"], changed["refresh_interval"]) == ("", ["one"], None)
    assert (changed["title"], changed["widgets"], changed["filters"]) == (
        made["title"],
        made["widgets"],
        made["filters"],
    )
    for refused, loc in (
        ({"version": 7}, ["version"]),
        ({"title": None}, ["title"]),
        ([], []),
        ({"widgets": [{**BAR, "type": "pi"}]}, ["widgets", 0]),
    ):
        response = await client.patch(path, json=refused, headers=tag(2))
        assert (response.status_code, response.json()["errors"][0]["loc"]) == (422, loc)
    assert (
        await client.patch(path, content=b"{}", headers={**tag(2), "content-type": "text/plain"})
    ).status_code == 415


async def test_widgets_one_by_one(client: httpx.AsyncClient) -> None:
    made = await stored(client, filters=[{**WHEN, "targets": {"note": None}}])
    path = f"/dashboards/{made['id']}"
    metric = {"type": "metric", "title": "Orders", "query": {"source": "orders", "measures": ["count"]}}
    added = await client.post(path + "/widgets", json=metric, headers=tag(1))
    assert (added.status_code, added.headers["etag"]) == (201, '"2"')
    assert added.json() == {"id": "orders", **metric, "position": {"x": 0, "y": 4, "w": 3, "h": 2}}
    changed = await client.patch(
        path + "/widgets/orders", json={"title": "All", "options": {"good": "down"}}, headers=tag(2)
    )
    assert (changed.status_code, changed.headers["etag"]) == (200, '"3"')
    assert (changed.json()["title"], changed.json()["options"]) == ("All", {"good": "down"})
    placed = await client.put(
        path + "/layout", json={"positions": {"orders": {"x": 9, "y": 4, "w": 3, "h": 2}}}, headers=tag(3)
    )
    assert (placed.status_code, placed.json()["widgets"][2]["position"]["x"]) == (200, 9)
    for positions in (
        {"orders": {"x": 0, "y": 0, "w": 3, "h": 2}},
        {"others": BAR["position"]},
        {"orders": {"x": 10, "y": 9, "w": 3, "h": 2}},
    ):
        assert (await client.put(path + "/layout", json={"positions": positions}, headers=tag(4))).status_code == 422
    wrong = await client.patch(path + "/widgets/orders", json={"query": {"measures": ["sum(totl)"]}}, headers=tag(4))
    assert wrong.json()["errors"][0]["loc"] == ["widgets", 2, "query", "measures", 0, "field"]
    removed = await client.delete(path + "/widgets/note", headers=tag(4))
    assert removed.headers["etag"] == '"5"'
    assert [each["id"] for each in removed.json()["widgets"]] == ["by-status", "orders"]
    assert removed.json()["filters"] == [WHEN]
    assert (await client.delete(path + "/widgets/note", headers=tag(5))).status_code == 404


async def test_a_widget_is_not_reached_through_another_dashboard(client: httpx.AsyncClient) -> None:
    mine = await stored(client)
    theirs = (
        await client.post("/dashboards", json={"title": "Theirs", "widgets": [{**NOTE, "id": "secret"}]}, headers=BOB)
    ).json()
    for below in ("/widgets/secret", "/widgets/" + theirs["id"]):
        for method in ("PATCH", "DELETE"):
            response = await client.request(
                method, f"/dashboards/{mine['id']}{below}", json={"text": "x"}, headers=tag(1)
            )
            assert response.status_code == 404
    assert (await client.get(f"/dashboards/{theirs['id']}", headers=BOB)).json() == theirs


async def test_who_may_not_see_it_and_who_may_not_change_it(client: httpx.AsyncClient) -> None:
    made = await stored(client, visibility={"users": {"bob": "view"}, "roles": {"editor": "edit"}})
    path = f"/dashboards/{made['id']}"
    editor = {"user": "eve", "role": "editor"}
    calls: list[tuple[str, str, Any]] = [
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("POST", "/widgets", NOTE),
        ("PATCH", "/widgets/note", {"text": "x"}),
        ("DELETE", "/widgets/note", None),
        ("PUT", "/layout", {"positions": {}}),
    ]
    for method, below, body in calls:
        for stranger in (
            {"user": "eve"},
            {"user": "ada", "tenant": "globex"},
            {"user": "eve", "tenant": "globex", "role": "editor"},
        ):
            hidden = await client.request(method, path + below, json=body, headers={**stranger, **tag(1)})
            missing = await client.request(method, path[:-1] + "x" + below, json=body, headers={**stranger, **tag(1)})
            assert (hidden.status_code, hidden.content) == (404, missing.content)
        refused = await client.request(method, path + below, json=body, headers={**BOB, **tag(1)})
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied"), (method, below)
    assert (await client.get(path, headers=BOB)).json() == {**made, "access": "view"}
    assert (await client.get(path, headers={"user": "eve"})).status_code == 404
    assert (await client.get(path + "/export", headers={"user": "eve"})).status_code == 404
    changed = await client.patch(path, json={"title": "Edited"}, headers={**editor, **tag(1)})
    assert (changed.status_code, changed.json()["updated_by"], changed.json()["owner"]) == (200, "eve", "ada")
    for body in ({"visibility": "private"}, {"visibility": {"users": {"eve": "edit"}}}):
        assert (await client.patch(path, json=body, headers={**editor, **tag(2)})).status_code == 403
    assert (await client.delete(path, headers={**editor, **tag(2)})).status_code == 403
    copied = (await client.post(path + "/duplicate", headers=BOB)).json()
    assert (copied["title"], copied["owner"], copied["visibility"], copied["version"]) == (
        "Copy of Edited",
        "bob",
        "private",
        1,
    )
    assert copied["widgets"] == made["widgets"]
    named = await client.post(path + "/duplicate", json={"title": "Mine"}, headers=BOB)
    assert (named.json()["title"], named.json()["slug"]) == ("Mine", "mine")


async def test_lists(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await stored(client, title=f"Board {number}", tags=["even"] if number % 2 == 0 else [])
    await client.post("/dashboards", json={"title": "Bob's own"}, headers=BOB)
    await client.post("/dashboards", json={"title": "Board of another"}, headers={"tenant": "globex"})

    async def titles(**params: Any) -> list[str]:
        found: list[str] = []
        while True:
            response = await client.get("/dashboards", params=params)
            assert response.status_code == 200, response.text
            page = response.json()
            assert all("widgets" not in each for each in page["items"])
            found += [each["title"] for each in page["items"]]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    everything = [f"Board {number}" for number in range(5)]
    assert await titles() == await titles(limit=1) == await titles(limit=5, sort="created_at") == everything
    assert await titles(limit=2, sort="-updated_at") == everything[::-1]
    assert await titles(tag="even", search="board") == ["Board 0", "Board 2", "Board 4"]
    assert await titles(slug="board-3") == ["Board 3"]
    page = (await client.get("/dashboards", params={"limit": 2})).json()
    for params in ({"limit": 0}, {"limit": 101}, {"sort": "owner"}, {"cursor": "nonsense"}, {"cursor": "é"}, {"cursor": "W10"}, {"cursor": page["next_cursor"], "sort": "-title"}, {"search": "\0"}):  # fmt: skip
        assert (await client.get("/dashboards", params=params)).status_code == 422, params


async def test_files_go_round(client: httpx.AsyncClient) -> None:
    made = await stored(client, description="Two\nlines", tags=["on", "2013-01-01", "1.0"])
    exported = await client.get(f"/dashboards/{made['id']}/export")
    assert exported.headers["content-type"] == "application/yaml"
    assert exported.headers["content-disposition"] == 'attachment; filename="the-shop.yaml"'
    assert exported.text.startswith(
        "kind: dashboard\nslug: the-shop\ntitle: The shop\ndescription: |-\n  Two\n  lines\ntags:\n"
    )
    headers = {**BOB, "content-type": "application/yaml"}
    imported = await client.post("/dashboards/import", content=exported.content, headers=headers)
    assert imported.status_code == 201, imported.text
    assert imported.headers["location"] == f"/prismiq/dashboards/{imported.json()['id']}"
    again = await client.get(f"/dashboards/{imported.json()['id']}/export", headers=BOB)
    assert again.text == exported.text
    as_json = await client.get(f"/dashboards/{made['id']}/export", params={"format": "json"})
    assert (await client.post("/dashboards/import", json=as_json.json())).status_code == 409
    third = await client.post("/dashboards/import", json=as_json.json(), headers={"user": "eve"})
    assert third.json()["widgets"] == made["widgets"]
    for content in (
        b"",
        b"- a",
        b"title: [",
        b"kind: saved_query\ntitle: x",
        b"a: &x {}\nb: *x\n",
        b"title: a\ntitle: b",
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ):
        refused = await client.post("/dashboards/import", content=content, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "definition_invalid"), content[:20]


async def test_saved_queries_are_shared_by_widgets(client: httpx.AsyncClient) -> None:
    query = {"source": "orders", "dimensions": ["status"], "measures": ["count"]}
    made = await client.post("/saved-queries", json={"title": "By status", "query": query})
    assert made.status_code == 201, made.text
    saved = made.json()
    assert (saved["query"], saved["slug"]) == (query, "by-status")
    widget = {"id": "w", "type": "bar", "saved_query": saved["id"], "options": {"x": "status"}}
    board = await stored(client, widgets=[widget], filters=[])
    assert board["widgets"][0]["saved_query"] == saved["id"]
    for hidden, body in (
        (BOB, widget),
        ({}, {**widget, "saved_query": board["id"]}),
        ({}, {**widget, "options": {"x": "state"}}),
    ):
        refused = await client.post("/dashboards", json={"title": "x", "widgets": [body]}, headers=hidden)
        assert refused.status_code == 422, body
    path = f"/saved-queries/{saved['id']}"
    wrong = await client.patch(path, json={"query": {"dimensions": ["state"]}}, headers=tag(1))
    assert wrong.json()["errors"][0]["loc"] == ["query", "dimensions", 0, "field"]
    changed = await client.patch(path, json={"query": {"limit": 1}, "title": "New"}, headers=tag(1))
    assert changed.json()["query"] == {**query, "limit": 1}
    assert [each["title"] for each in (await client.get("/saved-queries")).json()["items"]] == ["New"]
    assert (await client.get(path, headers=BOB)).status_code == 404
    assert (await client.post(path + "/duplicate")).json()["title"] == "Copy of New"
    assert (await client.delete(path, headers=tag(2))).status_code == 204
    assert (await client.get(f"/dashboards/{board['id']}")).json() == board  # it still opens
    assert (await client.patch(f"/dashboards/{board['id']}", json={"title": "y"}, headers=tag(1))).status_code == 200


async def test_pins(client: httpx.AsyncClient) -> None:
    boards = [await stored(client, title=f"Board {number}") for number in range(2)]
    pins: list[dict[str, Any]] = []
    for board, widget in ((boards[0], None), (boards[1], None), (boards[0], "note")):
        response = await client.post("/pins", json={"context": "home", "dashboard": board["id"], "widget": widget})
        assert response.status_code == 201, response.text
        pins.append(response.json())
    assert (await client.get("/pins", params={"context": "home"})).json() == {"items": pins, "next_cursor": None}
    assert [each["title"] for each in pins] == ["Board 0", "Board 1", "Board 0"]
    order = {"context": "home", "pins": [pins[2]["id"]]}
    assert (await client.put("/pins/order", json=order)).json()["items"] == [pins[2], pins[0], pins[1]]
    assert (await client.get("/pins", params={"context": "home"}, headers=BOB)).json()["items"] == []
    assert (await client.delete(f"/pins/{pins[0]['id']}", headers=BOB)).status_code == 404
    assert (await client.delete(f"/pins/{pins[0]['id']}")).status_code == 204
    assert (await client.delete("/pins/nonsense")).status_code == 404
    private = await stored(client, title="Private", visibility="private")
    assert (
        await client.post("/pins", json={"context": "home", "dashboard": private["id"]}, headers=BOB)
    ).status_code == 404
    for wrong in ({}, {"context": "", "dashboard": boards[0]["id"]}, {"context": "home", "dashboard": "x"}, []):
        assert (await client.post("/pins", json=wrong)).status_code == 422
    assert (await client.get("/pins")).status_code == 422


async def test_parallel_patches_lose_nothing(client: httpx.AsyncClient) -> None:
    """Twenty-four editors, each of whom reads, adds a tag of their own, and tries anew when another was quicker."""
    made = await stored(client, tags=[], visibility={"tenant": "edit"})
    path = f"/dashboards/{made['id']}"

    async def edit(number: int) -> None:
        while True:
            read = await client.get(path)
            body = {"tags": [*read.json()["tags"], f"editor-{number}"]}
            response = await client.patch(
                path, json=body, headers={"if-match": read.headers["etag"], "user": f"u{number}"}
            )
            assert response.status_code in (200, 412)
            if response.status_code == 200:
                return

    await asyncio.gather(*(edit(number) for number in range(24)))
    final = (await client.get(path)).json()
    assert sorted(final["tags"]) == sorted(f"editor-{number}" for number in range(24))
    assert final["version"] == 25


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b'"x"',
        b'{"title": NaN}',
        b'{"title": "a", "title": "b"}',
        b'{"title": "\\u0000"}',
        b'{"title": "\\ud800"}',
        b"\xff",
        b"[" * 50_000,
        b'{"title": 1e999999999999999999999}',
        b'{"a":' * 50_000,
        b'{"title": ' + b"9" * 5_000 + b"}",
    ],
)
async def test_bodies_that_are_none(client: httpx.AsyncClient, content: bytes) -> None:
    for method, path in (
        ("POST", "/dashboards"),
        ("POST", "/saved-queries"),
        ("POST", "/pins"),
        ("PUT", "/pins/order"),
        ("POST", "/dashboards/import"),
    ):
        response = await client.request(method, path, content=content, headers={"content-type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (422, "definition_invalid"), (method, path)


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x", "tags": ["t"] * 31},
        {"title": "x", "widgets": [NOTE] * 101},
        {"title": "x", "filters": [WHEN] * 51},
        {"title": "x", "visibility": {"roles": {str(number): "view" for number in range(101)}}},
        {"title": "x", "widgets": [{**BAR, "query": {"source": "orders", "columns": list(range(31_000))}}]},
        {"title": "x", "nested": reduce(lambda inner, _: [inner], range(70), 0)},
    ],
)
async def test_too_much_is_refused(client: httpx.AsyncClient, body: Any) -> None:
    response = await client.post("/dashboards", json=body)
    assert response.status_code == 422
    assert len(response.json()["errors"]) == 1, response.text
    made = await stored(client)
    patched = await client.patch(f"/dashboards/{made['id']}", json=body, headers=tag(1))
    assert patched.status_code == 422

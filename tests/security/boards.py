"""Dashboards, saved queries and pins of two tenants: what each caller may see of them, and by which requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from prismiq.dashboards import MemoryStore, NewPin
from prismiq.dashboards.models import Sharing
from prismiq.dashboards.records import Caller, Kind, Record

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ADA, HANK = Caller("acme", "ada", frozenset()), Caller("globex", "hank", frozenset())


def _id(number: int) -> UUID:
    return UUID(int=number)


CUSTOMERS = {
    "id": "customers",
    "type": "table",
    "query": {"source": "customers", "columns": ["name", "region"]},
    "position": {"x": 0, "y": 4, "w": 6, "h": 4},
}
NAME = {"id": "name", "type": "select", "field": "name"}


def _board(kind: Kind, number: int, owner: Caller, shared: Mapping[str, Any], said: str) -> Record:
    note = {"id": "note", "type": "text", "text": said, "position": {"x": 0, "y": 0, "w": 6, "h": 4}}
    query = {"source": "plans", "columns": ["name"], "filters": [{"field": "name", "operator": "neq", "value": said}]}
    content = {"filters": [NAME], "widgets": [note, CUSTOMERS]} if kind is Kind.DASHBOARD else {"query": query}
    return Record(
        _id(number), owner.tenant, owner.user, f"board-{number}", f"Board of {owner.tenant}", said, ("board",),
        Sharing.model_validate(shared), content, 1, START, START, owner.user,
    )  # fmt: skip


PRIVATE, SHARED, EDITABLE, THEIRS, THEIRS_TOO = 1, 2, 3, 4, 5
BOARDS: list[tuple[int, Caller, dict[str, Any], str]] = [
    (PRIVATE, ADA, {}, "goodwill, Barbara"),
    (SHARED, ADA, {"tenant": "view"}, "Unter den Linden"),
    (EDITABLE, ADA, {"users": {"bob": "edit", "hank": "edit"}, "roles": {"finance": "view"}}, "Hamburg"),
    (THEIRS, HANK, {}, "secret segment"),
    # Shared with all who have the role or the name, whatever their tenant says.
    (
        THEIRS_TOO,
        HANK,
        {"tenant": "edit", "users": {"ada": "edit", "bob": "edit"}, "roles": {"hr": "edit"}},
        "Baker Street",
    ),
]


async def filled_store() -> MemoryStore:
    store = MemoryStore()
    for board in BOARDS:
        for kind in Kind:
            await store.insert(kind, _board(kind, *board))
    for owner, board in ((ADA, PRIVATE), (HANK, THEIRS)):
        await store.add_pin(owner, NewPin(context="home", dashboard=_id(board)))
    return store


NOBODYS = {"nobodys": 403}
MADE = {"acme": 201, "globex": 201, "clerk": 201, **NOBODYS}
READ = {
    PRIVATE: {"acme": 200, "globex": 404, "clerk": 404, **NOBODYS},
    SHARED: {"acme": 200, "globex": 404, "clerk": 200, **NOBODYS},
    EDITABLE: {"acme": 200, "globex": 404, "clerk": 200, **NOBODYS},
    THEIRS: {"acme": 404, "globex": 200, "clerk": 404, **NOBODYS},
    THEIRS_TOO: {"acme": 404, "globex": 200, "clerk": 404, **NOBODYS},
}
CHANGED = {**READ, SHARED: {**READ[SHARED], "clerk": 403}}
DELETED = {
    number: {
        who: {200: 204 if who in ("acme", "globex") else 403}.get(status, status) for who, status in expected.items()
    }
    for number, expected in READ.items()
}
POSITION = {"x": 6, "y": 0, "w": 6, "h": 4}
WIDGET = {"id": "more", "type": "text", "text": "more", "position": POSITION}
QUERY = {"source": "plans", "columns": ["name"]}
HIDDEN = {"source": "audit_log", "columns": ["actor"]}


def _with(expected: Mapping[str, int], **other: int) -> dict[str, int]:
    return {who: other.get(f"of_{status}", status) for who, status in expected.items()}


def _collection(name: str, new: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[tuple[str, str], list[Any]]:
    each = f"/{name}/{{id}}"
    ok = dict.fromkeys(MADE, 200) | NOBODYS
    return {
        ("GET", f"/{name}"): [(f"/{name}{query}", ok, None) for query in ("", "?search=o", "?tag=board", "?slug=board-4", "?limit=1")],
        ("POST", f"/{name}"): [(f"/{name}", MADE, {"title": "New", **new})],
        ("GET", each): [(f"/{name}/{_id(number)}", expected, None) for number, expected in READ.items()],
        ("PATCH", each): [(f"/{name}/{_id(number)}", expected, body) for number, expected in CHANGED.items() for body in (patch, {"title": "x"})],
        ("DELETE", each): [(f"/{name}/{_id(number)}", expected, None) for number, expected in DELETED.items()],
        ("POST", f"{each}/duplicate"): [(f"/{name}/{_id(number)}/duplicate", _with(expected, of_200=201), {}) for number, expected in READ.items()],
    }  # fmt: skip


def calls() -> dict[tuple[str, str], list[tuple[str, Mapping[str, int], Any]]]:
    """Method and route: the requests, what each caller is answered, and the body."""
    board = "/dashboards/{id}"
    boards = _collection("dashboards", {"widgets": [WIDGET]}, {"widgets": [WIDGET]})
    boards[("POST", "/dashboards/import")] = [("/dashboards/import", MADE, {"kind": "dashboard", "title": "Imported"})]
    boards[("GET", f"{board}/export")] = [
        (f"/dashboards/{_id(number)}/export", expected, None) for number, expected in READ.items()
    ]
    boards[("POST", f"{board}/widgets")] = [
        (f"/dashboards/{_id(number)}/widgets", _with(expected, of_200=201), WIDGET)
        for number, expected in CHANGED.items()
    ]
    boards[("PATCH", f"{board}/widgets/{{widget}}")] = [
        (f"/dashboards/{_id(number)}/widgets/note", expected, {"title": "x"}) for number, expected in CHANGED.items()
    ]
    boards[("DELETE", f"{board}/widgets/{{widget}}")] = [
        (f"/dashboards/{_id(number)}/widgets/note", expected, None) for number, expected in CHANGED.items()
    ]
    boards[("PUT", f"{board}/layout")] = [
        (f"/dashboards/{_id(number)}/layout", expected, {"positions": {"note": POSITION}})
        for number, expected in CHANGED.items()
    ]
    boards[("POST", f"{board}/data")] = [
        (f"/dashboards/{_id(number)}/data{query}", expected, {"filters": {"name": name}})
        for number, expected in READ.items()
        for query, name in (("", None), ("?widget=customers", "Ada"), ("?widget=customers&format=csv", None))
    ]
    boards[("GET", f"{board}/filters/{{filter}}/values")] = [
        (f"/dashboards/{_id(number)}/filters/name/values", expected, None) for number, expected in READ.items()
    ]
    queries = _collection("saved-queries", {"query": QUERY}, {"query": QUERY})
    queries[("POST", "/saved-queries")].append(
        ("/saved-queries", dict.fromkeys(MADE, 422) | NOBODYS, {"title": "x", "query": HIDDEN})
    )
    ok = dict.fromkeys(MADE, 200) | NOBODYS
    pins = {
        ("GET", "/pins"): [("/pins?context=home", ok, None)],
        ("POST", "/pins"): [
            ("/pins", _with(expected, of_200=201), {"context": "home", "dashboard": str(_id(number))})
            for number, expected in READ.items()
        ],
        ("PUT", "/pins/order"): [
            ("/pins/order", ok, {"context": "home", "pins": [str(_id(number)) for number in READ]})
        ],
        ("DELETE", "/pins/{id}"): [(f"/pins/{_id(7)}", dict.fromkeys(MADE, 404) | NOBODYS, None)],
    }
    return {**boards, **queries, **pins}

"""The contract of a store, which every store keeps."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from prismiq.dashboards import DashboardStore
from prismiq.dashboards.models import NewPin, Sharing
from prismiq.dashboards.records import Caller, Kind, Listing, Record, access_of
from prismiq.errors import ConflictError

START = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
ADA = Caller("acme", "ada", frozenset({"sales", "admin"}))
BOB = Caller("acme", "bob", frozenset({"sales"}))
EVE = Caller("acme", "eve", frozenset())
OTHER_ADA = Caller("globex", "ada", frozenset({"sales", "admin"}))
NOBODYS = Caller("", "ada", frozenset({"sales"}))
ALL = [ADA, BOB, EVE, OTHER_ADA, NOBODYS]
DASHBOARD = Kind.DASHBOARD


def a_record(owner: Caller = ADA, visibility: object = "private", number: int = 0, **given: Any) -> Record:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "tenant": owner.tenant,
        "owner": owner.user,
        "slug": f"slug-{number}",
        "title": f"Title {number}",
        "description": "",
        "tags": (),
        "visibility": sharing(visibility),
        "content": {},
        "version": 1,
        "created_at": START + timedelta(minutes=number),
        "updated_at": START + timedelta(minutes=number),
        "updated_by": owner.user,
    }
    return Record(**{**fields, **given})


def sharing(visibility: object) -> Sharing:
    shorthand: dict[object, dict[str, str]] = {"private": {}, "tenant": {"tenant": "view"}}
    return Sharing.model_validate(shorthand.get(visibility) if isinstance(visibility, str) else visibility)


async def titles(store: DashboardStore, caller: Caller, **listing: Any) -> list[str]:
    return [each.title for each in await store.find(DASHBOARD, caller, Listing(**{"limit": 100, **listing}))]


@pytest.mark.parametrize("of", Kind)
async def test_what_is_put_in_comes_out(store: DashboardStore, of: Kind) -> None:
    shared = {"tenant": "view", "roles": {"sales": "edit", "ops": "view"}, "users": {"bob": "view"}}
    content = {
        "widgets": [{"query": {"x": [Decimal("1.50"), 2**70, "Ü", None, True, Decimal("1E+300")]}}],
        "filters": [],
    }
    record = a_record(visibility=shared, content=content, tags=("a", "b"), description="What\nfor")
    await store.insert(of, record)
    found = await store.get(of, ADA, record.id)
    assert found == record
    assert str(found.content["widgets"][0]["query"]["x"][0]) == "1.50"
    assert await store.find(of, ADA, Listing(10)) == [replace(record, content={})]
    other = next(each for each in Kind if each is not of)
    assert await store.get(other, ADA, record.id) is None
    assert await store.find(other, ADA, Listing(10)) == []


@pytest.mark.parametrize(
    ("visibility", "viewers", "editors"),
    [
        ("private", [ADA], [ADA]),
        ("tenant", [ADA, BOB, EVE], [ADA]),
        ({"tenant": "edit"}, [ADA, BOB, EVE], [ADA, BOB, EVE]),
        ({"roles": {"sales": "view"}}, [ADA, BOB], [ADA]),
        ({"roles": {"sales": "edit", "other": "view"}}, [ADA, BOB], [ADA, BOB]),
        ({"roles": {"other": "edit"}}, [ADA], [ADA]),
        ({"users": {"eve": "view", "bob": "edit"}}, [ADA, BOB, EVE], [ADA, BOB]),
        ({"tenant": "view", "users": {"eve": "edit"}}, [ADA, BOB, EVE], [ADA, EVE]),
    ],
)
async def test_who_may_see_and_change_it(
    store: DashboardStore, visibility: object, viewers: list[Caller], editors: list[Caller]
) -> None:
    record = a_record(visibility=visibility)
    await store.insert(DASHBOARD, record)
    for caller in ALL:
        assert (access_of(record, caller) is not None) is (caller in viewers)
        assert (access_of(record, caller) == "edit") is (caller in editors)
        assert (await store.get(DASHBOARD, caller, record.id) is not None) is (caller in viewers)
        assert bool(await titles(store, caller)) is (caller in viewers)
        pin = await store.add_pin(caller, NewPin(context="home", dashboard=record.id))
        assert (pin is not None) is (caller in viewers)
        assert bool(await store.pins(caller, "home")) is (caller in viewers)
    version = 1
    for caller in ALL:
        changed = replace(record, title="By " + caller.user, version=version + 1)
        assert await store.replace(DASHBOARD, caller, changed) is (caller in editors)
        version += caller in editors
    for caller in [*ALL[1:], ADA]:  # only the owner deletes
        assert await store.delete(DASHBOARD, caller, record.id, version) is (caller == ADA)


async def test_a_guest_sees_what_was_granted_and_changes_nothing(store: DashboardStore) -> None:
    """Whomever it is shared with, by id or by slug, in the tenant; and nothing that is shared with everybody."""
    private, shared = a_record(number=1), a_record(visibility={"tenant": "edit"}, number=2)
    elsewhere = a_record(OTHER_ADA, number=1)
    for each in (private, shared, elsewhere):
        await store.insert(DASHBOARD, each)
    for granted in ({str(private.id)}, {"slug-1"}, {str(private.id), "slug-9", str(elsewhere.id)}):
        guest = Caller("acme", "visitor", frozenset({"sales", "admin"}), frozenset(granted))
        assert await store.get(DASHBOARD, guest, private.id) == private
        assert await titles(store, guest) == ["Title 1"]
        assert await store.get(DASHBOARD, guest, shared.id) is None
        assert await store.get(DASHBOARD, guest, elsewhere.id) is None
        assert not await store.replace(DASHBOARD, guest, replace(private, title="Mine", version=2))
        assert not await store.delete(DASHBOARD, guest, private.id, 1)
    as_owner = Caller("acme", "ada", frozenset(), frozenset({str(shared.id)}))
    assert await titles(store, as_owner) == ["Title 2"], "also one who is called like the owner"
    assert not await store.replace(DASHBOARD, as_owner, replace(shared, title="Mine", version=2))
    assert not await store.delete(DASHBOARD, as_owner, shared.id, 1)
    assert await titles(store, Caller("acme", "visitor", frozenset(), frozenset())) == []


async def test_a_change_needs_the_version_before(store: DashboardStore) -> None:
    record = a_record()
    await store.insert(DASHBOARD, record)
    second = replace(record, title="Second", version=2, slug="second", updated_by="x", content={"a": 1})
    assert await store.replace(DASHBOARD, ADA, second)
    for version in (1, 2, 4):
        assert not await store.replace(DASHBOARD, ADA, replace(record, title="Lost", version=version))
    assert not await store.replace(DASHBOARD, ADA, replace(second, id=uuid4(), version=3))
    assert await store.get(DASHBOARD, ADA, record.id) == second
    assert not await store.delete(DASHBOARD, ADA, record.id, 1)
    assert await store.delete(DASHBOARD, ADA, record.id, 2)
    assert not await store.delete(DASHBOARD, ADA, record.id, 2)
    assert await store.get(DASHBOARD, ADA, record.id) is None


async def test_a_change_does_not_change_whose_it_is(store: DashboardStore) -> None:
    record = a_record(visibility={"tenant": "edit"})
    await store.insert(DASHBOARD, record)
    taken = replace(record, owner="bob", tenant="globex", created_at=START + timedelta(days=1), version=2)
    assert await store.replace(DASHBOARD, BOB, taken)
    assert await store.get(DASHBOARD, ADA, record.id) == replace(record, version=2)


async def test_of_many_at_once_one_wins(store: DashboardStore) -> None:
    record = a_record()
    await store.insert(DASHBOARD, record)
    for version in range(2, 5):
        tries = [replace(record, title=str(number), version=version) for number in range(24)]
        won = await asyncio.gather(*(store.replace(DASHBOARD, ADA, each) for each in tries))
        assert sum(won) == 1
        found = await store.get(DASHBOARD, ADA, record.id)
        assert found == tries[won.index(True)]


async def test_slugs_are_unique_among_an_owners_own(store: DashboardStore) -> None:
    first, second = a_record(), a_record(number=1)
    for record in (first, second, a_record(BOB), a_record(OTHER_ADA), a_record(NOBODYS)):
        await store.insert(DASHBOARD, record)
    await store.insert(Kind.SAVED_QUERY, a_record())
    with pytest.raises(ConflictError, match="slug"):
        await store.insert(DASHBOARD, a_record())
    with pytest.raises(ConflictError, match="slug"):
        await store.replace(DASHBOARD, ADA, replace(second, slug=first.slug, version=2))
    assert await store.get(DASHBOARD, ADA, second.id) == second


async def test_searching(store: DashboardStore) -> None:
    await store.insert(DASHBOARD, a_record(title="Sales 100%", tags=("money", "EU"), number=1))
    await store.insert(DASHBOARD, a_record(title="Delays_by_day", description="Sales of tickets", number=2))
    await store.insert(DASHBOARD, a_record(BOB, "tenant", title="Bob's", tags=("money",), number=3))
    await store.insert(DASHBOARD, a_record(BOB, title="Sales, secret", tags=("money",), number=4))
    assert await titles(store, ADA, search="sales") == ["Delays_by_day", "Sales 100%"]
    assert await titles(store, ADA, search="100%") == ["Sales 100%"]
    assert await titles(store, ADA, search="_") == ["Delays_by_day"]
    assert await titles(store, ADA, search="%") == ["Sales 100%"]
    assert await titles(store, ADA, search="\\") == []
    assert await titles(store, ADA, search="eu") == ["Sales 100%"]
    assert await titles(store, ADA, tag="money") == ["Bob's", "Sales 100%"]
    assert await titles(store, ADA, tag="mone") == []
    assert await titles(store, ADA, tag="money", search="bob") == ["Bob's"]
    assert await titles(store, ADA, slug="slug-3") == ["Bob's"]
    assert await titles(store, ADA, slug="slug-4") == []
    assert await titles(store, ADA, owner="ada") == ["Delays_by_day", "Sales 100%"]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["title", "created_at", "updated_at"])
async def test_pages_are_whole_while_rows_are_added(store: DashboardStore, sort: Any, descending: bool) -> None:
    names = ["b", "B", "a", "a", "C", "_", "Z", "z", "1", ""]
    records = [a_record(title=name, number=number // 2, slug=f"s-{number}") for number, name in enumerate(names)]
    for record in records:
        await store.insert(DASHBOARD, record)
    found: list[Record] = []
    after: tuple[Any, UUID] | None = None
    while True:
        page = await store.find(DASHBOARD, ADA, Listing(3, sort, descending, after))
        found += page
        if len(page) < 3:
            break
        after = (getattr(page[-1], sort), page[-1].id)
        await store.insert(DASHBOARD, a_record(title="a new one", slug=f"new-{len(found)}", number=2))
    old = [each.id for each in found if each.title != "a new one"]
    assert len({each.id for each in found}) == len(found)

    def order(record: Record) -> Any:
        value = getattr(record, sort)
        return (value.lower() if sort == "title" else value, record.id)

    assert old == [each.id for each in sorted(records, key=order, reverse=descending)]


async def test_pins_are_a_users_own_and_have_an_order(store: DashboardStore) -> None:
    shown, second, private = a_record(BOB, "tenant", 1), a_record(BOB, "tenant", 2), a_record(BOB, number=3)
    for record in (shown, second, private):
        await store.insert(DASHBOARD, record)
    first = await store.add_pin(ADA, NewPin(context="home", dashboard=shown.id))
    widget = await store.add_pin(ADA, NewPin(context="home", dashboard=shown.id, widget="w"))
    third = await store.add_pin(ADA, NewPin(context="home", dashboard=second.id))
    assert first and widget and third
    assert (first.title, first.widget, widget.widget, third.dashboard) == ("Title 1", None, "w", second.id)
    assert await store.add_pin(ADA, NewPin(context="home", dashboard=shown.id)) == first
    assert await store.add_pin(ADA, NewPin(context="home", dashboard=private.id)) is None
    assert await store.add_pin(OTHER_ADA, NewPin(context="home", dashboard=shown.id)) is None
    assert await store.pins(ADA, "home") == [first, widget, third]
    assert await store.pins(ADA, "elsewhere") == []
    assert await store.pins(BOB, "home") == []

    await store.order_pins(ADA, "home", [third.id])
    assert await store.pins(ADA, "home") == [third, first, widget]
    await store.order_pins(ADA, "home", [widget.id, uuid4(), third.id, first.id])
    assert await store.pins(ADA, "home") == [widget, third, first]
    await store.order_pins(BOB, "home", [first.id, widget.id])
    assert await store.pins(ADA, "home") == [widget, third, first]

    assert not await store.remove_pin(BOB, widget.id)
    assert await store.remove_pin(ADA, widget.id)
    assert not await store.remove_pin(ADA, widget.id)
    assert await store.replace(DASHBOARD, BOB, replace(second, visibility=Sharing(), version=2))
    assert await store.pins(ADA, "home") == [first]
    assert await store.delete(DASHBOARD, BOB, shown.id, 1)
    assert await store.pins(ADA, "home") == []

"""What is made of a schema of many tables is made beside the event loop, and is the same."""

from __future__ import annotations

import asyncio

import pytest

from prismiq.access import AccessPolicy, RequestContext, TablePolicy
from prismiq.access.scopes import Scopes
from prismiq.access.visible import visible_schema
from prismiq.aside import MANY_TABLES, Aside
from prismiq.errors import ConfigurationError
from prismiq.plan.definitions import UsableDefinitions
from prismiq.plan.shown import ShownSchemas
from prismiq.schema.models import DatabaseSchema
from unit.schemas import database, table

POLICY = AccessPolicy(
    tenant_column="tenant_id", tables={"t0": TablePolicy(visible_to={"admin"}), "t1": TablePolicy(visible=False)}
)
CLERK, ADMIN = RequestContext(user="c", tenant="a"), RequestContext(user="a", tenant="a", roles=frozenset({"admin"}))


def many() -> DatabaseSchema:
    return database(*(table(f"t{number}", "id bigint", "tenant_id text") for number in range(MANY_TABLES)))


async def test_it_is_the_same_and_made_once() -> None:
    schema = many()
    scopes, plain = Scopes(POLICY), Scopes(POLICY)
    clerks = await asyncio.gather(*(scopes.get(schema, CLERK) for _ in range(5)))
    admin = await scopes.get(schema, ADMIN)
    assert all(each is clerks[0] for each in clerks)
    assert await scopes.get(schema, CLERK) is clerks[0]
    assert clerks[0] == plain.of(schema, CLERK)
    assert admin == plain.of(schema, ADMIN)
    assert len(admin.tables) == len(clerks[0].tables) + 1 == MANY_TABLES - 1


async def test_a_schema_that_came_meanwhile_has_scopes_of_its_own() -> None:
    before = many()
    after = database(*before.tables[2:], table("new", "id bigint", "tenant_id text"), *before.tables[:2])
    scopes = Scopes(POLICY)
    asking = asyncio.ensure_future(scopes.get(before, CLERK))
    await asyncio.sleep(0)
    newer = await scopes.get(after, CLERK)
    assert (await asking).database is before
    assert newer.database is after
    assert (await scopes.get(after, CLERK)).database is after


async def test_what_is_shown_is_the_same() -> None:
    schema = many()
    scopes, shown = Scopes(POLICY), ShownSchemas(UsableDefinitions())
    for caller in (CLERK, ADMIN):
        scoped = await scopes.get(schema, caller)
        found = await asyncio.gather(shown.get(scoped), shown.get(scoped))
        assert found[0] == visible_schema(scoped)
        assert await shown.get(scoped) is shown.of(scoped)
        assert found[0].json_text == visible_schema(scoped).model_dump_json(exclude_none=True).encode()


async def test_a_policy_that_does_not_fit_says_so() -> None:
    scopes = Scopes(AccessPolicy(tenant_column="tenant_id", tables={"nowhere": TablePolicy()}))
    with pytest.raises(ConfigurationError):
        await scopes.get(many(), CLERK)


async def test_who_leaves_does_not_take_it_from_the_others() -> None:
    aside = Aside[int]()
    first = asyncio.ensure_future(aside.make("key", lambda: 1))
    second = asyncio.ensure_future(aside.make("key", lambda: 2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1

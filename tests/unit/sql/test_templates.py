"""Compiled once for all values of a shape, never for two scopes that differ, and bound with one caller's values."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from prismiq.access import AccessPolicy, Mask, RequestContext, RowFilter, ScopedSchema, TablePolicy, scope
from prismiq.access.scopes import Scopes
from prismiq.errors import QueryError
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.sql.template import Template
from prismiq.sql.templates import Templates
from unit.schemas import OPEN, SHOP, Definition, compiled, counted, database, table, where


class Cache:
    """Templates, asked with whole definitions."""

    def __init__(self, size: int = 10) -> None:
        self.templates = Templates(size, max_tables=30)

    def get(self, definition: Definition, scoped: ScopedSchema = OPEN) -> Template:
        shape, _ = split(QueryDefinition.model_validate(definition))
        return self.templates.get(shape, scoped)


def test_definitions_that_differ_in_values_share_one() -> None:
    cache = Cache()
    first = cache.get(where("region", "in", ["EU", "US"]) | {"limit": 5})
    assert cache.get(where("region", "in", ["x"] * 100) | {"limit": 7, "offset": 100}) is first
    assert cache.get(where("region", "not_in", ["EU"])) is not first


def test_the_oldest_gives_way() -> None:
    cache = Cache(size=2)
    first, second = cache.get(where("total", "gt", 1)), cache.get(where("total", "lt", 1))
    assert cache.get(where("total", "gt", 2)) is first  # used again: now the second is the oldest
    cache.get(where("total", "eq", 1))
    assert cache.get(where("total", "gt", 3)) is first
    assert cache.get(where("total", "lt", 3)) is not second


def test_nothing_is_kept_where_nothing_may_be() -> None:
    cache = Cache(size=0)
    assert cache.get(counted()) is not cache.get(counted())


def test_what_cannot_be_planned_is_not_kept() -> None:
    cache = Cache(size=1)
    first = cache.get(counted())
    with pytest.raises(QueryError):
        cache.get(where("nowhere", "eq", 1))
    assert cache.get(counted()) is first


POLICY = AccessPolicy(
    tenant_column="tenant_id",
    tables={
        "refunds": TablePolicy(visible_to=frozenset({"finance"})),
        "orders": TablePolicy(rows=(RowFilter(column="region", attribute="region"),), columns={"ratio": Mask.HIDDEN}),
    },
)


def test_two_tenants_of_one_role_share_one_and_bind_their_own() -> None:
    cache, scopes = Cache(), Scopes(POLICY)
    contexts = [RequestContext(user=t, tenant=t, attributes={"region": f"of {t}"}) for t in ("acme", "globex")]
    templates = [cache.get(counted(), scopes.of(SHOP, context)) for context in contexts]
    assert templates[0] is templates[1]
    _, values = split(QueryDefinition.model_validate(counted()))
    bound = [templates[0].bind(values, context, row_cap=10).args[:2] for context in contexts]
    assert bound == [("acme", "of acme"), ("globex", "of globex")]


def test_roles_that_see_more_share_none_with_those_that_see_less() -> None:
    cache, scopes = Cache(), Scopes(POLICY)
    finance, guest = (
        RequestContext(user="u", tenant="a", roles=frozenset(roles)) for roles in ({"finance"}, {"guest"})
    )
    asked = counted(filters={"exists": "refunds"})
    cache.get(asked, scopes.of(SHOP, finance))
    with pytest.raises(QueryError):
        cache.get(asked, scopes.of(SHOP, guest))
    assert cache.get(counted(), scopes.of(SHOP, finance)) is not cache.get(counted(), scopes.of(SHOP, guest))


def test_an_open_scope_shares_none_with_a_reduced_one() -> None:
    cache = Cache()
    reduced = scope(SHOP, POLICY, RequestContext(user="u", tenant="a"))
    assert cache.get(counted(), OPEN) is not cache.get(counted(), reduced)
    assert "tenant_id" not in cache.get(counted(), OPEN).sql
    assert "tenant_id" in cache.get(counted(), reduced).sql


def test_a_changed_schema_is_planned_anew() -> None:
    cache = Cache()
    one, other = (
        scope(database(table("orders", "id bigint", "v integer", key=key)), None, None) for key in (("id",), None)
    )
    definition = {"source": "orders", "measures": ["count"]}
    assert cache.get(definition, one) is not cache.get(definition, other)


class TestPage:
    def args(self, row_cap: int, **page: Any) -> tuple[Any, int | None]:
        definition = counted(**page)
        _, values = split(QueryDefinition.model_validate(definition))
        statement = compiled(definition).bind(values, None, row_cap=row_cap)
        return statement.args, statement.row_cap

    def test_the_cap_asks_for_one_row_more(self) -> None:
        assert self.args(100) == ((101, 0), 100)
        assert self.args(100, limit=500, offset=7) == ((101, 7), 100)

    def test_a_limit_within_the_cap_is_the_callers_own(self) -> None:
        assert self.args(100, limit=100) == ((100, 0), None)
        assert self.args(100, limit=0) == ((0, 0), None)


def test_periods_are_relative_to_the_moment_of_binding() -> None:
    definition = where("due_on", "in_period", "this_year")
    _, values = split(QueryDefinition.model_validate(definition))
    template = compiled(definition)
    years = [
        template.bind(values, None, row_cap=9, now=datetime(year, 5, 5, tzinfo=timezone.utc)).args[0].year
        for year in (2025, 2026)
    ]
    assert years == [2025, 2026]


def test_a_value_that_is_bound_twice_is_told_of_once() -> None:
    definition = where("paid_at", "eq", "2026-02-30")
    _, values = split(QueryDefinition.model_validate(definition))
    with pytest.raises(QueryError) as caught:
        compiled(definition).bind(values, None, row_cap=10)
    assert [issue.loc for issue in caught.value.issues] == [("filters", 0, "value")]

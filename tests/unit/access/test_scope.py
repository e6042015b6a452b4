"""A policy reduces the schema, and fails closed."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.access import AccessPolicy, Mask, RequestContext, RowFilter, TablePolicy, scope
from prismiq.access.rules import ContextValue, RowRule
from prismiq.access.scope import ScopedSchema
from prismiq.access.scopes import Scopes
from prismiq.errors import ConfigurationError, ContextError
from prismiq.query import Operator, QueryDefinition
from prismiq.query.split import split
from prismiq.sql import Statement
from unit.schemas import OPEN, SHOP, compiled, counted, database, scoped_for, table

TENANT = RowRule("tenant_id", Operator.EQ, ContextValue("tenant", "tenant_id"))


def names(scoped: ScopedSchema) -> set[str]:
    return {ref.name for ref in scoped.tables}


class TestTenants:
    schema = database(
        table("orders", "id bigint", "tenant_id text"),
        table("own", "id bigint", "org text"),
        table("plans", "id bigint", "name text"),
        table("lines", "id bigint", "order_id bigint", links={"order_id": "orders"}),
    )

    def scoped(self, **tables: TablePolicy) -> ScopedSchema:
        policy = AccessPolicy(tenant_column="tenant_id", tables=tables)
        return scope(self.schema, policy, RequestContext(user="u", tenant="a"))

    def test_a_table_without_the_tenant_column_is_not_there(self) -> None:
        scoped = self.scoped()
        assert names(scoped) == {"orders"}
        assert scoped.find("orders") is not None
        assert next(iter(scoped.tables.values())).rows == (TENANT,)

    def test_unless_it_is_shared(self) -> None:
        scoped = self.scoped(plans=TablePolicy(shared=True))
        assert names(scoped) == {"orders", "plans"}
        assert [table.rows for table in scoped.tables.values()] == [(TENANT,), ()]

    def test_or_has_a_rule_of_its_own(self) -> None:
        scoped = self.scoped(lines=TablePolicy(rows=(RowFilter(column="id", attribute="ids", operator="in"),)))
        assert names(scoped) == {"orders", "lines"}

    def test_or_another_tenant_column(self) -> None:
        (own,) = [t for t in self.scoped(own=TablePolicy(tenant_column="org")).tables.values() if t.ref.name == "own"]
        assert own.rows == (RowRule("org", Operator.EQ, ContextValue("tenant", "org")),)

    def test_rules_add_up(self) -> None:
        rules = TablePolicy(rows=(RowFilter(column="id", attribute="one"), RowFilter(column="id", attribute="two")))
        (orders,) = self.scoped(orders=rules).tables.values()
        assert [rule.column for rule in orders.rows] == ["tenant_id", "id", "id"]

    def test_being_shared_takes_the_tenant_away_and_no_other_rule(self) -> None:
        rules = TablePolicy(shared=True, rows=(RowFilter(column="id", attribute="one"),))
        (orders,) = self.scoped(orders=rules).tables.values()
        assert [rule.column for rule in orders.rows] == ["id"]

    def test_a_relationship_to_a_table_that_is_not_there_is_not_there(self) -> None:
        (orders,) = self.scoped().tables.values()
        assert orders.schema.relationships
        assert orders.relationships == ()


class TestRoles:
    policy = AccessPolicy(
        tables={
            "employees": TablePolicy(visible_to=frozenset({"hr", "boss"})),
            "refunds": TablePolicy(visible_to=frozenset()),
            "audit_log": TablePolicy(visible=False, visible_to=frozenset({"boss"})),
        }
    )

    @pytest.mark.parametrize(
        ("roles", "seen"),
        [(set(), False), ({"guest"}, False), ({"hr"}, True), ({"guest", "boss"}, True)],
    )
    def test_a_table_is_there_for_its_roles(self, roles: set[str], seen: bool) -> None:
        scoped = scoped_for(self.policy, roles=frozenset(roles))
        assert ("employees" in names(scoped)) is seen
        assert not {"refunds", "audit_log"} & names(scoped)

    def test_scopes_are_kept_by_the_roles_that_the_policy_names(self) -> None:
        scopes = Scopes(self.policy)

        def of(*roles: str) -> ScopedSchema:
            return scopes.of(SHOP, RequestContext(user="u", roles=frozenset(roles)))

        assert of() is of("guest") is of("guest", "other")
        assert of("hr") is of("hr", "guest")
        assert len({id(each) for each in (of(), of("hr"), of("boss"), of("hr", "boss"))}) == 4
        for roles in ((), ("hr",), ("boss",), ("hr", "boss")):
            expected = scope(SHOP, self.policy, RequestContext(user="u", roles=frozenset(roles)))
            assert of(*roles).tables == expected.tables
            assert of(*roles).key == expected.key

    def test_scopes_differ_in_key_and_version(self) -> None:
        seen = [scoped_for(self.policy, roles=frozenset(roles)) for roles in (set(), {"hr"}, {"boss"})]
        assert len({each.key for each in seen}) == len({each.version for each in seen}) == 3

    def test_a_new_schema_is_scoped_anew(self) -> None:
        scopes = Scopes(AccessPolicy())
        context = RequestContext(user="u")
        other = database(table("orders", "id bigint"))
        assert names(scopes.of(SHOP, context)) != names(scopes.of(other, context))
        assert names(scopes.of(SHOP, context)) == names(OPEN)


class TestContext:
    policy = AccessPolicy(
        tenant_column="tenant_id",
        tables={
            "orders": TablePolicy(
                rows=(
                    RowFilter(column="region", attribute="region"),
                    RowFilter(column="items", attribute="items", operator="in"),
                )
            )
        },
    )

    def bound(self, **context: Any) -> Statement:
        whole = {"tenant": "acme", "attributes": {"region": "EU", "items": [1]}} | context
        caller = RequestContext(user="u", **whole)
        definition = counted()
        _, values = split(QueryDefinition.model_validate(definition))
        return compiled(definition, scope(SHOP, self.policy, caller)).bind(values, caller, row_cap=10)

    def test_its_values_are_bound(self) -> None:
        assert self.bound().args[:3] == ("acme", "EU", [1])

    @pytest.mark.parametrize(
        ("context", "told"),
        [
            ({"tenant": None}, "no tenant"),
            ({"attributes": {}}, '"region"'),
            ({"attributes": {"region": None, "items": [1]}}, '"region"'),
            ({"attributes": {"region": "EU"}}, '"items"'),
            ({"attributes": {"region": ["EU"], "items": [1]}}, "one value"),
            ({"attributes": {"region": "EU", "items": 1}}, "a list"),
            ({"attributes": {"region": 7, "items": [1]}}, "does not fit"),
            ({"attributes": {"region": "EU", "items": [None]}}, "does not fit"),
            ({"attributes": {"region": "EU", "items": ["x"]}}, "does not fit"),
            ({"attributes": {"region": "EU", "items": [2**40]}}, "does not fit"),
        ],
    )
    def test_without_a_fitting_value_there_is_no_statement(self, context: dict[str, Any], told: str) -> None:
        with pytest.raises(ContextError) as caught:
            self.bound(**context)
        assert told in caught.value.message
        assert caught.value.hint

    def test_an_empty_list_is_a_list(self) -> None:
        assert self.bound(attributes={"region": "EU", "items": []}).args[2] == []

    def test_with_a_policy_somebody_must_ask(self) -> None:
        for ask in (lambda: scope(SHOP, self.policy, None), lambda: Scopes(self.policy).of(SHOP, None)):
            with pytest.raises(ContextError):
                ask()

    def test_without_one_or_with_an_open_one_nobody_needs_to(self) -> None:
        assert names(scope(SHOP, None, None)) == names(scope(SHOP, AccessPolicy.open(), None)) == names(OPEN)


class TestSlips:
    @pytest.mark.parametrize(
        ("policy", "told"),
        [
            ({"tables": {"order": TablePolicy()}}, '"order" (did you mean "orders"?)'),
            ({"tables": {"nowhere.orders": TablePolicy()}}, '"nowhere.orders"'),
            ({"tables": {"orders": TablePolicy(columns={"totals": Mask.HIDDEN})}}, '"totals" in orders (did you mean "total"?)'),
            ({"tables": {"orders": TablePolicy(rows=(RowFilter(column="regoin", attribute="r"),))}}, '"regoin"'),
            ({"tables": {"orders": TablePolicy(tenant_column="org")}}, '"org"'),
            ({"tables": {"orders": TablePolicy(visible=False), "public.orders": TablePolicy()}}, "two names"),
        ],
    )  # fmt: skip
    def test_a_rule_that_matches_nothing_is_an_error(self, policy: dict[str, Any], told: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            scoped_for(AccessPolicy(**policy))
        assert told in caught.value.message

    def test_every_slip_is_told(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            scoped_for(AccessPolicy(tables={"x": TablePolicy(), "orders": TablePolicy(columns={"y": Mask.HIDDEN})}))
        assert '"x"' in caught.value.message
        assert '"y"' in caught.value.message

    def test_a_bare_name_in_two_schemas_names_no_single_table(self) -> None:
        schema = database(table("a.notes", "id bigint"), table("b.notes", "id bigint"))
        with pytest.raises(ConfigurationError):
            scope(schema, AccessPolicy(tables={"notes": TablePolicy(visible=False)}), RequestContext(user="u"))

    @pytest.mark.parametrize("name", ["weird.name", "public.weird.name"])
    def test_a_name_with_a_dot_can_be_ruled(self, name: str) -> None:
        schema = database(table("orders", "id bigint"))
        (orders,) = schema.tables
        schema = database(orders, orders.model_copy(update={"name": "weird.name"}))
        hidden = scope(schema, AccessPolicy(tables={name: TablePolicy(visible=False)}), RequestContext(user="u"))
        assert names(hidden) == {"orders"}

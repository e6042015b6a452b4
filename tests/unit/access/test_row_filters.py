"""Row filters as filter trees, and rows scoped through a parent: the SQL, the values, what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.access import AccessPolicy, Mask, RequestContext, TablePolicy, scope
from prismiq.access.scope import ScopedSchema
from prismiq.errors import ConfigurationError, ContextError
from prismiq.query import QueryDefinition
from prismiq.query.split import split
from prismiq.sql import Statement
from prismiq.sql.row_rules import check_rules
from unit.schemas import SHOP, Definition, compiled, counted, scoped_for


def ruled(*rows: Any, **parts: Any) -> AccessPolicy:
    return AccessPolicy.load({"tables": {"orders": {"rows": list(rows), **parts}}})


def bound(definition: Definition, policy: AccessPolicy, **context: Any) -> Statement:
    _, values = split(QueryDefinition.model_validate(definition))
    asking = RequestContext(user="ada", **context)
    return compiled(definition, scope(SHOP, policy, asking)).bind(values, asking, row_cap=10)


def where(filters: Any, **context: Any) -> tuple[str, tuple[object, ...]]:
    """What a filter comes to in SQL, and its values."""
    policy = ruled({"filters": filters})
    check_rules(SHOP, policy)
    statement = bound(counted(), policy, **context)
    _, _, condition = statement.sql.partition("WHERE ")
    return condition.partition(") AS orders")[0].replace("public.orders.", ""), tuple(statement.args[:-2])


class TestTrees:
    def test_an_attribute_stands_for_a_value(self) -> None:
        assert where({"field": "region", "value": {"attribute": "region"}}, attributes={"region": "EU"}) == (
            "region = $1::VARCHAR",
            ("EU",),
        )

    def test_or_and_not(self) -> None:
        tree = {
            "or": [
                {"field": "region", "operator": "in", "value": {"attribute": "regions"}},
                {"not": [{"field": "due_on", "operator": "is_null"}, {"field": "items", "operator": "gt", "value": 3}]},
            ]
        }
        sql, args = where(tree, attributes={"regions": ["EU"]})
        assert sql == "(region = ANY ($1::TEXT[]) OR NOT (due_on IS NULL AND (items > $2::BIGINT)))"
        assert args == (["EU"], 3)

    def test_a_list_is_and(self) -> None:
        tree = [{"field": "region", "value": "EU"}, {"field": "items", "operator": "between", "value": [1, 2]}]
        assert where(tree)[0] == "((region = $1::VARCHAR) AND (items >= $2::BIGINT) AND (items <= $3::BIGINT))"

    def test_the_user_and_the_tenant(self) -> None:
        tree = {
            "or": [
                {"field": "region", "value": {"context": "user"}},
                {"field": "tenant_id", "value": {"context": "tenant"}},
            ]
        }
        assert where(tree, tenant="acme")[1] == ("ada", "acme")

    def test_another_column(self) -> None:
        assert where({"field": "billing_address_id", "operator": "neq", "value": {"field": "shipping_address_id"}})[
            0
        ] == ("billing_address_id <> shipping_address_id")

    def test_the_policys_own_values_are_bound_too(self) -> None:
        sql, args = where({"field": "status", "operator": "not_in", "value": ["draft"]})
        assert "draft" not in sql
        assert args == (["draft"],)

    def test_wildcards_are_data(self) -> None:
        tree = {"field": "region", "operator": "starts_with", "value": {"attribute": "prefix"}}
        assert where(tree, attributes={"prefix": "a%"})[1] == ("a\\%%",)

    def test_a_date_is_a_day_of_utc(self) -> None:
        """Whatever the time zone of the query: which rows are the caller's does not move with it."""
        tree = {"field": "ordered_at", "operator": "gte", "value": "2025-06-01"}
        policy = ruled({"filters": tree})
        args = [bound(counted(time_zone=zone), policy).args[0] for zone in ("UTC", "Asia/Tokyo")]
        assert args[0] == args[1]
        assert str(args[0]) == "2025-06-01 00:00:00+00:00"

    @pytest.mark.parametrize(
        "attributes", [{}, {"regions": None}, {"regions": "EU"}, {"regions": [None]}, {"regions": [1]}]
    )
    def test_a_missing_or_unfit_attribute_is_an_error(self, attributes: dict[str, Any]) -> None:
        for tree in (
            {"field": "region", "operator": "in", "value": {"attribute": "regions"}},
            {"or": [{"field": "region", "value": "EU"}, {"not": {"field": "region", "operator": "not_in", "value": {"attribute": "regions"}}}]},
        ):  # fmt: skip
            with pytest.raises(ContextError):
                where(tree, attributes=attributes)

    def test_an_empty_list_is_no_row(self) -> None:
        assert where({"field": "region", "operator": "in", "value": {"attribute": "r"}}, attributes={"r": []})[1] == (
            [],
        )

    def test_roles_are_let_off(self) -> None:
        policy = ruled({"column": "region", "attribute": "region", "unless_roles": ["admin"]})
        assert "WHERE" in bound(counted(), policy, attributes={"region": "EU"}).sql
        assert "WHERE" not in bound(counted(), policy, roles={"admin"}).sql

    def test_a_table_without_the_tenants_column_needs_a_rule_for_every_role(self) -> None:
        """A role that is let off of the only one would else see all tenants' rows."""
        rule = {"column": "region", "attribute": "region", "unless_roles": ["admin"]}
        policy = AccessPolicy.load({"tenant_column": "org", "tables": {"orders": {"rows": [rule]}}})
        assert scope(SHOP, policy, RequestContext(user="u")).find("orders")
        assert not scope(SHOP, policy, RequestContext(user="u", roles=frozenset({"admin"}))).find("orders")


class TestUnfit:
    @pytest.mark.parametrize(
        ("filters", "told"),
        [
            ({"field": "regoin", "value": "x"}, 'no column "regoin" in orders (did you mean "region"?)'),
            ({"field": "region", "value": {"field": "regoin"}}, 'no column "regoin"'),
            ({"field": "customer.name", "value": "x"}, "this is a path"),
            ({"field": {"path": ["customer", "name"]}, "value": "x"}, "its own table"),
            ({"exists": "customer"}, "`parent` follows a relationship"),
            ({"expression": "total > 1"}, "no expression"),
            ({"field": "region", "operator": "in", "query": {"source": "orders", "columns": ["region"]}}, "no query"),
            ({"field": "ordered_at", "operator": "in_period", "value": "today"}, "no period"),
            ({"field": "region", "value": None}, "is_null"),
            ({"field": "region", "operator": "in", "value": [{"attribute": "x"}]}, "a list holds plain values"),
            ({"field": "region", "value": {"atribute": "x"}}, '{"attribute": "…"}'),
            ({"field": "region"}, "needs a value"),
            ({"field": "region", "operator": "is_null", "value": 1}, "takes no value"),
            ({"field": "items", "value": "many"}, "many"),
            ({"field": "items", "operator": "contains", "value": "1"}, "is for text"),
            ({"field": "status", "value": "gone"}, "gone"),
            ({"field": "due_on", "value": "soon"}, "date"),
            ({"field": "document", "value": {"attribute": "x"}}, "is_null"),
            ({"field": "items", "value": {"field": "region"}}, "text"),
            ({"field": "region", "operator": "in", "value": "EU"}, "needs a list"),
        ],
    )
    def test_it_is_told_when_the_schema_is_read(self, filters: Any, told: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            check_rules(SHOP, ruled({"filters": filters}))
        assert told in caught.value.message

    def test_all_at_once(self) -> None:
        policy = AccessPolicy.load(
            {
                "tables": {
                    "orders": {
                        "rows": [{"filters": {"field": "items", "value": "many"}}, {"column": "x", "attribute": "x"}],
                        "columns": {"opens": {"last": 2}, "y": "hidden"},
                        "parent": "order_items",
                    },
                    "nothing": {"visible": False},
                    "refunds": {"parent": "odrer"},
                }
            }
        )
        with pytest.raises(ConfigurationError) as caught:
            check_rules(SHOP, policy)
        problems = caught.value.details["problems"]
        assert isinstance(problems, tuple)
        assert len(problems) == 7, problems  # pyright: ignore[reportUnknownArgumentType]


class TestParents:
    POLICY = AccessPolicy.load(
        {
            "tenant_column": "org",
            "tables": {
                "customers": {"tenant_column": "tenant_id"},
                "orders": {"parent": "customer", "rows": [{"column": "region", "attribute": "region"}]},
                "order_items": {"parent": "order"},
                "products": {"shared": True},
            },
        }
    )

    def test_it_inherits_every_rule_up_the_chain(self) -> None:
        statement = bound(
            {"source": "order_items", "measures": ["count"]}, self.POLICY, tenant="acme", attributes={"region": "EU"}
        )
        written = " ".join(statement.sql.split())
        assert (
            "FROM public.order_items WHERE EXISTS (SELECT 1 FROM public.orders AS parent "
            "WHERE parent.id = public.order_items.order_id AND (parent.region = $1::VARCHAR) AND (EXISTS (SELECT 1 "
            "FROM public.customers AS parent_2 WHERE parent_2.id = parent.customer_id AND "
            "(parent_2.tenant_id = $2::VARCHAR))))"
        ) in written
        assert statement.args[:2] == ("EU", "acme")

    def test_it_is_visible_where_its_parent_is(self) -> None:
        policy = AccessPolicy.load(
            {"tables": {"orders": {"visible_to": ["sales"]}, "order_items": {"parent": "order"}, "refunds": {}}}
        )
        assert not scope(SHOP, policy, RequestContext(user="u")).find("order_items")
        sales = scope(SHOP, policy, RequestContext(user="u", roles=frozenset({"sales"})))
        assert sales.find("order_items")

    def test_a_shared_parent_must_still_be_there(self) -> None:
        policy = AccessPolicy.load({"tables": {"orders": {"shared": True}, "order_items": {"parent": "order"}}})
        assert "EXISTS" in bound({"source": "order_items", "measures": ["count"]}, policy).sql

    def test_a_hidden_foreign_key_still_scopes(self) -> None:
        policy = AccessPolicy.load(
            {"tables": {"orders": {"rows": [{"column": "region", "attribute": "r"}]},
                        "order_items": {"parent": "order", "columns": {"order_id": "hidden"}}}}
        )  # fmt: skip
        statement = bound({"source": "order_items", "measures": ["count"]}, policy, attributes={"r": "EU"})
        assert "parent.id = public.order_items.order_id" in statement.sql

    def test_a_masked_key_of_the_parent_is_compared_raw(self) -> None:
        policy = AccessPolicy.load(
            {"tables": {"orders": {"columns": {"id": {"last": 2}, "region": "null"},
                                   "rows": [{"column": "region", "attribute": "r"}]},
                        "order_items": {"parent": "order"}}}
        )  # fmt: skip
        statement = bound({"source": "order_items", "measures": ["count"]}, policy, attributes={"r": "EU"})
        assert "parent.id = public.order_items.order_id AND (parent.region = $1::VARCHAR)" in statement.sql

    @pytest.mark.parametrize(
        ("tables", "told"),
        [
            ({"orders": {"parent": "order_items"}}, "many"),
            ({"orders": {"parent": "customers"}}, 'did you mean "customer"?'),
            ({"products": {"parent": "x"}}, "no to-one relationship"),
            ({"employees": {"parent": "manager"}}, "employees → employees"),
        ],
    )
    def test_what_is_no_parent(self, tables: Any, told: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            scoped_for(AccessPolicy.load({"tables": tables}))
        assert told in caught.value.message

    def test_a_circle_of_two(self) -> None:
        tables = {"addresses": {"parent": "customer"}, "orders": {"parent": "customer"}}
        scoped_for(AccessPolicy.load({"tables": tables}))


def masked(**columns: Any) -> ScopedSchema:
    return scoped_for(AccessPolicy.load({"tables": {"orders": {"columns": columns}}}))


class TestMasks:
    def test_forms(self) -> None:
        read = AccessPolicy.load(
            {"tables": {"t": {"columns": {
                "a": "hidden", "b": None, "c": {"constant": "x"}, "d": {"last": 4, "unless_roles": "admin"},
                "e": {"null": True}, "f": {"hidden": True, "unless_roles": ["a", "b"]},
            }}}}
        ).tables["t"].columns  # fmt: skip
        assert read == {
            "a": Mask.HIDDEN, "b": Mask.NULL, "c": Mask.constant("x"), "d": Mask.last(4).unless("admin"),
            "e": Mask.NULL, "f": Mask.HIDDEN.unless("a", "b"),
        }  # fmt: skip

    @pytest.mark.parametrize(
        "wrong",
        [
            "masked",
            {"last": -1},
            {"last": "x"},
            {"hidden": False},
            {},
            {"last": 1, "constant": 2},
            {"constant": None},
            4,
        ],
    )
    def test_no_form_is_guessed(self, wrong: Any) -> None:
        with pytest.raises(ConfigurationError):
            AccessPolicy.load({"tables": {"t": {"columns": {"a": wrong}}}})

    def test_types(self) -> None:
        orders = masked(
            region="null", items={"last": 2}, total={"constant": 0}, ratio={"constant": 0.5}, status={"constant": "x"},
            due_on={"constant": 7}, id={"last": 1},
        ).find("orders")  # fmt: skip
        assert orders is not None
        assert {name: str(orders.columns[name].type) for name in ("region", "items", "total", "ratio", "status", "due_on", "id")} == {
            "region": "text", "items": "text", "total": "numeric", "ratio": "double", "status": "text", "due_on": "bigint", "id": "text",
        }  # fmt: skip
        assert orders.columns["region"].nullable
        assert not orders.columns["due_on"].nullable
        assert orders.schema.key == ("id_raw",)
        assert "id_raw" not in orders.columns

    def test_a_masked_unique_column_proves_nothing(self) -> None:
        """By its masked value many rows may be joined, so the measure of the other side must not be multiplied."""
        join = {"table": "orders", "alias": "o", "on": [{"left": "reason", "right": "id"}]}
        definition = {"source": "refunds", "measures": ["sum(amount)"], "dimensions": ["o.region"], "joins": [join]}
        assert "DISTINCT" in compiled(definition, masked(id={"constant": "x"})).sql

    def test_a_masked_foreign_key_is_not_followed(self) -> None:
        scoped = masked(customer_id={"last": 1})
        orders, customers = scoped.find("orders"), scoped.find("customers")
        assert orders is not None
        assert customers is not None
        assert "customer" not in {each.name for each in orders.relationships}
        assert "orders" not in {each.name for each in customers.relationships}

    def test_only_columns(self) -> None:
        scoped = scoped_for(AccessPolicy(tables={"orders": TablePolicy(only_columns=frozenset({"id", "total"}))}))
        orders = scoped.find("orders")
        assert orders is not None
        assert orders.columns.keys() == {"id", "total"}
        assert "customer" not in {each.name for each in orders.relationships}

    @pytest.mark.parametrize("name", [column.name for column in SHOP.tables[2].columns])
    def test_every_type_can_be_null(self, name: str) -> None:
        """Also an array, whose type may be one that only the database can name."""
        scoped = masked(**{name: "null"})
        sql = compiled({"source": "orders", "columns": [name]}, scoped).sql
        assert "CAST(NULL AS" in sql or "CASE WHEN false THEN" in sql

    def test_what_is_read_of_a_parent_counts_as_read(self) -> None:
        """A kept answer is dropped when the parent changes."""
        policy = AccessPolicy.load({"tables": {"order_items": {"parent": "order"}}})
        found = compiled({"source": "order_items", "measures": ["count"]}, scoped_for(policy)).tables
        assert {ref.name for ref in found} == {"order_items", "orders"}

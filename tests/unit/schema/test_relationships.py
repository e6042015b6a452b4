from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.schema import (
    Cardinality,
    ColumnSchema,
    DataType,
    ForeignKey,
    TableRef,
    TableSchema,
    derive_relationships,
)


def table(
    name: str,
    *foreign_keys: ForeignKey,
    schema: str = "public",
    columns: str = "id",
    primary_key: tuple[str, ...] | None = ("id",),
    unique: tuple[tuple[str, ...], ...] = (),
    declared_key: tuple[str, ...] | None = None,
) -> TableSchema:
    names = dict.fromkeys([*columns.split(), *(name for key in foreign_keys for name in key.columns)])
    return TableSchema(
        schema_name=schema,
        name=name,
        columns=tuple(ColumnSchema(name=each, type=DataType.INTEGER, database_type="integer") for each in names),
        primary_key=primary_key,
        unique=unique,
        declared_key=declared_key,
        foreign_keys=foreign_keys,
    )


def key(columns: str, target: str, target_columns: str = "id", **more: object) -> ForeignKey:
    schema, _, name = target.rpartition(".")
    return ForeignKey.model_validate(
        {
            "constraint": f"{columns}_{target}_fkey".replace(" ", "_"),
            "columns": tuple(columns.split()),
            "target": TableRef(schema or "public", name),
            "target_columns": tuple(target_columns.split()),
            **more,
        }
    )


def named(tables: list[TableSchema]) -> dict[str, dict[str, str]]:
    """Per table its relationships: name → the table it leads to."""
    return {
        str(each.ref).removeprefix("public."): {
            relationship.name: str(relationship.target).removeprefix("public.") for relationship in each.relationships
        }
        for each in derive_relationships(tables)
    }


def only(tables: list[TableSchema], name: str) -> TableSchema:
    return next(each for each in derive_relationships(tables) if each.name == name)


def test_a_key_gives_both_of_its_tables_a_relationship():
    orders = table("orders", key("customer_id", "customers"))
    forward, back = (derived.relationships[0] for derived in derive_relationships([orders, table("customers")]))

    assert (forward.name, forward.inverse_name, forward.cardinality) == ("customer", "orders", Cardinality.MANY_TO_ONE)
    assert (forward.table, forward.columns) == (TableRef("public", "orders"), ("customer_id",))
    assert (forward.target, forward.target_columns) == (TableRef("public", "customers"), ("id",))
    assert forward.forward and forward.to_one and not forward.from_one

    assert (back.name, back.inverse_name, back.cardinality) == ("orders", "customer", Cardinality.ONE_TO_MANY)
    assert (back.table, back.columns) == (TableRef("public", "customers"), ("id",))
    assert (back.target, back.target_columns) == (TableRef("public", "orders"), ("customer_id",))
    assert not back.forward and not back.to_one and back.from_one


@pytest.mark.parametrize(
    ("columns", "target_columns", "name"),
    [
        ("customer_id", "id", "customer"),
        ("CUSTOMER_ID", "id", "CUSTOMER"),
        ("customer", "id", "people"),
        ("_id", "id", "people"),
        ("tenant_id customer_id", "tenant_id id", "people"),
    ],
)
def test_a_relationship_is_named_after_its_key_or_the_table_it_points_to(columns: str, target_columns: str, name: str):
    names = named([table("orders", key(columns, "people", target_columns)), table("people")])
    assert names == {"orders": {name: "people"}, "people": {"orders": "orders"}}


def test_relationships_that_would_share_a_name_are_each_called_via_their_columns():
    flights = table("flights", key("origin", "airports", "code"), key("dest", "airports", "code"))
    assert named([flights, table("airports")]) == {
        "flights": {"airports_via_origin": "airports", "airports_via_dest": "airports"},
        "airports": {"flights_via_origin": "flights", "flights_via_dest": "flights"},
    }


def test_only_the_end_whose_name_is_shared_changes_it():
    orders = table("orders", key("billing_address_id", "addresses"), key("delivery_address_id", "addresses"))
    assert named([orders, table("addresses")]) == {
        "orders": {"billing_address": "addresses", "delivery_address": "addresses"},
        "addresses": {
            "orders_via_billing_address_id": "orders",
            "orders_via_delivery_address_id": "orders",
        },
    }


def test_a_way_there_and_a_way_back_that_share_a_name():
    teams = table("teams", key("people_id", "staff"))
    people = table("people", key("team_id", "teams"))
    names = named([teams, people, table("staff")])
    assert names["teams"] == {"staff_via_people_id": "staff", "people_via_team_id": "people"}


def test_the_way_back_of_a_self_reference_is_always_via_its_columns():
    employees = table("employees", key("manager_id", "employees"))
    assert named([employees]) == {"employees": {"manager": "employees", "employees_via_manager_id": "employees"}}


def test_two_self_references_without_id():
    employees = table("employees", key("manager", "employees"), key("mentor", "employees"))
    assert named([employees]) == {
        "employees": dict.fromkeys(["manager", "mentor", "employees_via_manager", "employees_via_mentor"], "employees")
    }


def test_the_via_form_is_an_alias_where_it_is_not_the_name():
    tables = [table("orders", key("customer_id", "customers")), table("customers")]
    orders, customers = only(tables, "orders"), only(tables, "customers")
    assert orders.relationships[0].aliases == ("customers_via_customer_id",)
    assert orders.relationship("customers_via_customer_id") is orders.relationship("customer")
    assert customers.relationship("orders_via_customer_id") is customers.relationship("orders")


def test_a_name_gives_way_to_the_via_form_of_another():
    customers = table("customers")
    orders = table("orders", key("customer_id", "customers"))
    odd = table("orders_via_customer_id", key("customer_id", "customers"))
    derived = only([customers, orders, odd], "customers")
    assert {each.name: each.target.name for each in derived.relationships} == {
        "orders": "orders",
        "orders_via_customer_id_via_customer_id": "orders_via_customer_id",
    }
    assert derived.relationship("orders_via_customer_id") is derived.relationship("orders")


def test_tables_of_one_name_in_two_schemas():
    tables = [
        table("customers"),
        table("orders", key("customer_id", "customers"), schema="eu"),
        table("orders", key("customer_id", "customers"), schema="us"),
    ]
    assert named(tables)["customers"] == {
        "eu_orders_via_customer_id": "eu.orders",
        "us_orders_via_customer_id": "us.orders",
    }


def test_one_column_that_points_to_two_tables_of_one_name():
    orders = table("orders", key("customer_id", "eu.customers"), key("customer_id", "us.customers"))
    assert named([orders, table("customers", schema="eu"), table("customers", schema="us")])["orders"] == {
        "eu_customers_via_customer_id": "eu.customers",
        "us_customers_via_customer_id": "us.customers",
    }


def test_two_keys_over_the_same_columns_to_different_keys_of_one_table():
    orders = table("orders", key("customer_id", "customers"), key("customer_id", "customers", "number"))
    assert named([orders, table("customers")])["orders"] == {
        "public_customers_via_customer_id_to_id": "customers",
        "public_customers_via_customer_id_to_number": "customers",
    }


def test_what_no_name_can_tell_apart_is_numbered():
    orders = table(
        "orders", key("a_b c", "customers", "x y"), key("a b_c", "customers", "x y"), key("a_b_c", "customers", "x_y")
    )
    assert set(named([orders, table("customers")])["orders"]) == {
        "public_customers_via_a_b_c_to_x_y",
        "public_customers_via_a_b_c_to_x_y_2",
        "public_customers_via_a_b_c_to_x_y_3",
    }


def test_keys_that_pair_the_same_columns_collapse_into_one():
    orders = table(
        "orders",
        key("a b", "customers", "x y", constraint="first"),
        key("b a", "customers", "y x", constraint="second"),
        key("a b", "customers", "x y", constraint=None, name="buyer"),
    )
    (relationship,) = only([orders, table("customers")], "orders").relationships
    assert (relationship.constraint, relationship.name) == ("first", "buyer")


def test_a_key_to_a_table_that_is_not_there_is_passed_over():
    assert named([table("orders", key("customer_id", "customers"))]) == {"orders": {}}


def test_a_configured_name_stands_and_moves_no_other():
    flights = table("flights", key("origin", "airports", "code", name="from_airport"), key("dest", "airports", "code"))
    assert set(named([flights, table("airports")])["flights"]) == {"from_airport", "airports_via_dest"}

    declared = key("code", "customers", "code", constraint=None, name="holder", inverse_name="held")
    orders = table("orders", key("customer_id", "customers"), declared)
    assert named([orders, table("customers")]) == {
        "orders": {"customer": "customers", "holder": "customers"},
        "customers": {"orders": "orders", "held": "orders"},
    }


@pytest.mark.parametrize(
    ("columns", "child", "expected"),
    [
        ("user_id", {"unique": (("user_id",),)}, Cardinality.ONE_TO_ONE),
        ("user_id", {"primary_key": ("user_id",)}, Cardinality.ONE_TO_ONE),
        ("user_id", {"primary_key": None, "declared_key": ("user_id",)}, Cardinality.ONE_TO_ONE),
        ("tenant user_id", {"unique": (("user_id",),)}, Cardinality.ONE_TO_ONE),
        ("tenant user_id", {"unique": (("user_id", "tenant"),)}, Cardinality.ONE_TO_ONE),
        ("user_id", {"unique": (("user_id", "tenant"),)}, Cardinality.MANY_TO_ONE),
        ("user_id", {}, Cardinality.MANY_TO_ONE),
    ],
)
def test_one_to_one_is_proven_by_a_key_within_the_columns(columns: str, child: dict[str, object], expected: str):
    targets = " ".join("abc"[: len(columns.split())])
    profiles = table("profiles", key(columns, "users", targets), columns="id user_id tenant", **child)  # type: ignore[arg-type] # keywords of table()
    tables = derive_relationships([profiles, table("users")])
    inverse = Cardinality.ONE_TO_ONE if expected is Cardinality.ONE_TO_ONE else Cardinality.ONE_TO_MANY
    assert [each.relationships[0].cardinality for each in tables] == [expected, inverse]


schemas = st.sampled_from(["public", "s"])
tables_ = st.sampled_from(["a", "b", "a_via_b_id", "b_id"])
columns_ = st.lists(st.sampled_from(["a", "a_id", "b_id", "b", "b_id_a"]), min_size=1, max_size=2, unique=True)
keys = st.tuples(schemas, tables_, columns_, schemas, tables_, st.booleans())


@given(st.lists(keys, max_size=8), st.randoms(use_true_random=False))
def test_names_are_unique_and_independent_of_order(drawn: list[tuple], random: random.Random):
    foreign: dict[tuple[str, str], list[ForeignKey]] = {
        pair: [] for pair in itertools.product(["public", "s"], ["a", "b", "a_via_b_id", "b_id"])
    }
    for number, (schema, name, columns, to_schema, to, flipped) in enumerate(drawn):
        target_columns = ["x", "y"][: len(columns)]
        if flipped:
            target_columns.reverse()
        to_key = key(" ".join(columns), f"{to_schema}.{to}", " ".join(target_columns), constraint=f"c{number}")
        foreign[schema, name].append(to_key)
    tables = [table(name, *keys, schema=schema) for (schema, name), keys in foreign.items()]
    derived = derive_relationships(tables)

    for each in derived:
        accepted = [name for it in each.relationships for name in (it.name, *it.aliases)]
        assert len(accepted) == len(set(accepted))
        for it in each.relationships:
            inverse = next(t for t in derived if t.ref == it.target).relationship(it.inverse_name)
            assert inverse is not None
            assert (inverse.target, inverse.inverse_name, inverse.columns) == (each.ref, it.name, it.target_columns)

    shuffled = [each.model_copy(update={"foreign_keys": tuple(mixed(each.foreign_keys, random))}) for each in tables]
    again = {each.ref: each.relationships for each in derive_relationships(mixed(shuffled, random))}
    assert again == {each.ref: each.relationships for each in derived}


def mixed(items, random: random.Random) -> list:
    items = list(items)
    random.shuffle(items)
    return items

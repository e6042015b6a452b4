"""What a path leads to, and when a bare table name is enough."""

from __future__ import annotations

from typing import Any

import pytest

from prismiq.access import AccessPolicy, RequestContext, TablePolicy, scope
from prismiq.errors import IssueCode
from unit.schemas import SHOP, compiled, counted, database, planned, refusal, scoped_for, table


def source_of(field: str | dict[str, Any], source: str = "orders") -> str:
    """The column that a field leads to, in the relation it is read from."""
    return str(planned({"source": source, "dimensions": [{"field": field, "name": "x"}]}).outputs[0].source)


@pytest.mark.parametrize(
    ("source", "field", "column"),
    [
        ("orders", "total", "orders.total"),
        ("orders", "orders.total", "orders.total"),
        ("orders", "public.orders.total", "orders.total"),
        ("orders", "customer.name", "customers.name"),
        ("orders", {"path": ["customer", "name"]}, "customers.name"),
        ("orders", "orders.customer.name", "customers.name"),
        ("orders", "customers_via_customer_id.name", "customers.name"),
        ("orders", "billing_address.city", "addresses.city"),
        ("orders", "billing_address.customer.name", "customers.name"),
        ("orders", "order_items.product.name", "products.name"),
        ("orders", "products.name", "products.name"),
        ("customers", "orders.total", "orders.total"),
        ("orders", "customer.addresses.city", "addresses.city"),
        ("employees", "manager.manager.name", "employees.name"),
        ("employees", "employees_via_manager_id.name", "employees.name"),
        ("employees", "employees.name", "employees.name"),
        ("employees", "quotas.id", "quotas.id"),
        ("employees", "sales.quotas.id", "quotas.id"),
        ("sales.quotas", "employee.name", "employees.name"),
        ("sales.quotas", "employees.name", "employees.name"),
    ],
)
def test_a_path_leads_to_one_column(source: str, field: Any, column: str) -> None:
    assert source_of(field, source) == column


def test_a_bare_table_name_with_two_ways_lists_them() -> None:
    issue = refusal(counted(dimensions=["addresses.city"]))
    assert (issue.loc, issue.code) == (("dimensions", 0, "field"), IssueCode.AMBIGUOUS_PATH)
    assert "addresses" in issue.message
    for path in ("billing_address", "shipping_address", "customer.addresses"):
        assert path in str(issue.hint)


def test_only_ways_that_the_caller_may_go_are_listed() -> None:
    policy = AccessPolicy(tables={"customers": TablePolicy(visible=False)})
    issue = refusal(counted(dimensions=["addresses.city"]), scoped_for(policy))
    assert issue.code is IssueCode.AMBIGUOUS_PATH
    assert "billing_address, shipping_address." in str(issue.hint)
    assert "customer" not in f"{issue.message}{issue.hint}"


def test_the_same_path_is_the_same_join_everywhere() -> None:
    definition = counted(
        dimensions=["customer.segment", "customers_via_customer_id.name"],
        measures=[{"aggregate": "max", "field": "customer.birthday"}],
        filters=[{"field": "orders.customer.active", "value": True}],
    )
    assert compiled(definition).sql.count("public.customers") == 1


def test_two_paths_to_one_table_are_two_joins() -> None:
    definition = counted(dimensions=["billing_address.city", "shipping_address.city"])
    assert compiled(definition).sql.count("public.addresses") == 2


CROWD = 30


def crowd() -> list[Any]:
    """Tables with so many ways between them that a search for all of them never ends."""
    return [
        table("hub", "id bigint"),
        *(
            table(
                f"spoke_{index}", "id bigint", "hub_id bigint", "a bigint", "b bigint", "c bigint",
                links={
                    "hub_id": "hub",
                    **{name: f"spoke_{(index + step) % CROWD}" for name, step in (("a", 1), ("b", 7), ("c", 11))},
                },
            )
            for index in range(CROWD)
        ),
    ]  # fmt: skip


def chain(length: int, target: str) -> list[Any]:
    return [
        table(f"link_{index}", "id bigint", "next_id bigint", links={"next_id": f"link_{index + 1}" if index < length else target})
        for index in range(length + 1)
    ]  # fmt: skip


def test_a_second_way_counts_however_far_the_search_would_have_to_go() -> None:
    start = table(
        "start", "id bigint", "t bigint", "hub_id bigint", "link bigint",
        links={"t": "targets", "hub_id": "hub", "link": "link_0"},
    )  # fmt: skip
    tables = [start, table("targets", "id bigint", "code text"), *crowd(), *chain(8, "targets")]
    definition = {"source": "start", "measures": ["count"], "dimensions": ["public.targets.code"]}
    issue = refusal(definition, scope(database(*tables), None, None))
    assert issue.code is IssueCode.AMBIGUOUS_PATH
    assert issue.hint == "Write the path: targets, …."


def test_the_only_way_is_found_in_a_crowd() -> None:
    start = table("start", "id bigint", "t bigint", "hub_id bigint", links={"t": "targets", "hub_id": "hub"})
    tables = [start, table("targets", "id bigint", "code text"), *crowd()]
    definition = {"source": "start", "measures": ["count"], "dimensions": ["public.targets.code"]}
    assert "public.targets" in compiled(definition, scope(database(*tables), None, None)).sql


def test_a_name_in_two_schemas_needs_its_schema() -> None:
    schema = database(table("a.notes", "id bigint"), table("b.notes", "id bigint"), table("orders", "id bigint"))
    issue = refusal({"source": "notes", "measures": ["count"]}, scope(schema, None, None))
    assert (issue.loc, issue.code) == (("source",), IssueCode.AMBIGUOUS_PATH)
    assert "a.notes" in str(issue.hint)
    planned({"source": "b.notes", "measures": ["count"]}, scope(schema, None, None))


def test_a_role_never_changes_what_a_name_means() -> None:
    """With one of two tables hidden the bare name does not begin to mean the other."""
    schema = database(table("a.notes", "id bigint"), table("b.notes", "id bigint"))
    hidden = scope(
        schema, AccessPolicy(tables={"a.notes": TablePolicy(visible_to=frozenset({"boss"}))}), RequestContext(user="u")
    )
    issue = refusal({"source": "notes", "measures": ["count"]}, hidden)
    assert issue.code is IssueCode.UNKNOWN_TABLE
    assert "a.notes" not in f"{issue.message}{issue.hint}"


def test_a_way_that_is_hidden_still_makes_a_name_ambiguous() -> None:
    policy = AccessPolicy(tables={"addresses": TablePolicy(visible_to=frozenset({"boss"}))})
    open_way = counted(dimensions=["customers.name"])
    assert refusal(open_way).code is IssueCode.AMBIGUOUS_PATH
    issue = refusal(open_way, scoped_for(policy))
    assert issue.code is IssueCode.AMBIGUOUS_PATH
    assert issue.hint == "Write the path: customer."


def test_an_alias_of_the_planners_own_is_left_alone() -> None:
    """One row without columns goes by a name that a table may have, too."""
    schema = database(
        table("parents", "id bigint"),
        table("one", "id bigint", "parent_id bigint", "v integer", links={"parent_id": "parents"}),
        table("two", "id bigint", "parent_id bigint", "v integer", links={"parent_id": "parents"}),
    )
    both = {"not": [{"field": "one.v", "value": 5}, {"field": "two.v", "value": 5}]}
    sql = compiled({"source": "parents", "measures": ["count"], "filters": both}, scope(schema, None, None)).sql
    assert sql.count("AS one ") == 1
    assert "public.one AS one_2" in sql


def test_the_unscoped_schema_is_not_what_a_path_reads() -> None:
    policy = AccessPolicy(tables={"customers": TablePolicy(visible=False)})
    assert SHOP.by_bare_name["customers"]
    assert refusal(counted(dimensions=["customer.name"]), scoped_for(policy)).code is IssueCode.UNKNOWN_FIELD

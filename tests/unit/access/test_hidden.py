"""What is hidden does not exist: it is told of in the very words that are used for what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prismiq.access import AccessPolicy, Mask, RequestContext, ScopedSchema, TablePolicy, scope
from prismiq.access.visible import visible_schema
from prismiq.errors import Issue
from prismiq.schema.models import Cardinality, ForeignKey, TableRef
from unit.schemas import SHOP, Definition, column, compiled, counted, database, planned, refusals, scoped_for, table

HIDDEN, MISSING = "sxcret", "mxssing"
"""Names of one length that nothing else is like, so that answers differ in the name or not at all."""


def link(own: str, target: str, **more: Any) -> ForeignKey:
    facts = {
        "constraint": f"{own}_fkey",
        "columns": (own,),
        "target": TableRef("public", target),
        "target_columns": ("id",),
    }
    return ForeignKey.model_validate(facts | more)


SCHEMA = database(
    table(
        "orders", "id bigint", "total numeric?", "customer_id bigint?", f"{HIDDEN} text?", "q bigint?",
        foreign_keys=(
            link("customer_id", "customers"),
            link("q", f"{HIDDEN}s", name=HIDDEN),  # a relationship called as the column is
        ),
    ),
    table("customers", "id bigint", "name text", f"{HIDDEN} text?"),
    table(f"{HIDDEN}s", "id bigint", "name text"),
    table(f"deep.{HIDDEN}z", "id bigint", "order_id bigint", links={"order_id": "orders"}),
)  # fmt: skip
POLICY = AccessPolicy(
    tables={
        "orders": TablePolicy(columns={HIDDEN: Mask.HIDDEN}),
        "customers": TablePolicy(columns={HIDDEN: Mask.HIDDEN}),
        f"{HIDDEN}s": TablePolicy(visible_to=frozenset({"boss"})),
        f"deep.{HIDDEN}z": TablePolicy(visible=False),
    }
)
SCOPED = scope(SCHEMA, POLICY, RequestContext(user="u"))


def measured(**parts: Any) -> Definition:
    return counted(measures=[{"aggregate": "count", **parts}])


POSITIONS: dict[str, Callable[[str], Definition]] = {
    "source": lambda name: counted(source=f"{name}s"),
    "source with its schema": lambda name: counted(source=f"public.{name}s"),
    "source in another schema": lambda name: counted(source=f"deep.{name}z"),
    "dimension": lambda name: counted(dimensions=[name]),
    "dimension as a path": lambda name: counted(dimensions=[{"field": {"path": [name]}}]),
    "dimension of a relation": lambda name: counted(dimensions=[f"customer.{name}"]),
    "path's middle": lambda name: counted(dimensions=[f"{name}.name"]),
    "path's start at the source": lambda name: counted(dimensions=[f"orders.{name}.name"]),
    "bare table name": lambda name: counted(dimensions=[f"{name}s.name"]),
    "table name with its schema": lambda name: counted(dimensions=[f"deep.{name}z.id"]),
    "way back": lambda name: counted(dimensions=[f"{name}z.id"]),
    "column": lambda name: {"source": "orders", "columns": ["id", name]},
    "column expression": lambda name: {"source": "orders", "columns": [{"name": "x", "expression": f"{name} || 'a'"}]},
    "dimension expression": lambda name: counted(dimensions=[{"name": "x", "expression": f"lower(customer.{name})"}]),
    "measure field": lambda name: measured(field=name),
    "measure expression": lambda name: measured(expression=f"upper({name})", name="x"),
    "measure table": lambda name: measured(table=name),
    "measure table by its bare name": lambda name: measured(table=f"{name}s"),
    "measure grain": lambda name: measured(grain=name),
    "measure filter": lambda name: measured(filters={"field": name, "value": "a"}),
    "filter": lambda name: counted(filters=[{"field": name, "value": "a"}]),
    "filter of another type": lambda name: counted(filters=[{"field": name, "operator": "gt", "value": [1, {}]}]),
    "filter inside": lambda name: counted(filters={"not": {"or": [{"field": f"customer.{name}", "value": "a"}]}}),
    "filter expression": lambda name: counted(filters={"expression": f"{name} is null"}),
    "exists": lambda name: counted(filters={"exists": name}),
    "exists by bare name": lambda name: counted(filters={"exists": f"{name}s"}),
    "exists by schema": lambda name: counted(filters={"exists": f"deep.{name}z"}),
    "exists filter": lambda name: counted(filters={"exists": "customer", "filters": {"field": name, "value": "a"}}),
    "having": lambda name: counted(having={"field": name, "operator": "gt", "value": 1}),
    "having expression": lambda name: counted(having={"expression": f"{name} > 1"}),
    "order": lambda name: counted(order_by=[name]),
    "order of rows": lambda name: {"source": "orders", "columns": ["id"], "order_by": [f"-{name}"]},
    "order of rows by a path": lambda name: {"source": "orders", "columns": ["id"], "order_by": [f"{name}.name"]},
    "calculation": lambda name: counted(calculations=[{"name": "x", "expression": f"{name} * 2"}]),
}


def _told(issue: Issue, name: str) -> Issue:
    return Issue(issue.loc, issue.code, issue.message.replace(name, "…"), str(issue.hint).replace(name, "…"))


@pytest.mark.parametrize("position", POSITIONS)
def test_hidden_and_missing_are_told_in_the_same_words(position: str) -> None:
    ask = POSITIONS[position]
    hidden, missing = refusals(ask(HIDDEN), SCOPED), refusals(ask(MISSING), SCOPED)
    assert [_told(issue, HIDDEN) for issue in hidden] == [_told(issue, MISSING) for issue in missing]


@pytest.mark.parametrize("position", [each for each in POSITIONS if each not in ("having", "order", "calculation")])
def test_a_name_like_a_hidden_one_is_not_led_to_it(position: str) -> None:
    slip = HIDDEN[:-1]
    for issue in refusals(POSITIONS[position](slip), SCOPED):
        assert HIDDEN not in f"{issue.message}{issue.hint}"


@pytest.mark.parametrize("position", ["dimension", "filter", "measure field", "path's middle", "column", "exists"])
def test_it_does_exist_without_the_policy(position: str) -> None:
    """Else the tests above would compare two missing names."""
    if position == "dimension":
        assert HIDDEN in compiled(POSITIONS[position](HIDDEN), scope(SCHEMA, None, None)).sql
    planned(POSITIONS[position](HIDDEN), scope(SCHEMA, None, None))


class TestHiddenForeignKeys:
    policy = AccessPolicy(tables={"orders": TablePolicy(columns={"customer_id": Mask.HIDDEN})})
    scoped = scoped_for(policy)

    @pytest.mark.parametrize(
        "definition",
        [
            counted(dimensions=["customer.name"]),
            counted(filters={"exists": "customer"}),
            {"source": "customers", "measures": [{"aggregate": "count", "table": "orders"}]},
            {"source": "customers", "measures": ["count"], "filters": {"exists": "orders"}},
            {"source": "customers", "measures": ["count"], "dimensions": ["orders_via_customer_id.status"]},
        ],
    )
    def test_it_cannot_be_followed_from_either_side(self, definition: Definition) -> None:
        planned(definition)
        assert refusals(definition, self.scoped)

    def test_other_keys_can(self) -> None:
        planned(counted(dimensions=["billing_address.city"]), self.scoped)
        planned(counted(dimensions=["billing_address.customer.name"]), self.scoped)

    def test_a_hidden_key_still_tells_rows_apart(self) -> None:
        scoped = scoped_for(AccessPolicy(tables={"orders": TablePolicy(columns={"id": Mask.HIDDEN})}))
        definition = counted(measures=[{"aggregate": "sum", "field": "total"}], dimensions=["order_items.product.name"])
        assert "SELECT DISTINCT" in compiled(definition, scoped).sql
        assert "orders.id AS key" in compiled(definition, scoped).sql
        assert refusals(counted(dimensions=["id"]), scoped)

    def test_a_column_that_the_configuration_hides_is_still_joined_by(self) -> None:
        schema = database(
            table("a", "id bigint"),
            table("b", "id bigint", column("a_id bigint", hidden=True), links={"a_id": "a"}),
        )
        scoped = scope(schema, None, None)
        planned({"source": "b", "dimensions": ["a.id"], "measures": ["count"]}, scoped)
        assert refusals({"source": "b", "dimensions": ["a_id"], "measures": ["count"]}, scoped)


class TestVisibleSchema:
    def dumped(self, scoped: ScopedSchema) -> str:
        return visible_schema(scoped).model_dump_json()

    def test_it_names_nothing_that_is_hidden(self) -> None:
        assert HIDDEN in self.dumped(scope(SCHEMA, None, None))
        assert HIDDEN not in self.dumped(SCOPED)

    def test_wherever_a_name_could_stand(self) -> None:
        """Keys, foreign keys, relationships with their aliases, generated columns, declared keys."""
        schema = database(
            table(
                "things", "id bigint", "a_id bigint", "b_id bigint", "sxcret bigint",
                column("twice bigint", generated=True, default="(sxcret * 2)"),
                column("sxcret_by_all bigint", hidden=True),
                key=("id", "sxcret"),
                unique=(("sxcret",), ("a_id",)),
                foreign_keys=(
                    link("a_id", "sxcret_table", constraint=None),  # declared, and so called alike
                    link("b_id", "plain", constraint=None),
                    link("sxcret_by_all", "other"),
                ),
            ),
            table("other", "id bigint", "sxcret bigint", unique=(("sxcret",),)),
            table("sxcret_table", "id bigint"),
            table("plain", "id bigint"),
            table(
                "child", "id bigint", "other_ref bigint",
                foreign_keys=(link("other_ref", "other", target_columns=("sxcret",)),),
            ),
        )  # fmt: skip
        columns = {"sxcret": Mask.HIDDEN}
        policy = AccessPolicy(
            tables={
                "things": TablePolicy(columns=columns),
                "other": TablePolicy(columns=columns),
                "sxcret_table": TablePolicy(visible=False),
            }
        )
        scoped = scope(schema, policy, RequestContext(user="u"))
        assert "sxcret" in self.dumped(scope(schema, None, None))
        assert "sxcret" not in self.dumped(scoped)
        shown = {table.name: table for table in visible_schema(scoped).tables}
        assert [each.name for each in shown["things"].relationships] == ["b", "other"]
        assert [each.name for each in shown["child"].relationships] == ["other"]
        assert [key.columns for key in shown["things"].foreign_keys] == [("b_id",)]
        assert shown["things"].primary_key is None
        assert shown["things"].unique == (("a_id",),)

    def test_a_reduced_table_does_not_tell_how_many_rows_all_have(self) -> None:
        schema = database(
            table("orders", "id bigint", "tenant_id text", row_estimate=7, size_bytes=9),
            table("plans", "id bigint", row_estimate=5, size_bytes=5),
        )
        policy = AccessPolicy(tenant_column="tenant_id", tables={"plans": TablePolicy(shared=True)})
        orders, plans = visible_schema(scope(schema, policy, RequestContext(user="u", tenant="a"))).tables
        assert (orders.row_estimate, orders.size_bytes) == (None, None)
        assert (plans.row_estimate, plans.size_bytes) == (5, 5)

    def test_what_is_visible_is_shown_whole(self) -> None:
        shown = visible_schema(scope(SHOP, None, None))
        assert [table.model_dump() for table in shown.tables] == [table.model_dump() for table in SHOP.tables]
        assert all(each.cardinality in Cardinality for table in shown.tables for each in table.relationships)

    def test_a_copy_remembers_nothing_of_the_whole(self) -> None:
        """`by_name` and its like are computed once and kept with a model."""
        for each in SCHEMA.tables:
            assert each.by_name
            assert each.key
        for each in visible_schema(SCOPED).tables:
            assert HIDDEN not in each.by_name

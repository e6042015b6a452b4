"""Every table in a statement stands inside a relation that already holds the caller's row rules."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from prismiq.access import AccessPolicy, RowFilter, TablePolicy
from prismiq.plan import PASSES
from prismiq.sql import build
from unit.schemas import SHOP, Definition, counted, planned, scoped_for

POLICY = AccessPolicy(
    tenant_column="tenant_id",
    tables={
        "products": TablePolicy(shared=True),
        "refunds": TablePolicy(rows=(RowFilter(column="reason", attribute="reasons", operator="in"),)),
        "customers": TablePolicy(rows=(RowFilter(column="segment", attribute="segment"),)),
    },
)
RULED = {table.name: {"tenant_id"} for table in SHOP.tables} | {
    "products": set(),
    "refunds": {"tenant_id", "reason"},
    "customers": {"tenant_id", "segment"},
}
SCOPED = scoped_for(POLICY)
PATHS = ["customer.segment", "order_items.product.name", "refunds.reason", "billing_address.city"]
OR = {"or": [{"field": path, "value": "x"} for path in PATHS]}

QUESTIONS: dict[str, Definition] = {
    "one table": counted(),
    "joined": counted(dimensions=PATHS),
    "branches": counted(
        dimensions=["status"],
        measures=["count", *({"aggregate": "count", "field": path} for path in PATHS)],
    ),
    "filters": counted(filters=OR),
    "negated": counted(filters={"not": OR}),
    "together": counted(filters=[{"not": {"and": [{"field": path, "value": "x"} for path in PATHS]}}]),
    "exists": counted(filters={"not": {"exists": "customer.addresses", "filters": {"field": "customer.name", "value": "x"}}}),
    "exists in exists": counted(filters={"exists": "refunds", "filters": {"exists": "order.order_items"}}),
    "exists beside": counted(
        filters={"not": {"and": [{"field": "order_items.quantity", "value": 1}, {"exists": "refunds"}]}}
    ),
    "measure filters": counted(measures=[{"aggregate": "count", "name": p, "filters": {"field": p, "value": "x"}} for p in PATHS]),
    "expressions": counted(filters={"expression": "order_items.quantity * 2 > customer.id"}),
    "rows": {"source": "orders", "columns": ["id", *PATHS[:2]], "filters": OR, "order_by": ["billing_address.city"]},
    "loop": {"source": "employees", "columns": ["manager.manager.name"], "filters": {"exists": "employees_via_manager_id"}},
    "no key": {"source": "events", "dimensions": ["customer.name"], "filters": [{"field": "customer.orders.status", "value": "paid"}]},
}  # fmt: skip


CONFIGURATIONS: dict[str, frozenset[str]] = {
    "all": PASSES,
    "none": frozenset(),
    **{f"without {name}": PASSES - {name} for name in sorted(PASSES)},
}


def entries(sql: str) -> list[tuple[str, set[str]]]:
    """Each place where a table is named in FROM or JOIN: the table, and the columns that rules compare there."""
    tree = sqlglot.parse_one(sql, read="postgres")
    found: list[tuple[str, set[str]]] = []
    for each in tree.find_all(exp.Table):
        select = each.find_ancestor(exp.Select)
        assert isinstance(select, exp.Select)
        condition = select.args.get("where")
        alone = not select.args.get("joins") and select.args["from_"].this is each
        if not alone or condition is None or each.alias:  # in a relation of its own the table has no alias
            found.append((each.name, set()))
            continue
        parts = list(condition.this.flatten()) if isinstance(condition.this, exp.And) else [condition.this]
        assert all(isinstance(part, exp.EQ) for part in parts), sql
        found.append(
            (each.name, {column.name for part in parts for column in [part.this] if isinstance(column, exp.Column)})
        )
    return found


ASKED = [
    (question, name) for question in QUESTIONS for name in CONFIGURATIONS if (question, name) != ("no key", "none")
]
"""Without any optimisation a table without a key is refused wherever it is counted."""


@pytest.mark.parametrize(("question", "passes"), ASKED)
def test_no_table_enters_beside_its_rules(question: str, passes: str) -> None:
    sql = build(planned(QUESTIONS[question], SCOPED, passes=CONFIGURATIONS[passes])).sql
    found = entries(sql)
    assert found
    for name, ruled in found:
        assert ruled == RULED[name], f"{name} in {sql}"


def test_the_check_would_see_a_table_without_its_rules() -> None:
    assert entries("SELECT 1 FROM public.orders AS orders WHERE orders.tenant_id = $1") == [("orders", set())]
    assert (
        entries("SELECT 1 FROM (SELECT o.id FROM public.orders AS o JOIN public.refunds ON true) AS x")[0][1] == set()
    )
    ruled = "SELECT 1 FROM (SELECT public.orders.id FROM public.orders WHERE public.orders.tenant_id = $1::TEXT) AS o"
    assert entries(ruled) == [("orders", {"tenant_id"})]

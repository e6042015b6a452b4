"""Under a policy the database is a smaller one, and nothing tells that there is more.

For each kind of rule two databases: the shop under the rule, and a shop changed by hand into what the rule leaves of it,
without the rule. The same caller asks both the same questions, in every place of a definition and at every endpoint,
and gets the same bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest

from prismiq.access import AccessPolicy, RequestContext
from prismiq.engine import PrismiqEngine
from prismiq.schema import SchemaConfiguration
from security.callers import asking, client_for, host
from security.places import places
from security.test_hidden_is_missing import seen

WHO = RequestContext(user="ada", tenant="acme", attributes={"regions": ["EU"]})
LAST = "CASE WHEN length({0}::text) > {1} THEN '***' || right({0}::text, {1}) WHEN {0} IS NOT NULL THEN '***' END"
REST: dict[str, Any] = {"plans": {"shared": True}, "sales.regions": {"shared": True}}


@dataclass(frozen=True)
class Smaller:
    """A policy, and the same seen as a database: `sql` makes it of the shop, `left` are the rules that it leaves."""

    tables: dict[str, Any]
    sql: str
    asked: Mapping[str, tuple[str, ...]]
    """The fields in question, by the table that is asked."""
    left: dict[str, Any] = field(default_factory=dict[str, Any])
    setup: str = "SELECT 1"
    policy: dict[str, Any] = field(default_factory=lambda: {"tenant_column": "tenant_id"})
    configuration: dict[str, Any] = field(default_factory=dict[str, Any])


CASES: dict[str, Smaller] = {
    "masks": Smaller(
        tables={
            "customers": {"columns": {"phone": {"last": 4}, "segment": {"constant": "***"}, "country": {"last": 1}}},
            "orders": {"columns": {"discount": "null", "due_on": {"constant": 7}}},
            "employees": {"columns": {"salary": {"constant": 0}, "name": {"last": 2, "unless_roles": ["hr"]}}},
        },
        sql=f"""
            ALTER TABLE customers ALTER phone TYPE text USING {LAST.format("phone", 4)};
            ALTER TABLE customers ALTER country TYPE text USING {LAST.format("country", 1)};
            UPDATE customers SET segment = '***';
            ALTER TABLE customers ALTER segment SET NOT NULL;
            UPDATE orders SET discount = NULL;
            ALTER TABLE orders ALTER due_on TYPE bigint USING 7, ALTER due_on SET NOT NULL;
            ALTER TABLE employees ALTER salary TYPE numeric USING 0;
            ALTER TABLE employees ALTER name TYPE text USING {LAST.format("name", 2)};
        """,
        asked={
            "customers": ("phone", "segment", "country", "orders.discount", "orders.due_on"),
            "orders": ("customer.phone", "discount", "due_on", "customer.segment"),
            "employees": ("salary", "name", "manager.salary", "manager.name"),
        },
    ),
    "rows of a parent": Smaller(
        tables={
            "order_items": {"parent": "order"},
            "orders": {"rows": [{"filters": {"or": [{"field": "region", "operator": "in", "value": {"attribute": "regions"}},
                                                    {"not": {"field": "total", "operator": "gt", "value": 10}}]}}]},
            "refunds": {"parent": "order"},
        },
        sql="""
            DELETE FROM order_items WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = order_id AND tenant_id = 'acme'
                AND (region = 'EU' OR NOT total > 10));
            DELETE FROM refunds WHERE order_id IS NULL OR NOT EXISTS (SELECT FROM orders WHERE orders.id = order_id
                AND tenant_id = 'acme' AND (region = 'EU' OR NOT total > 10));
        """,
        left={
            "order_items": {"rows": [{"filters": {"field": "id", "operator": "is_not_null"}}]},
            "orders": {"rows": [{"filters": {"or": [{"field": "region", "value": "EU"},
                                                    {"not": {"field": "total", "operator": "gt", "value": 10}}]}}]},
        },
        asked={
            "order_items": ("quantity", "order.region", "order.customer.name", "product.name", "nothing"),
            "orders": ("order_items.quantity", "refunds.amount", "order_items.order.total"),
            "refunds": ("amount", "order.region"),
        },
    ),
    "columns of a role, and a table below an invisible one": Smaller(
        tables={
            "customers": {"columns": {"phone": {"hidden": True, "unless_roles": ["support"]}}},
            "products": {"only_columns": ["id", "tenant_id", "name", "category", "sku"]},
            "orders": {"visible_to": ["sales"]},
            "order_items": {"parent": "order"},
            "refunds": {"parent": "order"},
        },
        sql="""
            ALTER TABLE customers DROP COLUMN phone;
            ALTER TABLE products DROP COLUMN list_price, DROP COLUMN weight_kg, DROP COLUMN attributes, DROP COLUMN tags;
            DROP TABLE order_items, refunds; DROP TABLE orders CASCADE;
        """,
        asked={
            "customers": ("phone", "phon", "orders.total", "orders", "segment"),
            "products": ("list_price", "tags", "order_items.quantity", "name"),
            "orders": ("total",),
            "order_items": ("quantity",),
        },
        setup="DROP VIEW customer_totals; DROP MATERIALIZED VIEW monthly_revenue",
        configuration={
            "dimensions": {
                "phone": {"table": "customers", "expression": "coalesce(segment, 'none')"},
                "list_price": {"table": "products", "field": "category"},
            }
        },
    ),
    "a schema per tenant": Smaller(
        setup="""
            CREATE SCHEMA tenant_acme; CREATE SCHEMA tenant_globex; CREATE SCHEMA shared; CREATE SCHEMA other;
            CREATE TABLE shared.plans (id int PRIMARY KEY, name text);
            INSERT INTO shared.plans VALUES (1, 'free'), (2, 'team');
            CREATE TABLE tenant_acme.clients (id int PRIMARY KEY, name text, plan_id int REFERENCES shared.plans);
            CREATE TABLE tenant_acme.jobs (id int PRIMARY KEY, client_id int REFERENCES tenant_acme.clients, hours int);
            INSERT INTO tenant_acme.clients VALUES (1, 'Ada', 1), (2, 'Bob', 2);
            INSERT INTO tenant_acme.jobs VALUES (1, 1, 5), (2, 1, 7), (3, 2, 1);
            CREATE TABLE tenant_globex.clients (id int PRIMARY KEY, secret text, plan_id int REFERENCES shared.plans);
            CREATE TABLE tenant_globex.weapons (id int PRIMARY KEY, client_id int REFERENCES tenant_globex.clients,
                acme_id int REFERENCES tenant_acme.clients);
            CREATE TABLE other.audit (id int PRIMARY KEY, client_id int REFERENCES tenant_acme.clients);
            INSERT INTO tenant_globex.clients VALUES (9, 'Zed', 1);
        """,
        tables={},
        sql="DROP SCHEMA tenant_globex CASCADE; DROP SCHEMA other CASCADE; DROP SCHEMA sales CASCADE; "
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
        policy={"schema_per_tenant": "tenant_{tenant}", "shared_schemas": ["shared"]},
        asked={
            "clients": ("name", "secret", "plan.name", "jobs.hours", "weapons.id", "weapons", "audit.id", "tenant_globex.clients.secret"),
            "jobs": ("hours", "client.name", "client.plan.name", "client.weapons.id"),
            "plans": ("name", "clients.name", "clients_via_plan_id.name", "weapons.id", "clients.jobs.hours"),
            "tenant_acme.clients": ("name",),
            "tenant_globex.clients": ("id", "secret"),
            "other.audit": ("id",),
            "weapons": ("id",),
            "orders": ("id",),
            "shared.plans": ("name",),
        },
    ),
}  # fmt: skip


@dataclass
class Pair:
    ruled: httpx.AsyncClient
    changed: httpx.AsyncClient

    async def ask(self, method: str, path: str, **how: Any) -> tuple[httpx.Response, httpx.Response]:
        return (
            await asking(self.ruled, "who")(method, path, **how),
            await asking(self.changed, "who")(method, path, **how),
        )


@pytest.fixture(params=CASES)
async def case(request: pytest.FixtureRequest) -> Smaller:
    return CASES[request.param]


@pytest.fixture
async def pair(case: Smaller, shop_dsn: str, second_shop_dsn: str) -> AsyncIterator[Pair]:
    for dsn, sql in ((shop_dsn, case.setup), (second_shop_dsn, case.setup + ";" + case.sql)):
        connection = await asyncpg.connect(dsn)
        await connection.execute(sql)
        await connection.close()
    left = {name: rule for name, rule in REST.items() if "schema_per_tenant" not in case.policy}
    async with (
        _client(shop_dsn, case, {**left, **case.tables}) as ruled,
        _client(second_shop_dsn, case, {**left, **case.left}) as changed,
    ):
        yield Pair(ruled, changed)


@asynccontextmanager
async def _client(dsn: str, case: Smaller, tables: Mapping[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    policy = AccessPolicy.load({**case.policy, "tables": tables})
    configuration = SchemaConfiguration.load(case.configuration)
    async with (
        PrismiqEngine(dsn, policy=policy, configuration=configuration) as engine,
        client_for(host(engine, {"who": WHO})) as client,
    ):
        yield client


def questions(case: Smaller) -> Iterator[dict[str, Any]]:
    for table, fields in case.asked.items():
        for name in fields:
            yield from places(table, name).values()
            start = {
                "source": table,
                "measures": ["count", {"aggregate": "count_distinct", "field": name, "name": "d"}],
            }
            yield {**start, "dimensions": [name], "top": {"dimension": name, "n": 1, "by": "count", "other": True}}
            yield {**start, "dimensions": [{"name": "x", "field": name}], "totals": "grand"}
            yield {**start, "dimensions": [name], "pivot": {"dimension": name, "values": ["count"]}}
            for operator, value in (("eq", "***"), ("is_null", None), ("contains", "4"), ("gt", 1), ("in", ["***"])):
                given = {} if value is None else {"value": value}
                yield {**start, "filters": {"field": name, "operator": operator, **given}, "order_by": ["d"]}
            alias = name.partition(".")[0]
            yield {"source": table, "measures": ["count"], "joins": [
                {"table": table, "alias": alias, "on": [{"left": name, "right": name.rpartition(".")[2]}]}
            ]}  # fmt: skip
            across = {"name": "x", "fields": {table: name}}
            yield {"dimensions": [across], "measures": [{"aggregate": "count", "table": table, "name": "n"}]}


async def test_every_question_has_the_same_answer(pair: Pair, case: Smaller) -> None:
    answered = refused = 0
    for question in questions(case):
        first, second = await pair.ask("POST", "/query", json=question)
        assert first.status_code < 500, (question, first.text)
        assert seen(first) == seen(second), (question, first.text, second.text)
        answered += first.status_code == 200
        refused += first.status_code == 422
    assert answered > 30
    assert refused > 30


async def test_every_address_has_the_same_answer(pair: Pair, case: Smaller) -> None:
    urls = ["/schema"]
    for table, fields in case.asked.items():
        urls += [f"/schema/tables/{table}", *(f"/schema/tables/{table}/columns/{name}/values" for name in fields)]
        urls += [f"/schema/tables/{table}/columns/{name}/values?search=4" for name in fields]
    for url in urls:
        first, second = await pair.ask("GET", url)
        assert seen(first) == seen(second), (url, first.text, second.text)

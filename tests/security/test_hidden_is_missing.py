"""What is hidden and what does not exist are told apart by nothing.

Two databases: the shop under the policy of callers.py, and the shop from which everything that the policy hides was
dropped, under the same policy without those rules. The same caller asks both the same questions, in every position of a
definition and at every endpoint, and gets the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import asyncpg
import httpx
import pytest

from prismiq.access import AccessPolicy, Mask, RequestContext, TablePolicy
from prismiq.engine import PrismiqEngine
from security.callers import ACME, CLERK, HIDDEN_FROM_CLERK, POLICY, asking, client_for, host
from security.places import places

DROP = """
DROP TABLE audit_log;
DROP TABLE refunds;
DROP TABLE employees CASCADE;
ALTER TABLE customers DROP COLUMN phone, DROP COLUMN plan_id;
ALTER TABLE orders DROP COLUMN discount;
"""
KEPT = {
    name: rule.model_copy(update={"columns": {}})
    for name, rule in POLICY.tables.items()
    if name not in ("audit_log", "refunds", "employees")
}
WITHOUT = POLICY.model_copy(update={"tables": KEPT})
CALLERS: Mapping[str, RequestContext] = {
    "clerk": CLERK,
    # Without the roles that see more, but with the one that sees SQL.
    "admin": ACME.model_copy(update={"roles": frozenset({"admin"})}),
}

Two = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture
async def two(shared_shop_dsn: str, without_hidden: str) -> AsyncIterator[Two]:
    async with (
        PrismiqEngine(shared_shop_dsn, policy=POLICY) as hidden,
        PrismiqEngine(without_hidden, policy=WITHOUT) as missing,
        client_for(host(hidden, CALLERS)) as first,
        client_for(host(missing, CALLERS)) as second,
    ):
        yield first, second


@pytest.fixture
async def without_hidden(shop_dsn: str) -> str:
    connection = await asyncpg.connect(shop_dsn)
    await connection.execute(DROP)
    await connection.close()
    return shop_dsn


# Hidden tables, hidden columns, relationships over a hidden key or to a hidden table, and names near to all of them.
TABLE_NAMES = [
    "audit_log", "public.audit_log", "refunds", "public.refunds", "employees", "audit_logs", "audit", "refund",
    "emploees", "sales.audit_log", "Audit_Log", "nothing",
]  # fmt: skip
FIELDS: Mapping[str, list[str]] = {
    "customers": [
        "phone", "phones", "phon", "customers.phone", "public.customers.phone", "plan_id", "plan.name", "plan", "plans",
        "plans.name", "plans_via_plan_id.name", "customers_via_plan_id.name", "orders.discount",
        "orders.refunds.amount", "refunds.amount", "audit_log.actor", "nothing", "nothing.at.all",
    ],
    "orders": [
        "discount", "discoun", "orders.discount", "customer.phone", "customer.plan_id", "customer.plan.name",
        "customer.plan", "refunds.amount", "refunds.reason", "refunds", "refunds_via_order_id.amount", "refund.amount",
        "audit_log.actor", "public.audit_log.actor", "employees.salary", "customers_via_customer_id.phone",
        "billing_address.customer.phone", "order_items.order.refunds.id", "nothing",
    ],
    "plans": ["customers.name", "customers", "customers_via_plan_id.name", "customer.name", "nothing.name"],
    "sales.quotas": ["employee.name", "employee.salary", "employees.name", "employees_via_employee_id.name"],
    "sales.payouts": ["quotas.employee.name", "employee.name", "employees.name", "quotas.employees.salary"],
}  # fmt: skip


def questions() -> Iterator[dict[str, Any]]:
    for name in TABLE_NAMES:
        yield from places(name, "id").values()
        yield {"source": {"path": name.split(".")}, "measures": ["count"]}
        query = {"source": name, "columns": ["id"]}
        pair = {"left": "id", "right": "id"}
        yield {"source": {"query": query, "alias": "listed"}, "measures": ["count"]}
        yield {"source": "customers", "joins": [{"table": name, "alias": "other", "on": [pair]}], "measures": ["count"]}
        yield {
            "source": "customers",
            "joins": [{"query": query, "alias": "other", "on": [pair]}],
            "measures": ["count"],
        }
        yield {
            "source": "customers",
            "measures": ["count"],
            "filters": {"field": "id", "operator": "not_in", "query": query},
        }
    for table, fields in FIELDS.items():
        for field in fields:
            yield from places(table, field).values()


def urls() -> Iterator[str]:
    columns = {"customers": ("phone", "phon", "plan_id", "plan_idd"), "orders": ("discount", "discountt")}
    yield from ("/schema", "/schema/tables/customers", "/schema/tables/orders", "/schema/tables/plans")
    yield from ("/schema/tables/sales.quotas", "/schema/table?table=sales&table=payouts")
    for name in TABLE_NAMES:
        yield f"/schema/tables/{name}"
        yield f"/schema/table?table={name}"
        yield "/schema/table?" + "&".join(f"table={each}" for each in name.split("."))
        yield f"/schema/tables/{name}/columns/id/values"
        yield f"/schema/tables/{name}/columns/nothing/values?search=a"
        yield f"/schema/values?table={name}&column=id"
    for table, names in columns.items():
        for name in names:
            yield f"/schema/tables/{table}/columns/{name}/values"
            yield f"/schema/tables/{table}/columns/{name}/values?search=a&limit=1"
            yield f"/schema/values?table=public&table={table}&column={name}"


async def both(two: Two, who: str, method: str, path: str, **how: Any) -> tuple[httpx.Response, httpx.Response]:
    first, second = [await asking(client, who)(method, path, **how) for client in two]
    return first, second


def seen(response: httpx.Response) -> tuple[int, str, Mapping[str, str], bytes]:
    """All that a client can tell answers apart by, but what differs every time or with the database as a whole."""
    body = response.content
    headers = {key: value for key, value in response.headers.items() if key not in ("x-query-id", "server-timing")}
    if response.status_code == 200:
        answer = json.loads(body)
        if "meta" in answer:
            answer["meta"].pop("as_of")
        answer.pop("version", None)
        answer.pop("postgresql", None)  # names constraints and costs: it is for roles that may see them
        body = json.dumps(answer).encode()
        headers.pop("content-length")
    if "etag" in headers:
        headers["etag"] = "of this database"
    return response.status_code, response.reason_phrase, headers, body


# All of the questions where the answers are made, and some where they come out again; a clerk sees no SQL of anything.
WHERE = [
    ("/query", "clerk", 1),
    ("/query/validate", "admin", 3),
    ("/query/sql", "admin", 7),
    ("/query/explain", "admin", 13),
]


@pytest.mark.parametrize(("path", "who", "step"), WHERE)
async def test_in_every_position_of_a_question(two: Two, path: str, who: str, step: int) -> None:
    refused = 0
    for question in list(questions())[::step]:
        first, second = await both(two, who, "POST", path, json=question)
        assert first.status_code < 500, (question, first.text)
        assert seen(first) == seen(second), (question, first.text, second.text)
        refused += first.status_code >= 400 or b'"valid":false' in first.content
        unasked = [name for name in HIDDEN_FROM_CLERK if name in first.content and name.decode() not in str(question)]
        assert not unasked, (question, first.text)
    assert refused > 40


@pytest.mark.parametrize("who", CALLERS)
async def test_at_every_address(two: Two, who: str) -> None:
    for url in urls():
        for headers in ({}, {"if-none-match": "*"}, {"if-none-match": '"x"'}):
            first, second = await both(two, who, "GET", url, headers=headers)
            assert seen(first) == seen(second), (url, headers, first.text, second.text)


@pytest.mark.parametrize("who", CALLERS)
async def test_no_slip_of_the_pen_finds_a_hidden_name(two: Two, who: str) -> None:
    """One letter less, one twice, two swapped: a suggestion near to it would be the hidden name."""
    names = {
        "table": ("audit_log", "refunds", "employees"),
        "field": ("phone", "plan_id", "discount", "plan", "refunds"),
    }
    for kind, hidden in names.items():
        for name in hidden:
            for i in range(len(name)):
                for slip in (
                    name[:i] + name[i + 1 :],
                    name[:i] + name[i] + name[i:],
                    name[: i + 1] + "x" + name[i + 1 :],
                ):
                    if kind == "table":
                        asked: dict[str, Any] = {"source": slip, "measures": ["count"]}
                    else:
                        asked = {"source": "orders", "columns": [slip, f"customer.{slip}"], "filters": {"exists": slip}}
                    first, second = await both(two, who, "POST", "/query/validate", json=asked)
                    assert f'"{name}"' not in json.dumps([each["hint"] for each in first.json()["issues"]])
                    assert seen(first) == seen(second)


async def test_the_tag_says_nothing_of_who_asks(shared_shop_dsn: str) -> None:
    """Two tenants of the same roles see one schema; so they have one tag, which holds neither of their names."""
    callers = {"one": ACME, "other": ACME.model_copy(update={"tenant": "someone", "user": "x", "attributes": {}})}
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY) as engine, client_for(host(engine, callers)) as client:
        answers = [await asking(client, who)("GET", "/schema") for who in callers]
    assert answers[0].headers["etag"] == answers[1].headers["etag"]
    assert answers[0].content == answers[1].content


async def test_a_hidden_key_is_named_nowhere(shared_shop_dsn: str) -> None:
    """Relationships that are compared by it stay, for it is never shown by them."""
    policy = AccessPolicy(
        tables={
            "customers": TablePolicy(columns={"id": Mask.HIDDEN}),
            "sales.quotas": TablePolicy(columns={"quarter": Mask.HIDDEN}),
        }
    )
    async with PrismiqEngine(shared_shop_dsn, policy=policy) as engine:
        context = RequestContext(user="u")
        schema = json.loads((await engine.get_schema(context)).model_dump_json())
        for table in schema["tables"]:
            visible = {each["name"] for each in table["columns"]}
            targets = {(each["schema_name"], each["name"]): each["columns"] for each in schema["tables"]}
            for link in (*table["relationships"], *table["foreign_keys"]):
                assert set(link["columns"]) <= visible, link
                assert set(link["target_columns"]) <= {each["name"] for each in targets[tuple(link["target"])]}, link
        result = await engine.execute_query({"source": "orders", "columns": ["id", "customer.name"]}, context)
        assert "Ada" in {name for _, name in result.rows}


async def test_an_ambiguous_name_lists_visible_paths_alone(shared_shop_dsn: str) -> None:
    """A role never changes what a name means, so a hidden path still makes a bare name ambiguous; it is not shown."""
    policy = AccessPolicy(tables={"orders": TablePolicy(visible=False)})
    async with PrismiqEngine(shared_shop_dsn, policy=policy) as engine:
        question = {"source": "events", "columns": ["kind", "addresses.city"]}
        (issue,) = await engine.validate_query(question, RequestContext(user="u"))
    assert issue.hint == "Write the path: customer.addresses."
    assert "order" not in issue.message

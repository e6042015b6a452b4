"""Strings that mean something to SQL, to Python or to a template, in every place of a question and of a request.

Whatever the place: never a 500, never an effect, and SQL that holds such a string nowhere but as the quoted name of an
output. What is compared is the text of the statement that PostgreSQL gets.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from prismiq.engine import PrismiqEngine
from security.callers import ACME, POLICY, asking, client_for, host
from security.places import places

CORPUS = [
    "'", '"', "';--", '";--', "' OR '1'='1", '" OR "1"="1', "'); DROP TABLE canary; --", '"; DROP TABLE canary; --',
    "\\'; DROP TABLE canary; --", "$$; DROP TABLE canary; $$", "$x$'$x$", "E'\\047'", "U&'\\0027'", 'U&"d\\0061t"',
    "/* a */", "*/ x /*", "--x", "a;b", "$1", "$10", "%s", "%(p0)s", "%%", "%", ":name", ":p0", "::regclass", "{{7*7}}",
    "{0}", "{p0}", "${jndi:x}", "#{x}", "\\", "\\\\", "\\x27", "a\nb", "a\r\nb: c", "\t", "\u2028", "\u202e", "\ufeff",
    "ʼ", "＇", "Ω≈ç√", "👩‍👩‍👧", "\x00", "a\x00b", "\x1a", "\x7f", "\ud800", "a" * 63, "a" * 64, "ä" * 40, "x" * 5000,
    "NULL", "null", "true", "1", "-1", "*", ".", "..", "a.b", "a.b.c.d", " ", "tenant_id", "pg_sleep(9)", "orders.id",
    "__proto__", "__class__", "self", "__init__.__globals__",
]  # fmt: skip
CANARY = """
CREATE TABLE canary (id int PRIMARY KEY, word text);
INSERT INTO canary SELECT g, 'still here' FROM generate_series(1, 3) g;
"""


def requests_with(text: str) -> dict[str, dict[str, Any]]:
    """The string in every place that takes one, besides those of a field."""

    def filtered(operator: str, value: object, field: str = "name") -> dict[str, Any]:
        condition = {"field": field, "operator": operator, "value": value}
        return {"source": "customers", "measures": ["count"], "filters": [condition]}

    def listed(**parts: object) -> dict[str, Any]:
        return {"source": "customers", "columns": ["id"], **parts}

    quoted = "'" + text.replace("'", "''") + "'"
    named = '"' + text.replace('"', '""') + '"'
    return {
        "source": {"source": text, "measures": ["count"]},
        "source by path": {"source": {"path": ["public", text]}, "measures": ["count"]},
        "output's name": listed(columns=[{"field": "id", "name": text}]),
        "two outputs' names": listed(columns=[{"field": "id", "name": text}, {"field": "name", "name": text + "x"}]),
        "dimension's name": {
            "source": "orders",
            "dimensions": [{"field": "customer.name", "name": text}],
            "measures": [{"aggregate": "count", "name": text + "2", "filters": {"field": "id", "operator": "gt", "value": 1}}],
            "having": {"field": text + "2", "operator": "gt", "value": 0},
            "order_by": [{"field": text + "2", "descending": True}],
        },
        "two grains' names": {
            "source": "orders",
            "dimensions": [{"field": "customer.name", "name": text}],
            "measures": [{"aggregate": "sum", "field": "total", "name": text + "1"}, {"aggregate": "sum", "field": "refunds.amount", "name": text + "2"}],
            "order_by": [text],
        },
        "label": listed(columns=[{"field": "id", "label": text}]),
        "expression": listed(columns=[{"name": "x", "expression": text}]),
        "expression's literal": listed(columns=[{"name": "x", "expression": f"name || {quoted}"}]),
        "expression's name": listed(columns=[{"name": "x", "expression": named}]),
        "expression's call": listed(columns=[{"name": "x", "expression": f"{named}(id)"}]),
        "expression's cast": listed(columns=[{"name": "x", "expression": f"cast(id as {named})"}]),
        "filter's expression": listed(filters={"expression": f"name = {quoted}"}),
        "filter's like": listed(filters={"expression": f"name like {quoted}"}),
        "json key": {"source": "products", "columns": [{"name": "x", "expression": f"attributes->>{quoted}"}]},
        **{operator: filtered(operator, text) for operator in ("eq", "gt", "contains", "starts_with", "like", "ilike", "regex")},
        "folded": {**listed(), "filters": {"field": "name", "value": text, "case_sensitive": False}},
        "in": filtered("in", [text, "Ada"]),
        "folded in": {**listed(), "filters": {"field": "name", "operator": "in", "value": [text], "case_sensitive": False}},
        "between": filtered("between", [text, text]),
        "number": filtered("eq", text, "id"),
        "enum": {"source": "orders", "measures": ["count"], "filters": {"field": "status", "value": text}},
        "moment": filtered("gte", text, "created_at"),
        "date": filtered("in", [text], "birthday"),
        "period": filtered("in_period", text, "created_at"),
        "period's bounds": filtered("in_period", {"from": text, "to": text}, "created_at"),
        "period's unit": filtered("in_period", {"last": 3, "unit": text}, "created_at"),
        "array": {"source": "products", "measures": ["count"], "filters": {"field": "tags", "operator": "has_any", "value": [text]}},
        "array's literal": {"source": "products", "measures": ["count"], "filters": {"field": "tags", "value": [text]}},
        "jsonb": {"source": "products", "measures": ["count"], "filters": {"field": "attributes", "value": {text: text}}},
        "jsonb's key": {"source": "products", "measures": ["count"], "filters": {"field": "attributes", "operator": "has_all", "value": [text]}},
        "time zone": listed(time_zone=text),
        "shorthand": {"source": "customers", "measures": [f"sum({text})"]},
        "shorthand's aggregate": {"source": "customers", "measures": [f"{text}(id)"]},
        "aggregate": {"source": "customers", "measures": [{"aggregate": text, "field": "id"}]},
        "granularity": {"source": "customers", "dimensions": [{"field": "created_at", "granularity": text}]},
        "operator": filtered(text, 1, "id"),
        "key": {"source": "customers", "measures": ["count"], text: text},
        "filter's key": listed(filters={"field": "id", "value": 1, text: 1}),
        "order by": listed(order_by=[text]),
        "order by descending": listed(order_by=[f"-{text}"]),
        "limit": listed(limit=text),
        "percentile": {"source": "customers", "measures": [{"aggregate": "percentile", "field": "id", "p": text}]},
    }  # fmt: skip


@pytest.fixture
async def canary(shop_dsn: str) -> AsyncIterator[tuple[httpx.AsyncClient, asyncpg.Connection]]:
    connection = await asyncpg.connect(shop_dsn)
    await connection.execute(CANARY)
    async with PrismiqEngine(shop_dsn, policy=POLICY) as engine, client_for(host(engine)) as client:
        yield client, connection
    await connection.close()


FINGERPRINT = """
SELECT (SELECT array_agg(c::text ORDER BY c.id) FROM canary c),
       (SELECT array_agg(o::text ORDER BY o.id) FROM orders o),
       (SELECT array_agg(oid::text || relname ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT array_agg(rolname::text ORDER BY rolname) FROM pg_roles),
       (SELECT count(*) FROM pg_largeobject_metadata)
"""


async def send(client: httpx.AsyncClient, path: str, question: dict[str, Any]) -> httpx.Response:
    """As JSON that escapes what is not ASCII: half a surrogate pair has no bytes."""
    headers = {"content-type": "application/json"}
    return await asking(client, "acme")("POST", path, content=json.dumps(question), headers=headers)


def check(response: httpx.Response, where: object) -> None:
    assert response.status_code in (200, 422), (where, response.status_code, response.text)
    if response.status_code == 422:
        problem = response.json()
        assert problem["code"] in ("query_invalid", "query_failed"), where
        assert "SELECT" not in problem["detail"], where
        assert "syntax error" not in response.text, where


@pytest.mark.parametrize("part", range(4))
async def test_in_every_place_of_a_question(canary: tuple[httpx.AsyncClient, asyncpg.Connection], part: int) -> None:
    client, database = canary
    before = await database.fetchrow(FINGERPRINT)
    answered = 0
    for text in CORPUS[part::4]:
        asked = requests_with(text)
        if len(text) < 100 and "\ud800" not in text:
            asked |= {f"{place} as a field": question for place, question in places("customers", text).items()}
        for place, question in asked.items():
            where = (place, text[:100])
            shown = await send(client, "/query/sql", question)
            check(shown, where)
            if shown.status_code != 200:
                continue
            answered += 1
            check_sql(shown.json(), text, where)
            response = await send(client, "/query", question)
            check(response, where)
            if response.status_code == 200:
                names = [column["name"] for column in shown.json()["columns"]]
                assert [column["name"] for column in response.json()["columns"]] == names, where
    assert await database.fetchrow(FINGERPRINT) == before
    assert answered > 50


ORDINARY = frozenset({"1", "-1", "NULL", "*", ".", " ", "%", "$1", "orders.id", '"', "'"})
"""Strings that SQL holds anyway."""


def check_sql(shown: dict[str, Any], text: str, where: object) -> None:
    """The text stands in the SQL as the quoted name of an output, and nowhere else. A plain word needs no quotes."""
    rest: str = shown["sql"]
    for name in sorted((column["name"] for column in shown["columns"]), key=len, reverse=True):
        rest = rest.replace('"' + name.replace('"', '""') + '"', " ")
    if text not in ORDINARY and not re.fullmatch(r"[a-z_]+", text):
        assert text not in rest, (where, shown["sql"])
        assert text.replace("'", "''") not in rest, (where, shown["sql"])
    for never in ("--", "/*", ";", "canary", "pg_sleep"):
        assert never not in rest, (where, shown["sql"])
    assert rest.count("'") % 2 == 0, (where, shown["sql"])


async def test_in_every_place_of_an_address_and_header(
    canary: tuple[httpx.AsyncClient, asyncpg.Connection],
) -> None:
    client, database = canary
    before = await database.fetchrow(FINGERPRINT)
    ask = asking(client, "acme")
    for text in CORPUS:
        safe = quote(text.encode("utf-8", "surrogatepass")[:2000], safe="")
        for path in (
            f"/schema/tables/{safe}",
            f"/schema/table?table={safe}",
            f"/schema/table?table=public&table={safe}",
            f"/schema/tables/{safe}/columns/id/values",
            f"/schema/tables/customers/columns/{safe}/values",
            f"/schema/tables/customers/columns/name/values?search={safe}",
            f"/schema/values?table={safe}&column={safe}",
            f"/schema/values?table=customers&column={safe}&search={safe}",
            f"/schema/values?table=customers&column=name&limit={safe}",
        ):
            response = await ask("GET", path)
            assert response.status_code in (200, 404, 405, 422), (path, response.text)
            assert "syntax error" not in response.text
            if response.status_code == 200 and "values" in path:
                assert response.json()["row_count"] <= 5, "acme has no more customers"
        if text.isascii() and text.isprintable():
            for headers in (
                {"if-none-match": text},
                {"if-none-match": f'W/"{text}"'},
                {"prefer": text},
                {"prefer": f"numbers={text}"},
                {"accept": text},
                {"accept": f"application/json;q={text}"},
                {"content-type": f"application/json; charset={text}"},
                {"content-type": text},
                {"content-length": text},
            ):
                for method, path in (("GET", "/schema"), ("POST", "/query")):
                    response = await ask(
                        method, path, content=b'{"source": "plans", "measures": ["count"]}', headers=headers
                    )
                    assert response.status_code in (200, 304, 406, 415), (headers, response.text)
            response = await ask("POST", f"/query?numbers={safe}", json={"source": "plans", "measures": ["count"]})
            assert response.status_code in (200, 422)
    assert await database.fetchrow(FINGERPRINT) == before


async def test_a_value_is_found_as_it_is(shop_dsn: str) -> None:
    """Not only is nothing broken by these strings: a row that holds one is found by it, and by it alone."""
    storable = [text for text in CORPUS if "\x00" not in text and "\ud800" not in text]
    database = await asyncpg.connect(shop_dsn)
    await database.execute("CREATE TABLE words (id int PRIMARY KEY, tenant_id text, word text)")
    await database.executemany("INSERT INTO words VALUES ($1, 'acme', $2)", list(enumerate(storable)))
    await database.close()
    async with PrismiqEngine(shop_dsn, policy=POLICY) as engine:
        for number, text in enumerate(storable):
            conditions: list[dict[str, Any]] = [
                {"field": "word", "value": text},
                {"field": "word", "operator": "in", "value": [text]},
                {"field": "word", "operator": "starts_with", "value": text},
            ]
            if len(text) < 1000 and "--" not in text and "/*" not in text:  # which no expression may hold
                conditions.append({"expression": "word = '" + text.replace("'", "''") + "'"})
            for condition in conditions:
                question = {"source": "words", "columns": ["id", "word"], "filters": condition, "order_by": ["id"]}
                rows = (await engine.execute_query(question, ACME)).rows
                assert (number, text) in rows, condition
                assert rows == [(number, text)] or condition.get("operator") == "starts_with", condition
                assert all(word.startswith(text) for _, word in rows), condition

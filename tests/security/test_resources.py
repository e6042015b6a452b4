"""One caller must not keep the others waiting: limits on what is sent, on what is computed, and on what comes back.

What a request may cost the event loop is measured as processor time of one turn, so that a busy machine does not count,
and in units of what an honest body of that size costs, so that neither a slow one nor a tracer does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from time import thread_time
from typing import Any

import asyncpg
import pytest

from prismiq.access import AccessPolicy
from prismiq.engine import PrismiqEngine
from prismiq.errors import (
    IssueCode,
    PayloadTooLargeError,
    PrismiqError,
    QueryError,
    QueryFailedError,
    QueryTimeoutError,
)
from prismiq.settings import Settings
from security.callers import ACME, POLICY, asking, client_for, host

COUNT: dict[str, Any] = {"source": "orders", "measures": ["count"]}
MEGABYTE = 1_000_000


def body(**parts: object) -> str:
    return json.dumps({**COUNT, **parts}, separators=(",", ":"))


def repeated(part: str, size: int = MEGABYTE) -> str:
    return part * (size // len(part))


def listed(values: list[object], times: int, field: str = "id") -> str:
    return body(filters=[{"field": field, "operator": "in", "value": values}] * times)


def computed(text: str, times: int) -> str:
    """Measures that differ, so that none is read but once."""
    return body(measures=[{"aggregate": "sum", "name": f"m{n}", "expression": f"{n} + {text}"} for n in range(times)])


Body = Callable[[], str]
HOSTILE: dict[str, Body] = {
    # As large as is let in, or as large as it takes.
    "white space": lambda: body() + " " * (MEGABYTE - 100),
    "brackets": lambda: repeated("["),
    "objects": lambda: repeated('{"a":'),
    "backslashes": lambda: '{"source":"' + repeated("\\\\", MEGABYTE - 100) + '"}',
    "a long name": lambda: body(source="o" * (MEGABYTE - 100)),
    "a long value": lambda: body(filters={"field": "region", "value": "x" * (MEGABYTE - 200)}),
    "a long time zone": lambda: body(time_zone="A" * (MEGABYTE - 200)),
    "a long pattern": lambda: body(filters={"field": "region", "operator": "like", "value": "%" * (MEGABYTE - 200)}),
    "a long regular expression": lambda: body(filters={"field": "region", "operator": "regex", "value": "(a|b)*" * 160_000}),
    "a list beyond the longest": lambda: listed([1] * 490_000, 1),
    "a list of wrong values": lambda: listed(["x"] * 10_000, 5),
    "a list of several kinds": lambda: listed(["1", 2, None, {}] * 2_400, 20),
    "a list of moments": lambda: listed(["2025-01-01T00:00:00"] * 10_000, 4, "ordered_at"),
    "numbers of many digits": lambda: body(filters=[{"field": "id", "value": 10**3_998}] * 240),
    "too many conditions": lambda: body(filters={"or": [{"field": "id", "value": n} for n in range(25_000)]}),
    "a key over and over": lambda: "{" + ",".join(['"a":1'] * 160_000) + "}",
    "NUL over and over": lambda: body(x=["\0"] * 9_999, y=["\0"] * 9_999),
    "half surrogate pairs": lambda: body(x=["\ud800"] * 9_999, y=["\ud800"] * 9_999),
    "NaN over and over": lambda: '{"x":[' + ",".join(["NaN"] * 9_999) + "]}",
    "near to many names": lambda: body(filters=[{"field": f"custome{n}.nam", "value": 1} for n in range(490)]),
    "long paths": lambda: body(filters=[{"field": "customer.orders." * 60 + "id", "value": 1}] * 490),
    "ambiguous paths": lambda: body(filters=[{"field": "addresses.city", "value": str(n)} for n in range(490)]),
    "related rows of related rows": lambda: body(filters=[{"exists": "customer.orders.customer"}] * 490),
    "open cases": lambda: computed("case when " * 390, 60),
    "open parentheses": lambda: computed("(" * 90, 200),
    # Of these a few bytes cost much, one way or another.
    "conditions that are none": lambda: body(filters=["a"] * 249_000),
    "a path of numbers": lambda: body(source={"path": [1] * 10_000}),
    "a shorthand with a gap": lambda: body(measures=["sum(" + " " * 900_000 + "x"]),
    "a shorthand of gaps": lambda: body(measures=["sum(" + ") " * 450_000 + "x"]),
    "steps of an array": lambda: computed("id" + "[1]" * 1_300, 200),
    "long expressions": lambda: computed("total" + " + total" * 480, 200),
    "lists inside expressions": lambda: body(filters=[{"expression": f"id in ({n}{', 1' * 900})"} for n in range(300)]),
    "unknown keys": lambda: body(measures=[{f"k{n}": 1 for n in range(70_000)}]),
    "a large object": lambda: body(filters={"field": "region", "value": {f"k{n}": n for n in range(60_000)}}),
}  # fmt: skip


@asynccontextmanager
async def longest_turn() -> AsyncIterator[list[float]]:
    """The most processor time, in seconds, that the event loop spent between two of its turns."""
    longest = [0.0]

    async def watch() -> None:
        last = thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = thread_time()
            longest[0] = max(longest[0], now - last)
            last = now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        yield longest
        await asyncio.sleep(0.002)  # one more turn, to have it counted
    finally:
        watching.cancel()


async def turn_of(engine: PrismiqEngine, content: str) -> float:
    """The processor time of the longest turn that reading, planning and asking this takes."""
    assert len(content) <= MEGABYTE
    await engine.execute_query(COUNT, ACME)
    async with longest_turn() as longest:
        with suppress(PrismiqError):
            await engine.execute_query(content.encode(), ACME)
    return longest[0]


def honest(share: float = 1) -> str:
    """A body as large as they get with nothing wrong in it: lists of identifiers."""
    return listed(list(range(int(9_000 * share))), 18)


async def test_the_cost_of_a_large_body_grows_with_its_size(engine: PrismiqEngine) -> None:
    tenth = min([await turn_of(engine, honest(0.1)) for _ in range(3)])
    assert await turn_of(engine, honest()) < 40 * tenth


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
async def test_a_large_body_does_not_hold_up_the_others(engine: PrismiqEngine, make: Body) -> None:
    assert await turn_of(engine, make()) < 4 * await turn_of(engine, honest())


async def test_a_body_of_a_megabyte_and_one_byte(shared_shop_dsn: str) -> None:
    """Refused by what it says of itself, and by its length when it says nothing; one byte less is read."""
    settings = Settings(max_body_bytes=5_000)
    async with (
        PrismiqEngine(shared_shop_dsn, policy=POLICY, settings=settings) as engine,
        client_for(host(engine)) as client,
    ):
        ask = asking(client, "acme")
        headers = {"content-type": "application/json"}

        async def pieces(content: bytes) -> AsyncIterator[bytes]:
            for start in range(0, len(content), 999):
                yield content[start : start + 999]

        fits = body().encode().ljust(5_000)
        for path in ("/query", "/query/validate", "/query/sql", "/query/explain"):
            assert (await ask("POST", path, content=fits, headers=headers)).status_code == 200
            assert (await ask("POST", path, content=pieces(fits), headers=headers)).status_code == 200
            for content in (fits + b" ", pieces(fits + b" ")):
                refused = await ask("POST", path, content=content, headers=headers)
                assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")
        with pytest.raises(PayloadTooLargeError):
            await engine.execute_query(fits + b" ", ACME)


def conditions(count: int) -> list[dict[str, Any]]:
    return [{"field": "id", "operator": "gt", "value": n} for n in range(count)]


def nested(levels: int) -> object:
    node: object = {"field": "id", "value": 1}
    for _ in range(levels):
        node = {"not": node}
    return node


def chain_of_managers(length: int) -> dict[str, Any]:
    """Two chains, since a path has 16 names at most: up to the managers, and down to whom they manage."""
    up, down = min(length, 15), length - min(length, 15)
    names = [["manager"] * n for n in range(1, up + 1)] + [["employees_via_manager_id"] * n for n in range(1, down + 1)]
    measures = [{"aggregate": "count", "table": {"path": path}, "name": f"m{n}"} for n, path in enumerate(names)]
    return {"source": "employees", "measures": measures}


LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # What is just allowed, and what is one more.
    "values of a list": (
        {"filters": {"field": "id", "operator": "in", "value": list(range(10_000))}},
        {"filters": {"field": "id", "operator": "in", "value": list(range(10_001))}},
    ),
    "conditions": ({"filters": conditions(500)}, {"filters": conditions(501)}),
    "conditions of measures": (
        {"measures": [{"aggregate": "count", "name": f"m{n}", "filters": conditions(100)} for n in range(5)]},
        {"measures": [{"aggregate": "count", "name": f"m{n}", "filters": conditions(101)} for n in range(5)]},
    ),
    "outputs": (
        {"measures": [{"aggregate": "count", "name": f"m{n}"} for n in range(200)]},
        {"measures": [{"aggregate": "count", "name": f"m{n}"} for n in range(201)]},
    ),
    "sort keys": ({"order_by": ["count"] * 200}, {"order_by": ["count"] * 201}),
    "levels": ({"filters": nested(28)}, {"filters": nested(40)}),
    "joined tables": (chain_of_managers(15), chain_of_managers(31)),
}


@pytest.mark.parametrize(("allowed", "refused"), LIMITS.values(), ids=LIMITS)
async def test_a_limit_is_where_it_is_said_to_be(
    engine: PrismiqEngine, allowed: dict[str, Any], refused: dict[str, Any]
) -> None:
    assert (await engine.execute_query({**COUNT, **allowed}, ACME)).row_count == 1
    with pytest.raises(QueryError) as caught:
        await engine.execute_query({**COUNT, **refused}, ACME)
    assert IssueCode.TOO_COMPLEX in {issue.code for issue in caught.value.issues}


async def test_the_row_cap_is_of_the_callers_rows(shared_shop_dsn: str) -> None:
    """`truncated` speaks of rows that the caller may see, and nobody gets more by asking for more."""
    async with PrismiqEngine(shared_shop_dsn, policy=POLICY, settings=Settings(row_cap=7)) as engine:
        for limit in (None, 7, 8, 2**31 - 1):
            orders = await engine.execute_query({"source": "orders", "columns": ["id"], "limit": limit}, ACME)
            assert (orders.row_count, orders.truncated) == (7, False), "acme has seven, and the table more"
            events = {"source": "order_items", "columns": ["id"], "limit": limit}
            result = await engine.execute_query(events, ACME)
            assert (result.row_count, result.truncated) == (7, limit != 7)
        rest = await engine.execute_query({"source": "order_items", "columns": ["id"], "offset": 7}, ACME)
        assert rest.row_count == 1


FILLED: dict[str, dict[str, Any]] = {
    "alone": {},
    "in a nested query": {"source": {"query": {}}, "dimensions": [], "measures": ["count"]},
    "where few rows are left of it": {"having": {"field": "at", "operator": "gt", "value": "9998-12-31"}},
    "behind a page": {"limit": 1, "offset": 5},
    "pivoted": {"pivot": {"dimension": "kind", "values": ["n"]}},
    "with totals": {"totals": "grand"},
}


@pytest.mark.parametrize("granularity", ["second", "minute", "hour"])
@pytest.mark.parametrize("around", FILLED.values(), ids=FILLED)
async def test_one_date_of_the_year_9999_is_no_million_buckets(
    dsn: str, granularity: str, around: dict[str, Any]
) -> None:
    """An error that explains itself, at once; and another tenant's date is nobody's business."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("""
        CREATE TABLE marks (id int PRIMARY KEY, tenant_id text, kind text, at timestamptz);
        INSERT INTO marks VALUES (1, 'acme', 'a', '2025-01-01'), (2, 'acme', 'b', '2025-01-02'), (3, 'globex', 'a', '9999-01-01')
    """)
    when = {"name": "at", "field": "at", "granularity": granularity, "fill": True}
    marks = {"source": "marks", "dimensions": ["kind", when], "measures": [{"name": "n", "aggregate": "count"}]}
    asked = {**marks, **around}
    if "source" in around:
        asked["source"] = {"query": marks}
    policy, limits = AccessPolicy(tenant_column="tenant_id"), Settings(statement_timeout=1)
    async with PrismiqEngine(dsn, policy=policy, settings=limits) as engine:
        if granularity != "second":  # a day has 86,400 of them
            await engine.execute_query(asked, ACME)
        await connection.execute("UPDATE marks SET tenant_id = 'acme'")
        with pytest.raises(QueryError) as caught:
            await engine.execute_query(asked, ACME)
        [issue] = caught.value.issues
        assert (issue.code, issue.message) == (
            IssueCode.TOO_COMPLEX,
            "The data spans more than 10000 buckets to `fill`.",
        )
    await connection.close()


DAYS: dict[str, Any] = {"name": "at", "field": "at", "granularity": "day", "fill": True}
HOURS: dict[str, Any] = {"name": "hour", "field": "at", "granularity": "hour_of_day", "fill": True}


@pytest.mark.parametrize("around", FILLED.values(), ids=FILLED)
@pytest.mark.parametrize(
    ("dimensions", "days"), [(["id", "kind", DAYS], 1000), (["kind", DAYS, HOURS], 833)], ids=["one", "two"]
)
async def test_many_groups_of_many_buckets_are_refused(
    dsn: str, dimensions: list[Any], days: int, around: dict[str, Any]
) -> None:
    """A million are made, and a day more is refused, however few of them would be left."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("""
        CREATE TABLE marks (id int PRIMARY KEY, kind text, at timestamptz);
        INSERT INTO marks SELECT n, n % 50, '2025-01-01' FROM generate_series(1, 1000) AS n
    """)
    when = {"field": "at", "operator": "in_period"}

    async def ask(days: int) -> None:
        until = (date(2025, 1, 1) + timedelta(days=days)).isoformat()
        period = {**when, "value": {"from": "2025-01-01", "to": until}}
        marks = {"source": "marks", "dimensions": dimensions, "measures": [{"name": "n", "aggregate": "count"}]}
        asked = {**marks, "filters": period, **around}
        if "source" in around:
            asked["source"] = {"query": {**marks, "filters": period}}
            del asked["filters"]
        await engine.execute_query(asked, ACME)

    async with PrismiqEngine(dsn, policy=AccessPolicy.open()) as engine:
        if not around:
            await ask(days)
        with pytest.raises(QueryError) as caught:
            await ask(days + 1)
        [issue] = caught.value.issues
        assert (issue.code, issue.message) == (
            IssueCode.TOO_COMPLEX,
            "With `fill`, this query has more than 1000000 groups.",
        )
    await connection.close()


PATTERNS = [
    r"^(a+)+\1b$",
    r"^((a|aa)*)*\1c",
    r"(.*)(.*)(.*)(.*)(.*)\1\2\3\4\5x",
    "((((((a{1,9}){1,9}){1,9}){1,9}){1,9}){1,9}){1,9}",
]


async def test_a_pattern_that_never_ends_does(dsn: str) -> None:
    """By the statement's time-out, or because PostgreSQL finds it too complex; the pool is as good as before."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE words AS SELECT repeat('a', 3000) AS word FROM generate_series(1, 50)")
    settings = Settings(statement_timeout=0.2, pool_max_size=2)
    async with PrismiqEngine(dsn, policy=AccessPolicy.open(), settings=settings) as engine:
        question: dict[str, Any] = {"source": "words", "measures": ["count"]}
        ended = 0
        for pattern in PATTERNS:
            asked = {**question, "filters": {"field": "word", "operator": "regex", "value": pattern}}
            try:
                await asyncio.wait_for(engine.execute_query(asked, ACME), 20)
            except (QueryTimeoutError, QueryFailedError):
                ended += 1
        assert ended > 0
        many = "%a" * 2_000 + "%b"
        asked = {**question, "filters": {"field": "word", "operator": "like", "value": many}}
        both = await asyncio.gather(*(engine.execute_query(asked, ACME) for _ in range(4)), return_exceptions=True)
        assert all(not isinstance(each, Exception) or isinstance(each, QueryTimeoutError) for each in both), both
        assert (await engine.execute_query(question, ACME)).rows == [(50,)]
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database()"
    assert await connection.fetchval(running) == 1, "this question is the only one"
    await connection.close()


async def test_a_product_of_everything_with_everything_ends(dsn: str) -> None:
    """Joins on what is the same in every row: the statement's time-out ends them."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE words (id int PRIMARY KEY, one int)")
    await connection.execute("INSERT INTO words SELECT n, 1 FROM generate_series(1, 3000) AS n")
    pair = {"left": "one", "right": "one"}
    joins = [{"table": "words", "alias": f"w{number}", "on": [pair]} for number in range(5)]
    settings = Settings(statement_timeout=0.3, pool_max_size=2)
    async with PrismiqEngine(dsn, policy=AccessPolicy.open(), settings=settings) as engine:
        columns = ["id", *(f"w{number}.id" for number in range(5))]
        with pytest.raises(QueryTimeoutError):
            await asyncio.wait_for(
                engine.execute_query({"source": "words", "joins": joins, "columns": columns}, ACME), 20
            )
        assert (await engine.execute_query({"source": "words", "measures": ["count"]}, ACME)).rows == [(3000,)]
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database()"
    assert await connection.fetchval(running) == 1, "this question is the only one"
    await connection.close()

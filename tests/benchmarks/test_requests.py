"""Small answers over HTTP: how many a second, kept ones against a route of a constant, many equal ones at once.

uv run pytest tests/benchmarks/test_requests.py --benchmark -s
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count, cycle
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import asyncpg
import pytest

from benchmarks.served import Link, Server, serving
from benchmarks.ways import in_turns, report, write

BY_STATUS = {"source": "orders", "dimensions": ["status"], "measures": ["count", "sum(total)"], "order_by": ["status"]}
SQL = "SELECT status, count(*), sum(total) FROM orders GROUP BY status ORDER BY status LIMIT 100001"
KEPT = "Cache-Control: max-age=3600\r\n"
EXPORT = "/query?format=csv"


async def load(links: list[Link], requests: int, *asked: Any) -> tuple[float, list[float]]:
    """Requests a second over all links at once, and the seconds of each."""
    taken: list[float] = []

    async def one(link: Link) -> None:
        for _ in range(requests // len(links)):
            started = perf_counter()
            status, _ = await link.ask(*asked)
            taken.append(perf_counter() - started)
            assert status in (200, 304)

    started = perf_counter()
    await asyncio.gather(*(one(link) for link in links))
    return requests / (perf_counter() - started), taken


async def connected(server: Server, count: int) -> list[Link]:
    return [await server.connect() for _ in range(count)]


@pytest.mark.benchmark
@pytest.mark.parametrize("clients", [1, 8, 64])
async def test_requests_a_second(shared_shop_dsn: str, clients: int) -> None:
    """Over kept connections; the client is one process of Python, too, and costs about as much as the server."""
    async with serving(shared_shop_dsn) as server:
        links = await connected(server, clients)
        ways: dict[str, tuple[Any, ...]] = {
            "a Starlette route of a constant": ("POST", "/bare", BY_STATUS),
            "POST /query": ("POST", "/query", BY_STATUS),
            "POST /query, kept": ("POST", "/query", BY_STATUS, KEPT),
            "POST /query, 304": ("POST", "/query", BY_STATUS, KEPT + "If-None-Match: *\r\n"),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        times: dict[str, list[float]] = {name: [] for name in ways}
        for counted in [False] + [True] * 7:
            for name, asked in ways.items():
                rate, taken = await load(links, 128 if not counted else 1024, *asked)
                if counted:
                    rates[name].append(rate)
                    times[name] += taken
        base = median(rates["a Starlette route of a constant"])
        print(f"\n{clients} clients")
        measured: dict[str, Any] = {}
        for name, found in rates.items():
            p99 = quantiles(times[name], n=100)[98]
            print(
                f"  {name:34} {median(found):7.0f}/s  {median(found) / base:5.2f} ×   "
                f"p50 {median(times[name]) * 1e3:6.2f} ms  p99 {p99 * 1e3:6.2f} ms"
            )
            measured[name] = {"per_second": median(found), "ratio": median(found) / base, "p99": p99}
        write({"title": f"requests a second, {clients} clients", "ways": measured})
        for link in links:
            link.close()
    assert median(rates["POST /query, kept"]) > base / 5


VALUES = {
    **BY_STATUS,
    "filters": [
        {"field": "ordered_at", "operator": "in_period", "value": {"from": "2025-01-01", "to": "2027-01-01"}},
        {"field": "status", "operator": "in", "value": ["paid", "sent"]},
    ],
    "limit": 100,
}
"""What a widget asks when somebody moves a slider: the same shape each time, and other values."""


def with_values(number: int) -> dict[str, Any]:
    return {**VALUES, "filters": [*VALUES["filters"], {"field": "total", "operator": "gte", "value": number}]}


@pytest.mark.benchmark
async def test_cpu_of_a_request(shared_shop_dsn: str) -> None:
    """What the server itself computes for a request: no client and no database is in it."""
    numbers = count()
    async with serving(shared_shop_dsn) as server:
        link = await server.connect()
        constant = await server.connect()
        ways: dict[str, Callable[[], tuple[Any, ...]]] = {
            "a Starlette route of a constant": lambda: ("POST", "/bare", BY_STATUS),
            "POST /query, 304": lambda: ("POST", "/query", BY_STATUS, KEPT + "If-None-Match: *\r\n"),
            "POST /query, kept": lambda: ("POST", "/query", BY_STATUS, KEPT),
            "POST /query": lambda: ("POST", "/query", BY_STATUS),
            "POST /query, other values each time": lambda: ("POST", "/query", with_values(next(numbers))),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for counted in [False] + [True] * 40:
            for name, asked in ways.items():
                before = float(await constant.text("/cpu"))
                for _ in range(50):
                    status, _ = await link.ask(*asked())
                    assert status in (200, 304)
                if counted:
                    times[name].append((float(await constant.text("/cpu")) - before) / 50)
        ratios = report("CPU of the server for one request", times)
        link.close()
        constant.close()
    assert ratios["POST /query, kept"] < 10


RULES = """
    ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON orders USING (tenant_id = current_setting('app.tenant', true));
    CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader
"""


@pytest.mark.benchmark
async def test_tenants_that_alternate_under_row_level_security(shop_dsn: str) -> None:
    """Each request of another tenant than the one before, over one connection to the server."""
    admin = await asyncpg.connect(shop_dsn)
    await admin.execute(RULES)
    await admin.close()
    as_reader = shop_dsn.replace("postgres@", "reader@", 1)
    connection = await asyncpg.connect(as_reader, server_settings={"app.tenant": "acme"})
    policy = {"session": {"app.tenant": "tenant"}}
    async with (
        serving(as_reader, policy=policy, pool_max_size=2, driver="asyncpg") as server,
        serving(as_reader, policy=policy, pool_max_size=2, driver="psycopg") as pipelining,
    ):
        link, pipelined = await server.connect(), await pipelining.connect()
        tenants, others = cycle(["acme", "globex"]), cycle(["acme", "globex"])
        ways = {
            "asyncpg, held connection": lambda: connection.fetch(SQL),
            "POST /query, one tenant": lambda: link.ask("POST", "/query", BY_STATUS, "tenant: acme\r\n"),
            "POST /query, alternating": lambda: link.ask("POST", "/query", BY_STATUS, f"tenant: {next(tenants)}\r\n"),
            "pipelined, one tenant": lambda: pipelined.ask("POST", "/query", BY_STATUS, "tenant: acme\r\n"),
            "pipelined, alternating": lambda: pipelined.ask("POST", "/query", BY_STATUS, f"tenant: {next(others)}\r\n"),
        }
        times = await in_turns(ways, 500)
        report("a 5-row aggregate under row level security", times)
        link.close()
        pipelined.close()
    await connection.close()
    await drop_role(shop_dsn)


async def drop_role(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute("DROP OWNED BY reader; DROP ROLE reader")
    await admin.close()


HEAVY = "CREATE TABLE heavy AS SELECT n AS id, md5(n::text) AS hash, n % 100 AS kind FROM generate_series(1, 600000) n"
ASKED = {"source": "heavy", "dimensions": ["kind"], "measures": ["count_distinct(hash)"]}


@pytest.mark.benchmark
async def test_forty_equal_requests_at_once(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(HEAVY)
    await admin.close()
    async with serving(dsn) as server:
        links = await connected(server, 40)
        ways = {
            "one": lambda: links[0].ask("POST", "/query", ASKED),
            "40 at once": lambda: asyncio.gather(*(link.ask("POST", "/query", ASKED) for link in links)),
            "40 at once, where one of the last second will do": lambda: asyncio.gather(
                *(link.ask("POST", "/query", ASKED, "Cache-Control: max-age=1\r\n") for link in links)
            ),
        }
        times = await in_turns(ways, 5)
        ratios = report("40 equal heavy requests", times)
        for link in links:
            link.close()
    assert ratios["40 at once"] < 10


@pytest.mark.benchmark
async def test_small_queries_while_a_large_export_runs(dsn: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(
        "CREATE TABLE many AS SELECT n::bigint AS id, 'name of ' || n % 1000 AS name, (n * 1.37)::numeric(12, 2) AS amount, "
        "now() + n * interval '1 s' AS at FROM generate_series(1, 500000) AS n; "
        "CREATE TABLE small AS SELECT n AS id FROM generate_series(1, 50) AS n"
    )
    await admin.close()
    question = {"source": "small", "measures": ["count"]}
    rows = {"source": "many", "columns": ["id", "name", "amount", "at"]}
    async with serving(dsn) as server:
        small, large = await connected(server, 2)

        async def export() -> None:
            while True:
                await large.ask("POST", EXPORT, rows)

        quiet = (await load([small], 400, "POST", "/query", question))[1]
        exporting = asyncio.create_task(export())
        await asyncio.sleep(0.2)  # so that it is under way
        busy = (await load([small], 400, "POST", "/query", question))[1]
        exporting.cancel()
        await asyncio.gather(exporting, return_exceptions=True)
        p99 = {name: quantiles(taken, n=100)[98] for name, taken in (("quiet", quiet), ("busy", busy))}
        report(
            "a small query beside an export of 500,000 rows",
            {"alone": quiet, "beside the export": busy},
            p99_alone_ms=round(p99["quiet"] * 1e3, 2),
            p99_beside_ms=round(p99["busy"] * 1e3, 2),
        )
        small.close()
        large.close()
    assert p99["busy"] < 1

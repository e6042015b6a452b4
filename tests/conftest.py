"""Fixtures for tests that need a database. One server per test process; a copy of a template per test.

postgres_server   the server (session)
dsn               the address of an empty database (per test, dropped afterwards)
shop_dsn          the address of a fresh copy of the shop of tests/shop.sql (per test, dropped afterwards)
second_shop_dsn   the address of another, for tests that compare two
shared_shop_dsn   the address of one shop for the whole session: read only, saves 50 ms a test
flights_dsn       the address of the demo's flights (session): read only; loading takes some seconds
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from prismiq.testing import TemporaryPostgres

SHOP = Path(__file__).with_name("shop.sql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TemporaryPostgres]:
    with TemporaryPostgres() as server:
        yield server


@pytest.fixture
def dsn(postgres_server: TemporaryPostgres) -> Iterator[str]:
    yield from _database(postgres_server)


@pytest.fixture(scope="session")
def shop_template(postgres_server: TemporaryPostgres) -> str:
    asyncio.run(postgres_server.create_template("shop", SHOP.read_text(encoding="utf-8")))
    return "shop"


@pytest.fixture
def shop_dsn(postgres_server: TemporaryPostgres, shop_template: str) -> Iterator[str]:
    yield from _database(postgres_server, shop_template)


@pytest.fixture
def second_shop_dsn(postgres_server: TemporaryPostgres, shop_template: str) -> Iterator[str]:
    yield from _database(postgres_server, shop_template)


@pytest.fixture(scope="session")
def shared_shop_dsn(postgres_server: TemporaryPostgres, shop_template: str) -> Iterator[str]:
    yield from _database(postgres_server, shop_template)


@pytest.fixture(scope="session")
def flights_dsn(postgres_server: TemporaryPostgres) -> str:
    from prismiq.demo.load import load_flights

    async def fill(dsn: str) -> None:
        await load_flights(dsn)

    return asyncio.run(postgres_server.create_template("demo_flights", fill))


def _database(server: TemporaryPostgres, template: str | None = None) -> Iterator[str]:
    """Synchronous, so that tests of either kind can use it."""
    address = asyncio.run(server.create_database(template))
    yield address
    asyncio.run(server.drop_database(address))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--benchmark", action="store_true", help="Run the tests that measure ratios, too.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--benchmark"):
        return
    skip = pytest.mark.skip(reason="a measurement; run it with --benchmark")
    for item in items:
        if "benchmark" in item.keywords:
            item.add_marker(skip)

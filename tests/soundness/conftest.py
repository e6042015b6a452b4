from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from prismiq.plan.lower import fast_buckets, pre_aggregate
from prismiq.testing import TemporaryPostgres
from soundness.database import Connection


@pytest.fixture(scope="module", autouse=True)
def _tables_are_large() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """What is only worth it for large tables is tried on these small ones; in these files, and in no others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_buckets, "MANY_ROWS", 0)
        patch.setattr(pre_aggregate, "is_worth_it", lambda *_: True)
        yield


@pytest.fixture(scope="module")
def own_dsn(postgres_server: TemporaryPostgres) -> Iterator[str]:
    dsn = asyncio.run(postgres_server.create_database())
    yield dsn
    asyncio.run(postgres_server.drop_database(dsn))


@pytest.fixture(scope="module")
def connection(own_dsn: str) -> Iterator[Connection]:
    made = Connection(own_dsn)
    yield made
    made.close()

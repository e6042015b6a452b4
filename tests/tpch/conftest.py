"""`tpch_dsn`: the address of TPC-H's tables at a small scale (session, read only; loading takes some seconds)."""

from __future__ import annotations

import asyncio

import pytest

from prismiq.testing import TemporaryPostgres
from tpch.data import load

SCALE = 0.1


@pytest.fixture(scope="session")
def tpch_dsn(postgres_server: TemporaryPostgres) -> str:
    return asyncio.run(postgres_server.create_template("tpch", load(SCALE)))

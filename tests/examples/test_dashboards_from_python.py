"""examples/dashboards_from_python.py prints what it says, in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from prismiq import PostgresStore
from prismiq.testing import TemporaryPostgres

EXAMPLE = Path(__file__).parents[2] / "examples/dashboards_from_python.py"
SAID = """\
late-flights, version 1
Frontier Airlines Inc.: 21.9 min
AirTran Airways Corporation: 20.1 min
ExpressJet Airlines Inc.: 15.8 min
Lost: it is version 2 now
Delays ['punctuality'], version 3
Wrong: ('widgets', 1, 'query', 'measures', 0, 'field') "delay" is not a field of flights.
"""


def test_it_prints_what_it_says(postgres_server: TemporaryPostgres, flights_dsn: str) -> None:
    template = flights_dsn.partition("@/")[2].partition("?")[0]
    dsn = asyncio.run(postgres_server.create_database(template))

    async def migrate() -> None:
        store = PostgresStore(dsn)
        await store.open()
        await store.migrate()
        await store.close()

    try:
        asyncio.run(migrate())
        done = subprocess.run([sys.executable, EXAMPLE, dsn], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout == SAID
    finally:
        asyncio.run(postgres_server.drop_database(dsn))

"""examples/server: keys, roles and schema.yaml, served as its README says."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

FOLDER = Path(__file__).parents[2] / "examples/server"
QUERY = {"source": "flights", "dimensions": ["to.name"], "measures": ["count"], "order_by": "-count", "limit": 3}
DASHBOARD = {"X-API-Key": "dashboard-key-change-me"}
OPERATIONS = {"X-API-Key": "operations-key-change-me"}


@pytest.fixture(scope="module")
def url(flights_dsn: str) -> Iterator[str]:
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(FOLDER), "--factory", "app:create_app"]
    environment = {"PRISMIQ_DATABASE_URL": flights_dsn, "API_KEYS": str(FOLDER / "keys.example.yaml")}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command += ["--fd", str(listener.fileno()), "--log-level", "warning"]
        server = subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()])
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, server)
        yield address
    finally:
        server.terminate()
        assert server.wait(timeout=20) is not None


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    """Until it answers. Connections wait in the socket's queue, so that the first request is enough."""
    assert server.poll() is None
    assert httpx.get(f"{address}/v1/health/ready", timeout=30).json() == {"status": "ok"}


def test_the_query_of_the_readme(url: str) -> None:
    result = httpx.post(f"{url}/v1/query", json=QUERY, headers=DASHBOARD).json()
    assert result["rows"] == [
        ["Chicago Ohare Intl", 17283],
        ["Hartsfield Jackson Atlanta Intl", 17215],
        ["Los Angeles Intl", 16174],
    ]


def test_the_readme_asks_this_query() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    found = re.search(r"-d '(\{.*\})'", readme)
    assert found is not None
    assert httpx.Response(200, text=found[1]).json() == QUERY


def test_a_key_is_needed(url: str) -> None:
    assert httpx.post(f"{url}/v1/query", json=QUERY, headers={"X-API-Key": "guess"}).status_code == 401
    assert httpx.post(f"{url}/v1/query", json=QUERY).status_code in (401, 403)


def test_roles_and_the_configuration_say_what_exists(url: str) -> None:
    def tables(headers: dict[str, str]) -> set[str]:
        return {table["name"] for table in httpx.get(f"{url}/v1/schema", headers=headers).json()["tables"]}

    assert tables(DASHBOARD) == {"airlines", "airports", "flights"}
    assert tables(OPERATIONS) == {"airlines", "airports", "flights", "planes", "weather"}
    flights = httpx.get(f"{url}/v1/schema/tables/flights", headers=DASHBOARD).json()
    assert flights["label"] == "Flights"
    assert "weather_hour" not in {column["name"] for column in flights["columns"]}
    assert {each["name"] for each in flights["relationships"]} == {"airline", "from", "to"}


def test_sql_is_for_operations(url: str) -> None:
    assert httpx.post(f"{url}/v1/query/sql", json=QUERY, headers=DASHBOARD).status_code == 403
    assert "LEFT OUTER JOIN" in httpx.post(f"{url}/v1/query/sql", json=QUERY, headers=OPERATIONS).json()["sql"]

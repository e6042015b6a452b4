"""`prismiq demo`, from the first line on the screen to the last."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from prismiq.demo.app import create_app
from prismiq.demo.database import prepare_flights, prepare_store
from prismiq.demo.load import LoadReport
from prismiq.embedded import EmbeddedPostgres
from prismiq.serving import address, listen, orderly_end, serve

_QUERIES = {
    "The five largest airlines: flights, average delay in minutes, and how many were cancelled": {
        "source": "flights",
        "dimensions": ["airlines.name"],
        "measures": [
            {"name": "flights", "aggregate": "count"},
            {"name": "delay", "aggregate": "avg", "field": "departure_delay"},
            {"name": "cancelled", "aggregate": "count", "filters": [{"field": "cancelled", "value": True}]},
        ],
        "order_by": "-flights",
        "limit": 5,
    },
    "Flights to Los Angeles by maker of the plane; its planes and seats count once, however often they flew": {
        "source": "flights",
        "dimensions": ["planes.manufacturer"],
        "measures": [
            {"name": "flights", "aggregate": "count"},
            {"name": "planes", "aggregate": "count", "table": "planes"},
            {"name": "seats", "aggregate": "sum", "field": "planes.seats"},
        ],
        "filters": [{"field": "airports_via_dest.code", "value": "LAX"}],
        "order_by": "-flights",
    },
}


def default_data_dir() -> Path:
    """Where the demo keeps its data: the user's data folder; for root a place that PostgreSQL's account can reach."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif os.geteuid() == 0:
        base = Path("/var/lib")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "prismiq" / "demo"


def run_demo(data_dir: Path, port: int, *, reset: bool, console: Console) -> None:
    """Starts PostgreSQL, loads the flights on first start, serves the API until Ctrl-C, and stops all of it.

    Raises ConfigurationError for a port in use, or a folder that does not serve.
    """
    server = EmbeddedPostgres(data_dir)
    with listen("127.0.0.1", port) as listener, orderly_end():
        if reset:
            server.reset()
        console.print(f"Starting PostgreSQL in {server.data_dir} …", soft_wrap=True)
        with server:
            dsn = _load(server, console)
            store = asyncio.run(prepare_store(server))
            url = address(listener)
            try:
                asyncio.run(serve(create_app(dsn, store), listener, lambda: _print_what_to_try(url, dsn, console)))
            except KeyboardInterrupt:
                console.print("Stopping …")


def _load(server: EmbeddedPostgres, console: Console) -> str:
    """Loads the flights where need be, with a progress bar. Returns the database's address."""
    started = time.monotonic()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("opening the database", total=None)

        def show(step: str, done: float | None) -> None:
            bar.update(task, description=step, completed=done or 0, total=None if done is None else 1)

        dsn, report = asyncio.run(prepare_flights(server, show))
    if report is not None:
        _print_report(report, time.monotonic() - started, console)
    return dsn


def _print_report(report: LoadReport, seconds: float, console: Console) -> None:
    rows = ", ".join(f"{count:,} {table}" for table, count in report.rows.items())
    console.print(f"Loaded {rows} in {seconds:.1f} s.", soft_wrap=True, highlight=False)
    for key, count in report.dangling.items():
        console.print(
            f"  {key}: {count:,} keys of the source lead nowhere and are NULL.", soft_wrap=True, highlight=False
        )


def _print_what_to_try(url: str, dsn: str, console: Console) -> None:
    lines = [f"Prismiq answers at {url}. Try, in another terminal:", "", "# Tables, columns and relationships"]
    lines += [f"curl -s {url}/schema", ""]
    for title, query in _QUERIES.items():
        body = shlex.quote(json.dumps(query))
        lines += [f"# {title}", f"curl -s {url}/query -H 'Content-Type: application/json' -d {body}", ""]
    lines += ["# Dashboards over the flights, which you may copy and change", f"curl -s {url}/dashboards", ""]
    lines += [f"API docs: {url}/docs", f"Database: {dsn}", "Ctrl-C stops everything."]
    # Unwrapped and unstyled: a line must survive being pasted.
    console.print("\n".join(lines), soft_wrap=True, markup=False, highlight=False)

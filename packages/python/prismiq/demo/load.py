"""Loads the flights into an empty database: the files by COPY, then four SQL scripts, in one transaction.

A load that is interrupted leaves nothing behind, and the next one starts anew.
"""

from __future__ import annotations

import asyncio
import lzma
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none

TABLES = ("airlines", "airports", "planes", "weather", "flights")

_HERE = Path(__file__).parent
_CHUNK = 1 << 20  # bytes of CSV at a time

Progress = Callable[[str, float | None], None]
"""Told of each step: what is being done, and how much of it is done, from 0 to 1; None where nobody can say."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. `dangling` has the source's keys that lead nowhere, and in how many rows; they became NULL."""

    rows: dict[str, int]
    dangling: dict[str, int]


def _silent(step: str, done: float | None) -> None:
    del step, done


async def load_flights(dsn: str, progress: Progress = _silent) -> LoadReport:
    """Makes and fills the demo's tables in an empty database. Takes some seconds; never blocks the event loop.

    Returns how many rows each table has, and which keys of the source led nowhere.
    """
    connection = cast("Any", await asyncpg.connect(dsn))  # pyright: ignore[reportUnknownMemberType]  as above
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL work_mem = '64MB'; SET LOCAL maintenance_work_mem = '128MB'")
            await _script(connection, "schema.sql")
            await _script(connection, "staging.sql")
            for table in TABLES:
                await _copy(connection, table, progress)
            progress("making tables", None)
            await _script(connection, "transform.sql")
            dangling = {row["key"]: row["rows"] for row in await connection.fetch(_read("dangling.sql"))}
            progress("adding keys and indexes", None)
            await _script(connection, "keys.sql")
            await connection.execute("ANALYZE")
            rows = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608  own names
        progress("done", 1)
        return LoadReport(rows, dangling)
    finally:
        await connection.close()


async def _copy(connection: Any, table: str, progress: Progress) -> None:
    """Streams one file into its raw table."""
    path = _HERE / "data" / f"{table}.csv.xz"
    header = await asyncio.to_thread(_header, path)
    await connection.copy_to_table(
        f"raw_{table}",
        source=_unpacked(path, lambda done: progress(f"loading {table}", done)),
        columns=header,
        format="csv",
        header=True,
        null="NA",
    )


async def _unpacked(path: Path, progress: Callable[[float], None]) -> AsyncGenerator[bytes]:
    """The uncompressed bytes of the file. Unpacking happens in a thread."""
    size = path.stat().st_size  # noqa: ASYNC240  a look at the folder, no wait for a disk
    with path.open("rb") as packed, lzma.open(packed) as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            progress(packed.tell() / size)
            yield chunk


def _header(path: Path) -> list[str]:
    with lzma.open(path, "rt") as file:
        return file.readline().strip().split(",")


async def _script(connection: Any, name: str) -> None:
    await connection.execute(_read(name))


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")

"""Answers of any size: written while they are read, so that neither the server nor PostgreSQL holds all of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from prismiq.access.caller import Caller
from prismiq.errors import ResultTooLargeError
from prismiq.execution.answers import Answer
from prismiq.execution.copying import Sink, in_parts
from prismiq.execution.database import PART, Database
from prismiq.execution.formats import Written, WrittenJson
from prismiq.execution.result import QueryResult
from prismiq.execution.streams import PIECE, Pieces, pulled
from prismiq.execution.workbook import Workbook
from prismiq.schema.models import TableRef
from prismiq.sql.statement import Statement


@dataclass(frozen=True)
class Source:
    """What is written out: a statement, for a caller, and the same in a form for COPY where there is one."""

    database: Database
    caller: Caller
    statement: Statement
    copied: Statement | None
    seconds_to_first: float
    """That the first rows may take."""
    seconds: float
    """That all of it may take, with whoever takes it slowly."""
    cap: int | None
    """Rows that it may have; None where more are cut."""
    counted: Callable[[int], object]
    """Is told how many rows were given."""


async def write(source: Source, written: Written, send: Sink) -> None:
    """Writes an answer to `send`, in pieces.

    Raises what running the statement raises, and ResultTooLargeError for more rows than the cap.
    """
    pieces = Pieces(send)
    if source.copied is None:
        count = await _write_parts(source, written, pieces)
    else:
        count = await _write_copied(source, source.copied, written, pieces)
    given = source.statement.row_cap
    source.counted(count if given is None else min(count, given))
    await pieces.add(written.tail(count))
    await pieces.flush()


async def _write_copied(source: Source, statement: Statement, written: Written, pieces: Pieces) -> int:
    rows = written.copied(statement)
    head = written.head(statement.columns)
    begun = False

    async def finish(data: bytes) -> None:
        nonlocal begun
        for part in in_parts(data, RAW):
            found = rows(part)
            if found:
                await pieces.add(found if begun else head + found)
                begun = True

    raw = Pieces(finish, size=RAW)  # the driver gives from 8 to 250 kB at a time, and each time costs
    count = await source.database.copy(statement, source.caller, raw.add, seconds=source.seconds)
    await raw.flush()
    check_count(count, source)
    if not begun:
        await pieces.add(head)
    return count


async def _write_parts(source: Source, written: Written, pieces: Pieces) -> int:
    count = 0
    begun = False

    async def take(part: QueryResult) -> None:
        nonlocal count, begun
        count += part.row_count
        check_count(count, source)
        rows = written.part(part)
        await pieces.add(rows if begun else written.head(part.columns) + rows)
        begun = True

    await read_parts(source, take)
    if not begun:
        await pieces.add(written.head(source.statement.columns))
    return count


async def read_parts(source: Source, take: Callable[[QueryResult], Awaitable[None]]) -> None:
    """Hands over the rows part by part. What only all rows together make is read at once: a pivot, rows of totals."""
    statement = source.statement
    if statement.pivot is None and statement.totals is None:
        await source.database.read(statement, source.caller, take, seconds=source.seconds)
        return
    result = await source.database.run(statement, source.caller)
    if result.truncated and source.cap is not None:
        raise too_large(source.cap)
    for start in range(0, max(result.row_count, 1), PART):
        await take(replace(result, records=result.records[start : start + PART]))


def check_count(count: int, source: Source) -> None:
    """Raises ResultTooLargeError where there are more rows than may be."""
    if source.cap is not None and count > source.cap:
        raise too_large(source.cap)


def too_large(cap: int) -> ResultTooLargeError:
    """The error for more rows than may be."""
    return ResultTooLargeError(
        f"There are more than {cap} rows.", hint="Set a `limit`, narrow the filters, or raise PRISMIQ_EXPORT_ROW_CAP."
    )


async def write_workbook(source: Source) -> AsyncGenerator[bytes]:
    """Writes an answer to an XLSX file, and then gives the file in pieces. Raises like `write`, before the first."""
    with TemporaryDirectory(prefix="prismiq-", ignore_cleanup_errors=True) as directory:
        path = Path(directory, "result.xlsx")
        book = await asyncio.to_thread(Workbook, path)
        begun = False
        count = 0

        async def take(part: QueryResult) -> None:
            nonlocal begun, count
            count += part.row_count
            check_count(count, source)
            if not begun:
                book.begin(part.columns)
                begun = True
            await asyncio.to_thread(book.add, part)

        await read_parts(source, take)
        if not begun:
            book.begin(source.statement.columns)
        source.counted(count)
        await asyncio.to_thread(book.close)
        with await asyncio.to_thread(path.open, "rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece


RAW = 32_768
"""Bytes of what COPY writes that are finished at once."""

HELD = 131_072
"""Bytes of an answer up to which it is given whole, with what its rows are known by."""


async def answer_or_pieces(
    source: Source, tables: frozenset[TableRef], *, limit: int, whole: bool
) -> Answer | AsyncGenerator[bytes]:
    """A JSON answer of what COPY writes: whole where it is small, or wanted so, else piece by piece.

    Raises what running the statement raises, and ResultTooLargeError for more than `limit` bytes.
    """
    assert source.copied is not None
    written = WrittenJson(source.copied, limit=limit)
    pieces = pulled(partial(write, source, written), first_within=source.seconds_to_first)
    held: list[bytes] = []
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > HELD and not whole:
            return _all_of(held, pieces)
    body = b"".join(held)
    content = body[: -len(b"false" + written.rest)]
    return Answer(content, written.rest, tables, written.count)


async def _all_of(held: list[bytes], pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(pieces):
        for piece in held:
            yield piece
        held.clear()
        async for piece in pieces:
            yield piece

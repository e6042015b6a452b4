"""Answers that are written out: each format tells the same rows, in any session, at any size, and ends when it must."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, time, timedelta
from typing import Any

import asyncpg
import openpyxl
import pytest

from integration.execution.conftest import Until
from pgbouncer import MISSING, PROGRAM, transaction_pooler
from prismiq.access import AccessPolicy, Limits
from prismiq.engine import PrismiqEngine
from prismiq.errors import DatabaseUnavailableError, QueryTimeoutError, ResultTooLargeError
from prismiq.execution.answers import Answer
from prismiq.settings import Settings
from prismiq.sql import prepared

VALUES = """
CREATE TYPE mood AS ENUM ('ok', 'so, so');
CREATE TABLE readings (
    id bigint PRIMARY KEY, note text, amount numeric, at timestamptz, local timestamp, score float8, r real, day date,
    good bool, clock time, code uuid, feels mood, small smallint, padded char(5),
    span interval, data jsonb, days date[]
);
INSERT INTO readings SELECT n,
    (ARRAY['a"b', E'back\\\\slash', E'new\\nline', E'tab\\t\\x01', '=1+1', '', 'nu,ll', NULL, 'NaN', 'ünï', '\\.', '"NaN"',
        '-Infinity', E'\\r', '$1', ',-x', '@a'])[n % 17 + 1],
    (ARRAY[1.50, NULL, 'NaN', 1e30, -0.00001, 12345678901234567.123]::numeric[])[n % 6 + 1],
    (ARRAY['2020-01-01 00:00:00.5+00', '2020-07-01 12:00+00', '0044-03-15 10:00+00 BC', 'infinity', '-infinity',
        '12020-01-01 00:00:01.25+00', '1850-01-01 00:00+00', '1975-03-31 23:59:59.999999+00', '0001-01-01 00:00+00', NULL,
        '1970-01-01 00:00+00', '2020-11-01 05:30+00', '2020-11-01 06:30+00', '9999-12-31 23:59:59+00']::timestamptz[]
    )[n % 14 + 1],
    (ARRAY['2020-01-01 00:00:00.5', '2020-07-01 12:00', '0044-03-15 10:00 BC', 'infinity', '12020-01-01 00:00:01.25', NULL,
        '0001-01-01', '9999-12-31 23:59:59.999999', '-infinity']::timestamp[])[n % 9 + 1],
    (ARRAY[1.5, 'NaN', 'Infinity', '-Infinity', 1e300, 0.1, 5]::float8[])[n % 7 + 1],
    (ARRAY[0.1, 'NaN', 1e20]::real[])[n % 3 + 1],
    (ARRAY['2020-01-01', '0044-03-15 BC', 'infinity', '12020-01-01', NULL, '0001-01-01', '9999-12-31']::date[])[n % 7 + 1],
    n % 2 = 0,
    (ARRAY['12:00', '12:00:00.01', '24:00', NULL]::time[])[n % 4 + 1],
    md5(n::text)::uuid, (ARRAY['ok', 'so, so']::mood[])[n % 2 + 1], n % 100, 'x',
    make_interval(months => n % 2, secs => n / 10.0), jsonb_build_object('n', n), ARRAY[date '2024-01-01' + n, NULL]
FROM generate_series(1, 714) AS n;
"""
COLUMNS = [
    "id",
    "note",
    "amount",
    "at",
    "local",
    "score",
    "r",
    "day",
    "good",
    "clock",
    "code",
    "feels",
    "small",
    "padded",
]
QUESTION: dict[str, Any] = {"source": "readings", "columns": COLUMNS, "order_by": ["id"]}
ZONES = ["UTC", "America/New_York", "Europe/London", "Asia/Kolkata", "Africa/Monrovia", "America/St_Johns"]
MANY = "CREATE TABLE many AS SELECT n AS id, 'text number ' || n AS text FROM generate_series(1, 200000) AS n"


@pytest.fixture(params=["own connections", "pipelined", "the host's pool", "behind PgBouncer"])
async def engine(
    dsn: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PrismiqEngine]:
    """An engine over VALUES, by each way to PostgreSQL."""
    await execute(dsn, VALUES)
    if request.param == "pipelined":
        monkeypatch.setenv("PRISMIQ_DRIVER", "psycopg")
    if request.param in ("own connections", "pipelined"):
        async with PrismiqEngine(dsn) as found:
            yield found
    elif request.param == "the host's pool":
        async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool, PrismiqEngine(pool=pool) as found:
            yield found
    else:
        if PROGRAM is None:
            pytest.skip(MISSING)
        with transaction_pooler(dsn) as address:
            async with PrismiqEngine(address) as found:
                yield found


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(sql)
    await connection.close()


async def exported(engine: PrismiqEngine, question: dict[str, Any], **wanted: Any) -> bytes:
    return b"".join([piece async for piece in await engine.export_query(question, **wanted)])


@asynccontextmanager
async def never_large(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(prepared, "LARGE", 10**9)
        yield


async def answered(engine: PrismiqEngine, question: dict[str, Any]) -> tuple[Any, bool]:
    """The JSON, and whether it came whole."""
    found, _ = await engine.answer_or_stream(question)
    if isinstance(found, Answer):
        return json.loads(found.body(cached=False)), True
    return json.loads(b"".join([piece async for piece in found])), False


@pytest.mark.parametrize("zone", ZONES)
async def test_what_copy_writes_is_what_the_encoder_writes(
    dsn: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await execute(dsn, VALUES)
    question = {**QUESTION, "time_zone": zone}
    async with PrismiqEngine(dsn) as engine:
        async with never_large(monkeypatch):
            plain, _ = await answered(engine, question)
        copied, _ = await answered(engine, question)
    assert copied["columns"] == plain["columns"]
    assert (copied["row_count"], copied["truncated"]) == (714, False)
    for one, other in zip(copied["rows"], plain["rows"], strict=True):
        assert one == other


async def test_the_formats_tell_the_same_in_every_session(
    engine: PrismiqEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = {**QUESTION, "columns": [name for name in COLUMNS if name not in ("at", "local", "day", "clock")]}
    async with never_large(monkeypatch):
        plain, _ = await answered(engine, question)
    copied, _ = await answered(engine, question)
    assert copied["rows"] == plain["rows"]

    first, *lines, last = (
        json.loads(line) for line in (await exported(engine, question, format="ndjson")).splitlines()
    )
    assert first["columns"] == plain["columns"]
    assert lines == plain["rows"]
    assert last["row_count"] == 714

    texts = list(csv.reader(io.StringIO((await exported(engine, question, format="csv")).decode(), newline="")))
    assert texts[0] == question["columns"]
    assert len(texts) == 715
    for text, row in zip(texts[1:], plain["rows"], strict=True):
        note = row[1] or ""
        assert text[1] == ("'" + note if note[:1] in "=+-@\t\r\n" and note else note)
        assert text[0] == str(row[0])
        assert text[5] == ("true" if row[5] else "false")

    book = openpyxl.load_workbook(io.BytesIO(await exported(engine, question, format="xlsx")))
    cells = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr] it has a sheet
    assert len(cells) == 715
    assert [row[0] for row in cells[1:]] == [row[0] for row in plain["rows"]]


async def test_values_of_other_types_are_read_and_encoded(engine: PrismiqEngine) -> None:
    """Arrays, spans, JSON: COPY does not write them as we do."""
    # Years that Python has, since that is all that the host's pool can read.
    usual = {"field": "id", "operator": "in", "value": [84, 168, 252]}
    question = {"source": "readings", "columns": ["id", "span", "data", "days", "day", "at"], "order_by": ["id"]}
    question["filters"] = usual
    grouped = {
        "source": "readings",
        "dimensions": ["good"],
        "measures": [{"aggregate": "array_agg", "field": "local", "order_by": ["id"], "name": "all"}],
        "filters": usual,
    }
    for asked in (question, grouped):
        plain = json.loads((await engine.answer_query(asked))[0].body(cached=False))
        lines = [json.loads(line) for line in (await exported(engine, asked, format="ndjson")).splitlines()]
        assert lines[1:-1] == plain["rows"]
        texts = list(csv.reader(io.StringIO((await exported(engine, asked, format="csv")).decode())))
        assert len(texts) == plain["row_count"] + 1


async def test_json_with_line_breaks_is_one_line(dsn: str) -> None:
    document = '{"a":\r\n [1,\n2]}'
    await execute(dsn, f"CREATE TABLE documents AS SELECT 1 AS id, '{document}'::json AS data")
    async with PrismiqEngine(dsn) as engine:
        written = await exported(engine, {"source": "documents", "columns": ["id", "data"]}, format="ndjson")
    assert [json.loads(line) for line in written.split(b"\n")[1:-2]] == [[1, {"a": [1, 2]}]]


async def test_a_workbook_has_typed_cells(dsn: str) -> None:
    await execute(
        dsn,
        """CREATE TABLE typed AS SELECT 1 AS id, 12.5::numeric AS amount, 12345678901234567890.5::numeric AS long,
        true AS good, date '2024-02-29' AS day, timestamptz '2024-07-01 12:00+00' AS at, time '08:30' AS clock,
        interval '26 hours' AS span, '=HYPERLINK("x")' AS note, date '1800-01-01' AS old, NULL::text AS nothing""",
    )
    names = ["id", "amount", "long", "good", "day", "at", "clock", "span", "note", "old", "nothing"]
    question = {"source": "typed", "columns": names, "time_zone": "America/New_York"}
    async with PrismiqEngine(dsn) as engine:
        book = openpyxl.load_workbook(io.BytesIO(await exported(engine, question, format="xlsx")))
    sheet = book.active
    assert sheet is not None
    heading, row = sheet.iter_rows()
    assert [cell.value for cell in heading][:2] == ["Id", "Amount"]
    assert [cell.value for cell in row] == [
        1,
        12.5,
        "12345678901234567890.5",
        True,
        datetime(2024, 2, 29),
        datetime(2024, 7, 1, 8),
        time(8, 30),
        timedelta(hours=26),
        '=HYPERLINK("x")',
        "1800-01-01",
        None,
    ]
    assert row[8].data_type == "s", "text, and no formula"


async def test_a_text_is_never_a_workbooks_own_xml(dsn: str) -> None:
    formula = (
        '<r><t>1</t></r></is></c><c r="B2" t="str"><f>1+1</f><v>2</v></c><c r="C2" t="inlineStr"><is><r><t>3</t></r>'
    )
    texts = [formula, "<r>&</r>", "<r><t>in</t></r>", "<r>", " <r></r>"]
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE texts (id int, text text)")
    await connection.executemany("INSERT INTO texts VALUES ($1, $2)", list(enumerate(texts)))
    await connection.close()
    question = {"source": "texts", "columns": [{"field": "text", "label": "<r>&</r>"}], "order_by": ["id"]}
    async with PrismiqEngine(dsn) as engine:
        book = openpyxl.load_workbook(io.BytesIO(await exported(engine, question, format="xlsx")))
    rows = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr] it has a sheet
    assert rows == [(text,) for text in ["<r>&</r>", *texts]]


async def test_csv_by_copy_and_by_a_cursor_is_the_same(dsn: str) -> None:
    """An array column decides which it is."""
    await execute(dsn, VALUES)
    names = [name for name in COLUMNS if name not in ("score", "r", "padded")]  # see the next
    async with PrismiqEngine(dsn) as engine:
        copied = await exported(engine, {**QUESTION, "columns": names}, format="csv")
        read = await exported(engine, {**QUESTION, "columns": [*names, "days"]}, format="csv")
    rows, more = (list(csv.reader(io.StringIO(each.decode(), newline=""))) for each in (copied, read))
    assert rows == [row[:-1] for row in more]


async def test_floats_are_the_same_numbers_in_csv(dsn: str) -> None:
    """If not spelled alike."""
    await execute(dsn, VALUES)
    question = {"source": "readings", "order_by": ["id"]}
    async with PrismiqEngine(dsn) as engine:
        copied = await exported(engine, {**question, "columns": ["score", "r"]}, format="csv")
        read = await exported(engine, {**question, "columns": ["score", "r", "days"]}, format="csv")
    rows, more = (list(csv.reader(io.StringIO(each.decode())))[1:] for each in (copied, read))
    for row, other in zip(rows, more, strict=True):
        assert [repr(float(each)) for each in row] == [repr(float(each)) for each in other[:2]]


async def test_csv_in_an_encoding_of_several_bytes(dsn: str) -> None:
    name = await create_in(dsn, "EUC_JP")
    async with PrismiqEngine(name) as engine:
        written = await exported(engine, {"source": "texts", "columns": ["text"], "order_by": ["id"]}, format="csv")
    assert written.decode().splitlines() == ["text", "日本", "'=日本", "'-1", "plain"]


async def create_in(dsn: str, encoding: str) -> str:
    """The address of another database on the same server, in an encoding, with some texts in it."""
    before = dsn.partition("?")[0].rpartition("/")[2]
    created = f"{before}_{encoding.lower()}"
    await execute(
        dsn, f"CREATE DATABASE {created} ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    )
    found = dsn.replace(f"/{before}?", f"/{created}?")
    await execute(
        found,
        "CREATE TABLE texts AS SELECT * FROM (VALUES (1, '日本'), (2, '=日本'), (3, '-1'), (4, 'plain')) AS t (id, text)",
    )
    return found


async def test_a_pivot_and_totals_are_exported_whole(shop_dsn: str) -> None:
    pivot = {
        "source": "orders",
        "dimensions": ["status", "customer.segment"],
        "measures": ["count"],
        "pivot": {"dimension": "customer_segment"},
    }
    totals = {"source": "orders", "dimensions": ["status"], "measures": ["count"], "totals": "grand"}
    async with PrismiqEngine(shop_dsn) as engine:
        for question in (pivot, totals):
            result = await engine.execute_query(question)
            texts = list(csv.reader(io.StringIO((await exported(engine, question, format="csv")).decode())))
            assert texts[0] == [column.name for column in result.columns]
            assert len(texts) == len(result.rows) + 1
        nothing = {**pivot, "filters": [{"field": "id", "operator": "lt", "value": 0}]}
        assert (await exported(engine, nothing, format="csv")).decode() == "status\n"


async def test_an_empty_result_has_its_heading(dsn: str) -> None:
    await execute(dsn, "CREATE TABLE nothing (id int, name text)")
    question = {"source": "nothing", "columns": ["id", "name"]}
    async with PrismiqEngine(dsn) as engine:
        assert await exported(engine, question, format="csv") == b"id,name\n"
        assert len((await exported(engine, question, format="ndjson")).splitlines()) == 2
        assert (await answered(engine, question))[0]["rows"] == []


async def test_a_name_that_looks_like_a_placeholder_is_not_copied(dsn: str) -> None:
    """The driver puts a quoted value in the place of each `$1`, also within a name."""
    await execute(dsn, 'CREATE TABLE odd AS SELECT 1 AS "a$1", 2 AS "b $2"')
    question = {
        "source": "odd",
        "columns": ["a$1", "b $2"],
        "filters": [{"field": "a$1", "operator": "in", "value": [1]}],
    }
    async with PrismiqEngine(dsn) as engine:
        assert (await answered(engine, question))[0]["rows"] == [[1, 2]]
        assert await exported(engine, question, format="csv") == b"a$1,b $2\n1,2\n"


class TestSize:
    async def test_a_large_answer_comes_in_pieces_and_is_cut_at_the_cap(self, dsn: str) -> None:
        await execute(dsn, MANY)
        question = {"source": "many", "columns": ["id", "text"], "order_by": ["id"]}
        async with PrismiqEngine(dsn) as engine:
            found, whole = await answered(engine, question)
            assert not whole
            assert (found["row_count"], found["truncated"]) == (100_000, True)
            assert len(found["rows"]) == 100_000
            assert found["rows"][-1] == [100_000, "text number 100000"]
            exactly, _ = await answered(engine, {**question, "limit": 100_000})
            assert (exactly["row_count"], exactly["truncated"]) == (100_000, False)

    async def test_an_export_has_all_rows(self, dsn: str) -> None:
        await execute(dsn, MANY)
        question = {"source": "many", "columns": ["id", "text"], "order_by": ["id"]}
        async with PrismiqEngine(dsn) as engine:
            lines = (await exported(engine, question)).splitlines()
        assert (len(lines), lines[-1]) == (200_001, b"200000,text number 200000")

    @pytest.mark.parametrize("format", ["csv", "ndjson", "xlsx"])
    async def test_more_rows_than_may_be_exported(self, dsn: str, format: Any) -> None:  # noqa: A002
        await execute(dsn, MANY)
        policy = AccessPolicy.open().model_copy(update={"limits": Limits(export_row_cap=100)})
        async with PrismiqEngine(dsn, policy=policy) as engine:
            with pytest.raises(ResultTooLargeError, match="more than 100 rows"):
                await exported(engine, {"source": "many", "columns": ["id"]}, format=format)
            assert await exported(engine, {"source": "many", "columns": ["id"], "limit": 100}, format=format)

    async def test_more_bytes_than_an_answer_may_have(self, dsn: str) -> None:
        await execute(dsn, MANY)
        question = {"source": "many", "columns": ["id", "text"]}
        async with PrismiqEngine(dsn, settings=Settings(max_result_bytes=1_000_000)) as engine:
            with pytest.raises(ResultTooLargeError):
                await answered(engine, question)

    async def test_what_is_remembered_chooses_the_way(self, dsn: str) -> None:
        await execute(dsn, MANY)
        question = {"source": "many", "dimensions": ["id"], "measures": ["count"], "order_by": ["id"]}
        async with PrismiqEngine(dsn) as engine:
            first, whole = await answered(engine, question)
            assert whole
            second, whole = await answered(engine, question)
            assert not whole
            assert second["rows"] == first["rows"]
            third, whole = await answered(engine, {**question, "limit": 10})
            assert whole
            assert third["rows"] == first["rows"][:10]


class TestEnds:
    async def test_whoever_leaves_a_small_one(self, dsn: str, until: Until) -> None:
        """All of it has come, and nobody takes it: the driver must not wait for more."""
        await execute(dsn, "CREATE TABLE few AS SELECT n AS id FROM generate_series(1, 3000) AS n")
        async with PrismiqEngine(dsn, settings=Settings(pool_max_size=1)) as engine:
            for wanted in ("csv", "ndjson"):
                pieces = await engine.export_query({"source": "few", "columns": ["id"]}, format=wanted)  # type: ignore[arg-type]
                await anext(pieces)
                await asyncio.wait_for(pieces.aclose(), 5)
                assert len(await engine.execute_query({"source": "few", "columns": ["id"], "limit": 3})) == 3

    async def running(self, dsn: str) -> int:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(
                """SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""
            )
        finally:
            await connection.close()

    @pytest.mark.parametrize("columns", [["id", "text"], ["id", "text", "all"]], ids=["copied", "read"])
    async def test_whoever_leaves_ends_the_statement(self, dsn: str, until: Until, columns: list[str]) -> None:
        await execute(dsn, f"{MANY}; ALTER TABLE many ADD \"all\" int[] DEFAULT '{{1}}'")
        async with PrismiqEngine(dsn, settings=Settings(pool_max_size=1)) as engine:
            for _ in range(3):
                async with aclosing(await engine.export_query({"source": "many", "columns": columns})) as pieces:
                    assert await anext(pieces)
                    assert await self.running(dsn) == 1

                async def ended() -> bool:
                    return await self.running(dsn) == 0

                await until(ended)
            assert len(await engine.execute_query({"source": "many", "columns": ["id"], "limit": 3})) == 3

    async def test_rows_that_do_not_come_in_time(self, dsn: str) -> None:
        await execute(dsn, "CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(30)::text AS slept")
        async with PrismiqEngine(dsn, settings=Settings(statement_timeout=0.2)) as engine:
            with pytest.raises(QueryTimeoutError):
                await exported(engine, {"source": "slow", "columns": ["id", "slept"]})
            with pytest.raises(QueryTimeoutError):
                await answered(engine, {"source": "slow", "columns": ["id", "slept"]})
            assert await self.running(dsn) == 0

    async def test_nobody_who_takes_it_slowly_keeps_a_connection_for_ever(self, dsn: str, until: Until) -> None:
        await execute(dsn, MANY)
        settings = Settings(pool_max_size=1, export_timeout=0.5)
        async with PrismiqEngine(dsn, settings=settings) as engine:
            async with aclosing(await engine.export_query({"source": "many", "columns": ["id", "text"]})) as pieces:
                assert await anext(pieces)

                async def ended() -> bool:
                    return await self.running(dsn) == 0

                await until(ended)
                with pytest.raises(QueryTimeoutError):
                    async for _ in pieces:
                        pass
            assert len(await engine.execute_query({"source": "many", "columns": ["id"], "limit": 3})) == 3

    async def test_an_error_among_the_rows(self, dsn: str) -> None:
        await execute(dsn, MANY)
        async with PrismiqEngine(dsn) as engine:
            pieces = await engine.export_query({"source": "many", "columns": ["id", "text"]})
            assert await anext(pieces)
            await execute(
                dsn,
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()""",
            )
            with pytest.raises(DatabaseUnavailableError):
                async for _ in pieces:
                    pass


async def test_the_event_loop_is_not_held(dsn: str) -> None:
    """A long export leaves turns for others: it waits for whoever takes it."""
    await execute(dsn, MANY)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with PrismiqEngine(dsn) as engine:
        pieces = await engine.export_query({"source": "many", "columns": ["id", "text"]})
        assert await anext(pieces)
        counting = asyncio.create_task(others())
        count = len([piece async for piece in pieces])
        counting.cancel()
    assert turns > count > 10
